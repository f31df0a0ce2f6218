#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/hex.h"
#include "client/report.h"
#include "codec/wbuf.h"
#include "entry/rule_names.h"
#include "entry/user.h"
#include "frame/frame.h"
#include "proof/proof.h"
#include "proto/proto_publish.h"
#include "realm/realm.h"

#include "httpd.h"

/*
 * ks-publish waits for so long at a time, and is asked again if that was not enough: it
 * does not hear that a client has gone away, and has room for so many who wait.
 */
#define WAIT_PART_MS	5000

/* A lookup whose proof is awaited. */
struct lookup {
	struct httpd * H;
	struct web_request * R;
	struct hop_ask * ask;
	uint64_t epoch;
	char user[USER_LEN_MAX + 1];
	uint8_t known[HASH_LEN];
	struct policy * policy;		/* the client's own, or NULL */
	struct proto_publish_lookup want;
	uint64_t deadline_ms;		/* until when it may wait */
	uint64_t again_ms;		/* an answer from then on is asked for again; 0: none */
};

static void
free_lookup(struct lookup * L)
{

	policy_free(L->policy);
	free(L);
}

static void
on_gone(void * cookie)
{
	struct lookup * L = cookie;

	hop_cancel(L->ask);
	free_lookup(L);
}

/* What can be said of ${P}, and its text; or NULL if memory ran out. */
static json_t *
proof_json(const struct lookup * L, const struct proof * P, const char * text,
    size_t len)
{
	struct proof_verdict V;
	struct report report = { .realm = L->H->realm->name, .user = L->user,
		.V = &V };
	struct wbuf W;
	json_t * J;

	memset(&V, 0, sizeof(V));
	if (proof_verify(P, L->H->realm, L->policy, L->user, L->epoch,
	    clock_wall_ms(), &V) == PROOF_REFUSED) {
		J = json_pack("{s:s,s:s,s:b,s:s}", "realm", L->H->realm->name,
		    "user", L->user, "verified", 0, "rule", V.rule);
	} else {
		wbuf_init(&W, SIZE_MAX);
		if (report_json(&W, &report) || wbuf_failed(&W))
			J = NULL;
		else
			J = json_loadb((const char *)W.data, W.len, 0, NULL);
		wbuf_free(&W);
		if (J != NULL)
			(void)json_object_set_new(J, "verified", json_true());
	}
	if (J != NULL)
		(void)json_object_set_new(J, "proof", json_stringn(text, len));
	return (J);
}

static int on_proof(void *, const struct hop_answer *);

/* Ask for the proof.  0, or -1: memory is short. */
static int
ask(struct lookup * L)
{
	const uint64_t now = clock_mono_ms();
	uint64_t left = L->deadline_ms > now ? L->deadline_ms - now : 0;
	struct wbuf W;

	L->again_ms = 0;
	if (left > WAIT_PART_MS) {
		left = WAIT_PART_MS;
		L->again_ms = now + left;
	}
	L->want.wait_ms = (uint32_t)left;
	wbuf_init(&W, FRAME_BODY_MAX);
	proto_publish_put_lookup(&W, &L->want);
	L->ask = wbuf_failed(&W) ? NULL : hop_ask(L->H->publish, LOOKUP, W.data,
	    W.len, HOP_TIMEOUT_MS + left, on_proof, L);
	wbuf_free(&W);
	return (L->ask == NULL ? -1 : 0);
}

/* Did ks-publish wait in vain, and is there time left? */
static int
is_early(const struct lookup * L, const struct hop_answer * A)
{

	return (L->again_ms != 0 && clock_mono_ms() >= L->again_ms &&
	    (A->outcome == HOP_ANSWER || (A->outcome == HOP_ERROR &&
	    A->error->code == ERROR_UNAVAILABLE)));
}

static int
on_proof(void * cookie, const struct hop_answer * A)
{
	struct lookup * L = cookie;
	struct web_request * R = L->R;
	struct proof * P = NULL;
	const char * text, * rule;
	size_t len;
	int rc = 0;

	if (is_early(L, A)) {
		if (ask(L) == 0)
			return (0);
		httpd_no_memory(R);
	} else if (A->outcome != HOP_ANSWER) {
		hop_fail(R, A);
	} else if (A->frame->type != LOOKUP_PROOF || proto_publish_get_proof(
	    A->frame->body, A->frame->len, &text, &len)) {
		rc = hop_malformed(R);
	} else if (!web_wants_json(R)) {
		web_answer(R, &(struct web_answer){ .body = text, .len = len,
		    .cache = WEB_NO_CACHE, .vary = 1 });
	} else if (proof_parse(text, len, &P, &rule)) {
		if (rule != NULL)
			rc = hop_malformed(R);
		else
			httpd_json(R, WEB_NO_CACHE, NULL);
	} else {
		httpd_json(R, WEB_NO_CACHE, proof_json(L, P, text, len));
	}
	proof_free(P);
	free_lookup(L);
	return (rc);
}

/* The policy in the body of a POST.  0; or -1 and ${R} is answered. */
static int
take_policy(struct lookup * L)
{
	struct proto_publish_lookup * want = &L->want;
	struct web_request * R = L->R;
	struct policy_error E;
	const uint8_t * body;
	size_t len;

	if (strcmp(web_method(R), "POST") != 0)
		return (0);
	body = web_body(R, &len);
	if (policy_parse((const char *)body, len, POLICY_FOR_REALM, &L->policy,
	    &E)) {
		if (E.rule == NULL)
			web_error(R, 500, "internal", "out-of-memory",
			    "this server has no memory for it");
		else
			web_error(R, 422, "refused", RULE_POLICY_MALFORMED,
			    E.rule);
		return (-1);
	}
	want->policy = (const char *)body;
	want->policy_len = len;
	return (0);
}

/* The arguments.  0; or -1 and ${R} is answered. */
static int
take_arguments(struct lookup * L)
{
	struct proto_publish_lookup * want = &L->want;
	struct web_request * R = L->R;
	uint64_t wait_ms = 0;
	const char * hex;
	size_t n;

	if (web_args_only(R, "user epoch epoch_min wait_ms known") ||
	    httpd_user(R, L->user) ||
	    web_arg_u64(R, "epoch", 1, INT64_MAX, &want->epoch) ||
	    web_arg_u64(R, "epoch_min", 0, INT64_MAX, &want->epoch_min) ||
	    web_arg_u64(R, "wait_ms", 0, LOOKUP_WAIT_MAX_MS, &wait_ms))
		return (-1);
	memcpy(L->known, L->H->realm->policy_hash, HASH_LEN);
	hex = web_arg(R, "known");
	if (hex != NULL && (hex_decode(hex, strlen(hex), L->known, HASH_LEN, &n) ||
	    n != HASH_LEN)) {
		web_error(R, 400, "malformed", "argument-malformed",
		    "known is 64 hexadecimal digits");
		return (-1);
	}
	L->deadline_ms = clock_mono_ms() + wait_ms;
	want->user = L->user;
	want->user_len = strlen(L->user);
	want->known = L->known;
	L->epoch = want->epoch;
	return (0);
}

int
api_lookup(void * cookie, struct web_request * R)
{
	struct lookup * L;

	if ((L = calloc(1, sizeof(*L))) == NULL)
		return (-1);
	L->H = cookie;
	L->R = R;
	if (take_arguments(L) || take_policy(L)) {
		free_lookup(L);
		return (0);
	}
	if (ask(L)) {
		free_lookup(L);
		return (-1);
	}
	web_on_gone(R, on_gone, L);
	return (0);
}
