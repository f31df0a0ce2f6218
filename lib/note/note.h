#ifndef KS_NOTE_NOTE_H
#define KS_NOTE_NOTE_H

#include <stddef.h>
#include <stdint.h>

#include "codec/wbuf.h"
#include "note/vkey.h"

/* Longest note: 64 signatures of the largest kind (3.3 kB) and their text. */
#define NOTE_LEN_MAX	262144

/* Most signature lines; c2sp.org/signed-note asks for 16 or more. */
#define NOTE_SIGS_MAX	64

/* Longest signature we add ourselves: a time and an Ed25519 signature. */
#define NOTE_SIG_LEN_MAX	(8 + SIGN_LEN)

/* A signature line. */
struct note_sig {
	const char * name;	/* not a string: namelen bytes */
	size_t namelen;
	uint8_t id[VKEY_ID_LEN];
	const uint8_t * sig;	/* what follows the id */
	size_t siglen;
};

/* A signed note, taken apart but not verified. */
struct note {
	const char * text;	/* with its last newline; textlen bytes */
	size_t textlen;
	unsigned nsigs;		/* 1 to NOTE_SIGS_MAX */
	struct note_sig sigs[NOTE_SIGS_MAX];
};

/**
 * note_parse(N, p, len, rule):
 * Take the ${len} bytes at ${p} apart as a c2sp.org/signed-note and store a new
 * note, which points into them, in ${N}, for note_free.  Return 0; or -1 and
 * store in ${rule} the rule that is broken, or NULL if memory ran out.  Nothing
 * is verified yet: the text must not be used before.
 */
int note_parse(struct note **, const void *, size_t, const char **);

/**
 * note_free(N):
 * Free ${N}, which may be NULL.
 */
void note_free(struct note *);

/**
 * note_put_text(W, text, len):
 * Append the ${len} bytes at ${text}, which can be the text of a note, and the
 * empty line that separates it from its signature lines to ${W}.
 */
void note_put_text(struct wbuf *, const char *, size_t);

/**
 * note_put_sig(W, name, id, sig, len):
 * Append the signature line of the key named by the string ${name} and ${id}
 * with the ${len} bytes at ${sig}, at most NOTE_SIG_LEN_MAX (else panic).
 */
void note_put_sig(struct wbuf *, const char *, const uint8_t[VKEY_ID_LEN],
    const uint8_t *, size_t);

/**
 * note_format(W, N):
 * Append ${N}: byte for byte what note_parse took apart.
 */
void note_format(struct wbuf *, const struct note *);

#endif
