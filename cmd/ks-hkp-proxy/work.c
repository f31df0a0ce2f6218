#include <string.h>

#include "codec/wbuf.h"

#include "work.h"

void
work_put_answer(struct wbuf * W, uint8_t code, const char * rule,
    enum work_none none, uint8_t n)
{

	wbuf_put_u8(W, code);
	wbuf_put_str8(W, rule);
	wbuf_put_u8(W, (uint8_t)none);
	wbuf_put_u8(W, n);
}

void
work_put_value(struct wbuf * W, const uint8_t * p, size_t len)
{

	wbuf_put_var32(W, p, len);
}

int
work_get_answer(const uint8_t * body, size_t len, struct work_answer * A)
{
	const uint8_t * rule;
	struct rbuf R;
	size_t n;

	memset(A, 0, sizeof(*A));
	rbuf_init(&R, body, len);
	A->code = rbuf_get_u8(&R);
	if ((rule = rbuf_get_var8(&R, COMMON_RULE_MAX, &n)) != NULL)
		memcpy(A->rule, rule, n);
	A->none = rbuf_get_u8(&R);
	A->n = rbuf_get_u8(&R);
	if (A->none >= WORK_NONES || A->n > HKP_VALUES_MAX)
		return (-1);
	A->list = R;
	for (unsigned i = 0; i < A->n; i++)
		(void)rbuf_get_var32(&R, PROFILE_LEN_MAX, &n);
	return (rbuf_end(&R));
}

int
work_next(struct work_answer * A, const uint8_t ** p, size_t * len)
{

	if (A->n == 0)
		return (0);
	A->n--;
	*p = rbuf_get_var32(&A->list, PROFILE_LEN_MAX, len);
	return (1);
}
