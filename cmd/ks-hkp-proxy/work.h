#ifndef KS_HKP_PROXY_WORK_H
#define KS_HKP_PROXY_WORK_H

#include <stddef.h>
#include <stdint.h>

#include "codec/rbuf.h"
#include "entry/limits.h"
#include "frame/common.h"
#include "hkp/hkp.h"

struct setup;
struct wbuf;

/*
 * What goes between the process that speaks HKP and those that look up: frames on a
 * pair of sockets that nobody else has, one question at a time.
 *	WORK_LOOKUP	str8 user
 *	WORK_FIND	var8 fingerprint or key id
 *	WORK_ANSWER	u8 exit code, str8 rule, u8 none, u8 n,
 *			n times: var32 value of the application pgp
 * A lookup has one value or none; a find those of the users who have such a key.
 */
enum work_type {
	WORK_LOOKUP = 1,
	WORK_FIND = 2,
	WORK_ANSWER = 3
};

/* Why there is no value in an answer that is otherwise good. */
enum work_none {
	WORK_SOME = 0,
	WORK_NO_USER,		/* absence is proven */
	WORK_NO_KEY,		/* there is no such application */
	WORK_NO_INDEX,		/* no keyserver keeps an index of ids */
	WORK_NONES
};

/* An answer; points into the frame. */
struct work_answer {
	uint8_t code;		/* enum exits; EXITS_OK: all verified */
	char rule[COMMON_RULE_MAX + 1];	/* if it is another */
	uint8_t none;		/* enum work_none */
	uint8_t n;		/* values, for work_next */
	struct rbuf list;
};

/**
 * work_put_answer(W, code, rule, none, n), work_put_value(W, p, len):
 * Begin an answer with ${n} values, each then by work_put_value.
 */
void work_put_answer(struct wbuf *, uint8_t, const char *, enum work_none,
    uint8_t);
void work_put_value(struct wbuf *, const uint8_t *, size_t);

/**
 * work_get_answer(body, len, A):
 * Decode an answer into ${A}.  Return 0, or -1 if it is malformed.
 */
int work_get_answer(const uint8_t *, size_t, struct work_answer *);

/**
 * work_next(A, p, len):
 * Store where the next value of ${A} is, and return 1; or return 0 after the last.
 */
int work_next(struct work_answer *, const uint8_t **, size_t *);

/**
 * work_main(fd, S, wait_ms):
 * Be a process that looks up: answer the questions that come over ${fd} with the
 * client of ${S}, waiting at most ${wait_ms} for a quorum, until it is closed.  Return
 * the exit code.
 */
int work_main(int, const struct setup *, uint64_t);

#endif
