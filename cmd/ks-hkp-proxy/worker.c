#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/exits.h"
#include "client/client.h"
#include "client/client_check.h"
#include "client/setup.h"
#include "codec/wbuf.h"
#include "entry/user.h"
#include "frame/frame.h"
#include "frame/frame_call.h"
#include "openpgp/openpgp.h"

#include "work.h"

/* A question may come at any time: there is no hurry. */
#define FOREVER_MS	UINT64_MAX

/* The process on the other side takes an answer at once, or is gone. */
#define SEND_MS		60000

/* What is being answered. */
struct worker {
	const struct setup * S;
	uint64_t wait_ms;
	struct wbuf values;	/* as they stand in an answer */
	uint8_t n;
	enum work_none none;
	char rule[COMMON_RULE_MAX + 1];
};

/* Does the value ${app} have a key with the ${len} bytes ${id}? */
static int
has_id(const struct profile_app * app, const uint8_t * id, size_t len)
{
	struct openpgp * O;
	const char * why;
	int has = 0;

	if (openpgp_parse(&O, app->value, app->value_len, &why))
		return (0);
	for (size_t i = 0; i < O->ncerts; i++)
		has |= openpgp_cert_has(&O->certs[i], id, len);
	openpgp_free(O);
	return (has);
}

/* Keep the rule ${rule}, if there is one, as why there is no answer. */
static void
keep_rule(struct worker * W, const char * rule)
{

	if (rule != NULL && strlen(rule) <= COMMON_RULE_MAX)
		memcpy(W->rule, rule, strlen(rule) + 1);
}

/*
 * Look ${user} up, verified, and add his keys if they are what is wanted: any, or
 * with ${id} those that have it.  Return an enum exits.
 */
static int
look_up(struct worker * W, const char * user, const uint8_t * id, size_t len)
{
	const struct client_check Q = {
		.client = W->S->client, .realm = W->S->realm,
		.policy = W->S->policy, .policy_text = W->S->policy_text,
		.policy_len = W->S->policy_len, .user = user,
		.wait_ms = W->wait_ms
	};
	struct client_check_answer A;
	struct profile_app app;
	int code;

	if ((code = client_check_lookup(&Q, &A)) != EXITS_OK) {
		keep_rule(W, A.V.rule != NULL ? A.V.rule :
		    code == EXITS_REFUSED ? "proof-refused" :
		    client_error(W->S->client)->rule);
	} else if (A.V.found != TREE_PRESENT) {
		W->none = WORK_NO_USER;
	} else if (A.V.erased || !profile_find(&A.V.profile, HKP_APP, &app)) {
		W->none = WORK_NO_KEY;
	} else if ((id == NULL || has_id(&app, id, len)) &&
	    W->n < HKP_VALUES_MAX &&
	    W->values.len + app.value_len + 4 <= FRAME_BODY_MAX / 2) {
		work_put_value(&W->values, app.value, app.value_len);
		W->n++;
	}
	client_check_free(&A);
	return (code);
}

/*
 * Whoever the keyservers say has published such a key: what they say is a hint, and
 * each is looked up.
 */
static int
find(struct worker * W, const uint8_t * id, size_t len)
{
	struct client_found F;
	int code = EXITS_OK, one;
	enum client_outcome outcome;

	outcome = client_find(W->S->client, id, len, &F);
	if (outcome != CLIENT_OK) {
		keep_rule(W, client_error(W->S->client)->rule);
		if (strcmp(W->rule, HKP_KEY_NOT_FOUND) == 0)
			return (EXITS_OK);
		if (strcmp(W->rule, HKP_SEARCH_UNSUPPORTED) == 0) {
			W->none = WORK_NO_INDEX;
			return (EXITS_OK);
		}
		return (client_say(W->S->client, outcome, "keyserver"));
	}
	for (unsigned i = 0; i < F.n; i++) {
		one = look_up(W, F.user[i], id, len);
		if (one != EXITS_OK)
			code = one;
	}
	if (W->n > 0)
		code = EXITS_OK;	/* the others are not missed */
	W->none = WORK_SOME;
	return (code);
}

/* Deal with the question ${F}.  0; or -1 if it is none. */
static int
work(struct worker * W, const struct frame * F, int * code)
{
	char user[USER_LEN_MAX + 1];
	const uint8_t * p;
	struct rbuf R;
	size_t len;

	wbuf_reset(&W->values);
	W->n = 0;
	W->none = WORK_SOME;
	W->rule[0] = '\0';
	rbuf_init(&R, F->body, F->len);
	p = rbuf_get_var8(&R, USER_LEN_MAX, &len);
	if (rbuf_end(&R))
		return (-1);
	if (F->type == WORK_FIND) {
		*code = find(W, p, len);
		return (0);
	}
	if (F->type != WORK_LOOKUP ||
	    user_normalise(user, (const char *)p, len))
		return (-1);
	*code = look_up(W, user, NULL, 0);
	return (0);
}

/* Send the answer. */
static int
reply(struct worker * W, int fd, uint32_t id, int code)
{
	struct wbuf body;
	int rc = -1;

	wbuf_init(&body, FRAME_BODY_MAX);
	work_put_answer(&body, (uint8_t)code, W->rule, W->none, W->n);
	wbuf_put_bytes(&body, W->values.data, W->values.len);
	if (!wbuf_failed(&W->values) && !wbuf_failed(&body))
		rc = frame_send(fd, WORK_ANSWER, id, body.data, body.len, SEND_MS);
	wbuf_free(&body);
	return (rc);
}

int
work_main(int fd, const struct setup * S, uint64_t wait_ms)
{
	struct worker W = { .S = S, .wait_ms = wait_ms };
	struct wbuf in;
	struct frame F;
	int code, exit_code = EXITS_OK;

	wbuf_init(&in, FRAME_LEN_MAX + 4);
	wbuf_init(&W.values, FRAME_BODY_MAX);
	while (frame_recv(fd, &in, &F, FOREVER_MS) == 0) {
		if (work(&W, &F, &code) || reply(&W, fd, F.id, code)) {
			warnx("a question could not be answered");
			exit_code = EXITS_TEMPORARY;
			break;
		}
	}
	wbuf_free(&W.values);
	wbuf_free(&in);
	return (exit_code);
}
