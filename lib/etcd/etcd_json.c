#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/base64.h"
#include "base/panic.h"
#include "codec/wbuf.h"

#include "etcd/etcd_json.h"

/* Most rows that a range gives. */
#define RANGE_MAX	256

/* Most bytes of a key that is decoded. */
#define KEY_MAX		4096

/* The rows of an answer, decoded one at a time. */
struct etcd_rows {
	json_t * root;
	const json_t * array;	/* NULL if there are none */
	size_t next;
	int events;		/* each wraps its row */
	uint8_t key[KEY_MAX];
	struct wbuf value;
};

static void
put_base64(struct wbuf * W, const void * p, size_t len)
{
	uint8_t * out = wbuf_space(W, BASE64_SIZE(len));

	if (out == NULL)
		return;
	if (base64_encode(p, len, (char *)out, BASE64_SIZE(len)))
		panic("base64 does not fit");
	W->len--;	/* its NUL */
}

static void
put_member(struct wbuf * W, const char * name, const void * p, size_t len)
{

	wbuf_printf(W, "\"%s\":\"", name);
	put_base64(W, p, len);
	wbuf_printf(W, "\"");
}

void
etcd_json_put(struct wbuf * W, const char * key, const uint8_t * value,
    size_t len)
{

	wbuf_printf(W, "{");
	put_member(W, "key", key, strlen(key));
	wbuf_printf(W, ",");
	put_member(W, "value", value, len);
	wbuf_printf(W, "}");
}

void
etcd_json_range(struct wbuf * W, const char * key, int prefix, int values)
{
	size_t len = strlen(key);
	char end[KEY_MAX];

	PANIC_UNLESS(len > 0 && len < sizeof(end) && (uint8_t)key[len - 1] < 0x7f);
	wbuf_printf(W, "{");
	put_member(W, "key", key, len);
	if (prefix) {
		/* The first key after all of them. */
		memcpy(end, key, len);
		end[len - 1]++;
		wbuf_printf(W, ",");
		put_member(W, "range_end", end, len);
	}
	wbuf_printf(W, ",\"limit\":\"%d\",\"keys_only\":%s}", RANGE_MAX,
	    values ? "false" : "true");
}

void
etcd_json_watch(struct wbuf * W, const char * key, uint64_t revision)
{

	wbuf_printf(W, "{\"create_request\":{");
	put_member(W, "key", key, strlen(key));
	/* Fragments: a line is bounded, however much there is to catch up with. */
	wbuf_printf(W, ",\"start_revision\":\"%ju\",\"fragment\":true}}",
	    (uintmax_t)revision);
}

void
etcd_json_compact(struct wbuf * W, uint64_t revision)
{

	wbuf_printf(W, "{\"revision\":\"%ju\"}", (uintmax_t)revision);
}

void
etcd_json_create(struct wbuf * W, const char * key, const char * other,
    const uint8_t * value, size_t len)
{
	const char * keys[] = { key, other };

	wbuf_printf(W, "{\"compare\":[");
	for (size_t i = 0; i < 2; i++) {
		wbuf_printf(W, "%s{\"target\":\"VERSION\",\"result\":\"EQUAL\","
		    "\"version\":\"0\",", i > 0 ? "," : "");
		put_member(W, "key", keys[i], strlen(keys[i]));
		wbuf_printf(W, "}");
	}
	wbuf_printf(W, "],\"success\":[{\"request_put\":");
	etcd_json_put(W, key, value, len);
	wbuf_printf(W, "}]}");
}

void
etcd_json_delete(struct wbuf * W, const char * key)
{

	wbuf_printf(W, "{");
	put_member(W, "key", key, strlen(key));
	wbuf_printf(W, "}");
}

void
etcd_json_member_add(struct wbuf * W, const char * url)
{
	json_t * text = json_string(url);
	char * encoded = json_dumps(text, JSON_ENCODE_ANY);

	wbuf_printf(W, "{\"peerURLs\":[%s],\"isLearner\":true}",
	    encoded != NULL ? encoded : "\"\"");
	free(encoded);
	json_decref(text);
}

void
etcd_json_id(struct wbuf * W, const char * name, uint64_t id)
{

	wbuf_printf(W, "{\"%s\":\"%ju\"}", name, (uintmax_t)id);
}

void
etcd_json_why(struct etcd_answer * A, const char * text)
{
	size_t i;

	for (i = 0; text[i] != '\0' && i < sizeof(A->why) - 1; i++) {
		A->why[i] = text[i];
		if ((uint8_t)text[i] < 0x20 || (uint8_t)text[i] >= 0x7f)
			A->why[i] = '?';
	}
	A->why[i] = '\0';
	A->reply.why = A->why;
}

/* Read a number, which JSON has as a string of digits; 0 if it is not there. */
static int
get_u64(const json_t * object, const char * name, uint64_t * x)
{
	const json_t * member = json_object_get(object, name);
	const char * text;
	uint64_t digit;

	*x = 0;
	if (member == NULL)
		return (0);
	if (json_is_integer(member) && json_integer_value(member) >= 0) {
		*x = (uint64_t)json_integer_value(member);
		return (0);
	}
	text = json_string_value(member);
	if (text == NULL || *text == '\0')
		return (-1);
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return (-1);
		digit = (uint64_t)(*text - '0');
		if (*x > (UINT64_MAX - digit) / 10)
			return (-1);
		*x = *x * 10 + digit;
	}
	return (0);
}

static int
get_header(const json_t * body, struct etcd_reply * R)
{
	const json_t * header = json_object_get(body, "header");

	if (!json_is_object(header))
		return (-1);
	return (get_u64(header, "cluster_id", &R->cluster) ||
	    get_u64(header, "member_id", &R->member) ||
	    get_u64(header, "revision", &R->revision) ? -1 : 0);
}

static int
get_rows(struct etcd_answer * A, const json_t * body, const char * name)
{
	const json_t * array = json_object_get(body, name);

	if (array == NULL)
		return (0);
	if (!json_is_array(array))
		return (-1);
	A->rows->array = array;
	A->reply.n = json_array_size(array);
	return (0);
}

/* The words by which etcd says that its quota is used up. */
static int
is_no_space(const char * text)
{

	return (strstr(text, "NOSPACE") != NULL ||
	    strstr(text, "database space exceeded") != NULL);
}

static int
get_status(const json_t * body, struct etcd_reply * R)
{
	const json_t * errors = json_object_get(body, "errors");
	const char * text;

	for (size_t i = 0; i < json_array_size(errors); i++) {
		text = json_string_value(json_array_get(errors, i));
		if (text != NULL && is_no_space(text))
			R->no_space = 1;
	}
	return (get_u64(body, "leader", &R->leader) ||
	    get_u64(body, "dbSize", &R->size) ||
	    get_u64(body, "dbSizeInUse", &R->in_use) ? -1 : 0);
}

/* A line of a watch: events, or how it goes with the watch itself. */
static int
get_watch(struct etcd_answer * A, const json_t * body)
{
	struct etcd_reply * R = &A->reply;
	const char * reason;

	A->rows->events = 1;
	if (get_u64(body, "compact_revision", &R->compacted))
		return (-1);
	if (json_is_true(json_object_get(body, "canceled"))) {
		reason = json_string_value(json_object_get(body,
		    "cancel_reason"));
		if (R->compacted == 0)
			etcd_json_why(A, reason != NULL ? reason :
			    "the watch was cancelled");
		R->ended = 1;
		return (0);
	}
	R->compacted = 0;
	return (get_rows(A, body, "events"));
}

/* Of an error of etcd's, the text; NULL if it is none. */
static const char *
error_text(const json_t * root)
{
	const json_t * error = json_object_get(root, "error");

	if (json_is_object(error))
		error = json_object_get(error, "message");
	return (json_string_value(error));
}

static int
parse(struct etcd_answer * A, enum etcd_kind kind, const json_t * root)
{
	const char * text;

	if ((text = error_text(root)) != NULL) {
		etcd_json_why(A, text);
		A->reply.no_space = is_no_space(text);
		return (0);
	}
	if (kind == ETCD_WATCH)
		root = json_object_get(root, "result");
	if (kind != ETCD_MOVE && get_header(root, &A->reply))
		return (-1);
	switch (kind) {
	case ETCD_PUT:
	case ETCD_COMPACT:
	case ETCD_CREATE:
		return (0);
	case ETCD_RANGE:
		return (get_rows(A, root, "kvs"));
	case ETCD_WATCH:
		return (get_watch(A, root));
	case ETCD_STATUS:
		return (get_status(root, &A->reply));
	case ETCD_DELETE:
		return (get_u64(root, "deleted", &A->reply.deleted));
	case ETCD_MEMBERS:
		return (get_rows(A, root, "members"));
	case ETCD_MOVE:
		return (json_is_object(root) ? 0 : -1);
	}
	return (-1);
}

void
etcd_json_answer(struct etcd_answer * A, enum etcd_kind kind, const char * p,
    size_t len)
{
	json_error_t error;

	memset(A, 0, sizeof(*A));
	if ((A->rows = calloc(1, sizeof(*A->rows))) == NULL) {
		etcd_json_why(A, "out of memory");
		return;
	}
	wbuf_init(&A->rows->value, BASE64_LEN(ETCD_VALUE_MAX));
	A->reply.rows = A->rows;
	A->rows->root = json_loadb(p, len, JSON_REJECT_DUPLICATES, &error);
	if (A->rows->root == NULL || parse(A, kind, A->rows->root))
		etcd_json_why(A, "the answer is not etcd's");
	if (A->reply.why != NULL) {
		A->reply.ended = 1;
		A->reply.n = 0;
		A->rows->array = NULL;
	}
}

void
etcd_json_free(struct etcd_answer * A)
{

	if (A->rows == NULL)
		return;
	wbuf_free(&A->rows->value);
	json_decref(A->rows->root);
	free(A->rows);
	A->rows = NULL;
}

/* Decode the base64 text ${text} into at most ${max} bytes at ${out}. */
static int
decode(const json_t * text, uint8_t * out, size_t max, size_t * len)
{

	*len = 0;
	if (json_string_length(text) == 0)
		return (text == NULL || json_is_string(text) ? 0 : -1);
	return (base64_decode(json_string_value(text), json_string_length(text),
	    out, max, len));
}

static int
get_value(struct etcd_rows * X, const json_t * kv, struct etcd_row * row)
{
	const json_t * text = json_object_get(kv, "value");
	size_t max = json_string_length(text) / 4 * 3;

	row->value = NULL;
	row->value_len = 0;
	if (json_string_length(text) > BASE64_LEN(ETCD_VALUE_MAX))
		return (0);
	wbuf_reset(&X->value);
	if ((row->value = wbuf_space(&X->value, max + 1)) == NULL ||
	    decode(text, X->value.data, max, &row->value_len))
		return (-1);
	if (row->value_len > ETCD_VALUE_MAX)
		row->value = NULL;
	return (0);
}

int
etcd_next(struct etcd_reply * R, struct etcd_row * row)
{
	struct etcd_rows * X = R->rows;
	const json_t * kv, * type;

	if (X == NULL || X->array == NULL ||
	    (kv = json_array_get(X->array, X->next)) == NULL)
		return (0);
	X->next++;
	row->deleted = 0;
	if (X->events) {
		type = json_object_get(kv, "type");
		row->deleted = json_is_string(type) &&
		    strcmp(json_string_value(type), "DELETE") == 0;
		kv = json_object_get(kv, "kv");
	}
	row->key = X->key;
	if (!json_is_object(kv) ||
	    decode(json_object_get(kv, "key"), X->key, sizeof(X->key),
	    &row->key_len) ||
	    get_u64(kv, "mod_revision", &row->revision) ||
	    get_value(X, kv, row))
		return (-1);
	return (1);
}

/* Copy the text ${text}, cut, and without what does not belong to a line. */
static void
take_text(const json_t * text, char * out)
{
	const char * p = json_string_value(text);
	size_t i = 0;

	for (; p != NULL && p[i] != '\0' && i < ETCD_MEMBER_TEXT_MAX; i++)
		out[i] = (uint8_t)p[i] > 0x20 && (uint8_t)p[i] < 0x7f ? p[i] :
		    '?';
	out[i] = '\0';
}

int
etcd_next_member(struct etcd_reply * R, struct etcd_member * M)
{
	struct etcd_rows * X = R->rows;
	const json_t * object;

	if (X == NULL || X->array == NULL ||
	    (object = json_array_get(X->array, X->next)) == NULL)
		return (0);
	X->next++;
	if (!json_is_object(object) || get_u64(object, "ID", &M->id))
		return (-1);
	take_text(json_object_get(object, "name"), M->name);
	take_text(json_array_get(json_object_get(object, "peerURLs"), 0),
	    M->peer);
	take_text(json_array_get(json_object_get(object, "clientURLs"), 0),
	    M->client);
	M->learner = json_is_true(json_object_get(object, "isLearner"));
	return (1);
}
