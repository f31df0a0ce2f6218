#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/exits.h"
#include "base/file.h"
#include "codec/wbuf.h"
#include "daemon/server.h"
#include "entry/entry.h"
#include "entry/profile.h"
#include "entry/update.h"
#include "fields/fields.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "head/head.h"
#include "loop/loop.h"
#include "note/keyfile.h"
#include "note/note.h"
#include "proto/log_entry.h"
#include "proto/rows.h"
#include "stage/dump.h"
#include "store/store.h"
#include "store/view.h"

#include "../../cmd/ks-dump/dump.h"
#include "../../cmd/ks-dump/dump_key.h"
#include "../../cmd/ks-dump/dump_rows.h"

#include "test.h"

/* More rows than a DUMP is asked for at a time. */
#define MANY	2500

/* What takes so long never ends. */
#define PATIENCE_S	30

static uint8_t filler[256];

/* -- values and keys as PROTOCOL section 12 describes them ------------------ */

static void
put_entry(struct wbuf * W)
{
	const struct entry E = { filler, 7, "key me X\nquorum \"me\"\n", 21,
	    filler + 32 };

	entry_put(W, &E);
}

static void
put_update(struct wbuf * W)
{
	struct update_sig sig;
	struct wbuf entry;

	memset(&sig, 0x55, sizeof(sig));
	wbuf_init(&entry, 10000);
	put_entry(&entry);
	update_put(W, entry.data, entry.len, &sig, 1);
	wbuf_free(&entry);
}

static void
put_head(struct wbuf * W)
{
	struct head H;
	uint8_t p[HEAD_LEN];

	memset(&H, 0x11, sizeof(H));
	H.epoch = 3;
	H.time_ms = 86400001;
	H.updates = 2;
	head_put(&H, p);
	wbuf_put_bytes(W, p, HEAD_LEN);
}

static void
put_log_entry(struct wbuf * W)
{
	struct log_entry E;
	struct wbuf update;

	memset(&E, 0, sizeof(E));
	wbuf_init(&update, 10000);
	put_update(&update);
	E.request_id = filler;
	E.type = LOG_ENTRY_UPDATE;
	E.body = update.data;
	E.body_len = update.len;
	log_entry_put(W, &E);
	wbuf_free(&update);
}

static void
put_note(struct wbuf * W)
{
	static const char text[] = "realm.example\n1\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
	struct wbuf N;

	wbuf_init(&N, 1000);
	note_put_text(&N, text, sizeof(text) - 1);
	note_put_sig(&N, "realm.example", filler, filler, 64);
	wbuf_put_var32(W, N.data, N.len);
	wbuf_free(&N);
}

/* A node over a leaf and an empty place over two leaves. */
static void
put_tile(struct wbuf * W)
{

	wbuf_put_u8(W, 2);
	wbuf_put_u8(W, 1);
	wbuf_put_bytes(W, filler, 64);
	wbuf_put_u8(W, 2);
	wbuf_put_u8(W, 0);
	wbuf_put_u8(W, 2);
	wbuf_put_u8(W, 3);
	wbuf_put_u64(W, 9);
	wbuf_put_bytes(W, filler, 32);
	wbuf_put_u8(W, 1);
	wbuf_put_bytes(W, filler, 64);
}

static int
is(const char * word, const char * with)
{

	return (strncmp(word, with, strlen(with)) == 0);
}

/* Append what ${word} of the page stands for. */
static void
put_word(struct wbuf * W, const char * word)
{
	const struct profile_app app = { "pgp", 3, filler, 5 };
	struct tree_root T;
	struct merkle_range M;
	const char * bracket = strchr(word, '[');

	memset(&T, 0x33, sizeof(T));
	merkle_range_init(&M);
	merkle_range_append(&M, filler, NULL, NULL);
	if (is(word, "u64 "))
		wbuf_put_u64(W, 1234567);
	else if (is(word, "u32 "))
		wbuf_put_u32(W, 99);
	else if (is(word, "u8 "))
		wbuf_put_u8(W, 1);
	else if (is(word, "up to 16384 x u64"))
		wbuf_put_u64(W, 5);
	else if (is(word, "str8 "))
		wbuf_put_str8(W, "epoch-full");
	else if (is(word, "var16 "))
		wbuf_put_var16(W, "evidence/1", 10);
	else if (is(word, "var32 note"))
		put_note(W);
	else if (is(word, "(empty)"))
		return;
	else if (is(word, "head["))
		put_head(W);
	else if (bracket != NULL)
		wbuf_put_bytes(W, filler, strtoul(bracket + 1, NULL, 10));
	else if (is(word, "tree"))
		rows_put_tree(W, &T);
	else if (is(word, "range"))
		rows_put_range(W, &M);
	else if (is(word, "entry"))
		put_entry(W);
	else if (is(word, "log entry"))
		put_log_entry(W);
	else if (is(word, "update"))
		put_update(W);
	else if (is(word, "profile"))
		profile_put(W, filler, &app, 1);
	else if (is(word, "tile"))
		put_tile(W);
	else if (!is(word, "salt "))
		errx(1, "a row has \"%s\", which is not known here", word);
}

/* An address and an id of ks-keyids. */
static void
put_keys(struct wbuf * W)
{

	wbuf_put_u8(W, 1);
	wbuf_put_str8(W, "a@example.org");
	wbuf_put_u16(W, 1);
	wbuf_put_bytes(W, filler, 32);
	wbuf_put_u8(W, 1);
	wbuf_put_u64(W, 3);
}

/* Append the value of ${row}, a word of the page after the other. */
static void
put_value(struct wbuf * W, const struct dump_row * row)
{
	char spec[512];
	char * word;
	char * next;

	/* An event is of the type that its first byte tells. */
	if (strcmp(row->value, "u8 type, body") == 0) {
		wbuf_put_u8(W, 4);
		wbuf_put_u64(W, 1);
		return;
	}
	if (is(row->value, "u8 n, n x str8 address") ||
	    is(row->value, "as in the table keys")) {
		put_keys(W);
		return;
	}
	snprintf(spec, sizeof(spec), "%s", row->value);
	spec[strcspn(spec, ";")] = '\0';
	for (word = spec; word != NULL; word = next) {
		if ((next = strstr(word, ", ")) != NULL) {
			*next = '\0';
			next += 2;
		}
		put_word(W, word);
	}
}

/* Append the table and a key of ${row}. */
static void
put_key(struct wbuf * W, const struct dump_row * row)
{
	uint8_t key[DUMP_KEY_MAX];
	char text[256] = "";
	size_t n = 0, len;

	for (const char * p = row->key; p != NULL; ) {
		if (*p == '"')
			n += (size_t)snprintf(text, sizeof(text), "%.*s",
			    (int)strcspn(p + 1, "\""), p + 1);
		else if (*p == '~' || is(p, "u"))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "7");
		else
			for (len = strtoul(strchr(p, '[') + 1, NULL, 10);
			    len > 0; len--)
				n += (size_t)snprintf(text + n,
				    sizeof(text) - n, "ab");
		if ((p = strstr(p, ", ")) != NULL) {
			p += 2;
			n += (size_t)snprintf(text + n, sizeof(text) - n, ":");
		}
	}
	wbuf_put_u8(W, row->table);
	if (dump_key_parse(row->key, text, key, &len))
		abort();
	wbuf_put_bytes(W, key, len);
}

/* -- every row ------------------------------------------------------------- */

static const char *
decode(const struct dump_program * P, const struct wbuf * key, const uint8_t * p,
    size_t len)
{
	struct fields * text = fields_new(0);
	struct fields * json = fields_new(1);
	const struct dump_row * row;
	const char * rule, * again;

	rule = dump_rows_decode(P, key->data[0], key->data + 1, key->len - 1, p,
	    len, text, &row);
	again = dump_rows_decode(P, key->data[0], key->data + 1, key->len - 1, p,
	    len, json, &row);
	if (rule != again || (rule == NULL &&
	    (fields_line(text, NULL) == NULL || fields_line(json, NULL) == NULL)))
		abort();
	fields_free(text);
	fields_free(json);
	return (rule);
}

/* The few values of which a part is a value, too. */
static int
may_be_cut(const struct dump_row * row, size_t len)
{

	return ((strcmp(row->name, "superseded") == 0 && len % 8 == 0) ||
	    (strcmp(row->name, "profile") == 0 && len == 0));
}

static void
each_row_decodes_whole_only(void)
{
	const struct dump_program * P;
	struct wbuf key, value;

	wbuf_init(&key, 1000);
	wbuf_init(&value, 100000);
	for (size_t i = 0; i < DUMP_PROGRAMS; i++) {
		P = dump_programs[i];
		for (size_t j = 0; j < P->nrows; j++) {
			wbuf_reset(&key);
			wbuf_reset(&value);
			put_key(&key, &P->rows[j]);
			put_value(&value, &P->rows[j]);
			CHECK(decode(P, &key, value.data, value.len) == NULL);
			for (size_t n = 0; n < value.len; n++)
				CHECK(may_be_cut(&P->rows[j], n) ||
				    decode(P, &key, value.data, n) != NULL);
			for (size_t n = 0; n < value.len; n++) {
				value.data[n] ^= 0xff;
				(void)decode(P, &key, value.data, value.len);
				value.data[n] ^= 0xff;
			}
			wbuf_put_u8(&value, 0);
			CHECK(decode(P, &key, value.data, value.len) != NULL);
			wbuf_put_u8(&key, 'x');
			CHECK(strcmp(decode(P, &key, value.data, value.len - 1),
			    "key-malformed") == 0);
			key.data[0] = 0x77;
			CHECK(strcmp(decode(P, &key, value.data, value.len - 1),
			    "table-unknown") == 0);
		}
	}
	wbuf_free(&key);
	wbuf_free(&value);
}

/* -- what is printed -------------------------------------------------------- */

static char * out;		/* what the last dump printed */

/* A path of nothing yet, that ends with ${name}. */
static void
fresh(char path[64], const char * name)
{
	static const char * base;
	static unsigned n;

	if (base == NULL)
		base = test_dir();
	snprintf(path, 64, "%s/%u", base, n++);
	if (mkdir(path, 0700))
		exit(1);
	snprintf(path + strlen(path), 64 - strlen(path), "/%s", name);
}

/* Dump ${path} in a process of its own; return its exit code. */
static int
dump(const char * path, const char * program, int json, const char * table,
    const char * from, const char * to)
{
	struct dump D;
	char where[64];
	uint8_t * text;
	size_t len;
	int status;
	pid_t pid;

	fresh(where, "out");
	fflush(stdout);
	if ((pid = fork()) == 0) {
		alarm(PATIENCE_S);
		memset(&D, 0, sizeof(D));
		D.json = json;
		D.program = program == NULL ? NULL : dump_rows_program(program);
		D.table = table;
		D.from = from;
		D.to = to;
		D.F = fields_new(json);
		if (freopen(where, "w", stdout) == NULL ||
		    freopen("/dev/null", "w", stderr) == NULL)
			_exit(99);
		status = dump_path(&D, path);
		fields_free(D.F);
		fflush(stdout);
		_exit(status);
	}
	waitpid(pid, &status, 0);
	free(out);
	out = NULL;
	if (file_read(where, 1 << 26, &text, &len))
		exit(1);
	out = (char *)text;
	return (WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static size_t
lines(const char * text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return (n);
}

/* Every line is a JSON object. */
static int
all_json(void)
{
	char * line, * lf;
	json_t * object;
	int ok = 1;

	for (line = out; *line != '\0'; line = lf + 1) {
		if ((lf = strchr(line, '\n')) == NULL)
			return (0);
		object = json_loadb(line, (size_t)(lf - line), 0, NULL);
		ok = ok && json_is_object(object);
		json_decref(object);
	}
	return (ok);
}

/* Fill ${S} with all rows of ${P}, the first of each table for the value. */
static int
fill(struct store * S, const struct dump_program * P)
{
	struct view * V = view_open(S);
	struct wbuf key, value;
	int rc;

	wbuf_init(&key, 1000);
	wbuf_init(&value, 100000);
	for (size_t j = 0; j < P->nrows; j++) {
		wbuf_reset(&key);
		wbuf_reset(&value);
		put_key(&key, &P->rows[j]);
		put_value(&value, &P->rows[j]);
		view_put(V, key.data, key.len, value.data, value.len);
	}
	rc = view_commit(V, NULL);
	view_close(V);
	wbuf_free(&key);
	wbuf_free(&value);
	return (rc);
}

static int
put_row(struct store * S, const char * key, size_t klen, const char * value,
    size_t vlen)
{
	struct view * V = view_open(S);
	int rc;

	view_put(V, key, klen, value, vlen);
	rc = view_commit(V, NULL);
	view_close(V);
	return (rc);
}

static const struct store_options small = { 1024 * 1024, 0 };

static void
a_stopped_directory_is_shown(void)
{
	const struct dump_program * P;
	char dir[64];
	struct store * S;

	for (size_t i = 0; i < DUMP_PROGRAMS; i++) {
		P = dump_programs[i];
		fresh(dir, P->word);
		CHECK(store_open(dir, &small, &S) == 0 && fill(S, P) == 0);
		store_close(S);
		CHECK(dump(dir, NULL, 0, NULL, NULL, NULL) == EXITS_OK);
		for (size_t j = 0; j < P->nrows; j++) {
			CHECK(dump(dir, NULL, 0, P->rows[j].name, NULL,
			    NULL) == EXITS_OK);
			CHECK(is(out, P->rows[j].name) &&
			    strstr(out, " key=") != NULL);
			CHECK(dump(dir, NULL, 1, P->rows[j].name, NULL,
			    NULL) == EXITS_OK);
			CHECK(lines(out) > 0 && all_json());
		}
	}
}

static void
a_corrupt_row_is_shown_and_told(void)
{
	char dir[64];
	struct store * S;

	fresh(dir, "sign");
	CHECK(store_open(dir, &small, &S) == 0);
	CHECK(fill(S, &dump_rows_sign) == 0);
	CHECK(put_row(S, "\2\0\0\0\0\0\0\0\1", 9, "abc", 3) == 0);
	CHECK(put_row(S, "\2\0\0\0\0\0\0\0\1\2", 10, "", 0) == 0);
	CHECK(put_row(S, "\1cursor", 7, "\0\0\0\0\0\0\0\1\1", 9) == 0);
	CHECK(put_row(S, "\63k", 2, "v", 1) == 0);
	store_close(S);

	CHECK(dump(dir, NULL, 0, NULL, NULL, NULL) == EXITS_REFUSED);
	CHECK(strstr(out, "0x33 number=0x33 rows=1 corrupt: table-unknown\n"));
	CHECK(strstr(out, "signed number=0x02 rows=3\n") != NULL);
	CHECK(dump(dir, NULL, 0, "signed", NULL, NULL) == EXITS_REFUSED);
	CHECK(lines(out) == 3);
	CHECK(is(out, "signed key=0000000000000001 corrupt: value-malformed "
	    "value=616263\nsigned key=000000000000000102 corrupt: "
	    "key-malformed value=\nsigned key=7 head.realm="));
	CHECK(dump(dir, NULL, 0, "meta", NULL, NULL) == EXITS_REFUSED);
	CHECK(strstr(out, "meta key=637572736f72 corrupt: value-trailing "
	    "value=000000000000000101\n") != NULL);
	CHECK(dump(dir, NULL, 0, "0x33", NULL, NULL) == EXITS_REFUSED);
	CHECK(strcmp(out, "0x33 key=6b corrupt: table-unknown value=76\n") == 0);
	CHECK(dump(dir, NULL, 1, "0x33", NULL, NULL) == EXITS_REFUSED);
	CHECK(strcmp(out, "{\"corrupt\":\"table-unknown\",\"key\":\"6b\","
	    "\"program\":\"ks-sign\",\"table\":\"0x33\",\"value\":\"76\"}\n") == 0);

	/* Beyond the corrupt rows all is well. */
	CHECK(dump(dir, NULL, 0, "signed", "2", NULL) == EXITS_OK);
	CHECK(lines(out) == 1);
	CHECK(dump(dir, NULL, 0, "signed", "8", NULL) == EXITS_OK);
	CHECK(lines(out) == 0);
	CHECK(dump(dir, NULL, 0, "signed", "x", NULL) == EXITS_USAGE);
	CHECK(dump(dir, NULL, 0, "vrf", NULL, NULL) == EXITS_USAGE);
}

static void
a_secret_is_never_shown(void)
{
	char dir[64];
	struct store * S;

	fresh(dir, "publish");
	CHECK(store_open(dir, &small, &S) == 0);
	CHECK(put_row(S, "\1secret", 7, "SSSSSSSSSSSSSSSS", 16) == 0);
	store_close(S);
	CHECK(dump(dir, NULL, 0, "meta", NULL, NULL) == EXITS_OK);
	CHECK(strcmp(out, "meta key=secret secret=hidden\n") == 0);
	CHECK(store_open(dir, &small, &S) == 0);
	CHECK(put_row(S, "\1secret", 7, "SSSSSSSSSSSSSSS", 15) == 0);
	store_close(S);
	CHECK(dump(dir, NULL, 0, "meta", NULL, NULL) == EXITS_REFUSED);
	CHECK(strstr(out, "corrupt: value-malformed\n") != NULL);
}

static void
a_directory_is_neither_made_nor_shared(void)
{
	char dir[64], path[96];
	struct store * S;

	fresh(dir, "r");
	CHECK(mkdir(dir, 0700) == 0);
	CHECK(dump(dir, NULL, 0, NULL, NULL, NULL) == EXITS_PERMANENT);
	CHECK(rmdir(dir) == 0);
	CHECK(dump(dir, NULL, 0, NULL, NULL, NULL) == EXITS_PERMANENT);

	/* A replica's: every database, but for the one that is in use. */
	snprintf(path, sizeof(path), "%s/data", dir);
	CHECK(mkdir(dir, 0700) == 0 && mkdir(path, 0700) == 0);
	snprintf(path, sizeof(path), "%s/data/sign", dir);
	CHECK(store_open(path, &small, &S) == 0);
	CHECK(fill(S, &dump_rows_sign) == 0);
	store_close(S);
	snprintf(path, sizeof(path), "%s/data/log", dir);
	CHECK(store_open(path, &small, &S) == 0);
	CHECK(dump(dir, NULL, 0, NULL, NULL, NULL) == EXITS_TEMPORARY);
	CHECK(strstr(out, "sign/signed number=0x02 rows=1\n") != NULL);
	CHECK(strstr(out, "log/") == NULL);
	store_close(S);
	CHECK(dump(dir, NULL, 0, NULL, NULL, NULL) == EXITS_OK);
	CHECK(strstr(out, "log/entry number=0x02 rows=0\n") != NULL);
	CHECK(dump(dir, "sign", 0, "signed", NULL, NULL) == EXITS_OK);
	CHECK(is(out, "sign/signed key=7 ") && lines(out) == 1);
}

/* -- a living socket --------------------------------------------------------- */

static int
handle_dump(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{

	return (dump_serve(cookie, C, id, body, len));
}

/* Serve ${S} at ${path} until killed. */
static void
serve(struct store * S, const char * path)
{
	static const struct server_handler handlers[] = {
		{ COMMON_DUMP, "DUMP", DUMP_BODY_MIN, DUMP_BODY_MAX,
		    handle_dump },
	};
	struct server_spec spec;
	struct loop * L = loop_new();

	/* A check that fails must not leave it behind. */
	alarm(PATIENCE_S);
	memset(&spec, 0, sizeof(spec));
	spec.path = path;
	spec.mode = 0600;
	spec.fd = -1;
	spec.handlers = handlers;
	spec.nhandlers = 1;
	spec.ctx = S;
	if (L == NULL || server_new(L, &spec, NULL) == NULL)
		_exit(1);
	loop_run(L);
	_exit(1);
}

static void
a_socket_is_shown_page_by_page(void)
{
	struct store * S = store_open_memory();
	struct view * V = view_open(S);
	static const struct timespec pause = { 0, 10000000 };
	char path[64], value[32] = { 0 }, key[9] = { 9 };
	int status;
	pid_t pid;

	fresh(path, "apply");
	CHECK(fill(S, &dump_rows_apply) == 0);
	for (unsigned i = 1000; i < 1000 + MANY; i++) {
		key[7] = (char)(i >> 8);
		key[8] = (char)i;
		view_put(V, key, sizeof(key), value, sizeof(value));
	}
	CHECK(view_commit(V, NULL) == 0);
	view_close(V);
	if ((pid = fork()) == 0)
		serve(S, path);
	for (unsigned i = 0; i < 1000 && access(path, F_OK) != 0; i++)
		nanosleep(&pause, NULL);
	CHECK(dump(path, NULL, 0, NULL, NULL, NULL) == EXITS_OK);
	CHECK(strstr(out, "hash number=0x09 rows=2501\n") != NULL);
	CHECK(strstr(out, "tile number=0xff rows=1\n") != NULL);
	CHECK(dump(path, NULL, 0, "hash", NULL, NULL) == EXITS_OK);
	CHECK(lines(out) == MANY + 1 && is(out, "hash key=7 hash="));
	CHECK(strstr(out, "\nhash key=2000 ") < strstr(out, "\nhash key=2001 "));
	CHECK(strstr(out, "\nhash key=3499 ") != NULL);
	CHECK(dump(path, NULL, 0, "hash", "1500", "2750") == EXITS_OK);
	CHECK(lines(out) == 1250 && is(out, "hash key=1500 "));
	CHECK(strstr(out, "key=2749 ") != NULL && strstr(out, "=2750") == NULL);
	CHECK(dump(path, NULL, 1, "tile", NULL, NULL) == EXITS_OK);
	CHECK(lines(out) == 1 && all_json());

	/* Read as another program's, nothing but the key may be right. */
	CHECK(dump(path, "publish", 0, "0x08", NULL, NULL) == EXITS_REFUSED);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	CHECK(dump(path, NULL, 0, NULL, NULL, NULL) == EXITS_TEMPORARY);
	store_close(S);
}

/* -- files ------------------------------------------------------------------- */

/* Write ${W} to a file, empty it, and dump the file. */
static int
dump_bytes(struct wbuf * W, int json)
{
	char path[64];

	fresh(path, "file");
	if (file_write_new(path, 0600, W->data, W->len))
		exit(1);
	wbuf_reset(W);
	return (dump(path, NULL, json, NULL, NULL, NULL));
}

static void
encoded_things_are_recognised(void)
{
	const struct profile_app app = { "pgp", 3, filler, 5 };
	struct wbuf W;

	wbuf_init(&W, 100000);
	put_entry(&W);
	CHECK(dump_bytes(&W, 0) == EXITS_OK && is(out, "entry index=00"));
	CHECK(strstr(out, " policy=\"key me X\\nquorum \\\"me\\\"\\n\" "));
	put_update(&W);
	CHECK(dump_bytes(&W, 0) == EXITS_OK && is(out, "update entry.index=00"));
	profile_put(&W, filler, &app, 1);
	CHECK(dump_bytes(&W, 0) == EXITS_OK && is(out, "profile erased=0 "));
	put_head(&W);
	CHECK(dump_bytes(&W, 0) == EXITS_OK && is(out, "head realm=11"));
	CHECK(strstr(out, " time_rfc3339=1970-01-02T00:00:00.001Z ") != NULL);
	put_log_entry(&W);
	CHECK(dump_bytes(&W, 1) == EXITS_OK && all_json());
	CHECK(strstr(out, "\"object\":\"log-entry\"") != NULL);
	wbuf_put_bytes(&W, "anything", 8);
	CHECK(dump_bytes(&W, 0) == EXITS_REFUSED && *out == '\0');
	CHECK(dump_bytes(&W, 0) == EXITS_REFUSED);
	wbuf_free(&W);
}

static void
frames_are_shown_to_the_end(void)
{
	struct wbuf W;

	wbuf_init(&W, 100000);
	frame_put(&W, COMMON_STATUS, 5, NULL, 0);
	frame_put(&W, 0x0103, 6, "\0\0\0\0\0\0\0\1", 8);
	CHECK(dump_bytes(&W, 0) == EXITS_OK);
	CHECK(strcmp(out, "frame type=2 request_id=5 type_name=STATUS\n"
	    "frame type=259 request_id=6 type_name=LOG_FOLLOW body.from=1\n") == 0);
	frame_put(&W, COMMON_STATUS, 5, "x", 1);
	frame_put(&W, 0x0777, 1, NULL, 0);
	frame_put(&W, COMMON_STATUS, 7, NULL, 0);
	wbuf_put_u8(&W, 0);
	CHECK(dump_bytes(&W, 0) == EXITS_REFUSED);
	CHECK(strcmp(out, "frame corrupt: frame-malformed "
	    "value=0000000700020000000578\n"
	    "frame corrupt: type-unknown value=00000006077700000001\n"
	    "frame type=2 request_id=7 type_name=STATUS\n"
	    "frame corrupt: frame-malformed value=00\n") == 0);
	wbuf_free(&W);
}

static void
a_key_file_shows_its_public_half(void)
{
	static const enum keyfile_kind kinds[] = { KEYFILE_ED25519,
	    KEYFILE_COSIGN };
	uint8_t secret[KEYFILE_SECRET_LEN];
	char path[64];

	memset(secret, 0xa7, sizeof(secret));
	for (size_t i = 0; i < 2; i++) {
		fresh(path, "key");
		CHECK(keyfile_write(path, kinds[i], "me", secret) == 0);
		CHECK(dump(path, NULL, 0, NULL, NULL, NULL) == EXITS_OK);
		CHECK(is(out, "key kind=") && strstr(out, " vkey=\"me+"));
		CHECK(strstr(out, "a7a7a7") == NULL);
		CHECK(strstr(out, "p6enp6en") == NULL);
		CHECK(chmod(path, 0644) == 0);
		CHECK(dump(path, NULL, 0, NULL, NULL, NULL) == EXITS_PERMANENT);
		CHECK(*out == '\0');
	}
}

static void
text_cannot_reach_the_terminal(void)
{
	static const char hostile[] = "a\x1b[2J\"\\\n\xc2\x9b\xe2\x80\xae\xc3\xa9";
	struct fields * F = fields_new(0);

	fields_text(F, "x", hostile, sizeof(hostile) - 1);
	fields_text(F, "y", "\xff", 1);
	CHECK(strcmp(fields_line(F, NULL), " x=\"a\\u{1b}[2J\\\"\\\\\\n\\u{9b}"
	    "\\u{202e}\xc3\xa9\" y_hex=ff") == 0);
	fields_free(F);
	F = fields_new(1);
	fields_text(F, "x", hostile, sizeof(hostile) - 1);
	fields_u64(F, "n", UINT64_MAX);
	CHECK(strcmp(fields_line(F, NULL), "{\"n\":\"18446744073709551615\","
	    "\"x\":\"a\\u001B[2J\\\"\\\\\\n\\u009B\\u202E\\u00E9\"}") == 0);
	fields_free(F);
}

static const struct test tests[] = {
	{ "each row of each program decodes whole, and in no other way",
	    each_row_decodes_whole_only },
	{ "the database of a stopped daemon is shown, as text and JSON",
	    a_stopped_directory_is_shown },
	{ "a corrupt row is shown as such, told by the exit code, and stops nothing",
	    a_corrupt_row_is_shown_and_told },
	{ "a stored secret is never shown, whole or corrupt",
	    a_secret_is_never_shown },
	{ "a database is neither made nor taken from its owner",
	    a_directory_is_neither_made_nor_shared },
	{ "a socket's tables are shown over many pages",
	    a_socket_is_shown_page_by_page },
	{ "encoded things in files are recognised",
	    encoded_things_are_recognised },
	{ "each frame of a file is shown, whatever the others are",
	    frames_are_shown_to_the_end },
	{ "of a secret key only the public half is shown",
	    a_key_file_shows_its_public_half },
	{ "no text reaches the terminal but as text",
	    text_cannot_reach_the_terminal },
};
TESTS(tests)
