#ifndef KS_PROOF_LINES_H
#define KS_PROOF_LINES_H

#include <stddef.h>
#include <stdint.h>

struct wbuf;

/*
 * A cursor over the lines of a text that may come from anyone: those of proofs
 * and evidence.  A failure sticks, as in rbuf: later takes yield nothing.
 */
struct lines {
	const char * p;		/* the next line */
	size_t len;		/* bytes left */
	int failed;
};

/**
 * lines_init(L, text, len):
 * Make ${L} a cursor at the start of the ${len} bytes at ${text}, which stay.
 */
void lines_init(struct lines *, const char *, size_t);

/**
 * lines_take(L, len):
 * Take the next line; store its length without LF in ${len}.  Return where it
 * is, never NULL; ${L} fails if there is no whole line.
 */
const char * lines_take(struct lines *, size_t *);

/**
 * lines_named(L, name, len):
 * Take the next line, which must start with ${name}.  Return what follows that,
 * of ${len} bytes.
 */
const char * lines_named(struct lines *, const char *, size_t *);

/**
 * lines_exact(L, text):
 * Take a line that is ${text}.
 */
void lines_exact(struct lines *, const char *);

/**
 * lines_base64(L, name, p, len):
 * Take a line that is ${name} and base64 of exactly ${len} bytes, to ${p}.
 */
void lines_base64(struct lines *, const char *, uint8_t *, size_t);

/**
 * lines_number(L, name, max):
 * Take a line that is ${name} and a decimal number of at most ${max}; return it.
 */
uint64_t lines_number(struct lines *, const char *, uint64_t);

/**
 * lines_text(L, name, max, len):
 * Take a line that is ${name} and a number of lines, at most ${max}, and then
 * those lines.  Return where they are, never NULL, and store the length of them
 * in ${len}, each with its LF.
 */
const char * lines_text(struct lines *, const char *, uint64_t, size_t *);

/**
 * lines_put_base64(W, name, p, len):
 * Append to ${W} the line that is ${name} and the ${len} bytes at ${p} in base64.
 */
void lines_put_base64(struct wbuf *, const char *, const void *, size_t);

/**
 * lines_put_text(W, name, text, len):
 * Append to ${W} what lines_text takes: the line that is ${name} and the number
 * of lines of the ${len} bytes at ${text}, and these.
 */
void lines_put_text(struct wbuf *, const char *, const char *, size_t);

#endif
