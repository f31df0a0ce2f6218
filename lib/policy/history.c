#include <stdlib.h>
#include <string.h>

#include "policy/history.h"

/* A policy, and what its era points into. */
struct kept {
	struct policy_era era;
	struct policy * policy;
	char text[];
};

/* Each kept one has memory of its own, so that it never moves. */
struct policy_history {
	char * realm;
	struct kept ** kept;		/* in the order of epochs and numbers */
	size_t n;
	size_t room;
};

struct policy_history *
policy_history_make(const char * realm)
{
	struct policy_history * H;

	if ((H = calloc(1, sizeof(*H))) == NULL)
		goto err0;
	if ((H->realm = strdup(realm)) == NULL)
		goto err1;
	return (H);

err1:
	free(H);
err0:
	return (NULL);
}

void
policy_history_free(struct policy_history * H)
{

	if (H == NULL)
		return;
	for (size_t i = 0; i < H->n; i++) {
		policy_free(H->kept[i]->policy);
		free(H->kept[i]);
	}
	free(H->kept);
	free(H->realm);
	free(H);
}

/* Return the rule that ${epoch} and ${number} break in ${H}, or NULL. */
static const char *
check_order(const struct policy_history * H, uint64_t epoch, uint64_t number)
{
	const struct policy_era * last = policy_history_newest(H);

	if (epoch == 0 || number == 0)
		return ("policy: epochs and numbers begin with 1");
	if (last == NULL)
		return (NULL);
	if (epoch <= last->epoch)
		return ("policy: not after the one before it");
	if (number - 1 != last->number)
		return ("policy: its number does not follow");
	return (NULL);
}

/* Make room for one more; the array doubles. */
static int
grow(struct policy_history * H)
{
	struct kept ** p;
	size_t room = H->room == 0 ? 4 : 2 * H->room;

	if (H->n < H->room)
		return (0);
	if ((p = reallocarray(H->kept, room, sizeof(*p))) == NULL)
		return (-1);
	H->kept = p;
	H->room = room;
	return (0);
}

int
policy_history_add(struct policy_history * H, uint64_t epoch, uint64_t number,
    const char * text, size_t len, struct policy_error * error)
{
	struct kept * K;

	error->line = 0;
	if ((error->rule = check_order(H, epoch, number)) != NULL)
		goto err0;
	error->rule = "policy longer than 8192 bytes";
	if (len > POLICY_LEN_MAX)
		goto err0;
	error->rule = NULL;
	if (grow(H) || (K = malloc(sizeof(*K) + len + 1)) == NULL)
		goto err0;
	if (len > 0)
		memcpy(K->text, text, len);
	K->text[len] = '\0';
	if (policy_parse_realm(K->text, len, H->realm, &K->policy, error))
		goto err1;
	K->era.epoch = epoch;
	K->era.number = number;
	K->era.text = K->text;
	K->era.len = len;
	hash_sha256(K->text, len, K->era.hash);
	K->era.policy = K->policy;
	H->kept[H->n++] = K;
	return (0);

err1:
	free(K);
err0:
	return (-1);
}

const struct policy_era *
policy_history_at(const struct policy_history * H, uint64_t epoch)
{
	size_t lo = 0, hi = H->n, mid;

	/* The last one that begins at ${epoch} or before is at hi - 1. */
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (H->kept[mid]->era.epoch <= epoch)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (hi == 0 ? NULL : &H->kept[hi - 1]->era);
}

const struct policy_era *
policy_history_newest(const struct policy_history * H)
{

	return (H->n == 0 ? NULL : &H->kept[H->n - 1]->era);
}

const struct policy_era *
policy_history_find(const struct policy_history * H, const uint8_t * hash)
{

	for (size_t i = H->n; i > 0; i--)
		if (memcmp(H->kept[i - 1]->era.hash, hash, HASH_LEN) == 0)
			return (&H->kept[i - 1]->era);
	return (NULL);
}

const struct policy_era *
policy_history_after(const struct policy_history * H, uint64_t number)
{
	uint64_t i;

	/* The numbers follow one another. */
	if (H->n == 0 || number < H->kept[0]->era.number)
		return (NULL);
	i = number - H->kept[0]->era.number;
	return (i >= H->n - 1 ? NULL : &H->kept[i + 1]->era);
}
