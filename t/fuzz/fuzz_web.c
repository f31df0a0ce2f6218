#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "codec/wbuf.h"
#include "frame/frame.h"
#include "hkp/hkp.h"
#include "proto/proto_admit.h"
#include "proto/update_json.h"
#include "web/bucket.h"
#include "web/target.h"
#include "web/web_impl.h"

#include "fuzz.h"

/* What is said in a request: its target, Accept, X-Forwarded-For, a JSON update. */
enum { TARGET, ROUTE, ACCEPT, ADDRESS, SEARCH, UPDATE_JSON };

static const struct web_route routes[] = {
	{ "GET", "/", 0, 0, NULL },
	{ "GET", "/v1/lookup", 0, 0, NULL },
	{ "POST", "/v1/lookup", 9, 0, NULL },
	{ "GET", "/v1/*", 0, 0, NULL },
	{ "GET", "/v1/feed/*", 0, 0, NULL },
	{ "GET", "/page/**", 0, 0, NULL },
};
#define NROUTES	(sizeof(routes) / sizeof(routes[0]))

void
fuzz_begin(void)
{

	fuzz_decoder("target");
	fuzz_decoder("route");
	fuzz_decoder("accept");
	fuzz_decoder("address");
	fuzz_decoder("search");
	fuzz_decoder("update");
}

/* What is decoded lies within the text, and has no control character. */
static void
check_word(const char * text, size_t len, const char * word)
{

	PANIC_UNLESS(word >= text && word <= text + len);
	for (; *word != '\0'; word++)
		PANIC_UNLESS((uint8_t)*word >= 0x20 && *word != 0x7f);
}

static const char *
arg(const struct target * T, const char * name)
{

	for (unsigned i = 0; i < T->nargs; i++)
		if (strcmp(T->name[i], name) == 0)
			return (T->value[i]);
	return (NULL);
}

static void
fuzz_search(const struct target * T)
{
	const struct hkp_args A = { arg(T, "op"), arg(T, "search"),
		arg(T, "options"), arg(T, "exact") };
	struct hkp_error E;
	struct hkp_query Q;

	if (hkp_query(&Q, &A, &E)) {
		PANIC_UNLESS(E.status >= 400 && E.status < 600);
		PANIC_UNLESS(E.rule != NULL && E.text != NULL && E.code != NULL);
		return;
	}
	fuzz_accepted(SEARCH);
	PANIC_UNLESS(Q.id_len <= sizeof(Q.id));
	PANIC_UNLESS(Q.op == HKP_STATS || (Q.user[0] == '\0') ==
	    (Q.id_len > 0));
}

static void
fuzz_target(char * text, size_t len)
{
	struct target T;
	char allow[64];

	if (target_parse(text, &T) != NULL)
		return;
	fuzz_accepted(TARGET);
	PANIC_UNLESS(T.nsegments > 0 && T.nsegments <= WEB_SEGMENTS_MAX);
	PANIC_UNLESS(T.nargs <= WEB_ARGS_MAX);
	for (unsigned i = 0; i < T.nsegments; i++)
		check_word(text, len, T.segment[i]);
	for (unsigned i = 0; i < T.nargs; i++) {
		check_word(text, len, T.name[i]);
		check_word(text, len, T.value[i]);
	}
	if (target_route(routes, NROUTES, "GET", &T, allow,
	    sizeof(allow)) != NULL) {
		fuzz_accepted(ROUTE);
		PANIC_UNLESS(strstr(allow, "GET, HEAD") != NULL);
	}
	fuzz_search(&T);
}

static void
fuzz_forwarded(const char * text)
{
	uint8_t key[BUCKET_KEY_LEN];
	char peer[WEB_PEER_SIZE], again[WEB_PEER_SIZE];

	if (target_forwarded(text, peer, sizeof(peer)))
		return;
	PANIC_UNLESS(strlen(peer) < sizeof(peer) && strchr(peer, ',') == NULL);
	if (web_peer_parse(peer, again, key) == 0)
		fuzz_accepted(ADDRESS);
}

/* What is taken for an update is the body of one. */
static void
fuzz_update(const char * text, size_t len)
{
	struct proto_admit_update U;
	struct wbuf W;

	wbuf_init(&W, FRAME_BODY_MAX);
	if (update_json_read(text, len, &W) == 0) {
		fuzz_accepted(UPDATE_JSON);
		PANIC_UNLESS(proto_admit_get_update(W.data, W.len, &U) == 0);
	}
	wbuf_free(&W);
}

/* The first byte chooses what the rest is. */
int
LLVMFuzzerTestOneInput(const uint8_t * p, size_t len)
{
	char * text;

	if (len == 0)
		return (-1);
	if ((text = malloc(len)) == NULL)
		return (0);
	memcpy(text, p + 1, len - 1);
	text[len - 1] = '\0';
	if (p[0] == 0)
		fuzz_target(text, strlen(text));
	else if (p[0] == 1) {
		/* Nobody prefers something to itself. */
		PANIC_UNLESS(!target_prefers(text, "text/plain", "text/plain"));
		if (target_prefers(text, "application/json", "text/plain")) {
			fuzz_accepted(ACCEPT);
			PANIC_UNLESS(!target_prefers(text, "text/plain",
			    "application/json"));
		}
	} else if (p[0] == 2)
		fuzz_forwarded(text);
	else
		fuzz_update(text, len - 1);
	free(text);
	return (0);
}
