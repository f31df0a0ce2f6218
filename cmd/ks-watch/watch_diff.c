#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "note/utf8.h"
#include "policy/policy.h"

#include "watch.h"

/* Copy ${text}, which comes from others, with '?' for what is no text. */
static void
put_safe(char * name, const char * text)
{
	const char * end = text + strlen(text);
	size_t len, used = 0;
	uint32_t c;

	for (; text < end; text += len > 0 ? len : 1) {
		len = utf8_next(text, (size_t)(end - text), &c);
		if (used + (len > 0 ? len : 1) > WATCH_NAME_MAX)
			break;
		if (len == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0)) {
			name[used++] = '?';
		} else {
			memcpy(name + used, text, len);
			used += len;
		}
	}
	name[used] = '\0';
}

static void
add(struct watch_change * C, enum watch_kind kind, enum watch_how how,
    const char * name)
{
	struct watch_word * W;

	PANIC_UNLESS(C->nwords < WATCH_WORDS_MAX);
	W = &C->words[C->nwords++];
	W->kind = kind;
	W->how = how;
	put_safe(W->name, name);
}

/* Parse the policy of ${S}; NULL if there is none that parses.  -1: memory. */
static int
policy_of(const struct watch_state * S, struct policy ** P)
{
	struct policy_error error;
	struct entry E;

	*P = NULL;
	if (S->entry_len == 0 || entry_parse(&E, S->entry, S->entry_len))
		return (0);
	if (policy_parse(E.policy, E.policy_len, POLICY_FOR_UPDATE, P, &error))
		*P = NULL;
	return (*P == NULL && error.rule == NULL ? -1 : 0);
}

/* Add the keys of ${one} that ${other}, which may be NULL, has not. */
static void
add_keys(struct watch_change * C, enum watch_how how, const struct policy * one,
    const struct policy * other)
{

	for (unsigned i = 0; one != NULL && i < policy_keys(one); i++)
		if (other == NULL ||
		    policy_find_pk(other, policy_key(one, i)->vkey.pk) == -1)
			add(C, WATCH_KEY, how, policy_key(one, i)->name);
}

/* Which of ${own} ${P} has not; with ${C}, add them.  Return how many. */
static unsigned
lacking(const struct policy * P, const struct watch_keys * own,
    struct watch_change * C)
{
	unsigned n = 0;

	for (unsigned i = 0; i < own->n; i++) {
		if (P != NULL && policy_find_pk(P, own->key[i].pk) != -1)
			continue;
		n++;
		if (C != NULL)
			add(C, WATCH_OWN_KEY, WATCH_REMOVED, own->key[i].name);
	}
	return (n);
}

/* Is the text of the policies the same? */
static int
same_policy(const struct watch_state * old, const struct watch_state * new)
{
	struct entry E, F;

	return (entry_parse(&E, old->entry, old->entry_len) == 0 &&
	    entry_parse(&F, new->entry, new->entry_len) == 0 &&
	    E.policy_len == F.policy_len &&
	    memcmp(E.policy, F.policy, E.policy_len) == 0);
}

static void
diff_apps(const struct watch_state * old, const struct watch_state * new,
    struct watch_change * C)
{
	unsigned i = 0, k = 0;
	int order;

	/* What an erased profile had is not known any more. */
	if (new->erased) {
		add(C, WATCH_PROFILE, WATCH_REMOVED, "");
		return;
	}
	while (i < old->napps || k < new->napps) {
		order = i == old->napps ? 1 : k == new->napps ? -1 :
		    strcmp(old->apps[i].name, new->apps[k].name);
		if (order < 0) {
			add(C, WATCH_APP, WATCH_REMOVED, old->apps[i++].name);
		} else if (order > 0) {
			add(C, WATCH_APP, WATCH_ADDED, new->apps[k++].name);
		} else {
			if (memcmp(old->apps[i++].hash, new->apps[k].hash,
			    HASH_LEN) != 0)
				add(C, WATCH_APP, WATCH_CHANGED,
				    new->apps[k].name);
			k++;
		}
	}
}

int
watch_diff(const struct watch_state * old, const struct watch_state * new,
    const struct watch_keys * own, struct watch_change * C)
{
	struct policy * was = NULL, * is = NULL;
	struct entry E;
	int rc = -1;

	memset(C, 0, sizeof(*C));
	PANIC_UNLESS(entry_parse(&E, new->entry, new->entry_len) == 0);
	C->version = E.version;
	if (policy_of(old, &was) || policy_of(new, &is))
		goto done;
	if (old->entry_len == 0)
		add(C, WATCH_USER, WATCH_ADDED, "");
	else if (!same_policy(old, new))
		add(C, WATCH_POLICY, WATCH_CHANGED, "");
	add_keys(C, WATCH_ADDED, is, was);
	add_keys(C, WATCH_REMOVED, was, is);
	diff_apps(old, new, C);
	lacking(is, own, C);
	rc = 0;

done:
	policy_free(was);
	policy_free(is);
	return (rc);
}

int
watch_lacks(const struct watch_state * S, const struct watch_keys * own)
{
	struct policy * P;
	int rc;

	if (S->entry_len == 0)
		return (0);
	if (policy_of(S, &P))
		return (-1);
	rc = lacking(P, own, NULL) > 0;
	policy_free(P);
	return (rc);
}
