#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/exits.h"
#include "codec/wbuf.h"
#include "hkp/hkp.h"

#include "crew.h"
#include "proxy.h"
#include "work.h"

/* Most bytes of what is sent to /pks/add; it is not looked at. */
#define ADD_MAX		262144

/* A search whose answer is awaited. */
struct search {
	struct web_request * R;
	struct crew_job * job;
	struct hkp_query Q;
	struct hkp_found found;
};

static void
free_search(struct search * S)
{

	hkp_found_free(&S->found);
	free(S);
}

static void
on_gone(void * cookie)
{
	struct search * S = cookie;

	crew_forget(S->job);
	free_search(S);
}

/*
 * All failures are a 500: gpg's dirmngr asks six times again after a 503, and takes
 * the server for dead after a 502.
 */
static void
fail(struct web_request * R, const char * rule, const char * text)
{

	web_error(R, 500, "unavailable", rule, text);
}

/* There is no answer that verified: say so, by the exit code of a lookup. */
static void
not_verified(struct web_request * R, const struct work_answer * A)
{

	if (A->code == EXITS_REFUSED)
		fail(R, A->rule, "the answer of the keyserver does not verify");
	else if (A->code == EXITS_UNMET)
		fail(R, A->rule, "the answer of the keyserver is not signed or"
		    " fresh enough now");
	else
		fail(R, A->rule[0] != '\0' ? A->rule : "no-keyserver",
		    "no keyserver of the realm could answer");
}

/* Nothing was found. */
static void
not_found(struct search * S, const struct work_answer * A)
{
	struct hkp_error E;

	if (A->none == WORK_NO_INDEX) {
		web_error(S->R, 501, "refused", HKP_SEARCH_UNSUPPORTED,
		    "no keyserver of this realm keeps an index of fingerprints and"
		    " key ids: ask by address");
		return;
	}
	if (A->none == WORK_NO_USER)
		S->found.none = "there is no such user in this realm";
	else if (A->none == WORK_NO_KEY)
		S->found.none = "this user has published no OpenPGP key";
	hkp_none(&S->found, &E);
	web_error(S->R, E.status, E.code, E.rule, E.text);
}

static void
answer(struct search * S)
{
	struct wbuf W;

	wbuf_init(&W, HKP_ANSWER_MAX);
	hkp_answer(&W, &S->Q, &S->found, clock_wall_ms() / 1000);
	if (wbuf_failed(&W))
		fail(S->R, "out-of-memory", "this proxy has no memory for it");
	else
		web_answer(S->R, &(struct web_answer){
		    .type = hkp_type(&S->Q), .body = W.data, .len = W.len });
	wbuf_free(&W);
}

static void
on_answer(void * cookie, struct work_answer * A)
{
	struct search * S = cookie;
	const struct work_answer as_it_came = A != NULL ? *A :
	    (struct work_answer){ .code = EXITS_TEMPORARY };
	const uint8_t * value;
	size_t len;
	int rc = 0;

	while (A != NULL && rc == 0 && work_next(A, &value, &len))
		rc = hkp_found_add(&S->found, &S->Q, value, len);
	if (rc)
		fail(S->R, "out-of-memory", "this proxy has no memory for it");
	else if (as_it_came.code != EXITS_OK)
		not_verified(S->R, &as_it_came);
	else if (S->found.n == 0)
		not_found(S, &as_it_came);
	else
		answer(S);
	free_search(S);
}

/* Let somebody look up what ${S} asks for.  0, or -1 if memory ran out. */
static int
begin(struct search * S, struct proxy * P)
{
	const int by_id = S->Q.user[0] == '\0';
	struct wbuf W;

	wbuf_init(&W, UINT8_MAX + 1);
	if (by_id)
		wbuf_put_var8(&W, S->Q.id, S->Q.id_len);
	else
		wbuf_put_str8(&W, S->Q.user);
	if (wbuf_failed(&W))
		errno = ENOMEM;
	else
		S->job = crew_ask(P->crew, by_id ? WORK_FIND : WORK_LOOKUP,
		    W.data, W.len, on_answer, S);
	wbuf_free(&W);
	if (S->job != NULL) {
		web_on_gone(S->R, on_gone, S);
		return (0);
	}
	if (errno == EAGAIN)
		fail(S->R, "too-many-waiting", "too many searches are waiting");
	free_search(S);
	return (errno == EAGAIN ? 0 : -1);
}

/*
 * Does ${R} come by a name that is not this host's?  A page in the user's browser whose
 * name was made to lead here would do so, to see what the user may see.
 */
static int
is_misled(const struct web_request * R)
{
	const char * host = web_header(R, "Host"), * peer = web_peer(R);
	uint8_t any[sizeof(struct in6_addr)];
	char name[INET6_ADDRSTRLEN];
	size_t len;

	if (host == NULL || (strncmp(peer, "127.", 4) != 0 &&
	    strcmp(peer, "::1") != 0))
		return (0);
	len = strcspn(host, *host == '[' ? "]" : ":");
	if (*host == '[' && len-- > 0)
		host++;
	if (len >= sizeof(name))
		return (1);
	memcpy(name, host, len);
	name[len] = '\0';
	return (strcasecmp(name, "localhost") != 0 &&
	    inet_pton(AF_INET, name, any) != 1 &&
	    inet_pton(AF_INET6, name, any) != 1);
}

static int
lookup(void * cookie, struct web_request * R)
{
	const struct hkp_args args = { web_arg(R, "op"), web_arg(R, "search"),
	    web_arg(R, "options"), web_arg(R, "exact") };
	struct proxy * P = cookie;
	struct hkp_query Q;
	struct hkp_error E;
	struct search * S;

	if (is_misled(R)) {
		web_error(R, 403, "refused", "host-unknown",
		    "on this host it is asked by a numeric address, or as localhost");
		return (0);
	}
	if (hkp_query(&Q, &args, &E)) {
		web_error(R, E.status, E.code, E.rule, E.text);
		return (0);
	}
	if (Q.op == HKP_STATS) {
		web_text(R, WEB_NO_STORE, "realm %s\nsoftware ks-hkp-proxy %s\n",
		    P->realm, KS_VERSION);
		return (0);
	}
	if ((S = calloc(1, sizeof(*S))) == NULL)
		return (-1);
	S->R = R;
	S->Q = Q;
	return (begin(S, P));
}

static int
add(void * cookie, struct web_request * R)
{

	(void)cookie;
	web_error(R, 403, "refused", HKP_ADD_REFUSED, HKP_ADD_TEXT);
	return (0);
}

const struct web_route proxy_routes[] = {
	{ "GET", "/pks/lookup", 0, 0, lookup },
	{ "POST", "/pks/add", ADD_MAX, 0, add }
};

const size_t proxy_nroutes = sizeof(proxy_routes) / sizeof(proxy_routes[0]);
