#include <err.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "daemon/conn.h"
#include "daemon/daemon.h"
#include "daemon/upstream.h"
#include "entry/limits.h"
#include "entry/rule_names.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "note/checkpoint.h"
#include "policy/history.h"
#include "proto/log_entry.h"
#include "proto/proto_log.h"
#include "proto/proto_publish.h"
#include "proto/signature.h"
#include "realm/realm.h"
#include "store/store.h"

#include "publish.h"

/* A ratification that the log has and has not answered. */
struct flight {
	int used;
	uint32_t id;		/* of the LOG_PROPOSE */
	uint64_t epoch;
	uint8_t key_id[VKEY_ID_LEN];
};

struct publish_ratify {
	struct publish * P;
	struct upstream_spec spec;
	struct upstream * log;
	uint32_t last_id;
	struct flight flights[PUBLISH_RATIFY_MAX];
	size_t nflights;
	uint64_t proposed;	/* since the start */
	uint64_t refused;
};

static struct flight *
find_flight(struct publish_ratify * R, uint64_t epoch, const uint8_t * key_id)
{
	struct flight * F;

	for (size_t i = 0; i < PUBLISH_RATIFY_MAX; i++) {
		F = &R->flights[i];
		if (F->used && F->epoch == epoch &&
		    memcmp(F->key_id, key_id, VKEY_ID_LEN) == 0)
			return (F);
	}
	return (NULL);
}

/* The verifier of ${epoch} with the key id ${id}, or NULL. */
static const struct policy_key *
find_verifier(const struct publish * P, uint64_t epoch, const uint8_t * id)
{
	const struct policy * now = publish_model_era(&P->model, epoch)->policy;
	int i = policy_find_keyid(now, POLICY_WITNESS, id);

	return (i < 0 ? NULL : policy_key(now, (unsigned)i));
}

/* Check ${S} at ${now_ms}: 0 and the rule that it breaks, or NULL; or -1. */
static int
check(struct publish * P, const struct signature_ratification * S,
    uint64_t now_ms, const char ** rule)
{
	const struct policy_key * K = NULL;
	struct publish_epoch E;
	struct wbuf text;
	int rc = 0;

	*rule = NULL;
	if (S->epoch == 0 || S->epoch > P->state.signed_epoch)
		*rule = RULE_EPOCH_UNKNOWN;
	else if ((K = find_verifier(P, S->epoch, S->key_id)) == NULL)
		*rule = RULE_KEY_UNKNOWN;
	else if (S->time_s > (now_ms + CLOCK_SKEW_MS) / 1000)
		*rule = RULE_TIME_FUTURE;
	if (*rule != NULL)
		return (0);
	if (publish_model_epoch(&P->model, S->epoch, &E))
		return (-1);
	wbuf_init(&text, CHECKPOINT_TEXT_MAX);
	checkpoint_text(P->realm->name, S->epoch, E.root, &text);
	if (wbuf_failed(&text)) {
		warnx("out of memory");
		rc = -1;
	} else if (cosignature_verify(K->vkey.pk, S->time_s,
	    (const char *)text.data, text.len, S->sig))
		*rule = RULE_SIGNATURE_INVALID;
	wbuf_free(&text);
	return (rc);
}

/* Hand the ratification in ${body} to the log; 0, 1 if it cannot be, or -1. */
static int
propose(struct publish_ratify * R, const struct signature_ratification * S,
    const uint8_t * body, size_t len)
{
	uint8_t request_id[REQUEST_ID_LEN];
	struct log_entry E = { request_id, LOG_ENTRY_RATIFICATION, body, len, NULL,
	    0 };
	struct wbuf * W = &R->P->body;
	struct flight * F = R->flights;

	if (upstream_conn(R->log) == NULL || R->nflights == PUBLISH_RATIFY_MAX)
		return (1);
	while (F->used)
		F++;

	/* Random, so that nobody can use the id for something else before. */
	randombytes_buf(request_id, sizeof(request_id));
	wbuf_reset(W);
	log_entry_put(W, &E);
	if (wbuf_failed(W)) {
		warnx("out of memory");
		return (-1);
	}
	F->used = 1;
	F->id = ++R->last_id;
	F->epoch = S->epoch;
	memcpy(F->key_id, S->key_id, VKEY_ID_LEN);
	R->nflights++;
	R->proposed++;
	return (upstream_send(R->log, LOG_PROPOSE, F->id, W->data, W->len,
	    store_number(R->P->store)));
}

int
publish_serve_ratify(void * cookie, struct conn * C, uint32_t id,
    const uint8_t * body, size_t len)
{
	struct publish * P = cookie;
	struct publish_ratify * R = P->ratify;
	struct signature_ratification S;
	const char * rule;
	int rc;

	if (signature_get_ratification(body, len, &S))
		return (conn_malformed(C, "frame-malformed"));
	if (check(P, &S, clock_wall_ms(), &rule))
		return (publish_internal(P, C, id));
	if (rule != NULL) {
		R->refused++;
		tally_note(&P->refusals, rule);
		return (publish_refuse(C, id, rule));
	}
	if ((rc = publish_model_has(&P->model, PUBLISH_TABLE_RATIFICATION, S.epoch,
	    S.key_id)) < 0)
		return (publish_internal(P, C, id));
	if (rc == 0 && find_flight(R, S.epoch, S.key_id) == NULL &&
	    (rc = propose(R, &S, body, len)) != 0) {
		if (rc < 0)
			return (-1);
		return (conn_error(C, id, ERROR_UNAVAILABLE, RULE_LOG_UNAVAILABLE,
		    "the log cannot be reached", 0));
	}
	return (conn_send(C, RATIFY_PROPOSED, id, NULL, 0,
	    store_number(P->store)));
}

/* The log has answered, whatever: another proposal may be made. */
static int
on_frame(void * cookie, struct upstream * U, const struct frame * F)
{
	struct publish_ratify * R = cookie;
	struct common_error E;
	uint64_t index;

	if (F->type == COMMON_ERROR) {
		if (common_get_error(F->body, F->len, &E))
			return (upstream_malformed(U, "error-malformed"));
		warnx("%s: a ratification: %s %s", R->spec.path, E.rule, E.text);
	} else if (F->type != LOG_PROPOSED)
		return (upstream_malformed(U, "type-unexpected"));
	else if (proto_log_get_proposed(F->body, F->len, &index))
		return (upstream_malformed(U, "frame-malformed"));
	for (size_t i = 0; i < PUBLISH_RATIFY_MAX; i++) {
		if (!R->flights[i].used || R->flights[i].id != F->id)
			continue;
		R->flights[i].used = 0;
		R->nflights--;
	}
	return (0);
}

static int
on_up(void * cookie, struct upstream * U)
{

	(void)cookie;
	(void)U;
	return (0);
}

/* What became of them is unknown; their verifiers ask again if they must. */
static int
on_down(void * cookie, struct upstream * U)
{
	struct publish_ratify * R = cookie;

	(void)U;
	memset(R->flights, 0, sizeof(R->flights));
	R->nflights = 0;
	return (0);
}

static const char *
frame_name(uint16_t type)
{

	return (type == LOG_PROPOSE ? "LOG_PROPOSE" : NULL);
}

struct publish_ratify *
publish_ratify_new(struct publish * P, struct daemon * D)
{
	struct publish_ratify * R;

	if ((R = calloc(1, sizeof(*R))) == NULL) {
		warnx("out of memory");
		return (NULL);
	}
	R->P = P;
	R->spec = (struct upstream_spec){ .path = CONFIG_SOCKET_LOG, .ctx = R,
	    .up = on_up, .down = on_down, .frame = on_frame,
	    .frame_name = frame_name };
	if ((R->log = daemon_follow(D, &R->spec)) == NULL) {
		free(R);
		return (NULL);
	}
	return (R);
}

void
publish_ratify_free(struct publish_ratify * R)
{

	free(R);
}

void
publish_ratify_status(const struct publish_ratify * R, struct wbuf * W)
{

	wbuf_printf(W, "upstream_log %s\n",
	    upstream_conn(R->log) == NULL ? "down" : "up");
	wbuf_printf(W, "ratifications_proposed %" PRIu64 "\n", R->proposed);
	wbuf_printf(W, "ratifications_refused %" PRIu64 "\n", R->refused);
	wbuf_printf(W, "ratifications_in_flight %zu\n", R->nflights);
}
