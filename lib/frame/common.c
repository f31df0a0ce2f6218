#include <stdint.h>
#include <string.h>

#include "base/panic.h"
#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "frame/frame.h"

#include "frame/common.h"

static int
is_word(char c)
{

	return ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
}

static int
is_control(char c)
{

	return ((unsigned char)c < 0x20 || c == 0x7f);
}

/* A rule is a nonempty word; nothing else may come out of a decoder. */
static int
rule_ok(const char * s, size_t len)
{

	if (len == 0 || len > COMMON_RULE_MAX)
		return (0);
	for (size_t i = 0; i < len; i++) {
		if (!is_word(s[i]))
			return (0);
	}
	return (1);
}

void
common_put_error(struct wbuf * W, enum error_code code, const char * rule,
    const char * text)
{
	char clean[COMMON_TEXT_MAX];
	size_t len = strnlen(text, COMMON_TEXT_MAX);

	PANIC_UNLESS(rule_ok(rule, strlen(rule)));
	for (size_t i = 0; i < len; i++)
		clean[i] = is_control(text[i]) ? '?' : text[i];
	wbuf_put_u16(W, (uint16_t)code);
	wbuf_put_str8(W, rule);
	wbuf_put_var16(W, clean, len);
}

int
common_get_error(const uint8_t * body, size_t len, struct common_error * E)
{
	struct rbuf R;
	const uint8_t * rule, * text;
	size_t rule_len, text_len;

	rbuf_init(&R, body, len);
	E->code = rbuf_get_u16(&R);
	rule = rbuf_get_var8(&R, COMMON_RULE_MAX, &rule_len);
	text = rbuf_get_var16(&R, COMMON_TEXT_MAX, &text_len);
	if (rbuf_end(&R) || !rule_ok((const char *)rule, rule_len))
		return (-1);
	for (size_t i = 0; i < text_len; i++) {
		if (is_control((char)text[i]))
			return (-1);
	}
	memcpy(E->rule, rule, rule_len);
	E->rule[rule_len] = '\0';
	memcpy(E->text, text, text_len);
	E->text[text_len] = '\0';
	return (0);
}

void
common_put_status(struct wbuf * W, const char * text, size_t len)
{

	wbuf_put_var32(W, text, len);
}

/* A line is a name, a space, a value; ${len} is without the newline. */
static int
line_ok(const char * s, size_t len)
{
	size_t i;

	for (i = 0; i < len && s[i] != ' '; i++) {
		if (s[i] != '_' && (s[i] == '-' || !is_word(s[i])))
			return (0);
	}
	if (i == 0 || i == len)
		return (0);
	for (; i < len; i++) {
		if (is_control(s[i]))
			return (0);
	}
	return (1);
}

int
common_get_status(const uint8_t * body, size_t len, const char ** text,
    size_t * text_len)
{
	struct rbuf R;
	const char * p, * nl;
	size_t left;

	rbuf_init(&R, body, len);
	p = (const char *)rbuf_get_var32(&R, FRAME_BODY_MAX, &left);
	if (rbuf_end(&R))
		return (-1);
	*text = p;
	*text_len = left;
	while (left > 0) {
		if ((nl = memchr(p, '\n', left)) == NULL)
			return (-1);
		if (!line_ok(p, (size_t)(nl - p)))
			return (-1);
		left -= (size_t)(nl - p) + 1;
		p = nl + 1;
	}
	return (0);
}

void
common_put_dump(struct wbuf * W, const struct common_dump * D)
{

	wbuf_put_u8(W, D->table);
	wbuf_put_var16(W, D->from, D->from_len);
	wbuf_put_var16(W, D->to, D->to_len);
	wbuf_put_u32(W, D->rows_max);
}

int
common_get_dump(const uint8_t * body, size_t len, struct common_dump * D)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	D->table = rbuf_get_u8(&R);
	D->from = rbuf_get_var16(&R, UINT16_MAX, &D->from_len);
	D->to = rbuf_get_var16(&R, UINT16_MAX, &D->to_len);
	D->rows_max = rbuf_get_u32(&R);
	return (rbuf_end(&R));
}

void
common_rows_begin(struct common_rows * B, struct wbuf * W)
{

	B->W = W;
	B->mark = W->len;
	B->n = 0;
	wbuf_put_u8(W, 0);
	wbuf_put_u32(W, 0);
}

void
common_rows_put(struct common_rows * B, const void * key, size_t key_len,
    const void * value, size_t value_len)
{

	wbuf_put_var16(B->W, key, key_len);
	wbuf_put_var32(B->W, value, value_len);
	B->n++;
}

void
common_rows_end(struct common_rows * B, int more)
{
	uint8_t * p;

	if (wbuf_failed(B->W))
		return;
	p = &B->W->data[B->mark];
	p[0] = more ? 1 : 0;
	p[1] = (uint8_t)(B->n >> 24);
	p[2] = (uint8_t)(B->n >> 16);
	p[3] = (uint8_t)(B->n >> 8);
	p[4] = (uint8_t)B->n;
}

int
common_get_rows(const uint8_t * body, size_t len, int * more, uint32_t * n,
    struct rbuf * R)
{
	struct common_row row;
	struct rbuf all;
	uint8_t flag;

	rbuf_init(&all, body, len);
	flag = rbuf_get_u8(&all);
	*n = rbuf_get_u32(&all);
	*R = all;
	if (flag > 1)
		return (-1);
	*more = flag;
	/* A row takes 6 bytes or more: the failure ends a hostile count. */
	for (uint32_t i = 0; i < *n && !all.failed; i++)
		common_next_row(&all, &row);
	return (rbuf_end(&all));
}

void
common_next_row(struct rbuf * R, struct common_row * row)
{

	row->key = rbuf_get_var16(R, UINT16_MAX, &row->key_len);
	row->value = rbuf_get_var32(R, FRAME_BODY_MAX, &row->value_len);
}
