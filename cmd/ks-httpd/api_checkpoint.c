#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/base64.h"
#include "base/hex.h"
#include "codec/wbuf.h"
#include "entry/rule_names.h"
#include "frame/frame.h"
#include "head/head.h"
#include "merkle/merkle.h"
#include "note/checkpoint.h"
#include "note/note.h"
#include "policy/policy.h"
#include "proto/proto_publish.h"
#include "realm/realm.h"

#include "httpd.h"

/* A checkpoint, or a consistency proof, that is awaited. */
struct asked {
	const struct httpd * H;
	struct web_request * R;
	struct hop_ask * ask;
};

/* A run of epochs that is awaited. */
struct epochs {
	const struct httpd * H;
	struct web_request * R;
	uint64_t from;
	uint64_t to;
	int choose;			/* the newest was asked for first */
	uint64_t next;			/* to be asked */
	unsigned due;			/* asked and not answered */
	unsigned found;
	int over;			/* it is answered, or the client gone */
	json_t * all[EPOCHS_MAX];	/* by epoch - from */
};

static void
on_gone(void * cookie)
{
	struct asked * A = cookie;

	hop_cancel(A->ask);
	free(A);
}

/* Ask ${hop} for ${R}.  0, or -1 if memory ran out. */
static int
ask(const struct httpd * H, struct web_request * R, uint16_t type,
    struct wbuf * W, int (* callback)(void *, const struct hop_answer *))
{
	struct asked * A;

	if (wbuf_failed(W) || (A = calloc(1, sizeof(*A))) == NULL)
		return (-1);
	A->H = H;
	A->R = R;
	A->ask = hop_ask(H->publish, type, W->data, W->len, HOP_TIMEOUT_MS,
	    callback, A);
	if (A->ask == NULL) {
		free(A);
		return (-1);
	}
	web_on_gone(R, on_gone, A);
	return (0);
}

/* Take a HEAD_REPLY and its parts.  0, or -1 if it is malformed. */
static int
get_head(const struct frame * F, struct proto_publish_head * reply,
    struct head * head, struct note ** note, struct checkpoint * C)
{
	const char * rule;

	*note = NULL;
	if (F->type != HEAD_REPLY ||
	    proto_publish_get_head_reply(F->body, F->len, reply) ||
	    head_parse(head, reply->head, HEAD_LEN) ||
	    note_parse(note, reply->note, reply->note_len, &rule))
		return (-1);
	if (checkpoint_parse(C, (*note)->text, (*note)->textlen, &rule) == 0 &&
	    C->size == head->epoch)
		return (0);
	note_free(*note);
	*note = NULL;
	return (-1);
}

/* Who of the realm's policy has a signature line on ${note}, of this ${kind}. */
static json_t *
signers_json(const struct realm * realm, const struct note * note,
    enum policy_kind kind)
{
	const struct policy_key * K;
	json_t * list = json_array();
	uint8_t sig[SIGN_LEN];
	uint64_t time_s;

	for (unsigned i = 0; i < policy_keys(realm->policy); i++) {
		K = policy_key(realm->policy, i);
		for (unsigned k = 0; K->kind == kind && k < note->nsigs; k++) {
			if (memcmp(note->sigs[k].id, K->vkey.id, VKEY_ID_LEN) != 0
			    || checkpoint_sig_split(&K->vkey, &note->sigs[k],
			    &time_s, sig))
				continue;
			if (kind == POLICY_REPLICA)
				(void)json_array_append_new(list,
				    json_string(K->name));
			else
				(void)json_array_append_new(list, json_pack(
				    "{s:s,s:I}", "name", K->name, "time",
				    (json_int_t)time_s));
			break;
		}
	}
	return (list);
}

/* What the record ${H} and the note ${N} with ${C} say, or NULL. */
static json_t *
head_json(const struct realm * realm, const struct head * H,
    const struct note * N, const struct checkpoint * C)
{
	char root[HEX_SIZE(HASH_LEN)], tree[HEX_SIZE(HASH_LEN)];

	hex_encode(H->root, HASH_LEN, root, sizeof(root));
	hex_encode(C->root, HASH_LEN, tree, sizeof(tree));
	return (json_pack("{s:I,s:I,s:s,s:s,s:I,s:o,s:o}",
	    "epoch", (json_int_t)H->epoch, "time_ms", (json_int_t)H->time_ms,
	    "root", root, "tree", tree, "updates", (json_int_t)H->updates,
	    "signed", signers_json(realm, N, POLICY_REPLICA),
	    "ratified", signers_json(realm, N, POLICY_WITNESS)));
}

/* The same with head record and note themselves. */
static json_t *
checkpoint_json(const struct realm * realm, const struct head * H,
    const struct note * N, const struct checkpoint * C,
    const struct proto_publish_head * reply)
{
	json_t * J = head_json(realm, H, N, C);
	char head[BASE64_SIZE(HEAD_LEN)];

	base64_encode(reply->head, HEAD_LEN, head, sizeof(head));
	if (J != NULL) {
		(void)json_object_set_new(J, "head", json_string(head));
		(void)json_object_set_new(J, "note", json_stringn(
		    (const char *)reply->note, reply->note_len));
	}
	return (J);
}

static int
on_checkpoint(void * cookie, const struct hop_answer * answer)
{
	struct asked * A = cookie;
	const struct httpd * H = A->H;
	struct web_request * R = A->R;
	struct proto_publish_head reply;
	struct checkpoint C;
	struct head head;
	struct note * note;

	free(A);
	if (answer->outcome != HOP_ANSWER) {
		hop_fail(R, answer);
		return (0);
	}
	if (get_head(answer->frame, &reply, &head, &note, &C))
		return (hop_malformed(R));
	if (web_wants_json(R))
		httpd_json(R, WEB_NO_CACHE, checkpoint_json(H->realm, &head,
		    note, &C, &reply));
	else
		web_answer(R, &(struct web_answer){ .body = reply.note,
		    .len = reply.note_len, .cache = WEB_NO_CACHE, .vary = 1 });
	note_free(note);
	return (0);
}

int
api_checkpoint(void * cookie, struct web_request * R)
{
	uint64_t epoch = 0;
	struct wbuf W;
	int rc;

	if (web_args_only(R, "") || (web_segment(R, 2) != NULL &&
	    web_segment_u64(R, 2, 1, INT64_MAX, &epoch)))
		return (0);
	wbuf_init(&W, FRAME_BODY_MAX);
	proto_publish_put_head(&W, epoch);
	rc = ask(cookie, R, HEAD, &W, on_checkpoint);
	wbuf_free(&W);
	return (rc);
}

/* All of ${E} that is asked was told: free it. */
static void
end_epochs(struct epochs * E)
{

	if (E->due > 0)
		return;
	for (unsigned i = 0; i < EPOCHS_MAX; i++)
		json_decref(E->all[i]);
	free(E);
}

static void
on_epochs_gone(void * cookie)
{
	struct epochs * E = cookie;

	E->over = 1;
}

static int on_epoch(void *, const struct hop_answer *);

/* Ask for what is to be asked of ${E}.  0, or -1 if memory ran out. */
static int
ask_epochs(struct epochs * E)
{
	struct wbuf W;
	int rc = 0;

	for (; rc == 0 && E->next <= E->to; E->next++) {
		wbuf_init(&W, 64);
		proto_publish_put_head(&W, E->next);
		if (wbuf_failed(&W) || hop_ask(E->H->publish, HEAD, W.data,
		    W.len, HOP_TIMEOUT_MS, on_epoch, E) == NULL)
			rc = -1;
		else
			E->due++;
		wbuf_free(&W);
	}
	return (rc);
}

/* The newest epoch is ${newest}, of which ${J} is known: ask for what is wanted. */
static void
choose_epochs(struct epochs * E, uint64_t newest, json_t * J)
{
	const char * rule = RULE_EPOCH_UNKNOWN;

	if (E->from == 0)
		E->from = newest >= EPOCHS_MAX ? newest - EPOCHS_MAX + 1 : 1;
	if (E->from > newest) {
		E->over = 1;
		web_error(E->R, 404, "refused", rule, rule_text(rule));
		return;
	}
	E->next = E->from;
	if (newest - E->from < EPOCHS_MAX) {
		E->all[newest - E->from] = json_incref(J);
		E->to = newest - 1;
	} else {
		E->to = E->from + EPOCHS_MAX - 1;
	}
	if (ask_epochs(E)) {
		E->over = 1;
		httpd_json(E->R, WEB_NO_STORE, NULL);
	}
}

/* Answer with what ${E} has found, in order. */
static void
answer_epochs(struct epochs * E)
{
	json_t * list = json_array();

	for (unsigned i = 0; list != NULL && i < EPOCHS_MAX; i++)
		if (E->all[i] != NULL)
			(void)json_array_append(list, E->all[i]);
	E->over = 1;
	httpd_json(E->R, WEB_NO_CACHE, list);
}

static int
on_epoch(void * cookie, const struct hop_answer * answer)
{
	struct epochs * E = cookie;
	struct proto_publish_head reply;
	struct checkpoint C;
	struct note * note;
	struct head head;
	json_t * J;
	int rc = 0;

	E->due--;
	if (E->over) {
		end_epochs(E);
		return (0);
	}
	if (answer->outcome == HOP_ERROR && E->found > 0 &&
	    strcmp(answer->error->rule, RULE_EPOCH_UNKNOWN) == 0) {
		/* The newest may be before the last that was asked for. */
		if (E->due == 0)
			answer_epochs(E);
	} else if (answer->outcome != HOP_ANSWER) {
		E->over = 1;
		hop_fail(E->R, answer);
	} else if (get_head(answer->frame, &reply, &head, &note, &C)) {
		E->over = 1;
		rc = hop_malformed(E->R);
	} else {
		J = head_json(E->H->realm, &head, note, &C);
		note_free(note);
		E->found++;
		if (E->choose) {
			E->choose = 0;
			choose_epochs(E, head.epoch, J);
		} else if (head.epoch >= E->from &&
		    head.epoch - E->from < EPOCHS_MAX &&
		    E->all[head.epoch - E->from] == NULL) {
			E->all[head.epoch - E->from] = json_incref(J);
		}
		json_decref(J);
		if (!E->over && E->due == 0)
			answer_epochs(E);
	}
	if (E->over)
		end_epochs(E);
	return (rc);
}

int
api_epochs(void * cookie, struct web_request * R)
{
	uint64_t from = 0, to = 0;
	struct epochs * E;

	if (web_args_only(R, "from to") ||
	    web_arg_u64(R, "from", 1, INT64_MAX, &from) ||
	    web_arg_u64(R, "to", 1, INT64_MAX, &to))
		return (0);
	if (from == 0 && to != 0)
		from = to >= EPOCHS_MAX ? to - EPOCHS_MAX + 1 : 1;
	if (to != 0 && (to < from || to - from >= EPOCHS_MAX)) {
		web_error(R, 400, "malformed", "argument-malformed",
		    "from is not after to, and at most 100 epochs come at a time");
		return (0);
	}
	if ((E = calloc(1, sizeof(*E))) == NULL)
		return (-1);
	E->H = cookie;
	E->R = R;
	E->from = from;
	E->to = to;
	E->choose = to == 0;
	E->next = to != 0 ? from : 0;
	if (ask_epochs(E)) {
		E->over = 1;
		end_epochs(E);
		return (-1);
	}
	web_on_gone(R, on_epochs_gone, E);
	return (0);
}

/* The hashes as a line each, or as JSON. */
static void
answer_hashes(struct web_request * R, uint8_t (* hashes)[HASH_LEN], unsigned n)
{
	char text[BASE64_SIZE(HASH_LEN)];
	json_t * list = json_array();
	struct wbuf W;

	wbuf_init(&W, SIZE_MAX);
	for (unsigned i = 0; i < n; i++) {
		base64_encode(hashes[i], HASH_LEN, text, sizeof(text));
		wbuf_printf(&W, "%s\n", text);
		(void)json_array_append_new(list, json_string(text));
	}
	if (web_wants_json(R) || wbuf_failed(&W)) {
		httpd_json(R, WEB_IMMUTABLE, json_pack("{s:o}", "hashes", list));
	} else {
		json_decref(list);
		web_answer(R, &(struct web_answer){ .body = W.data, .len = W.len,
		    .cache = WEB_IMMUTABLE, .vary = 1 });
	}
	wbuf_free(&W);
}

static int
on_consistency(void * cookie, const struct hop_answer * answer)
{
	uint8_t hashes[MERKLE_DEPTH_MAX][HASH_LEN];
	struct asked * A = cookie;
	struct web_request * R = A->R;
	unsigned n;

	free(A);
	if (answer->outcome != HOP_ANSWER) {
		hop_fail(R, answer);
		return (0);
	}
	if (answer->frame->type != CONSISTENCY_REPLY ||
	    proto_publish_get_consistency_reply(answer->frame->body,
	    answer->frame->len, hashes, &n))
		return (hop_malformed(R));
	answer_hashes(R, hashes, n);
	return (0);
}

int
api_consistency(void * cookie, struct web_request * R)
{
	struct wbuf W;
	uint64_t m, n;
	int rc;

	if (web_args_only(R, "") || web_segment_u64(R, 2, 1, INT64_MAX, &m) ||
	    web_segment_u64(R, 3, m, INT64_MAX, &n))
		return (0);
	wbuf_init(&W, FRAME_BODY_MAX);
	proto_publish_put_consistency(&W, m, n);
	rc = ask(cookie, R, CONSISTENCY, &W, on_consistency);
	wbuf_free(&W);
	return (rc);
}
