#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "entry/limits.h"
#include "entry/rule_names.h"
#include "policy/history.h"

#include "publish_model.h"

/* Text of a link beside the base64 of what it carries: words, numbers, ends. */
#define LINK_WORDS 128

/* Bytes that the chain of a proof may take: half of it is for the rest. */
#define CHAIN_LEN_MAX (PROOF_LEN_MAX / 2)

/* Fill ${L}, which is known to be met, from the rows of its epoch. */
static int
make_link(struct publish_model * M, const struct policy_era * era,
    struct publish_link * L)
{
	const uint64_t epoch = era->epoch - 1;
	struct publish_epoch E;
	const uint8_t * note;
	size_t len;
	char * copy;

	if (publish_model_epoch(M, epoch, &E) ||
	    publish_model_note(M, epoch, &note, &len) ||
	    publish_model_inclusion(M, epoch, epoch - 1, L->link.inclusion,
	    &L->link.ninclusion))
		return (-1);
	if ((copy = malloc(len)) == NULL) {
		warnx("out of memory");
		return (-1);
	}
	memcpy(copy, note, len);
	free(L->note);
	L->note = copy;
	memcpy(L->link.head, E.head, HEAD_LEN);
	L->link.policy = era->text;
	L->link.policy_len = era->len;
	L->link.note = L->note;
	L->link.note_len = len;
	return (0);
}

int
publish_model_link(struct publish_model * M, const struct policy_era * era,
    const struct publish_link ** link)
{
	struct publish_link * L = &M->links[era->number % PUBLISH_LINKS_MAX];
	int rc;

	*link = L;
	if (L->number == era->number && L->met)
		return (1);
	if (L->number == era->number && L->generation == M->generation)
		return (0);
	L->number = 0;
	if ((rc = publish_model_met(M, NULL, era->epoch - 1)) < 0)
		return (-1);
	if (rc == 1 && make_link(M, era, L))
		return (-1);
	L->number = era->number;
	L->generation = M->generation;
	L->met = rc;
	return (rc);
}

/* Bytes of the text of ${L}. */
static size_t
link_len(const struct chain_link * L)
{

	return (LINK_WORDS + BASE64_LEN(L->policy_len) + BASE64_LEN(HEAD_LEN) +
	    L->ninclusion * (BASE64_LEN(HASH_LEN) + 1) + L->note_len);
}

int
publish_model_chain(struct publish_model * M, const struct policy_era * known,
    uint64_t epoch, uint64_t checkpoint, struct chain * chain, const char ** rule)
{
	const struct policy_era * era;
	const struct publish_link * link;
	size_t len = 0;
	int rc;

	*rule = NULL;
	chain->n = 0;
	while ((era = policy_history_after(M->state->policies,
	    known->number + chain->n)) != NULL) {
		/* That of the checkpoint itself only if its head is shown. */
		if (era->epoch - 1 > checkpoint ||
		    (era->epoch - 1 == checkpoint && epoch < checkpoint))
			break;
		*rule = RULE_POLICY_CHAIN_TOO_LONG;
		if (chain->n == POLICY_CHAIN_MAX)
			return (-1);
		*rule = NULL;
		if ((rc = publish_model_link(M, era, &link)) != 1) {
			if (rc == 0)
				warnx("a link of a chain is not met");
			return (-1);
		}
		chain->link[chain->n++] = link->link;
		*rule = RULE_POLICY_CHAIN_TOO_LONG;
		if ((len += link_len(&link->link)) > CHAIN_LEN_MAX)
			return (-1);
		*rule = NULL;
	}
	return (0);
}
