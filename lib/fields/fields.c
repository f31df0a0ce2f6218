#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/hex.h"
#include "base/panic.h"
#include "client/instant.h"
#include "codec/wbuf.h"
#include "note/utf8.h"

#include "fields/fields.h"

/* Longest line: a frame of the largest size, decoded, takes much less. */
#define LINE_MAX_LEN	((size_t)256 * 1024 * 1024)

/* Longest name that stands for a value, with those of what it is in. */
#define NAME_MAX_LEN	512

/* Largest number that every reader of JSON keeps exact. */
#define JSON_EXACT_MAX	((UINT64_C(1) << 53) - 1)

enum kind { OBJECT, LIST, ARRAY };

struct level {
	enum kind kind;
	json_t * value;		/* borrowed; NULL in text */
	size_t prefix;		/* length of the prefix outside of it */
	uint64_t n;		/* values in a list or array so far */
};

struct fields {
	int json;
	int failed;
	json_t * root;
	char * line;			/* of fields_line, for JSON */
	struct wbuf text;
	struct wbuf scratch;
	size_t prefix_len;
	char prefix[NAME_MAX_LEN];
	unsigned depth;
	struct level level[FIELDS_DEPTH_MAX];
};

struct fields *
fields_new(int json)
{
	struct fields * F;

	if ((F = calloc(1, sizeof(*F))) == NULL)
		return (NULL);
	F->json = json;
	wbuf_init(&F->text, LINE_MAX_LEN);
	wbuf_init(&F->scratch, LINE_MAX_LEN);
	fields_reset(F);
	return (F);
}

void
fields_free(struct fields * F)
{

	if (F == NULL)
		return;
	json_decref(F->root);
	free(F->line);
	wbuf_free(&F->text);
	wbuf_free(&F->scratch);
	free(F);
}

void
fields_reset(struct fields * F)
{

	json_decref(F->root);
	F->root = NULL;
	F->failed = 0;
	if (F->json && (F->root = json_object()) == NULL)
		F->failed = 1;
	wbuf_reset(&F->text);
	F->prefix_len = 0;
	F->depth = 0;
	F->level[0].kind = OBJECT;
	F->level[0].value = F->root;
	F->level[0].n = 0;
}

/* Put ${value}, which is given away, under ${name} or at the end of a list. */
static void
put_json(struct fields * F, const char * name, json_t * value)
{
	struct level * top = &F->level[F->depth];

	if (value == NULL || F->failed) {
		json_decref(value);
		F->failed = 1;
	} else if (top->kind == OBJECT) {
		PANIC_UNLESS(name != NULL);
		if (json_object_set_new(top->value, name, value))
			F->failed = 1;
	} else if (json_array_append_new(top->value, value)) {
		F->failed = 1;
	}
}

/* Put what comes before a value in text: its name, or a comma in a list. */
static void
put_name(struct fields * F, const char * name, const char * suffix)
{
	struct level * top = &F->level[F->depth];

	PANIC_UNLESS(top->kind != ARRAY);
	if (top->kind == LIST) {
		if (top->n++ > 0)
			wbuf_put_u8(&F->text, ',');
		return;
	}
	PANIC_UNLESS(name != NULL);
	wbuf_printf(&F->text, " %.*s%s%s=", (int)F->prefix_len, F->prefix, name,
	    suffix);
}

void
fields_u64(struct fields * F, const char * name, uint64_t x)
{

	if (!F->json) {
		put_name(F, name, "");
		wbuf_printf(&F->text, "%" PRIu64, x);
	} else if (x <= JSON_EXACT_MAX) {
		put_json(F, name, json_integer((json_int_t)x));
	} else {
		put_json(F, name, json_sprintf("%" PRIu64, x));
	}
}

void
fields_bool(struct fields * F, const char * name, int x)
{

	if (F->json)
		put_json(F, name, json_boolean(x != 0));
	else
		fields_word(F, name, x ? "yes" : "no");
}

void
fields_word(struct fields * F, const char * name, const char * word)
{

	if (!F->json) {
		put_name(F, name, "");
		wbuf_put_bytes(&F->text, word, strlen(word));
	} else {
		put_json(F, name, json_string(word));
	}
}

/* The RFC 3339 form of a time that was put as a number under ${name}. */
static void
put_rfc3339(struct fields * F, const char * name, uint64_t time_ms)
{
	char full[NAME_MAX_LEN], text[INSTANT_SIZE] = "-";

	if (time_ms <= INSTANT_MAX_MS)
		instant_format(time_ms, text);
	snprintf(full, sizeof(full), "%s_rfc3339", name);
	if (F->json && time_ms > INSTANT_MAX_MS)
		put_json(F, full, json_null());
	else
		fields_word(F, full, text);
}

void
fields_time(struct fields * F, const char * name, uint64_t time_ms)
{

	fields_u64(F, name, time_ms);
	put_rfc3339(F, name, time_ms);
}

void
fields_seconds(struct fields * F, const char * name, uint64_t time_s)
{

	fields_u64(F, name, time_s);
	put_rfc3339(F, name, time_s <= INSTANT_MAX_MS / 1000 ? time_s * 1000 :
	    UINT64_MAX);
}

/* As fields_hex; ${suffix} is put after the name. */
static void
put_hex(struct fields * F, const char * name, const char * suffix,
    const void * p, size_t len)
{
	char full[NAME_MAX_LEN];
	uint8_t * out;

	wbuf_reset(&F->scratch);
	if ((out = wbuf_space(&F->scratch, HEX_SIZE(len))) == NULL) {
		F->failed = 1;
		return;
	}
	hex_encode(p, len, (char *)out, HEX_SIZE(len));
	if (!F->json) {
		put_name(F, name, suffix);
		wbuf_put_bytes(&F->text, out, 2 * len);
		return;
	}
	if (name != NULL)
		snprintf(full, sizeof(full), "%s%s", name, suffix);
	put_json(F, name == NULL ? NULL : full,
	    json_stringn((const char *)out, 2 * len));
}

void
fields_hex(struct fields * F, const char * name, const void * p, size_t len)
{

	put_hex(F, name, "", p, len);
}

/* Is ${c} a character that changes what a terminal shows around it? */
static int
is_control(uint32_t c)
{

	/* C0, DEL, C1; line and paragraph separators; what turns the direction
	 * of writing; what cannot be seen. */
	return (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad ||
	    c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	    c == 0xfeff || c >= 0xe0000);
}

/* Put one character of quoted text, which takes the ${n} bytes at ${p}. */
static void
put_character(struct wbuf * W, uint32_t c, const uint8_t * p, size_t n)
{

	if (c == '\n')
		wbuf_put_bytes(W, "\\n", 2);
	else if (c == '\t')
		wbuf_put_bytes(W, "\\t", 2);
	else if (c == '"' || c == '\\')
		wbuf_printf(W, "\\%c", (char)c);
	else if (is_control(c))
		wbuf_printf(W, "\\u{%" PRIx32 "}", c);
	else
		wbuf_put_bytes(W, p, n);
}

void
fields_text(struct fields * F, const char * name, const void * text, size_t len)
{
	const uint8_t * p = text;
	uint32_t c;
	size_t n, i;

	for (i = 0; i < len; i += n)
		if ((n = utf8_next(p + i, len - i, &c)) == 0)
			break;
	if (i < len) {
		put_hex(F, name, "_hex", p, len);
		return;
	}
	if (F->json) {
		put_json(F, name, json_stringn((const char *)p, len));
		return;
	}
	put_name(F, name, "");
	wbuf_put_u8(&F->text, '"');
	for (i = 0; i < len; i += n) {
		n = utf8_next(p + i, len - i, &c);
		put_character(&F->text, c, p + i, n);
	}
	wbuf_put_u8(&F->text, '"');
}

/* Begin a level of ${kind}. */
static void
begin(struct fields * F, const char * name, enum kind kind)
{
	struct level * top = &F->level[F->depth];
	json_t * value = NULL;
	size_t room = sizeof(F->prefix) - F->prefix_len;
	int n = 0;

	PANIC_UNLESS(F->depth + 1 < FIELDS_DEPTH_MAX && top->kind != LIST);
	if (F->json) {
		value = kind == OBJECT ? json_object() : json_array();
		put_json(F, name, value);
		if (F->failed)
			value = NULL;
	} else if (kind == LIST) {
		put_name(F, name, "");
	} else if (top->kind == ARRAY) {
		n = snprintf(F->prefix + F->prefix_len, room, "%" PRIu64 ".",
		    top->n++);
	} else {
		PANIC_UNLESS(name != NULL);
		n = snprintf(F->prefix + F->prefix_len, room, "%s.", name);
	}
	PANIC_UNLESS(n >= 0 && (size_t)n < room);
	top = &F->level[++F->depth];
	top->kind = kind;
	top->value = value;
	top->prefix = F->prefix_len;
	top->n = 0;
	F->prefix_len += (size_t)n;
}

void
fields_open(struct fields * F, const char * name)
{

	begin(F, name, OBJECT);
}

void
fields_list(struct fields * F, const char * name)
{

	begin(F, name, LIST);
}

void
fields_array(struct fields * F, const char * name)
{

	begin(F, name, ARRAY);
}

void
fields_close(struct fields * F)
{

	PANIC_UNLESS(F->depth > 0);
	F->prefix_len = F->level[F->depth--].prefix;
}

const char *
fields_line(struct fields * F, size_t * len)
{

	PANIC_UNLESS(F->depth == 0);
	if (F->failed)
		return (NULL);
	if (F->json) {
		free(F->line);
		F->line = json_dumps(F->root, JSON_COMPACT | JSON_SORT_KEYS |
		    JSON_ENSURE_ASCII);
		if (F->line != NULL && len != NULL)
			*len = strlen(F->line);
		return (F->line);
	}
	if (wbuf_failed(&F->text))
		return (NULL);
	if (len != NULL)
		*len = F->text.len;
	wbuf_put_u8(&F->text, 0);
	if (wbuf_failed(&F->text))
		return (NULL);
	F->text.len--;
	return ((const char *)F->text.data);
}
