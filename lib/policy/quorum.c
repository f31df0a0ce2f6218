#include <string.h>

#include "policy/quorum.h"

unsigned
quorum_majority(unsigned n)
{

	return (n / 2 + 1);
}

/* Verify the line ${S} of key ${i} and count it. */
static const char *
count_sig(const struct policy * P, unsigned i, const struct note * N,
    const struct note_sig * S, const struct checkpoint * C, struct quorum * Q)
{
	const struct policy_key * key = policy_key(P, i);
	uint64_t time_s;

	/* Else a replica of one realm could speak for another. */
	if (key->kind == POLICY_REPLICA && strcmp(key->vkey.name, C->origin))
		return ("checkpoint: origin is not the replica's key name");
	if (checkpoint_sig_verify(&key->vkey, S, N->text, N->textlen, &time_s))
		return ("checkpoint: signature of a known key does not verify");

	/* A key that signed twice counts once, with its newest time. */
	if (key->kind == POLICY_REPLICA && !Q->satisfied[i])
		Q->replicas++;
	Q->satisfied[i] = 1;
	if (Q->time_s[i] < time_s)
		Q->time_s[i] = time_s;
	return (NULL);
}

int
quorum_check(const struct policy * P, const struct note * N,
    struct checkpoint * C, struct quorum * Q, const char ** rule)
{
	const struct note_sig * S;
	unsigned i;
	int k;

	memset(Q, 0, sizeof(*Q));
	if (checkpoint_parse(C, N->text, N->textlen, rule))
		goto err0;
	for (i = 0; i < N->nsigs; i++) {
		S = &N->sigs[i];
		if ((k = policy_find_id(P, S->name, S->namelen, S->id)) < 0)
			continue;
		if ((*rule = count_sig(P, (unsigned)k, N, S, C, Q)) != NULL)
			goto err1;
	}
	Q->majority = policy_replicas(P) > 0 &&
	    Q->replicas >= quorum_majority(policy_replicas(P));
	Q->met = policy_met(P, Q->satisfied);
	return (0);

err1:
	/* Of a note that is refused, nothing counts. */
	memset(Q, 0, sizeof(*Q));
err0:
	return (-1);
}
