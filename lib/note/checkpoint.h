#ifndef KS_NOTE_CHECKPOINT_H
#define KS_NOTE_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "codec/wbuf.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "note/note.h"
#include "note/vkey.h"

/* Longest text of a checkpoint: three lines, with their newlines. */
#define CHECKPOINT_TEXT_MAX	(VKEY_NAME_MAX + 1 + 20 + 1 +		\
				 BASE64_LEN(HASH_LEN) + 1)

/* Largest time in a cosignature, from c2sp.org/tlog-cosignature. */
#define CHECKPOINT_TIME_MAX	INT64_MAX

/* A tree head: c2sp.org/tlog-checkpoint without extension lines. */
struct checkpoint {
	char origin[VKEY_NAME_MAX + 1];	/* by our rule also a key name */
	uint64_t size;
	uint8_t root[HASH_LEN];
};

/**
 * checkpoint_text(origin, size, root, W):
 * Append the text of the checkpoint to ${W}: the string ${origin}, ${size} in
 * decimal and ${root} in base64, a line each.
 */
void checkpoint_text(const char *, uint64_t, const uint8_t[HASH_LEN],
    struct wbuf *);

/**
 * checkpoint_parse(C, text, len, rule):
 * Parse the ${len} bytes at ${text}, the text of a note, into ${C}.  Return 0,
 * or -1 and store in ${rule} the rule that is broken.  An origin that is no key
 * name and extension lines are refused, so that one text stands for one
 * checkpoint.
 */
int checkpoint_parse(struct checkpoint *, const char *, size_t, const char **);

/**
 * checkpoint_sign(K, text, len, sig):
 * Store the signature of the log key ${K} on the ${len} bytes ${text} of a
 * checkpoint in ${sig} (vkey type VKEY_ED25519).
 */
void checkpoint_sign(const struct sign_key *, const char *, size_t,
    uint8_t[SIGN_LEN]);

/**
 * cosignature_sign(K, time_s, text, len, sig):
 * Store the cosignature/v1 of ${K} at ${time_s}, seconds since 1970 and at most
 * CHECKPOINT_TIME_MAX, on the ${len} bytes ${text} of a checkpoint in ${sig}.
 * Return 0, or -1 if the time is too large or ${len} above CHECKPOINT_TEXT_MAX.
 */
int cosignature_sign(const struct sign_key *, uint64_t, const char *, size_t,
    uint8_t[SIGN_LEN]);

/**
 * cosignature_verify(pk, time_s, text, len, sig):
 * Return 0 if ${sig} is what cosignature_sign stores for the other arguments
 * under the secret key of ${pk}, or -1.
 */
int cosignature_verify(const uint8_t[SIGN_PK_LEN], uint64_t, const char *,
    size_t, const uint8_t[SIGN_LEN]);

/**
 * checkpoint_put_sig(W, V, sig):
 * Append the signature line of the VKEY_ED25519 key ${V} with ${sig} to ${W},
 * after note_put_text.
 */
void checkpoint_put_sig(struct wbuf *, const struct vkey *,
    const uint8_t[SIGN_LEN]);

/**
 * checkpoint_put_cosig(W, V, time_s, sig):
 * Append the signature line of the VKEY_COSIGNATURE key ${V} with ${time_s} and
 * ${sig} to ${W}, after note_put_text.
 */
void checkpoint_put_cosig(struct wbuf *, const struct vkey *, uint64_t,
    const uint8_t[SIGN_LEN]);

/**
 * checkpoint_sig_split(V, S, time_s, sig):
 * Store the time (0 for VKEY_ED25519) and the signature that the line ${S} of
 * the key ${V} carries in ${time_s} and ${sig}, unverified: the raw form that
 * binary frames carry.  Return 0, or -1 if its length is not that of ${V}'s type
 * or the time is above CHECKPOINT_TIME_MAX.
 */
int checkpoint_sig_split(const struct vkey *, const struct note_sig *,
    uint64_t *, uint8_t[SIGN_LEN]);

/**
 * checkpoint_sig_verify(V, S, text, len, time_s):
 * Verify the signature line ${S} with ${V}, whose name and identifier it must
 * carry, on the ${len} bytes ${text}.  Return 0 and store the time of a
 * VKEY_COSIGNATURE (0 for VKEY_ED25519) in ${time_s}, or return -1.
 */
int checkpoint_sig_verify(const struct vkey *, const struct note_sig *,
    const char *, size_t, uint64_t *);

#endif
