#ifndef KS_NOTE_VKEY_H
#define KS_NOTE_VKEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/base64.h"
#include "crypto/sign.h"

/* Longest key name: one length byte in binary formats. */
#define VKEY_NAME_MAX	255

/* Bytes of the short identifier of a key. */
#define VKEY_ID_LEN	4

/* Longest text of a verifier key, without a NUL: NAME+hex8+base64(type pk). */
#define VKEY_TEXT_MAX	(VKEY_NAME_MAX + 1 + 2 * VKEY_ID_LEN + 1 +		\
			 BASE64_LEN(1 + SIGN_PK_LEN))

/* What a key signs, the type byte of c2sp.org/signed-note. */
enum vkey_type {
	VKEY_ED25519 = 0x01,	/* the text of a note */
	VKEY_COSIGNATURE = 0x04	/* a time and a checkpoint: tlog-cosignature */
};

/* A verifier key. */
struct vkey {
	char name[VKEY_NAME_MAX + 1];
	uint8_t id[VKEY_ID_LEN];
	uint8_t type;		/* enum vkey_type */
	uint8_t pk[SIGN_PK_LEN];
};

/**
 * vkey_name_valid(name, len):
 * Return 0 if the ${len} bytes at ${name} are a key name: 1 to VKEY_NAME_MAX
 * bytes of UTF-8 without control characters, Unicode spaces or '+', or -1.
 */
int vkey_name_valid(const char *, size_t);

/**
 * vkey_make(V, type, name, pk):
 * Make ${V} the verifier key of the string ${name}, ${type} and ${pk}, with its
 * identifier.  Return 0, or -1 if the name, the type or the key (sign_pk_valid)
 * is not valid.
 */
int vkey_make(struct vkey *, uint8_t, const char *, const uint8_t[SIGN_PK_LEN]);

/**
 * vkey_parse(V, text, len, rule):
 * Parse the ${len} bytes at ${text}, NAME+ID+KEY, into ${V}.  Return 0, or -1
 * and store in ${rule} the rule that is broken: name, identifier (which must
 * belong to the rest), canonical base64, type, sign_pk_valid.
 */
int vkey_parse(struct vkey *, const char *, size_t, const char **);

/**
 * vkey_format(V, text):
 * Write ${V} to ${text} as a string; vkey_parse of it yields ${V} again.
 */
void vkey_format(const struct vkey *, char[VKEY_TEXT_MAX + 1]);

#endif
