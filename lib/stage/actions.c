#include <stdint.h>

#include "base/panic.h"
#include "codec/rbuf.h"

#include "stage/actions.h"

void
actions_init(struct actions * A)
{

	wbuf_init(&A->list, ACTIONS_LEN_MAX);
}

void
actions_free(struct actions * A)
{

	wbuf_free(&A->list);
}

void
actions_reset(struct actions * A)
{

	wbuf_reset(&A->list);
}

void
actions_put(struct actions * A, uint16_t kind, const void * body, size_t len)
{

	wbuf_put_u16(&A->list, kind);
	wbuf_put_var32(&A->list, body, len);
}

int
actions_next(const struct actions * A, size_t * pos, struct action * action)
{
	struct rbuf R;

	if (wbuf_failed(&A->list))
		return (-1);
	if (*pos == A->list.len)
		return (0);
	rbuf_init(&R, A->list.data + *pos, A->list.len - *pos);
	action->kind = rbuf_get_u16(&R);
	action->body = rbuf_get_var32(&R, ACTIONS_LEN_MAX, &action->len);
	PANIC_UNLESS(action->body != NULL);
	*pos = A->list.len - R.len;
	return (1);
}
