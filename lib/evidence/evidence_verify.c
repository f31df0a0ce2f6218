#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "chain/chain.h"
#include "entry/limits.h"
#include "entry/rule_names.h"
#include "note/note.h"
#include "proof/lines.h"
#include "realm/realm.h"
#include "tree/tree.h"

#include "evidence/evidence.h"
#include "evidence/replay.h"

/* Why evidence proves nothing; a machine that has no memory is told apart. */
static const char MALFORMED[] = "the evidence cannot be parsed";
static const char MEMORY[] = "out of memory";

/* Evidence while it is checked. */
struct check {
	const struct realm * realm;
	struct evidence_verdict * V;
	struct lines L;
	const char * rule;		/* that it states */
	uint8_t policy[HASH_LEN];	/* of the policy in force */
	uint8_t previous[HEAD_LEN];
	uint8_t record[HEAD_LEN];
	struct head head;		/* of the epoch */
	uint8_t next[POLICY_LEN_MAX];	/* policy that it is said to name */
	size_t next_len;		/* 0: none */
	struct merkle_range log;	/* then the whole epoch log */
};

int
evidence_is(const char * text, size_t len)
{
	static const char label[] = EVIDENCE_LABEL "\n";

	return (len >= sizeof(label) - 1 &&
	    memcmp(text, label, sizeof(label) - 1) == 0);
}

/* The lines up to `epoch`. */
static const char *
take_start(struct check * K)
{
	const char * text;
	size_t len;

	lines_exact(&K->L, EVIDENCE_LABEL);
	text = lines_named(&K->L, "realm ", &len);
	if (!K->L.failed && (len != strlen(K->realm->name) ||
	    memcmp(text, K->realm->name, len) != 0))
		return ("the evidence is about another realm");
	text = lines_named(&K->L, "rule ", &len);
	K->rule = rule_name(text, len);
	K->V->epoch = lines_number(&K->L, "epoch ", UINT64_MAX);
	if (K->L.failed || K->V->epoch == 0)
		return (MALFORMED);
	return (K->rule == NULL ? "the rule is not known" : NULL);
}

/* Take the chain, and check that it leads to the policy in force. */
static const char *
take_chain(struct check * K)
{
	struct evidence_verdict * V = K->V;
	const char * rule;

	if ((V->chain = calloc(1, sizeof(*V->chain))) == NULL ||
	    chain_take(&K->L, K->realm->name, V->chain))
		return (MEMORY);
	if (K->L.failed)
		return (MALFORMED);
	rule = chain_verify(V->chain, K->realm, CHAIN_MAJORITY, V->epoch - 1);
	if (rule != NULL)
		return (rule_text(rule));
	V->policy = chain_policy(V->chain, K->realm, V->epoch, K->policy);
	return (NULL);
}

/* Check that a majority signed ${N} as the checkpoint of the epoch. */
static const char *
check_note(struct check * K, const struct note * N)
{
	struct evidence_verdict * V = K->V;
	struct checkpoint * C = &V->checkpoint[V->notes];
	struct quorum * Q = &V->quorum[V->notes];
	const char * why;

	if (quorum_check(V->policy, N, C, Q, &why))
		return (why);
	if (!Q->majority)
		return ("a majority of the replicas has not signed the note");
	if (strcmp(C->origin, K->realm->name) != 0 || C->size != V->epoch)
		return ("the note is not of this realm and epoch");
	V->notes++;
	return (NULL);
}

/* Take a note and check it. */
static const char *
take_note(struct check * K)
{
	const char * text, * why;
	struct note * N;
	size_t len;

	text = lines_text(&K->L, "note ", NOTE_LEN_MAX, &len);
	if (K->L.failed)
		return (MALFORMED);
	if (note_parse(&N, text, len, &why))
		return (why == NULL ? MEMORY : MALFORMED);
	why = check_note(K, N);
	note_free(N);
	return (why);
}

static const char *
check_fork(struct check * K)
{
	const char * why;

	if ((why = take_note(K)) != NULL || (why = take_note(K)) != NULL)
		return (why);
	if (K->L.len > 0)
		return (MALFORMED);
	return (memcmp(K->V->checkpoint[0].root, K->V->checkpoint[1].root,
	    HASH_LEN) == 0 ? "both notes are of one history" : NULL);
}

/* The line `next-policy`. */
static void
take_next(struct check * K)
{
	const char * text;
	size_t len;

	text = lines_named(&K->L, "next-policy ", &len);
	if (len == 1 && text[0] == '-')
		return;
	if (base64_decode(text, len, K->next, sizeof(K->next), &K->next_len) ||
	    K->next_len == 0)
		K->L.failed = 1;
}

/* The lines `before`, the hashes, `previous`, `head` and `next-policy`. */
static void
take_heads(struct check * K)
{
	struct merkle_range * M = &K->log;
	uint64_t epoch = K->V->epoch;

	merkle_range_init(M);
	M->size = epoch > 2 ? epoch - 2 : 0;
	M->n = (unsigned)lines_number(&K->L, "before ", MERKLE_DEPTH_MAX);
	if (M->n != (unsigned)__builtin_popcountll(M->size))
		K->L.failed = 1;
	for (unsigned i = 0; i < M->n && !K->L.failed; i++)
		lines_base64(&K->L, "", M->hash[i], HASH_LEN);
	if (epoch == 1)
		lines_exact(&K->L, "previous -");
	else
		lines_base64(&K->L, "previous ", K->previous, HEAD_LEN);
	lines_base64(&K->L, "head ", K->record, HEAD_LEN);
	take_next(K);
}

/*
 * Check that the signed checkpoint commits to both head records, at the places
 * of this epoch and the one before.
 */
static const char *
check_heads(struct check * K)
{
	uint8_t leaf[HASH_LEN], root[HASH_LEN];
	struct head previous;

	if (K->L.failed)
		return (MALFORMED);
	if (K->V->epoch > 1) {
		merkle_leaf_hash(K->previous, HEAD_LEN, leaf);
		if (merkle_range_append(&K->log, leaf, NULL, NULL))
			return (MALFORMED);
	}
	merkle_leaf_hash(K->record, HEAD_LEN, leaf);
	if (merkle_range_append(&K->log, leaf, NULL, NULL))
		return (MALFORMED);
	merkle_range_root(&K->log, root);
	if (memcmp(root, K->V->checkpoint[0].root, HASH_LEN) != 0)
		return ("the heads are not those of the signed epoch log");

	/* What is asked of this epoch presupposes the one before. */
	if (K->V->epoch > 1 && (head_parse(&previous, K->previous, HEAD_LEN) ||
	    previous.epoch != K->V->epoch - 1 ||
	    memcmp(previous.realm, K->realm->realm_hash, HASH_LEN) != 0 ||
	    memcmp(previous.policy, K->policy, HASH_LEN) != 0))
		return ("the head before is wrong itself, or of another policy");
	return (NULL);
}

const char *
evidence_head_rule(const struct realm * realm, uint64_t epoch,
    const uint8_t * previous, const uint8_t * p, struct head * head)
{
	struct head last;

	if (head_parse(head, p, HEAD_LEN))
		return (RULE_HEAD_MALFORMED);
	if (memcmp(head->realm, realm->realm_hash, HASH_LEN) != 0)
		return (RULE_REALM_MISMATCH);
	if (head->epoch != epoch)
		return (RULE_EPOCH_NOT_NEXT);
	if (previous != NULL && (head_parse(&last, previous, HEAD_LEN) ||
	    head->time_ms < last.time_ms))
		return (RULE_TIME_DECREASES);
	return (NULL);
}

enum evidence_next
evidence_next(const struct realm * realm, const uint8_t * hash,
    const struct head * head, const char * text, size_t len)
{
	struct policy_error error;
	struct policy * policy;
	uint8_t next[HASH_LEN];

	if (memcmp(head->policy, hash, HASH_LEN) == 0)
		return (text == NULL ? EVIDENCE_NEXT_SAME :
		    EVIDENCE_NEXT_UNKNOWN);
	if (text == NULL)
		return (EVIDENCE_NEXT_UNKNOWN);
	head_policy(text, len, next);
	if (memcmp(head->policy, next, HASH_LEN) != 0)
		return (EVIDENCE_NEXT_UNKNOWN);
	if (policy_parse_realm(text, len, realm->name, &policy, &error))
		return (error.rule == NULL ? EVIDENCE_NEXT_MEMORY :
		    EVIDENCE_NEXT_BAD);
	policy_free(policy);
	return (EVIDENCE_NEXT_NEW);
}

/* The rules of the head and what it names; store the one that is broken. */
static const char *
check_rules(struct check * K, const char ** rule)
{

	*rule = evidence_head_rule(K->realm, K->V->epoch,
	    K->V->epoch > 1 ? K->previous : NULL, K->record, &K->head);
	if (*rule != NULL)
		return (NULL);
	switch (evidence_next(K->realm, K->policy, &K->head,
	    K->next_len > 0 ? (const char *)K->next : NULL, K->next_len)) {
	case EVIDENCE_NEXT_MEMORY:
		return (MEMORY);
	case EVIDENCE_NEXT_UNKNOWN:
		return ("the next policy is not the one that the head names");
	case EVIDENCE_NEXT_BAD:
		*rule = RULE_POLICY_MALFORMED;
		return (NULL);
	default:
		return (NULL);
	}
}

/* The tree that the epoch starts from. */
static void
start_root(const struct check * K, uint8_t root[TREE_HASH])
{
	struct tree_root empty;
	struct head previous;

	tree_root_empty(&empty, K->realm->nonce);
	memcpy(root, empty.hash, TREE_HASH);
	if (K->V->epoch > 1 &&
	    head_parse(&previous, K->previous, HEAD_LEN) == 0)
		memcpy(root, previous.root, TREE_HASH);
}

/* Check the updates and what they lead to; store the rule that is broken. */
static const char *
check_updates(struct check * K, const char ** rule)
{
	uint64_t n = lines_number(&K->L, "updates ", EPOCH_UPDATES_MAX);
	struct replay R;
	const char * why = NULL;

	replay_init(&R, K->realm, n != K->head.updates);
	start_root(K, R.root);
	for (uint64_t i = 0; i < n && why == NULL && !K->L.failed; i++)
		why = replay_next(&R, &K->L);
	if (K->L.failed || (why == NULL && K->L.len > 0))
		why = MALFORMED;
	else if (why == NULL &&
	    memcmp(R.list, K->head.list, HASH_LEN) != 0)
		why = "the updates are not those of the signed head";
	if (R.failed)
		why = MEMORY;
	*rule = R.rule;
	if (n != K->head.updates)
		*rule = RULE_UPDATES_COUNT;
	else if (*rule == NULL &&
	    memcmp(R.root, K->head.root, TREE_HASH) != 0)
		*rule = RULE_ROOT_MISMATCH;
	replay_free(&R);
	return (why);
}

static const char *
check_epoch(struct check * K)
{
	const char * rule, * why;

	if ((why = take_note(K)) != NULL)
		return (why);
	take_heads(K);
	if ((why = check_heads(K)) != NULL ||
	    (why = check_rules(K, &rule)) != NULL)
		return (why);
	if (rule != NULL) {
		lines_exact(&K->L, "updates 0");
		if (K->L.failed || K->L.len > 0)
			return (MALFORMED);
	} else if ((why = check_updates(K, &rule)) != NULL)
		return (why);
	if (rule == NULL)
		return ("the epoch keeps the rules");
	if (strcmp(rule, K->rule) != 0)
		return ("another rule is broken than the one stated");
	return (NULL);
}

int
evidence_verify(const char * text, size_t len, const struct realm * realm,
    struct evidence_verdict * V)
{
	struct check K;

	memset(V, 0, sizeof(*V));
	memset(&K, 0, sizeof(K));
	K.realm = realm;
	K.V = V;
	lines_init(&K.L, text, len);
	V->why = len > EVIDENCE_LEN_MAX ? MALFORMED : take_start(&K);
	if (V->why == NULL)
		V->why = take_chain(&K);
	if (V->why == NULL)
		V->why = strcmp(K.rule, RULE_FORK) == 0 ? check_fork(&K) :
		    check_epoch(&K);
	if (V->why == NULL)
		V->rule = K.rule;
	return (V->why == MEMORY ? -1 : 0);
}

void
evidence_free(struct evidence_verdict * V)
{

	if (V->chain != NULL)
		chain_free(V->chain);
	free(V->chain);
	V->chain = NULL;
	V->policy = NULL;
}
