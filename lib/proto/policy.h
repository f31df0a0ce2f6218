#ifndef KS_PROTO_POLICY_H
#define KS_PROTO_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/sign.h"
#include "note/vkey.h"

struct wbuf;

/*
 * A policy of the realm, as events and feeds carry it: u64 epoch, u64 number,
 * var16 policy.  A stored row has the epoch as its key and the rest as its value.
 */
struct proto_policy {
	uint64_t epoch;		/* the first in which it is in force */
	uint64_t number;
	const char * text;	/* 1 to POLICY_LEN_MAX bytes; no NUL */
	size_t len;
};

/** Bytes of the above before what is the value of a row. */
#define PROTO_POLICY_EPOCH_LEN	8

/*
 * A replica's approval of the next policy, as log entries carry it: u64 number,
 * key_id[4], signature[64], var16 policy.
 */
struct proto_approval {
	uint64_t number;		/* that the policy would have */
	uint8_t key_id[VKEY_ID_LEN];
	uint8_t sig[SIGN_LEN];		/* approval_sign */
	const char * text;		/* as above, but of any length */
	size_t len;
};

/**
 * proto_policy_put(W, P), proto_policy_get(p, len, P):
 * Append the encoded ${P} to ${W}; decode the ${len} bytes at ${p}, all of them,
 * into ${P}, which points into them: 0, or -1.
 */
void proto_policy_put(struct wbuf *, const struct proto_policy *);
int proto_policy_get(const uint8_t *, size_t, struct proto_policy *);

/**
 * proto_policy_get_row(epoch, p, len, P):
 * As proto_policy_get, for the value of a row whose key says ${epoch}.
 */
int proto_policy_get_row(uint64_t, const uint8_t *, size_t,
    struct proto_policy *);

/**
 * proto_approval_put(W, A), proto_approval_get(p, len, A):
 * The same for an approval.  A text that no policy is like, even an empty or too
 * long one, is for whoever parses it: rule `policy-malformed`.
 */
void proto_approval_put(struct wbuf *, const struct proto_approval *);
int proto_approval_get(const uint8_t *, size_t, struct proto_approval *);

#endif
