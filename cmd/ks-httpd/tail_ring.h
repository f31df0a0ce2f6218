#ifndef KS_HTTPD_TAIL_RING_H
#define KS_HTTPD_TAIL_RING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/hex.h"
#include "note/vkey.h"

/*
 * What came over the tail of ks-publish of late: heads of epochs and their
 * ratifications, each once, numbered in the order in which they came.  A cursor names
 * one of them, and the run of the daemon in which it has that number.
 */

/* What came since the head of so many epochs ago is kept. */
#define TAIL_RING_EPOCHS 64

/* Most bytes of frames kept: of 64 epochs with 64 verifiers it is a tenth. */
#define TAIL_RING_BYTES ((size_t)4 * 1024 * 1024)

/* Bytes of the number of a run, random. */
#define TAIL_RING_RUN_LEN 8

/* Room for the text of a cursor: the run in hexadecimal, '-', a number, NUL. */
#define TAIL_RING_CURSOR_SIZE (HEX_SIZE(TAIL_RING_RUN_LEN) + 21)

struct tail_event {
	uint64_t number;	/* from 1 on */
	uint64_t epoch;
	uint64_t at;		/* newest epoch when it came */
	int is_head;		/* else a ratification */
	uint8_t key_id[VKEY_ID_LEN];	/* of the ratification */
	TAILQ_ENTRY(tail_event) link;
	size_t len;
	uint8_t frame[];	/* with the request id 0 */
};

struct tail_ring {
	uint8_t run[TAIL_RING_RUN_LEN];
	uint64_t last;		/* number of the last event */
	uint64_t newest;	/* epoch of the newest head; 0: none */
	size_t bytes;
	TAILQ_HEAD(tail_list, tail_event) list;	/* oldest first */
};

/**
 * tail_ring_init(R, run), tail_ring_free(R):
 * Make ${R} empty, in the run of the TAIL_RING_RUN_LEN bytes ${run}; free what it
 * holds.
 */
void tail_ring_init(struct tail_ring *, const uint8_t *);
void tail_ring_free(struct tail_ring *);

/**
 * tail_ring_add(R, type, body, len):
 * Add the FEED_HEAD or FEED_RATIFICATION ${type} of the ${len} bytes at ${body}, and
 * forget what is too old.  Return 1; 0 if it is there already (a head not after the
 * newest one, a ratification by the same key of the same epoch); -1 and add nothing
 * if it is malformed, or memory is short, with errno EPROTO or ENOMEM.
 */
int tail_ring_add(struct tail_ring *, uint16_t, const uint8_t *, size_t);

/**
 * tail_ring_next(R, number):
 * Return the first event after the one with this ${number}, or NULL.
 */
const struct tail_event * tail_ring_next(const struct tail_ring *, uint64_t);

/**
 * tail_ring_cursor(R, number, text):
 * Store in ${text}, of TAIL_RING_CURSOR_SIZE bytes, the cursor of who has had
 * everything up to ${number}.
 */
void tail_ring_cursor(const struct tail_ring *, uint64_t, char *);

/**
 * tail_ring_after(R, text, number):
 * Store in ${number} up to where the owner of the cursor ${text} has had everything:
 * 0 if it is of another run.  Return 0, or -1 if it is no cursor.
 */
int tail_ring_after(const struct tail_ring *, const char *, uint64_t *);

#endif
