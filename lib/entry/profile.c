#include <stdint.h>
#include <string.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "crypto/hash.h"

#include "entry/profile.h"

#define PROFILE_VERSION	1	/* the first byte */

/* Order of two names: bytewise, a prefix first. */
static int
app_cmp(const struct profile_app * a, const struct profile_app * b)
{
	size_t n = a->app_len < b->app_len ? a->app_len : b->app_len;
	int c = memcmp(a->app, b->app, n);

	if (c != 0)
		return (c);
	return ((a->app_len > b->app_len) - (a->app_len < b->app_len));
}

int
profile_app_ok(const char * p, size_t len)
{

	if (len == 0 || len > APP_LEN_MAX)
		return (0);
	for (size_t i = 0; i < len; i++)
		if (!((p[i] >= 'a' && p[i] <= 'z') ||
		    (p[i] >= '0' && p[i] <= '9') || p[i] == '.' ||
		    p[i] == '_' || p[i] == '-'))
			return (0);
	return (1);
}

static void
get_app(struct rbuf * R, struct profile_app * app)
{

	app->app = (const char *)rbuf_get_var8(R, APP_LEN_MAX, &app->app_len);
	app->value = rbuf_get_var16(R, UINT16_MAX, &app->value_len);
}

int
profile_parse(struct profile * P, const uint8_t * p, size_t len)
{
	struct profile_app app, last;
	struct rbuf R;

	if (len > PROFILE_LEN_MAX)
		return (-1);
	rbuf_init(&R, p, len);
	if (rbuf_get_u8(&R) != PROFILE_VERSION)
		rbuf_fail(&R);
	P->nonce = rbuf_get_bytes(&R, PROFILE_NONCE_LEN);
	P->count = rbuf_get_u16(&R);
	if (P->count > PROFILE_APPS_MAX)
		rbuf_fail(&R);
	P->apps = R.data;
	P->apps_len = R.len;
	memset(&last, 0, sizeof(last));
	for (unsigned i = 0; i < P->count && !R.failed; i++) {
		get_app(&R, &app);
		if (R.failed || !profile_app_ok(app.app, app.app_len) ||
		    (i > 0 && app_cmp(&last, &app) >= 0))
			rbuf_fail(&R);
		last = app;
	}
	return (rbuf_end(&R));
}

void
profile_start(const struct profile * P, struct rbuf * cursor)
{

	rbuf_init(cursor, P->apps, P->apps_len);
}

int
profile_next(struct rbuf * cursor, struct profile_app * app)
{

	if (cursor->len == 0)
		return (0);
	get_app(cursor, app);
	return (!cursor->failed);
}

int
profile_find(const struct profile * P, const char * name,
    struct profile_app * app)
{
	size_t len = strlen(name);
	struct rbuf cursor;

	profile_start(P, &cursor);
	while (profile_next(&cursor, app))
		if (app->app_len == len && memcmp(app->app, name, len) == 0)
			return (1);
	return (0);
}

int
profile_put(struct wbuf * W, const uint8_t * nonce,
    const struct profile_app * apps, size_t n)
{
	const struct profile_app * sorted[PROFILE_APPS_MAX];
	size_t len = 1 + PROFILE_NONCE_LEN + 2;
	size_t j;

	if (n > PROFILE_APPS_MAX)
		return (-1);
	for (size_t i = 0; i < n; i++) {
		if (!profile_app_ok(apps[i].app, apps[i].app_len) ||
		    apps[i].value_len > UINT16_MAX)
			return (-1);
		len += 1 + apps[i].app_len + 2 + apps[i].value_len;
		for (j = i; j > 0 && app_cmp(sorted[j - 1], &apps[i]) > 0; j--)
			sorted[j] = sorted[j - 1];
		sorted[j] = &apps[i];
		if (j > 0 && app_cmp(sorted[j - 1], &apps[i]) == 0)
			return (-1);
	}
	if (len > PROFILE_LEN_MAX)
		return (-1);
	wbuf_put_u8(W, PROFILE_VERSION);
	wbuf_put_bytes(W, nonce, PROFILE_NONCE_LEN);
	wbuf_put_u16(W, (uint16_t)n);
	for (size_t i = 0; i < n; i++) {
		wbuf_put_var8(W, sorted[i]->app, sorted[i]->app_len);
		wbuf_put_var16(W, sorted[i]->value, sorted[i]->value_len);
	}
	return (wbuf_failed(W));
}

void
profile_commitment(uint8_t * commitment, const uint8_t * p, size_t len)
{

	hash_blake2b("ks-commitment", NULL, p, len, commitment);
}
