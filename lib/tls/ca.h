#ifndef KS_TLS_CA_H
#define KS_TLS_CA_H

#include <stdint.h>

struct identity;

/*
 * The authority that signs the certificates of the etcd members of one realm,
 * and of their clients: etcd knows no pins.  Its key is needed only to make
 * certificates, and is the operator's to keep.
 */

/*
 * Seconds that an authority is valid, thirty years, as to replace it every member
 * must be told; and what it signs, ten.
 */
#define CA_LIFE_S	((int64_t)10957 * 86400)
#define CA_LEAF_LIFE_S	((int64_t)3652 * 86400)

/* What a certificate is for. */
enum ca_use {
	CA_MEMBER,	/* a member: a server, and a client of the others and itself */
	CA_CLIENT	/* a client alone */
};

/**
 * ca_make(name, not_before_s, not_after_s):
 * Return a new Ed25519 key with its certificate as an authority, named by the
 * string ${name} and valid from ${not_before_s} to ${not_after_s}, seconds since
 * 1970; for identity_free.  Or return NULL after a line on standard error.
 */
struct identity * ca_make(const char *, int64_t, int64_t);

/**
 * ca_issue(ca, use, name, address, not_before_s, not_after_s):
 * Return a new Ed25519 key with a certificate for ${use} that ${ca} signed, named
 * by the string ${name} and valid as for ca_make, but no longer than ${ca}; for
 * identity_free.  That of a member is good at 127.0.0.1, ::1 and the numeric
 * ${address}; a client's at 127.0.0.1 alone, and ${address} may be NULL.  Or return
 * NULL after a line on standard error: also if ${ca} is not an authority, or is
 * valid no more at ${not_before_s}.
 */
struct identity * ca_issue(const struct identity *, enum ca_use, const char *,
    const char *, int64_t, int64_t);

#endif
