#ifndef KS_ENTRY_RULE_NAMES_H
#define KS_ENTRY_RULE_NAMES_H

#include <stddef.h>

/*
 * The stable names of the rules that a refusal names: in logs, in ERROR frames,
 * in stored outcomes and in what tools print.  PROTOCOL says when each is
 * broken; rule_text says it to a user.
 */

/* Section 5: the rules of an update. */
#define RULE_UPDATE_MALFORMED		"update-malformed"
#define RULE_PROFILE_MALFORMED		"profile-malformed"
#define RULE_PROFILE_COMMITMENT		"profile-commitment"
#define RULE_POLICY_MALFORMED		"policy-malformed"
#define RULE_REGISTRATION_VERSION	"registration-version"
#define RULE_VERSION_MUST_RISE		"version-must-rise"
#define RULE_SIGNATURE_INVALID		"signature-invalid"
#define RULE_NEW_POLICY_UNMET		"new-policy-unmet"
#define RULE_OLD_POLICY_UNMET		"old-policy-unmet"
#define RULE_EPOCH_FULL			"epoch-full"
#define RULE_USER_MALFORMED		"user-malformed"
#define RULE_INDEX_NOT_USERS		"index-not-users"
#define RULE_REGISTRATION_PROOF		"registration-proof"

/* Section 6: what comes out of the log. */
#define RULE_ENTRY_MALFORMED		"entry-malformed"
#define RULE_DELIMITER_NOT_NEXT		"delimiter-not-next"
#define RULE_EPOCH_UNSIGNED		"epoch-unsigned"
#define RULE_DELIMITER_TIME		"delimiter-time"
#define RULE_DELIMITER_BASE		"delimiter-base"
#define RULE_DELIMITER_LOG_HASH		"delimiter-log-hash"
#define RULE_EPOCH_UNKNOWN		"epoch-unknown"
#define RULE_KEY_UNKNOWN		"key-unknown"
#define RULE_SIGNATURE_REPEATED		"signature-repeated"
#define RULE_POLICY_NUMBER		"policy-number"
#define RULE_POLICY_UNCHANGED		"policy-unchanged"

/* Section 9: lookup proofs. */
#define RULE_PROOF_MALFORMED		"proof-malformed"
#define RULE_REALM_MISMATCH		"realm-mismatch"
#define RULE_USER_MISMATCH		"user-mismatch"
#define RULE_VRF_INVALID		"vrf-invalid"
#define RULE_HEAD_MALFORMED		"head-malformed"
#define RULE_ENTRY_MISMATCH		"entry-mismatch"
#define RULE_PROFILE_MISMATCH		"profile-mismatch"
#define RULE_PATH_INVALID		"path-invalid"
#define RULE_INCLUSION_INVALID		"inclusion-invalid"
#define RULE_ORIGIN_MISMATCH		"origin-mismatch"
#define RULE_POLICY_CHAIN_INVALID	"policy-chain-invalid"
#define RULE_POLICY_CHAIN_UNMET		"policy-chain-unmet"
#define RULE_POLICY_CHANGED		"policy-changed"
#define RULE_TIME_FUTURE		"time-future"
#define RULE_EPOCH_MISMATCH		"epoch-mismatch"
#define RULE_QUORUM_UNMET		"quorum-unmet"
#define RULE_NOT_FRESH			"not-fresh"

/* Section 9: what a client holds against the checkpoint it accepted last. */
#define RULE_FORK			"fork"
#define RULE_STEP_BACK			"step-back"
#define RULE_HISTORY_INCOMPLETE		"history-incomplete"

/* Section 13: evidence; with those of section 5 and some of section 9. */
#define RULE_EPOCH_NOT_NEXT		"epoch-not-next"
#define RULE_TIME_DECREASES		"time-decreases"
#define RULE_UPDATES_COUNT		"updates-count"
#define RULE_ROOT_MISMATCH		"root-mismatch"

/* Section 11: frames. */
#define RULE_LOG_SHORTER		"log-shorter"
#define RULE_LOG_UNAVAILABLE		"log-unavailable"
#define RULE_INDEX_ZERO			"index-zero"
#define RULE_STREAM_REPEATED		"stream-repeated"
#define RULE_TOO_MANY_WAITING		"too-many-waiting"
#define RULE_KEY_ID_MALFORMED		"key-id-malformed"
#define RULE_OUTCOME_UNKNOWN		"outcome-unknown"
#define RULE_STOPPING			"stopping"
#define RULE_EVENTS_SHORTER		"events-shorter"
#define RULE_EPOCH_NOT_PUBLISHED	"epoch-not-published"
#define RULE_POLICY_UNKNOWN		"policy-unknown"
#define RULE_POLICY_CHAIN_TOO_LONG	"policy-chain-too-long"

/* Section 10: what a client holds against a server that it asks over HTTP. */
#define RULE_CERTIFICATE_REFUSED	"certificate-refused"
#define RULE_REDIRECT_ELSEWHERE		"redirect-elsewhere"
#define RULE_ANSWER_TOO_LARGE		"answer-too-large"
#define RULE_NOT_A_KEYSERVER		"not-a-keyserver"

/**
 * rule_text(rule):
 * Return the sentence that tells a user what the rule named ${rule} asks for,
 * or NULL if there is no such rule.
 */
const char * rule_text(const char *);

/**
 * rule_name(name, len):
 * Return the constant equal to the ${len} bytes at ${name}, so that a rule that
 * was received or stored can be held without a copy; or NULL if there is no
 * such rule.
 */
const char * rule_name(const char *, size_t);

#endif
