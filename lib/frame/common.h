#ifndef KS_FRAME_COMMON_H
#define KS_FRAME_COMMON_H

#include <stddef.h>
#include <stdint.h>

#include "codec/rbuf.h"

struct wbuf;

/*
 * The frames that every daemon knows.
 *	ERROR		u16 code, str8 rule, str16 text
 *	STATUS		(nothing)
 *	STATUS_REPLY	str32 text: lines "name value\n"
 *	DUMP		u8 table, var16 from, var16 to, u32 rows_max
 *	DUMP_REPLY	u8 more, u32 n, n times: var16 key, var32 value
 */
enum common_type {
	COMMON_ERROR = 0x0001,
	COMMON_STATUS = 0x0002,
	COMMON_STATUS_REPLY = 0x0003,
	COMMON_DUMP = 0x0004,
	COMMON_DUMP_REPLY = 0x0005
};

/* What an ERROR says.  After the first two the connection is closed. */
enum error_code {
	ERROR_MALFORMED = 1,	/* the frame breaks the protocol */
	ERROR_UNKNOWN_TYPE = 2,	/* this daemon does not serve such frames */
	ERROR_REFUSED = 3,	/* a rule forbids it; asking again will not help */
	ERROR_UNAVAILABLE = 4,	/* not now; try again later */
	ERROR_NOT_FOUND = 5,	/* there is no such thing */
	ERROR_INTERNAL = 6	/* our own fault */
};

/* A rule is a short stable word, such as "version-must-rise". */
#define COMMON_RULE_MAX	64

/* A text is one line for a person. */
#define COMMON_TEXT_MAX	512

struct common_error {
	uint16_t code;
	char rule[COMMON_RULE_MAX + 1];
	char text[COMMON_TEXT_MAX + 1];
};

struct common_dump {
	uint8_t table;
	const uint8_t * from;	/* first key wanted, without the table byte */
	size_t from_len;
	const uint8_t * to;	/* first key not wanted; of length 0: no end */
	size_t to_len;
	uint32_t rows_max;	/* at most so many rows; the server may give fewer */
};

/* A DUMP_REPLY being written; private to common_rows_*. */
struct common_rows {
	struct wbuf * W;
	size_t mark;
	uint32_t n;
};

/* One row of a DUMP_REPLY; points into the frame. */
struct common_row {
	const uint8_t * key;
	size_t key_len;
	const uint8_t * value;
	size_t value_len;
};

/**
 * common_put_error(W, code, rule, text):
 * Append the body of an ERROR to ${W}.  ${rule} must be a word of a to z, 0 to
 * 9 and '-', at most COMMON_RULE_MAX long; ${text} is cut at COMMON_TEXT_MAX and
 * its control characters become '?'.
 */
void common_put_error(struct wbuf *, enum error_code, const char *, const char *);

/**
 * common_get_error(body, len, E):
 * Decode the ${len} bytes of an ERROR at ${body} into ${E}, whose strings are
 * then safe for a terminal.  Return 0, or -1 if it is malformed.  A code that
 * is not in enum error_code is let through.
 */
int common_get_error(const uint8_t *, size_t, struct common_error *);

/**
 * common_put_status(W, text, len):
 * Append the body of a STATUS_REPLY with the ${len} bytes ${text} to ${W}.
 */
void common_put_status(struct wbuf *, const char *, size_t);

/**
 * common_get_status(body, len, text, text_len):
 * Decode a STATUS_REPLY; ${text} (no NUL) of ${text_len} bytes then points into
 * ${body}.  Return 0, or -1 if it is malformed: every line must be a name of a
 * to z, 0 to 9 and '_', a space, no control character, a newline.
 */
int common_get_status(const uint8_t *, size_t, const char **, size_t *);

/**
 * common_put_dump(W, D):
 * Append the body of the DUMP ${D} to ${W}.
 */
void common_put_dump(struct wbuf *, const struct common_dump *);

/**
 * common_get_dump(body, len, D):
 * Decode a DUMP into ${D}, which points into ${body}.  Return 0, or -1 if it is
 * malformed.
 */
int common_get_dump(const uint8_t *, size_t, struct common_dump *);

/**
 * common_rows_begin(B, W), common_rows_put(B, key, key_len, value, value_len),
 * common_rows_end(B, more):
 * Append the body of a DUMP_REPLY to ${W}, a row at a time; ${more} is nonzero
 * if the range goes on after the last row.  Failures are those of ${W}.
 */
void common_rows_begin(struct common_rows *, struct wbuf *);
void common_rows_put(struct common_rows *, const void *, size_t, const void *,
    size_t);
void common_rows_end(struct common_rows *, int);

/**
 * common_get_rows(body, len, more, n, R):
 * Check a whole DUMP_REPLY.  Return 0 with ${more}, the number ${n} of its rows,
 * and ${R} before the first of them, for ${n} calls of common_next_row(R, row);
 * or -1 if it is malformed.
 */
int common_get_rows(const uint8_t *, size_t, int *, uint32_t *, struct rbuf *);
void common_next_row(struct rbuf *, struct common_row *);

#endif
