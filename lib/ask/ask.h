#ifndef KS_ASK_ASK_H
#define KS_ASK_ASK_H

#include <stddef.h>
#include <stdint.h>

#include "codec/wbuf.h"
#include "frame/common.h"
#include "frame/frame.h"

/*
 * One question after another to a daemon's socket, blocking, for tools that
 * look at daemons of any program.
 */
struct ask {
	const char * path;		/* of the caller, for as long */
	int fd;
	uint32_t id;			/* of the last question */
	uint64_t timeout_ms;		/* of each question */
	struct wbuf in;			/* the last answer */
	struct common_error error;	/* why, if the peer said so */
};

/**
 * ask_open(A, path, timeout_ms):
 * Connect ${A} to the socket at ${path}; each answer may take ${timeout_ms}.
 * Return 0, or -1 with errno, and then there is nothing to close.
 */
int ask_open(struct ask *, const char *, uint64_t);

/**
 * ask_close(A):
 * End the connection of ${A}.
 */
void ask_close(struct ask *);

/**
 * ask_call(A, type, body, len, want, F):
 * Send the request ${type} with the ${len} bytes at ${body} and wait for its
 * answer, which must be of type ${want}, in ${F}, good until the next call.
 * Return 0; or 1 if it is an ERROR, which is then in ${A}->error; or -1 with
 * errno, EPROTO if it is anything else.
 */
int ask_call(struct ask *, uint16_t, const void *, size_t, uint16_t,
    struct frame *);

/**
 * ask_status(A, text, len):
 * Ask for STATUS; ${text}, of ${len} bytes, is then lines "name value", good
 * until the next call.  Return as ask_call.
 */
int ask_status(struct ask *, const char **, size_t *);

/**
 * ask_status_value(text, len, name, value, value_len):
 * Find the line ${name} in the ${len} bytes of STATUS lines at ${text}; store
 * where its value is in ${value} and its length in ${value_len}.  Return 1, or 0
 * if there is none.
 */
int ask_status_value(const char *, size_t, const char *, const char **,
    size_t *);

#endif
