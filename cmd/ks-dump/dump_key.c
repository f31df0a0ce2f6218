#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/panic.h"
#include "codec/decimal.h"
#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "fields/fields.h"

#include "dump_key.h"

/* Most parts of a key, longest name of one, longest part of bytes. */
#define PARTS_MAX 4
#define NAME_LEN_MAX	31
#define BYTES_MAX	32

enum part_kind { PART_NAME, PART_NUMBER, PART_COMPLEMENT, PART_BYTES };

struct part {
	enum part_kind kind;
	size_t len;			/* bytes in the key; of a name, its own */
	char name[NAME_LEN_MAX + 1];
};

/* Read the part at ${spec} into ${P}; return what follows it, or NULL. */
static const char *
take_part(const char * spec, struct part * P)
{
	static const struct { const char * word; size_t len; } integer[] = {
		{ "u8 ", 1 }, { "u32 ", 4 }, { "u64 ", 8 }
	};
	const char * end = strstr(spec, ", ");
	size_t n;

	P->kind = PART_BYTES;
	if (*spec == '"') {
		P->kind = PART_NAME;
		spec++;
	} else if (*spec == '~') {
		P->kind = PART_COMPLEMENT;
		P->len = 8;
		spec++;
	}
	for (size_t i = 0; i < 3; i++) {
		if (strncmp(spec, integer[i].word, strlen(integer[i].word)) == 0) {
			P->kind = PART_NUMBER;
			P->len = integer[i].len;
			spec += strlen(integer[i].word);
			break;
		}
	}
	n = strcspn(spec, "[,\"");
	PANIC_UNLESS(n <= NAME_LEN_MAX);
	memcpy(P->name, spec, n);
	P->name[n] = '\0';
	if (P->kind == PART_NAME)
		P->len = n;
	if (P->kind == PART_BYTES) {
		PANIC_UNLESS(spec[n] == '[');
		P->len = strtoul(spec + n + 1, NULL, 10);
		PANIC_UNLESS(P->len > 0 && P->len <= BYTES_MAX);
	}
	return (end == NULL ? NULL : end + 2);
}

/* The parts of the key that ${spec} describes; return how many. */
static size_t
parts_of(const char * spec, struct part parts[PARTS_MAX])
{
	size_t n = 0;

	while (spec != NULL) {
		PANIC_UNLESS(n < PARTS_MAX);
		spec = take_part(spec, &parts[n++]);
	}
	return (n);
}

/* Take the number that is the part ${P} from ${R}. */
static uint64_t
take_number(const struct part * P, struct rbuf * R)
{

	switch (P->len) {
	case 1:
		return (rbuf_get_u8(R));
	case 4:
		return (rbuf_get_u32(R));
	default:
		return (P->kind == PART_COMPLEMENT ? ~rbuf_get_u64(R) :
		    rbuf_get_u64(R));
	}
}

int
dump_key_text(const char * spec, const uint8_t * key, size_t len,
    struct wbuf * W)
{
	struct part parts[PARTS_MAX];
	size_t n = parts_of(spec, parts), sum = 0;
	char hex[HEX_SIZE(BYTES_MAX)];
	struct rbuf R;

	for (size_t i = 0; i < n; i++)
		sum += parts[i].len;
	if (n == 0 || len != sum)
		return (-1);
	if (parts[0].kind == PART_NAME && memcmp(key, parts[0].name, len) != 0)
		return (-1);
	rbuf_init(&R, key, len);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			wbuf_put_u8(W, ':');
		if (parts[i].kind == PART_NAME) {
			wbuf_put_bytes(W, parts[i].name, parts[i].len);
		} else if (parts[i].kind == PART_BYTES) {
			hex_encode(rbuf_get_bytes(&R, parts[i].len),
			    parts[i].len, hex, sizeof(hex));
			wbuf_put_bytes(W, hex, 2 * parts[i].len);
		} else {
			wbuf_printf(W, "%" PRIu64, take_number(&parts[i], &R));
		}
	}
	return (0);
}

void
dump_key_fields(const char * spec, const uint8_t * key, size_t len,
    struct fields * F)
{
	struct part parts[PARTS_MAX];
	size_t n = parts_of(spec, parts);
	struct rbuf R;

	if (n == 1)
		return;
	rbuf_init(&R, key, len);
	for (size_t i = 0; i < n; i++) {
		if (parts[i].kind == PART_BYTES)
			fields_hex(F, parts[i].name, rbuf_get_bytes(&R,
			    parts[i].len), parts[i].len);
		else
			fields_u64(F, parts[i].name, take_number(&parts[i], &R));
	}
}

/* Parse the ${len} characters ${text} as the part ${P}, to the end of ${W}. */
static int
parse_part(const struct part * P, const char * text, size_t len,
    struct wbuf * W)
{
	uint8_t bytes[BYTES_MAX];
	uint64_t x, max = P->len == 8 ? UINT64_MAX : P->len == 4 ? UINT32_MAX :
	    UINT8_MAX;
	size_t n;

	if (P->kind == PART_BYTES) {
		if (hex_decode(text, len, bytes, P->len, &n) || n == 0)
			return (-1);
		wbuf_put_bytes(W, bytes, n);
		return (0);
	}
	if (decimal_parse(text, len, max, &x))
		return (-1);
	if (P->kind == PART_COMPLEMENT)
		x = ~x;
	if (P->len == 8)
		wbuf_put_u64(W, x);
	else if (P->len == 4)
		wbuf_put_u32(W, (uint32_t)x);
	else
		wbuf_put_u8(W, (uint8_t)x);
	return (0);
}

/* Parse the parts of ${text} into ${W}. */
static int
parse_parts(const char * spec, const char * text, struct wbuf * W)
{
	struct part parts[PARTS_MAX];
	size_t n = parts_of(spec, parts), len;

	if (parts[0].kind == PART_NAME) {
		wbuf_put_bytes(W, text, strlen(text));
		return (0);
	}
	for (size_t i = 0; i < n; i++) {
		len = strcspn(text, ":");
		if (parse_part(&parts[i], text, len, W))
			return (-1);
		text += len;
		if (*text == '\0')
			return (0);

		/* More follows: bytes that are not the last are whole. */
		if (parts[i].kind == PART_BYTES && len != 2 * parts[i].len)
			return (-1);
		text++;
	}
	return (-1);
}

int
dump_key_parse(const char * spec, const char * text, uint8_t * key,
    size_t * len)
{
	struct wbuf W;
	int rc = -1;

	if (strncmp(text, "0x", 2) == 0)
		return (hex_decode(text + 2, strlen(text + 2), key,
		    DUMP_KEY_MAX, len));
	if (spec == NULL || *text == '\0')
		return (-1);
	wbuf_init(&W, DUMP_KEY_MAX);
	if (parse_parts(spec, text, &W) == 0 && wbuf_failed(&W) == 0) {
		memcpy(key, W.data, W.len);
		*len = W.len;
		rc = 0;
	}
	wbuf_free(&W);
	return (rc);
}
