#ifndef KS_INIT_PLAN_H
#define KS_INIT_PLAN_H

#include <stdint.h>

#include "base/base64.h"
#include "config/config.h"
#include "crypto/vrf.h"
#include "entry/limits.h"
#include "note/vkey.h"
#include "tls/identity.h"

/*
 * Most replicas, of which three may fail: each more makes every entry wait for
 * more; and most verifiers of a new realm, so that its policy stays far below
 * POLICY_LEN_MAX whatever the name.  More can be added to the policy later.
 */
#define INIT_REPLICAS_MAX	7
#define INIT_VERIFIERS_MAX	16

/* Bytes of the tree nonce of a realm. */
#define INIT_NONCE_LEN	16

/* What is to be done. */
enum init_mode {
	INIT_MAKE,		/* a realm */
	INIT_RENEW,		/* certificates of a replica's etcd member */
	INIT_JOIN,		/* a further replica */
	INIT_CONVERT		/* the engine local into etcd */
};

enum init_supervisor {
	INIT_AS_THERE,		/* as the folder has that is there; else s6 */
	INIT_S6,
	INIT_RUNIT,
	INIT_SYSTEMD
};

/* What is asked for on the command line. */
struct init_plan {
	enum init_mode mode;
	const char * from;		/* the folder of a replica, unless MAKE */
	const char * ca_dir;		/* of the authority; NULL: beside it */
	const char * dir;		/* what is to be made: MAKE, JOIN */
	const char * realm;
	unsigned replicas;		/* 1 to INIT_REPLICAS_MAX */
	unsigned verifiers;		/* 0 to INIT_VERIFIERS_MAX */
	enum init_supervisor supervisor;
	const char * addresses;		/* of the replicas, or NULL */
	unsigned base;			/* of their ports; 0: the default */
	uint64_t epoch_min_ms;
	uint64_t epoch_max_ms;
	int keyids;			/* with ks-keyids */
	const char * listen;		/* what -H says, or NULL */
	char http[INIT_REPLICAS_MAX][CONFIG_ADDRESS_MAX + 1];
					/* of each ks-httpd; or empty */
};

/* The public half of a realm. */
struct init_public {
	char nonce[BASE64_SIZE(INIT_NONCE_LEN)];
	char vrf[BASE64_SIZE(VRF_PK_LEN)];
	char replica[INIT_REPLICAS_MAX][VKEY_TEXT_MAX + 1];
	char verifier[INIT_VERIFIERS_MAX][VKEY_TEXT_MAX + 1];
	char replica_pin[INIT_REPLICAS_MAX][IDENTITY_PIN_LEN + 1];
	char verifier_pin[INIT_VERIFIERS_MAX][IDENTITY_PIN_LEN + 1];
};

/* In whose folder a file lies: paths in it are relative to that. */
enum init_place {
	INIT_TOP,		/* DIR */
	INIT_REPLICA,		/* DIR/replicaN */
	INIT_VERIFIER		/* DIR/verifierN */
};

#endif
