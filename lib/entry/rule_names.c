#include <stddef.h>
#include <string.h>

#include "entry/rule_names.h"

static const struct {
	const char * rule;
	const char * text;
} table[] = {
	{ RULE_UPDATE_MALFORMED, "the update cannot be decoded or exceeds a limit" },
	{ RULE_PROFILE_MALFORMED, "the profile cannot be decoded or exceeds a limit" },
	{ RULE_PROFILE_COMMITMENT, "the entry does not commit to this profile" },
	{ RULE_POLICY_MALFORMED, "the policy cannot be parsed" },
	{ RULE_REGISTRATION_VERSION, "the user is new, so the version must be 0" },
	{ RULE_VERSION_MUST_RISE, "the version must be greater than the current one" },
	{ RULE_SIGNATURE_INVALID, "a signature does not verify" },
	{ RULE_NEW_POLICY_UNMET, "the signing keys do not meet the new update policy" },
	{ RULE_OLD_POLICY_UNMET, "the signing keys do not meet the current update policy" },
	{ RULE_EPOCH_FULL, "the next epoch has no room left, try again later" },
	{ RULE_USER_MALFORMED, "the user id is empty, too long, not UTF-8, or has spaces or control characters" },
	{ RULE_INDEX_NOT_USERS, "the index in the entry is not that of the user" },
	{ RULE_REGISTRATION_PROOF, "the proof of a new user's address is missing, refused, or not taken here" },

	{ RULE_ENTRY_MALFORMED, "the log entry cannot be decoded" },
	{ RULE_DELIMITER_NOT_NEXT, "the delimiter is not for the next epoch" },
	{ RULE_EPOCH_UNSIGNED, "a majority of replicas has not signed the epoch yet" },
	{ RULE_DELIMITER_TIME, "the delimiter's time is before the last epoch's" },
	{ RULE_DELIMITER_BASE, "the delimiter's base is not between the last delimiter and itself" },
	{ RULE_DELIMITER_LOG_HASH, "the delimiter was made over another log" },
	{ RULE_EPOCH_UNKNOWN, "there is no such epoch yet" },
	{ RULE_KEY_UNKNOWN, "the realm's policy has no such key" },
	{ RULE_SIGNATURE_REPEATED, "this key has signed this epoch already" },
	{ RULE_POLICY_NUMBER, "it is not the next policy, or one waits for its epoch already" },
	{ RULE_POLICY_UNCHANGED, "this is the policy in force" },

	{ RULE_PROOF_MALFORMED, "the proof cannot be parsed" },
	{ RULE_REALM_MISMATCH, "the proof is of another realm" },
	{ RULE_USER_MISMATCH, "the proof is of another user" },
	{ RULE_VRF_INVALID, "the index is not proven to be the user's" },
	{ RULE_HEAD_MALFORMED, "the epoch head cannot be decoded or is of another realm" },
	{ RULE_ENTRY_MISMATCH, "the entry cannot be decoded or is of another user" },
	{ RULE_PROFILE_MISMATCH, "the profile is not the one that the entry commits to" },
	{ RULE_PATH_INVALID, "the path does not lead to the root in the epoch head" },
	{ RULE_INCLUSION_INVALID, "the epoch head is not in the epoch log" },
	{ RULE_ORIGIN_MISMATCH, "the checkpoint is of another origin" },
	{ RULE_POLICY_CHAIN_INVALID, "the proof of how the realm's policy changed does not hold" },
	{ RULE_POLICY_CHAIN_UNMET, "not everybody whom the realm's old policy asks for has signed its change" },
	{ RULE_POLICY_CHANGED, "the proof is under another policy of the realm, get its new realm file" },
	{ RULE_TIME_FUTURE, "a time in the proof lies in the future" },
	{ RULE_EPOCH_MISMATCH, "the proof is of another epoch" },
	{ RULE_QUORUM_UNMET, "not everybody whom the policy asks for has signed" },
	{ RULE_NOT_FRESH, "the proof is older than the realm promises" },

	{ RULE_FORK, "the realm shows another history than it showed before" },
	{ RULE_STEP_BACK, "the realm shows an older state than it showed before" },
	{ RULE_HISTORY_INCOMPLETE, "a version is left out of the history that was told" },

	{ RULE_EPOCH_NOT_NEXT, "the epoch head is not of the epoch whose place it has" },
	{ RULE_TIME_DECREASES, "the epoch head is earlier than the one before" },
	{ RULE_UPDATES_COUNT, "the epoch head counts its updates wrongly" },
	{ RULE_ROOT_MISMATCH, "the epoch's updates do not lead to the root in its head" },

	{ RULE_LOG_SHORTER, "the log is shorter than the follower has seen it" },
	{ RULE_LOG_UNAVAILABLE, "the log can take or tell nothing now" },
	{ RULE_INDEX_ZERO, "the first log entry has index 1" },
	{ RULE_STREAM_REPEATED, "a connection carries one stream of a kind" },
	{ RULE_TOO_MANY_WAITING, "too many requests wait already" },
	{ RULE_KEY_ID_MALFORMED, "neither a fingerprint of 20 or 32 bytes nor a key id of 8" },
	{ RULE_OUTCOME_UNKNOWN, "it did not come out of the log in time; it may yet" },
	{ RULE_STOPPING, "the server is being stopped" },
	{ RULE_EVENTS_SHORTER, "there are fewer events than the follower has seen" },
	{ RULE_EPOCH_NOT_PUBLISHED, "the epoch is not published yet, try again later" },
	{ RULE_POLICY_UNKNOWN, "the realm never had the policy of this realm file" },
	{ RULE_POLICY_CHAIN_TOO_LONG, "the policy changed too often since this realm file, get a newer one" },

	{ RULE_CERTIFICATE_REFUSED, "the server's certificate is not one to be trusted" },
	{ RULE_REDIRECT_ELSEWHERE, "the server sends us to another scheme, host or port, or on and on" },
	{ RULE_ANSWER_TOO_LARGE, "the server's answer is larger than any such answer can be" },
	{ RULE_NOT_A_KEYSERVER, "what answers is not a keyserver" },
};

const char *
rule_text(const char * rule)
{

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].rule, rule) == 0)
			return (table[i].text);
	return (NULL);
}

const char *
rule_name(const char * name, size_t len)
{

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strlen(table[i].rule) == len &&
		    memcmp(table[i].rule, name, len) == 0)
			return (table[i].rule);
	return (NULL);
}
