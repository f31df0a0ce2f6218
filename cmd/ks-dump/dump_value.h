#ifndef KS_DUMP_DUMP_VALUE_H
#define KS_DUMP_DUMP_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "codec/rbuf.h"

struct fields;

/*
 * The encoded things that rows, frames and files are made of.  Each puts what
 * the ${len} bytes at ${p} say into ${F}: in an object ${name} of its own, or, if
 * ${name} is NULL, straight.  Return NULL; or the rule that is broken, a word
 * such as "entry-malformed", and what was put has no meaning then, but what was
 * begun was ended.
 */

/**
 * dump_value_entry(F, name, p, len), and so on:
 * An entry, an update, a profile (of length 0: an erased one), a head record, a
 * tile, the bodies of a signature, of a ratification and of an approval.
 */
const char * dump_value_entry(struct fields *, const char *, const uint8_t *,
    size_t);
const char * dump_value_update(struct fields *, const char *, const uint8_t *,
    size_t);
const char * dump_value_profile(struct fields *, const char *, const uint8_t *,
    size_t);
const char * dump_value_head(struct fields *, const char *, const uint8_t *,
    size_t);
const char * dump_value_tile(struct fields *, const char *, const uint8_t *,
    size_t);
const char * dump_value_signature(struct fields *, const char *,
    const uint8_t *, size_t);
const char * dump_value_ratification(struct fields *, const char *,
    const uint8_t *, size_t);
const char * dump_value_approval(struct fields *, const char *,
    const uint8_t *, size_t);

/**
 * dump_value_policy(F, p, len), dump_value_policy_row(F, p, len):
 * The body of an EVENT_POLICY or FEED_POLICY; what a row has of it.
 */
const char * dump_value_policy(struct fields *, const uint8_t *, size_t);
const char * dump_value_policy_row(struct fields *, const uint8_t *, size_t);

/**
 * dump_value_log_entry(F, name, p, len):
 * A log entry.  That its body does not decode is no fault of the row or frame
 * that it stands in, as the log takes any: the rule by which it is refused is
 * put as `refused`, and its body as bytes.
 */
const char * dump_value_log_entry(struct fields *, const char *,
    const uint8_t *, size_t);

/**
 * dump_value_event(F, name, type, p, len):
 * The event of ks-apply of ${type} with this body.
 */
const char * dump_value_event(struct fields *, const char *, uint8_t,
    const uint8_t *, size_t);

/**
 * dump_value_note(F, name, p, len):
 * A signed note, unverified; if it is a checkpoint, what it says.
 */
const char * dump_value_note(struct fields *, const char *, const uint8_t *,
    size_t);

/**
 * dump_value_tree(F, R), dump_value_range(F, R):
 * Put `tree` or `range` of PROTOCOL section 12, taken from ${R}; ${R} fails if
 * it is malformed.
 */
void dump_value_tree(struct fields *, struct rbuf *);
void dump_value_range(struct fields *, struct rbuf *);

/**
 * dump_value_u64(F, name, R), dump_value_time(F, name, R),
 * dump_value_seconds(F, name, R), dump_value_hex(F, name, R, len),
 * dump_value_flag(F, name, R), dump_value_rule(F, name, R):
 * Take a u64, a time, ${len} bytes, a u8 that is 0 or 1, or a str8 that is empty
 * or the name of a rule, from ${R} and put it.
 */
void dump_value_u64(struct fields *, const char *, struct rbuf *);
void dump_value_time(struct fields *, const char *, struct rbuf *);
void dump_value_seconds(struct fields *, const char *, struct rbuf *);
void dump_value_hex(struct fields *, const char *, struct rbuf *, size_t);
void dump_value_flag(struct fields *, const char *, struct rbuf *);
void dump_value_rule(struct fields *, const char *, struct rbuf *);

/**
 * dump_value_end(R):
 * Return NULL if all of ${R} was taken, "value-trailing" if bytes are left, or
 * "value-malformed" if it failed.
 */
const char * dump_value_end(const struct rbuf *);

#endif
