#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "entry/rule_names.h"
#include "evidence/evidence.h"
#include "note/checkpoint.h"
#include "note/note.h"
#include "policy/history.h"
#include "policy/quorum.h"
#include "proto/list.h"
#include "proto/signature.h"
#include "realm/realm.h"
#include "stage/actions.h"
#include "stage/stage.h"
#include "store/rowkey.h"
#include "store/view.h"
#include "tree/tree.h"

#include "ratify_policy.h"
#include "ratify_state.h"
#include "ratify_step.h"

/* An epoch on its way through a step. */
struct step {
	struct ratify_epoch E;
	struct note * note;
	const struct policy_era * era;	/* in force in it */
	struct checkpoint checkpoint;
	struct head head;
	int begins;			/* another policy, after it */
	struct merkle_range range;	/* the epoch log with it */
	struct tree_root tree;		/* the tree after it */
};

int
ratify_epoch_get(struct ratify_epoch * E, const uint8_t * body, size_t len)
{
	struct rbuf R;
	const uint8_t * list, * next;
	uint64_t list_len;

	rbuf_init(&R, body, len);
	E->clock_ms = rbuf_get_u64(&R);
	E->head = rbuf_get_bytes(&R, HEAD_LEN);
	E->n = rbuf_get_u32(&R);
	list_len = rbuf_get_u64(&R);
	list = list_len > R.len ? NULL : rbuf_get_bytes(&R, (size_t)list_len);
	E->number = rbuf_get_u64(&R);
	next = rbuf_get_var16(&R, POLICY_LEN_MAX, &E->next_len);
	E->next = E->next_len > 0 ? (const char *)next : NULL;
	if (R.failed || list == NULL)
		return (-1);
	rbuf_init(&E->list, list, (size_t)list_len);
	E->note = (const char *)R.data;
	E->note_len = R.len;
	return (list_check(&E->list, E->n, UPDATE_LEN_MAX));
}

/* Refuse what a majority did not sign, or what it did. */
static int
refuse(struct ratify_state * A, enum ratify_refusal refusal, const char * rule)
{

	A->refusal = refusal;
	A->rule = rule;
	return (1);
}

/*
 * Did a majority sign these very bytes as the head of the next epoch?  Until
 * that is known, nothing that came tells anything about the replicas.  Return
 * 0, 1 after refuse, or -1 (reported).
 */
static int
check_vouched(struct ratify_state * A, struct step * S)
{
	uint8_t leaf[HASH_LEN], root[HASH_LEN];
	struct quorum Q;
	const char * why;

	if (note_parse(&S->note, S->E.note, S->E.note_len, &why)) {
		if (why != NULL)
			return (refuse(A, RATIFY_FEED, "note-malformed"));
		warnx("out of memory");
		return (-1);
	}
	if (quorum_check(S->era->policy, S->note, &S->checkpoint, &Q, &why))
		return (refuse(A, RATIFY_FEED, RULE_SIGNATURE_INVALID));
	if (!Q.majority)
		return (refuse(A, RATIFY_FEED, "majority-missing"));
	if (strcmp(S->checkpoint.origin, A->realm->name) != 0)
		return (refuse(A, RATIFY_FEED, RULE_ORIGIN_MISMATCH));
	if (S->checkpoint.size != A->epoch + 1)
		return (refuse(A, RATIFY_FEED, RULE_EPOCH_NOT_NEXT));
	S->range = A->range;
	merkle_leaf_hash(S->E.head, HEAD_LEN, leaf);
	if (merkle_range_append(&S->range, leaf, NULL, NULL))
		return (refuse(A, RATIFY_FEED, RULE_EPOCH_NOT_NEXT));
	merkle_range_root(&S->range, root);
	if (memcmp(root, S->checkpoint.root, HASH_LEN) != 0)
		return (refuse(A, RATIFY_FEED, "epoch-log-mismatch"));
	return (0);
}

/* Does the policy go on, or does the one begin that was told? */
static int
check_policy(struct ratify_state * A, struct step * S)
{

	switch (evidence_next(A->realm, S->era->hash, &S->head, S->E.next,
	    S->E.next_len)) {
	case EVIDENCE_NEXT_SAME:
		return (0);
	case EVIDENCE_NEXT_NEW:
		S->begins = 1;
		return (0);
	case EVIDENCE_NEXT_BAD:
		return (refuse(A, RATIFY_MISBEHAVED, RULE_POLICY_MALFORMED));
	case EVIDENCE_NEXT_UNKNOWN:
		return (refuse(A, RATIFY_FEED, "policy-mismatch"));
	default:
		warnx("out of memory");
		return (-1);
	}
}

/* The head's own rules, and whether these are the updates that it names. */
static int
check_head(struct ratify_state * A, struct step * S)
{
	struct rbuf list = S->E.list;
	uint8_t hash[HASH_LEN];
	const uint8_t * p;
	const char * rule;
	size_t len;
	int rc;

	rule = evidence_head_rule(A->realm, A->epoch + 1,
	    A->epoch == 0 ? NULL : A->head, S->E.head, &S->head);
	if (rule != NULL)
		return (refuse(A, RATIFY_MISBEHAVED, rule));
	if ((rc = check_policy(A, S)) != 0)
		return (rc);
	if (S->head.time_ms > S->E.clock_ms &&
	    S->head.time_ms - S->E.clock_ms > CLOCK_SKEW_MS)
		return (refuse(A, RATIFY_FEED, RULE_TIME_FUTURE));
	head_list_init(hash);
	while (list_next(&list, &p, &len))
		head_list_add(hash, p, len);
	if (memcmp(hash, S->head.list, HASH_LEN) != 0)
		return (refuse(A, RATIFY_FEED, "updates-mismatch"));
	if (S->E.n != S->head.updates)
		return (refuse(A, RATIFY_MISBEHAVED, RULE_UPDATES_COUNT));
	return (0);
}

/* A leaf and its place in the order of updates. */
struct placed {
	struct tree_leaf leaf;
	size_t at;
};

static int
by_index(const void * one, const void * two)
{
	const struct placed * a = one, * b = two;
	int c = memcmp(a->leaf.index, b->leaf.index, INDEX_LEN);

	return (c != 0 ? c : a->at < b->at ? -1 : 1);
}

/* Of several updates of one index only the last is in the tree. */
static int
keep_last(struct tree_leaf * leaves, size_t * n)
{
	struct placed * P;
	size_t kept = 0;

	if (*n == 0)
		return (0);
	if ((P = calloc(*n, sizeof(*P))) == NULL)
		return (-1);
	for (size_t i = 0; i < *n; i++) {
		P[i].leaf = leaves[i];
		P[i].at = i;
	}
	qsort(P, *n, sizeof(*P), by_index);
	for (size_t i = 0; i < *n; i++)
		if (i + 1 == *n || memcmp(P[i].leaf.index, P[i + 1].leaf.index,
		    INDEX_LEN) != 0)
			leaves[kept++] = P[i].leaf;
	free(P);
	*n = kept;
	return (0);
}

/* Replay the updates: each one's rules, then the root that they lead to. */
static int
check_updates(struct ratify_state * A, struct view * view, struct step * S)
{
	size_t n = S->E.n;
	struct tree_leaf * leaves;
	int rc = -1;

	if ((leaves = calloc(n + 1, sizeof(*leaves))) == NULL)
		goto memory;
	if (ratify_step_updates(A, view, &S->E, leaves))
		goto done;
	rc = 1;
	if (A->rule != NULL) {
		A->refusal = RATIFY_MISBEHAVED;
		goto done;
	}
	rc = -1;
	S->tree = A->tree;
	if (keep_last(leaves, &n))
		goto memory;
	if (tree_update(A->realm->nonce, tiles_nodes(&A->tiles), &S->tree,
	    leaves, n)) {
		warnx("the directory tree cannot be updated");
		goto done;
	}
	rc = 0;
	if (memcmp(S->tree.hash, S->head.root, TREE_HASH) != 0)
		rc = refuse(A, RATIFY_MISBEHAVED, RULE_ROOT_MISMATCH);
	goto done;

memory:
	warnx("out of memory");
done:
	free(leaves);
	return (rc);
}

/* Make the cosignature of the epoch, or zeroes if the policy has not our key. */
static int
make_signature(struct ratify_state * A, const struct step * S,
    uint64_t * time_s, uint8_t sig[SIGN_LEN])
{

	*time_s = 0;
	memset(sig, 0, SIGN_LEN);
	if (ratify_policy_own(A, S->head.epoch) == NULL)
		return (0);
	*time_s = S->E.clock_ms / 1000;

	/* The bytes that are signed are made anew from fields. */
	wbuf_reset(&A->out);
	checkpoint_text(A->realm->name, S->head.epoch, S->checkpoint.root,
	    &A->out);
	return (wbuf_failed(&A->out) ? -1 : cosignature_sign(A->key, *time_s,
	    (const char *)A->out.data, A->out.len, sig));
}

/* Put the row of the epoch, and of the policy that begins after it. */
static int
put_epoch(struct ratify_state * A, struct view * view, struct step * S)
{
	uint8_t key[ROWKEY_MAX], sig[SIGN_LEN];
	uint64_t time_s;
	struct wbuf note;
	size_t klen;
	int rc;

	klen = rowkey_number(key, RATIFY_TABLE_COSIGNATURE, S->head.epoch);
	if ((rc = view_get(view, key, klen, &A->row)) != 1) {
		if (rc == 0)
			warnx("epoch %" PRIu64 " has a cosignature already: the "
			    "database is damaged", S->head.epoch);
		return (-1);
	}
	if (make_signature(A, S, &time_s, sig))
		return (-1);
	wbuf_init(&note, NOTE_LEN_MAX);
	evidence_put_note(&note, S->note, S->era->policy);
	wbuf_reset(&A->out);
	wbuf_put_u64(&A->out, time_s);
	wbuf_put_bytes(&A->out, sig, SIGN_LEN);
	wbuf_put_bytes(&A->out, S->E.head, HEAD_LEN);
	wbuf_put_var32(&A->out, note.data, note.len);
	rc = wbuf_failed(&note) || wbuf_failed(&A->out) ||
	    view_put(view, key, klen, A->out.data, A->out.len) ? -1 : 0;
	if (rc == 0 && S->begins)
		rc = ratify_policy_begin(A, view, &S->E, note.data, note.len);
	wbuf_free(&note);
	return (rc);
}

/* The epoch is good: put it, and if it is cosigned that this has to come back. */
static int
take_epoch(struct ratify_state * A, struct view * view, struct step * S,
    struct actions * actions)
{
	uint8_t key[ROWKEY_MAX];

	if (put_epoch(A, view, S))
		return (-1);
	if (ratify_policy_own(A, S->head.epoch) == NULL)
		return (0);
	if (view_put(view, key, rowkey_number(key, RATIFY_TABLE_WAITING,
	    S->head.epoch), key, 0))
		return (-1);
	actions_put(actions, RATIFY_ACT_PUSH, key + 1, 8);
	A->waiting++;
	return (0);
}

static int
step_epoch(struct ratify_state * A, struct view * view,
    const struct stage_event * event, struct actions * actions)
{
	struct step S;
	int rc;

	memset(&S, 0, sizeof(S));
	A->refusal = RATIFY_FINE;
	A->rule = NULL;
	A->broken = 0;
	if (ratify_epoch_get(&S.E, event->body, event->len))
		return (-1);
	S.era = ratify_policy_at(A, A->epoch + 1);
	if ((rc = check_vouched(A, &S)) == 0 && (rc = check_head(A, &S)) == 0 &&
	    (rc = check_updates(A, view, &S)) == 0 &&
	    (rc = take_epoch(A, view, &S, actions)) == 0) {
		A->epoch = S.head.epoch;
		memcpy(A->head, S.E.head, HEAD_LEN);
		A->tree = S.tree;
		A->before = A->range;
		A->range = S.range;
		A->updates += S.E.n;
		A->dirty = 1;
	}
	note_free(S.note);

	/* What is refused leaves no trace: it is not an event of this realm. */
	if (rc == 1)
		view_discard(view);
	return (rc < 0 ? -1 : 0);
}

/* A cosignature under our key came out of the log. */
static int
step_back(struct ratify_state * A, struct view * view,
    const struct stage_event * event, struct actions * actions)
{
	uint8_t key[ROWKEY_MAX], root[HASH_LEN];
	struct signature_ratification S;
	struct checkpoint C;
	struct ratify_row row;
	struct note * note;
	const char * why;
	int rc;

	if (signature_get_ratification(event->body, event->len, &S))
		return (-1);
	rc = view_get(view, key, rowkey_number(key, RATIFY_TABLE_WAITING,
	    S.epoch), &A->row);
	if (rc != 0)
		return (rc < 0 ? -1 : 0);
	rc = view_get(view, key, rowkey_number(key, RATIFY_TABLE_COSIGNATURE,
	    S.epoch), &A->row);
	if (rc != 0 || ratify_row_get(A->row.data, A->row.len, &row))
		return (-1);
	if (note_parse(&note, row.note, row.note_len, &why))
		return (-1);
	rc = checkpoint_parse(&C, note->text, note->textlen, &why);
	note_free(note);
	if (rc)
		return (-1);
	memcpy(root, C.root, HASH_LEN);
	wbuf_reset(&A->out);
	checkpoint_text(A->realm->name, S.epoch, root, &A->out);

	/* Perhaps one from before this database: it says the same. */
	if (wbuf_failed(&A->out) || cosignature_verify(A->key->pk, S.time_s,
	    (const char *)A->out.data, A->out.len, S.sig))
		return (refuse(A, RATIFY_FEED, RULE_SIGNATURE_INVALID), 0);
	if (view_del(view, key, rowkey_number(key, RATIFY_TABLE_WAITING,
	    S.epoch)))
		return (-1);
	if (S.epoch > A->ratified)
		A->ratified = S.epoch;
	A->waiting--;
	actions_put(actions, RATIFY_ACT_BACK, key + 1, 8);
	A->dirty = 1;
	return (0);
}

int
ratify_step(void * cookie, struct view * view, const struct stage_event * event,
    size_t i, struct actions * actions)
{
	struct ratify_state * A = cookie;

	PANIC_UNLESS(event->type != RATIFY_EVENT_EPOCH || i == 0);
	if (event->type == RATIFY_EVENT_EPOCH)
		return (step_epoch(A, view, event, actions));
	return (step_back(A, view, event, actions));
}

int
ratify_finish(void * cookie, struct view * view)
{
	struct ratify_state * A = cookie;

	/* A refused epoch changed nothing. */
	if (!A->dirty)
		return (0);
	A->dirty = 0;
	return (ratify_state_put(A, view));
}
