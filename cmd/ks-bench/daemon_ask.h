#ifndef KS_BENCH_DAEMON_ASK_H
#define KS_BENCH_DAEMON_ASK_H

#include <stddef.h>
#include <stdint.h>

#include "codec/wbuf.h"
#include "frame/frame.h"

/* One question after another to a daemon. */
struct daemon_ask {
	const char * path;	/* of its socket; for messages */
	int fd;
	struct wbuf W;		/* the last answer */
};

/**
 * daemon_ask_open(A, path, wait):
 * Connect ${A}, for daemon_ask_close whatever comes of it, to the socket at
 * ${path}; if ${wait} is nonzero, wait until somebody listens there.  Return 0,
 * or -1 after a line on standard error.
 */
int daemon_ask_open(struct daemon_ask *, const char *, int);

/**
 * daemon_ask_close(A):
 * End the connection of ${A}.
 */
void daemon_ask_close(struct daemon_ask *);

/**
 * daemon_ask(A, type, body, len, reply, F):
 * Send the request ${type} with the ${len} bytes at ${body} and wait for its
 * answer in ${F}, good until the next question.  Return 0 if it is a ${reply};
 * 1 if it is an ERROR; -1 after a line on standard error.
 */
int daemon_ask(struct daemon_ask *, uint16_t, const void *, size_t, uint16_t,
    struct frame *);

/**
 * daemon_ask_why(A, F):
 * Print the ERROR ${F} that came from ${A} on standard error.
 */
void daemon_ask_why(const struct daemon_ask *, const struct frame *);

/**
 * daemon_ask_status(A, name, value, size):
 * Ask for STATUS and store the value of its line ${name} as a string in
 * ${value}, which has room for ${size} bytes.  Return 0, or -1 after a line on
 * standard error.
 */
int daemon_ask_status(struct daemon_ask *, const char *, char *, size_t);

/**
 * daemon_ask_number(A, name, x):
 * The same for a value that is a decimal number.
 */
int daemon_ask_number(struct daemon_ask *, const char *, uint64_t *);

/**
 * daemon_ask_head(A, epoch, head, note, note_len):
 * Ask a ks-publish for the head of ${epoch}, or for 0 the newest signed one;
 * ${head} and the note of ${note_len} bytes are good until the next question.
 * Return 0; 1 if there is none yet; -1 after a line on standard error.
 */
int daemon_ask_head(struct daemon_ask *, uint64_t, const uint8_t **,
    const uint8_t **, size_t *);

/**
 * daemon_ask_pause(ms):
 * Sleep for ${ms} milliseconds.
 */
void daemon_ask_pause(uint64_t);

#endif
