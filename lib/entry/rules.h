#ifndef KS_ENTRY_RULES_H
#define KS_ENTRY_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "entry/entry.h"
#include "entry/rule_names.h"
#include "entry/update.h"

struct policy;

/*
 * The rules of an update (PROTOCOL section 5), the same for ks-admit, ks-apply
 * and ks-ratify.  What is expensive and does not depend on state is in
 * rules_prepare, which a thread may run for many updates at once; what depends
 * on state is in rules_check, which is cheap and runs in the order of the log.
 */

/* What is known of an update whatever the state. */
struct rules_prepared {
	uint8_t valid[UPDATE_SIGS_MAX];	/* signature i verifies */
	struct policy * policy;		/* the entry's, or NULL: malformed */
};

/* What is asked of a profile that comes with an update. */
enum rules_profile {
	RULES_PROFILE_NONE,	/* a verifier's: there is none */
	RULES_PROFILE_LOG,	/* of length 0: it was erased later */
	RULES_PROFILE_EDGE	/* must be there */
};

/* An update and the state that it meets. */
struct rules_input {
	const struct update * update;	/* NULL: it did not decode */
	const struct rules_prepared * prepared;	/* of this update */
	enum rules_profile profile_kind;
	const uint8_t * profile;	/* encoded; may be NULL if the length is 0 */
	size_t profile_len;
	const struct entry * current;	/* newest accepted, or NULL: none */
	const struct policy * current_policy;	/* parsed, or NULL: from its text */
	uint64_t pending;	/* updates that wait for the next epoch */
	uint64_t pending_bytes;	/* of them and this one, encoded; 0: not asked */
};

/**
 * rules_signatures(U, realm, valid):
 * Verify the signatures of ${U} in the realm named ${realm}: set each of the
 * ${U}->nsigs bytes of ${valid} to 1 if that signature verifies, else to 0; the
 * others of UPDATE_SIGS_MAX to 0.  Return 0, or -1 if memory ran out.
 */
int rules_signatures(const struct update *, const char *, uint8_t *);

/**
 * rules_prepare(P, U, realm):
 * Fill ${P} with what rules_signatures says of ${U} in the realm named
 * ${realm}, and the parsed policy of its entry, for rules_free.  Return 0, or
 * -1 with nothing to free if memory ran out.  Pure, so that threads may run it.
 */
int rules_prepare(struct rules_prepared *, const struct update *,
    const char *);

/**
 * rules_free(P):
 * Free what ${P} holds; nothing if it is all zeroes.
 */
void rules_free(struct rules_prepared *);

/**
 * rules_check(I, rule):
 * Check the rules in the order of PROTOCOL on ${I}.  Return 0 and store NULL in
 * ${rule} if the update is to be accepted, or the name of the first rule that
 * it breaks.  Return -1 if that could not be found out: memory ran out, or the
 * current entry, accepted once, has a policy that does not parse (the caller's
 * store is damaged); the caller must stop.  ${I}->prepared may be NULL if
 * ${I}->update is.
 */
int rules_check(const struct rules_input *, const char **);

#endif
