#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/hex.h"
#include "codec/wbuf.h"
#include "proof/lines.h"
#include "proof/memory.h"

#include "watch.h"

/* Longest file: the entry, and a line for each application. */
#define FILE_LEN_MAX	65536

void
watch_state_take(struct watch_state * S, const struct proof * P,
    const struct proof_verdict * V)
{
	struct profile_app app;
	struct rbuf cursor;

	memset(S, 0, sizeof(*S));
	S->epoch = V->head.epoch;
	if (V->found != TREE_PRESENT)
		return;
	S->since = S->epoch;
	S->entry_len = P->entry_len;
	memcpy(S->entry, P->entry, P->entry_len);
	S->erased = V->erased;
	if (V->erased)
		return;
	profile_start(&V->profile, &cursor);
	while (profile_next(&cursor, &app)) {
		memcpy(S->apps[S->napps].name, app.app, app.app_len);
		hash_sha256(app.value, app.value_len,
		    S->apps[S->napps++].hash);
	}
}

void
watch_state_put(struct wbuf * W, const char * realm, const char * user,
    const struct watch_state * S)
{
	char name[APP_LEN_MAX + 8];

	wbuf_printf(W, "ks-watched/v1\nrealm %s\nuser %s\nepoch %" PRIu64
	    "\nsince %" PRIu64 "\n", realm, user, S->epoch, S->since);
	if (S->entry_len == 0)
		return;
	lines_put_base64(W, "entry ", S->entry, S->entry_len);
	if (S->erased) {
		wbuf_printf(W, "profile erased\n");
		return;
	}
	wbuf_printf(W, "apps %u\n", S->napps);
	for (unsigned i = 0; i < S->napps; i++) {
		snprintf(name, sizeof(name), "app %s ", S->apps[i].name);
		lines_put_base64(W, name, S->apps[i].hash, HASH_LEN);
	}
}

/* Take the line "NAME TEXT", of which both are known. */
static void
take_known(struct lines * L, const char * name, const char * text)
{
	size_t len;
	const char * p = lines_named(L, name, &len);

	if (len != strlen(text) || memcmp(p, text, len) != 0)
		L->failed = 1;
}

/* Take the line of an application, which comes after the one named ${last}. */
static void
take_app(struct lines * L, const char * last, struct watch_app * app)
{
	const char * p, * space;
	size_t len, n, got;

	p = lines_named(L, "app ", &len);
	if ((space = memchr(p, ' ', len)) == NULL ||
	    !profile_app_ok(p, n = (size_t)(space - p)) ||
	    base64_decode(space + 1, len - n - 1, app->hash, HASH_LEN, &got) ||
	    got != HASH_LEN) {
		L->failed = 1;
		return;
	}
	memcpy(app->name, p, n);
	app->name[n] = '\0';
	if (strcmp(last, app->name) >= 0)
		L->failed = 1;
}

/* Take the lines of an entry and its profile. */
static void
take_entry(struct lines * L, struct watch_state * S)
{
	struct entry E;
	const char * p;
	size_t len;

	p = lines_named(L, "entry ", &len);
	if (base64_decode(p, len, S->entry, sizeof(S->entry), &S->entry_len) ||
	    entry_parse(&E, S->entry, S->entry_len))
		L->failed = 1;
	if (!L->failed && L->len >= 8 && memcmp(L->p, "profile ", 8) == 0) {
		lines_exact(L, "profile erased");
		S->erased = 1;
		return;
	}
	S->napps = (unsigned)lines_number(L, "apps ", PROFILE_APPS_MAX);
	for (unsigned i = 0; i < S->napps && !L->failed; i++)
		take_app(L, i > 0 ? S->apps[i - 1].name : "", &S->apps[i]);
}

int
watch_state_get(const char * text, size_t len, const char * realm,
    const char * user, struct watch_state * S)
{
	struct lines L;

	memset(S, 0, sizeof(*S));
	lines_init(&L, text, len);
	lines_exact(&L, "ks-watched/v1");
	take_known(&L, "realm ", realm);
	take_known(&L, "user ", user);
	S->epoch = lines_number(&L, "epoch ", UINT64_MAX);
	S->since = lines_number(&L, "since ", S->epoch);
	if (S->since > 0)
		take_entry(&L, S);
	return (L.failed || L.len > 0 || S->epoch == 0 ? -1 : 0);
}

/* Write the path of the file of ${user} to ${path}. */
static int
path_of(const char * realm, const char * user, char * path, size_t size)
{
	char name[HEX_SIZE(HASH_LEN)];
	struct hash_sha256 H;
	uint8_t hash[HASH_LEN];
	size_t len;

	hash_sha256_init(&H);
	hash_sha256_update(&H, realm, strlen(realm));
	hash_sha256_update(&H, "\n", 1);
	hash_sha256_update(&H, user, strlen(user));
	hash_sha256_final(&H, hash);
	hex_encode(hash, HASH_LEN, name, sizeof(name));
	if (memory_dir(path, size))
		return (-1);
	len = strlen(path);
	if ((size_t)snprintf(path + len, size - len, "/watched-%s", name) <
	    size - len)
		return (0);
	warnx("%s: %s", path, strerror(ENAMETOOLONG));
	return (-1);
}

int
watch_state_load(const char * realm, const char * user, struct watch_state * S)
{
	char path[PATH_MAX];
	uint8_t * text;
	size_t len;
	int bad;

	memset(S, 0, sizeof(*S));
	if (path_of(realm, user, path, sizeof(path)))
		return (-1);
	if (access(path, F_OK) && errno == ENOENT)
		return (0);
	if (file_read(path, FILE_LEN_MAX, &text, &len))
		return (-1);
	bad = watch_state_get((const char *)text, len, realm, user, S);
	if (bad)
		warnx("%s: not a ks-watched/v1 file of %s", path, user);
	free(text);
	return (bad);
}

int
watch_state_save(const char * realm, const char * user,
    const struct watch_state * S)
{
	char path[PATH_MAX];
	struct wbuf W;
	int rc = -1;

	wbuf_init(&W, FILE_LEN_MAX);
	watch_state_put(&W, realm, user, S);
	if (wbuf_failed(&W))
		warnx("%s: out of memory", user);
	else if (path_of(realm, user, path, sizeof(path)) == 0)
		rc = file_write_atomic(path, 0600, W.data, W.len);
	wbuf_free(&W);
	return (rc);
}
