#ifndef KS_NOTE_APPROVAL_H
#define KS_NOTE_APPROVAL_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/sign.h"

/*
 * What a replica's key signs when it approves the next policy of its realm
 * (PROTOCOL section 6).  It is rebuilt from fields, under a label of its own,
 * and has four lines: a checkpoint, which the same key signs, has three.
 */

/**
 * approval_sign(K, realm, number, policy, len, sig):
 * Store in ${sig} the approval by ${K} of the ${len} bytes ${policy} as policy
 * ${number} of the realm with the name ${realm}, at most REALM_NAME_MAX bytes,
 * else panic.
 */
void approval_sign(const struct sign_key *, const char *, uint64_t,
    const char *, size_t, uint8_t[SIGN_LEN]);

/**
 * approval_verify(pk, realm, number, policy, len, sig):
 * Return 0 if ${sig} is what approval_sign stores for the other arguments under
 * the secret key of ${pk}, or -1.
 */
int approval_verify(const uint8_t[SIGN_PK_LEN], const char *, uint64_t,
    const char *, size_t, const uint8_t[SIGN_LEN]);

#endif
