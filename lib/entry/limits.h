#ifndef KS_ENTRY_LIMITS_H
#define KS_ENTRY_LIMITS_H

#include "crypto/hash.h"
#include "crypto/sign.h"

/*
 * The limits of PROTOCOL section 2, under the names that they have there
 * (FRAME_LEN_MAX is in frame/frame.h, POLICY_LEN_MAX in policy/policy.h).
 * t/unit/test_proto.c compares them with the page.
 */
#define REALM_NAME_MAX		128	/* bytes of a realm's name */
#define USER_LEN_MAX		254	/* bytes of a user id */
#define APP_LEN_MAX		64	/* bytes of an application's name */
#define PROFILE_APPS_MAX	256	/* applications in a profile */
#define PROFILE_LEN_MAX		65536	/* bytes of an encoded profile */
#define ENTRY_POLICY_MAX	4096	/* bytes of the policy in an entry */
#define UPDATE_SIGS_MAX		32	/* signatures on an update */
#define REGISTRATION_LEN_MAX	65536	/* bytes of a registration proof */
#define EPOCH_UPDATES_MAX	1000000	/* updates in one epoch */
#define EPOCH_BYTES_MAX		536870912	/* bytes of its encoded updates */
#define LOG_ENTRY_MAX		131072	/* bytes of an encoded log entry */
#define PROOF_LEN_MAX		262144	/* bytes of a lookup proof */
#define REQUEST_WINDOW		1048576	/* log entries for which a request id is remembered */
#define POLICY_CHAIN_MAX	16	/* changes of the policy in a proof */
#define LOOKBACK_EPOCHS_MAX	64	/* epochs searched back for a quorum */
#define CLOCK_SKEW_MS		300000	/* how far ahead a time may lie */

/* Sizes of what the limits speak of; HASH_LEN, SIGN_PK_LEN, SIGN_LEN with them. */
#define INDEX_LEN	32	/* an index */
#define REQUEST_ID_LEN	16	/* a request id */

/* An encoded entry: version byte, index, version, policy, commitment. */
#define ENTRY_LEN_MAX	(1 + INDEX_LEN + 8 + 2 + ENTRY_POLICY_MAX + HASH_LEN)

/* An encoded update: version byte, entry, signatures. */
#define UPDATE_LEN_MAX \
	(1 + 2 + ENTRY_LEN_MAX + 1 + UPDATE_SIGS_MAX * (SIGN_PK_LEN + SIGN_LEN))

#endif
