#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "frame/frame.h"
#include "hkp/hkp.h"
#include "hkp/wkd.h"
#include "proof/proof.h"
#include "proto/proto_keyids.h"
#include "proto/proto_publish.h"
#include "realm/realm.h"

#include "api_hkp.h"
#include "httpd.h"

/* How long a lookup may wait for the quorum: a person waits in front of gpg. */
#define HKP_WAIT_MS	3000

/* A search whose answer is awaited: one lookup after the other. */
struct search {
	struct httpd * H;
	struct web_request * R;
	struct hop_ask * ask;
	struct hkp_query Q;
	int wkd;			/* nonzero: the answer is in bytes */
	char users[KEYIDS_ADDRESSES_MAX][USER_LEN_MAX + 1];
	size_t nusers;
	size_t next;			/* the user that is looked up next */
	struct hkp_found found;
};

static int ask_next(struct search *);

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

	hop_cancel(S->ask);
	free_search(S);
}

/* Say that there is no answer, and end ${S}. */
static void
end_with(struct search * S, const struct hkp_error * E)
{

	web_error(S->R, E->status, E->code, E->rule, E->text);
	free_search(S);
}

static void
out_of_memory(struct search * S)
{

	end_with(S, &(struct hkp_error){ 500, "internal", "out-of-memory",
	    "this server has no memory for it" });
}

/* All users were looked up. */
static void
answer(struct search * S)
{
	struct hkp_error E;
	struct wbuf W;

	if (S->found.n == 0) {
		hkp_none(&S->found, &E);
		end_with(S, &E);
		return;
	}
	wbuf_init(&W, HKP_ANSWER_MAX);
	if (S->wkd)
		for (size_t i = 0; i < S->found.n; i++)
			openpgp_cert_put(&W, S->found.hits[i].cert, S->Q.user);
	else
		hkp_answer(&W, &S->Q, &S->found, clock_wall_ms() / 1000);
	if (wbuf_failed(&W))
		out_of_memory(S);
	else {
		web_answer(S->R, &(struct web_answer){
		    .type = S->wkd ? "application/octet-stream" :
		    hkp_type(&S->Q), .body = W.data, .len = W.len,
		    .cache = WEB_NO_CACHE });
		free_search(S);
	}
	wbuf_free(&W);
}

/*
 * Take the keys out of the proof ${P} of the user ${user}.  0; or -1 and ${S} is
 * ended: what does not verify here is nobody's key.
 */
static int
take_proof(struct search * S, const struct proof * P, const char * user)
{
	struct hkp_error E = { 503, "unavailable", NULL,
	    "the proof of this key is not signed or fresh enough now: try again" };
	struct profile_app app;
	struct proof_verdict V;

	switch (proof_verify(P, S->H->realm, NULL, user, 0, clock_wall_ms(),
	    &V)) {
	case PROOF_VERIFIED:
		break;
	case PROOF_INSUFFICIENT:
		E.rule = V.rule;
		end_with(S, &E);
		return (-1);
	default:
		/* Not 502: dirmngr would take this server for dead. */
		end_with(S, &(struct hkp_error){ 500, "internal", V.rule,
		    "the proof of this key does not verify" });
		return (-1);
	}
	if (V.found != TREE_PRESENT || V.erased ||
	    !profile_find(&V.profile, HKP_APP, &app)) {
		if (S->Q.user[0] != '\0')
			S->found.none = V.found != TREE_PRESENT ?
			    "there is no such user in this realm" :
			    "this user has published no OpenPGP key";
		return (0);
	}
	if (hkp_found_add(&S->found, &S->Q, app.value, app.value_len) == 0)
		return (0);
	out_of_memory(S);
	return (-1);
}

static int
on_proof(void * cookie, const struct hop_answer * A)
{
	struct search * S = cookie;
	struct web_request * R = S->R;
	struct proof * P = NULL;
	const char * text, * rule;
	size_t len;

	if (A->outcome != HOP_ANSWER) {
		free_search(S);
		hop_fail(R, A);
		return (0);
	}
	if (A->frame->type != LOOKUP_PROOF || proto_publish_get_proof(
	    A->frame->body, A->frame->len, &text, &len) ||
	    (proof_parse(text, len, &P, &rule) && rule != NULL)) {
		free_search(S);
		return (hop_malformed(R));
	}
	if (P == NULL)
		out_of_memory(S);
	else if (take_proof(S, P, S->users[S->next - 1]) == 0 && ask_next(S))
		out_of_memory(S);
	proof_free(P);
	return (0);
}

/* Look up the next user, or answer if there is none.  0, or -1. */
static int
ask_next(struct search * S)
{
	struct proto_publish_lookup want = { .wait_ms = HKP_WAIT_MS };
	struct wbuf W;

	if (S->next == S->nusers) {
		answer(S);
		return (0);
	}
	want.user = S->users[S->next++];
	want.user_len = strlen(want.user);
	want.known = S->H->realm->policy_hash;
	wbuf_init(&W, FRAME_BODY_MAX);
	proto_publish_put_lookup(&W, &want);
	S->ask = wbuf_failed(&W) ? NULL : hop_ask(S->H->publish, LOOKUP, W.data,
	    W.len, HOP_TIMEOUT_MS + HKP_WAIT_MS, on_proof, S);
	wbuf_free(&W);
	return (S->ask != NULL ? 0 : -1);
}

/* Who may have published it: a hint, which the lookups then prove or not. */
static int
on_found(void * cookie, const struct hop_answer * A)
{
	struct search * S = cookie;
	struct web_request * R = S->R;
	struct proto_keyids_found F;
	const char * address;
	size_t len;

	if (A->outcome != HOP_ANSWER) {
		free_search(S);
		hop_fail(R, A);
		return (0);
	}
	if (A->frame->type != KEYIDS_FOUND || proto_keyids_get_found(
	    A->frame->body, A->frame->len, &F)) {
		free_search(S);
		return (hop_malformed(R));
	}
	while (S->nusers < KEYIDS_ADDRESSES_MAX &&
	    proto_keyids_next(&F, &address, &len)) {
		memcpy(S->users[S->nusers], address, len);
		S->users[S->nusers++][len] = '\0';
	}
	if (ask_next(S))
		out_of_memory(S);
	return (0);
}

/* By fingerprint or key id.  0, or -1 if memory ran out. */
static int
ask_keyids(struct search * S)
{
	struct wbuf W;

	wbuf_init(&W, FRAME_BODY_MAX);
	proto_keyids_put_find(&W, S->Q.id, S->Q.id_len);
	S->ask = wbuf_failed(&W) ? NULL : hop_ask(S->H->keyids, KEYIDS_FIND,
	    W.data, W.len, HOP_TIMEOUT_MS, on_found, S);
	wbuf_free(&W);
	return (S->ask != NULL ? 0 : -1);
}

/* Begin the search ${S}. */
static int
begin(struct search * S)
{

	if (S->Q.user[0] == '\0' && S->H->keyids == NULL) {
		end_with(S, &(struct hkp_error){ 501, "refused",
		    HKP_SEARCH_UNSUPPORTED, "this realm keeps no index of"
		    " fingerprints and key ids: ask by address" });
		return (0);
	}
	if (S->Q.user[0] != '\0')
		strlcpy(S->users[S->nusers++], S->Q.user, sizeof(S->users[0]));
	if (S->Q.user[0] != '\0' ? ask_next(S) : ask_keyids(S)) {
		free_search(S);
		return (-1);
	}
	web_on_gone(S->R, on_gone, S);
	return (0);
}

static struct search *
new_search(struct httpd * H, struct web_request * R)
{
	struct search * S;

	if ((S = calloc(1, sizeof(*S))) != NULL) {
		S->H = H;
		S->R = R;
	}
	return (S);
}

/* What there is to say of the whole. */
static void
stats(const struct httpd * H, struct web_request * R)
{

	web_text(R, WEB_NO_CACHE, "realm %s\nsoftware ks-httpd %s\n"
	    "search address%s\nproofs /v1/lookup\n", H->realm->name, KS_VERSION,
	    H->keyids != NULL ? ", fingerprint, key id" : "");
}

int
api_hkp_lookup(void * cookie, struct web_request * R)
{
	const struct hkp_args args = { web_arg(R, "op"), web_arg(R, "search"),
	    web_arg(R, "options"), web_arg(R, "exact") };
	struct hkp_error E;
	struct search * S;

	if ((S = new_search(cookie, R)) == NULL)
		return (-1);
	if (hkp_query(&S->Q, &args, &E)) {
		end_with(S, &E);
		return (0);
	}
	if (S->Q.op != HKP_STATS)
		return (begin(S));
	stats(S->H, R);
	free_search(S);
	return (0);
}

int
api_hkp_add(void * cookie, struct web_request * R)
{

	(void)cookie;
	web_error(R, 403, "refused", HKP_ADD_REFUSED, HKP_ADD_TEXT);
	return (0);
}

/* Domain ${i} of the directory: what is configured, else the name of the realm. */
static const char *
domain_at(const struct httpd * H, unsigned i)
{

	if (i < H->config.ndomains)
		return (H->config.domain[i]);
	return (i == 0 ? H->realm->name : NULL);
}

/* That of them which ${name} is, with or without a port; or NULL. */
static const char *
find_domain(const struct httpd * H, const char * name)
{
	size_t len = name == NULL ? 0 : strcspn(name, ":");
	const char * domain;

	for (unsigned i = 0; (domain = domain_at(H, i)) != NULL; i++)
		if (strlen(domain) == len && strncasecmp(domain, name, len) == 0)
			return (domain);
	return (NULL);
}

/* That of the path, or of the host; a proxy may ask under a name of its own. */
static const char *
domain_of(const struct httpd * H, const struct web_request * R, int advanced)
{
	const char * domain = find_domain(H, advanced ? web_segment(R, 2) :
	    web_header(R, "Host"));

	if (domain == NULL && !advanced && domain_at(H, 1) == NULL)
		domain = domain_at(H, 0);
	return (domain);
}

static void
no_domain(struct web_request * R)
{

	web_error(R, 404, "not-found", HKP_KEY_NOT_FOUND,
	    "this server has no keys of that domain");
}

static int
wkd(struct httpd * H, struct web_request * R, int advanced)
{
	const char * domain = domain_of(H, R, advanced);
	struct search * S;

	if (domain == NULL) {
		no_domain(R);
		return (0);
	}
	if ((S = new_search(H, R)) == NULL)
		return (-1);
	S->wkd = 1;
	S->Q.op = HKP_GET;
	S->Q.exact = 1;
	if (wkd_user(S->Q.user, web_segment(R, advanced ? 4 : 3),
	    web_arg(R, "l"), domain)) {
		end_with(S, &(struct hkp_error){ 404, "not-found",
		    HKP_KEY_NOT_FOUND,
		    "the argument l is not the local part of that hash" });
		return (0);
	}
	return (begin(S));
}

static int
policy(const struct httpd * H, struct web_request * R, int advanced)
{

	if (domain_of(H, R, advanced) == NULL)
		no_domain(R);
	else
		web_answer(R, &(struct web_answer){ .body = "", .len = 0,
		    .cache = WEB_NO_CACHE });
	return (0);
}

int
api_wkd_direct(void * cookie, struct web_request * R)
{

	return (wkd(cookie, R, 0));
}

int
api_wkd_advanced(void * cookie, struct web_request * R)
{

	return (wkd(cookie, R, 1));
}

int
api_wkd_direct_policy(void * cookie, struct web_request * R)
{

	return (policy(cookie, R, 0));
}

int
api_wkd_advanced_policy(void * cookie, struct web_request * R)
{

	return (policy(cookie, R, 1));
}
