#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "entry/entry.h"
#include "entry/rules.h"
#include "entry/update.h"
#include "head/head.h"
#include "policy/policy.h"
#include "proof/lines.h"
#include "proof/path_text.h"
#include "realm/realm.h"

#include "evidence/replay.h"

void
replay_init(struct replay * R, const struct realm * realm, int plain)
{

	memset(R, 0, sizeof(*R));
	R->realm = realm;
	R->plain = plain;
	head_list_init(R->list);
	R->update = malloc(UPDATE_LEN_MAX);
	R->current = malloc(ENTRY_LEN_MAX);
	R->failed = R->update == NULL || R->current == NULL;
}

void
replay_free(struct replay * R)
{

	free(R->update);
	free(R->current);
}

/* Take ${name} and base64 of up to ${max} bytes to ${p}; return how many. */
static size_t
take_bytes(struct lines * L, const char * name, uint8_t * p, size_t max)
{
	size_t textlen, len;
	const char * text = lines_named(L, name, &textlen);

	if (base64_decode(text, textlen, p, max, &len)) {
		L->failed = 1;
		return (0);
	}
	return (len);
}

/* Take the path, and the entry of ${index} that it leads to, into ${E}. */
static const char *
take_place(struct replay * R, struct lines * L, const uint8_t * index,
    struct entry * E, int * present)
{
	uint8_t root[TREE_HASH];
	const char * rule;
	size_t len = 0;

	memset(&R->path, 0, sizeof(R->path));
	R->path.kind = path_text_take_found(L);
	*present = R->path.kind == TREE_PRESENT;
	if (!L->failed && *present) {
		len = take_bytes(L, "current ", R->current, ENTRY_LEN_MAX);
		entry_value(R->path.value, R->current, len);
	}
	path_text_take_place(L, &R->path);
	if (L->failed)
		return ("the place of an update cannot be parsed");
	if (tree_path_root(R->realm->nonce, &R->path, index, root, &rule) ||
	    memcmp(root, R->root, TREE_HASH) != 0)
		return ("the path of an update is not that of the tree before it");
	if (*present && (entry_parse(E, R->current, len) ||
	    memcmp(E->index, index, INDEX_LEN) != 0))
		return ("the entry before an update is wrong itself");
	return (NULL);
}

/* Check the rules of section 5 on ${U}, which meets ${current} (NULL: none). */
static const char *
check_rules(struct replay * R, const struct update * U,
    const struct entry * current)
{
	struct rules_prepared prepared;
	struct rules_input I = { U, &prepared, RULES_PROFILE_NONE, NULL, 0,
	    current, NULL, R->n, 0 };
	struct policy_error error;
	struct policy * policy = NULL;
	const char * why = NULL;

	if (current != NULL && policy_parse(current->policy,
	    current->policy_len, POLICY_FOR_UPDATE, &policy, &error)) {
		R->failed = error.rule == NULL;
		return ("the entry before an update is wrong itself");
	}
	I.current_policy = policy;
	if (rules_prepare(&prepared, U, R->realm->name)) {
		policy_free(policy);
		R->failed = 1;
		return ("out of memory");
	}
	if (rules_check(&I, &R->rule)) {
		R->failed = 1;
		why = "out of memory";
	}
	rules_free(&prepared);
	policy_free(policy);
	return (why);
}

/* Check the update of ${len} bytes; those before it kept the rules. */
static const char *
check_update(struct replay * R, struct lines * L, size_t len)
{
	uint8_t value[HASH_LEN];
	struct update U;
	struct entry E;
	const char * why;
	int present;

	if (update_parse(&U, R->update, len)) {
		R->rule = RULE_UPDATE_MALFORMED;
		return (NULL);
	}
	if ((why = take_place(R, L, U.entry.index, &E, &present)) != NULL ||
	    (why = check_rules(R, &U, present ? &E : NULL)) != NULL)
		return (why);
	if (R->rule != NULL)
		return (NULL);
	entry_value(value, U.entry_data, U.entry_len);
	if (tree_path_insert(R->realm->nonce, &R->path, U.entry.index, value,
	    R->root))
		return ("the path of an update is not that of the tree before it");
	return (NULL);
}

const char *
replay_next(struct replay * R, struct lines * L)
{
	const char * why = NULL;
	size_t len;

	if (R->failed)
		return ("out of memory");
	len = take_bytes(L, "update ", R->update, UPDATE_LEN_MAX);
	if (L->failed)
		return ("an update cannot be parsed");
	head_list_add(R->list, R->update, len);
	if (!R->plain && R->rule == NULL)
		why = check_update(R, L, len);
	R->n++;
	return (why);
}
