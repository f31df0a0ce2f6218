#ifndef KS_DUMP_DUMP_FRAME_H
#define KS_DUMP_DUMP_FRAME_H

#include <stddef.h>
#include <stdint.h>

struct fields;

/* A frame of PROTOCOL section 11; t/unit/test_dump_rows.c compares. */
struct dump_frame {
	uint16_t type;
	const char * name;
	/* Put the body, as dump_value.h says; return NULL or a rule. */
	const char * (* decode)(struct fields *, const uint8_t *, size_t);
};

/* The frames by socket, each list ended by a name of NULL. */
extern const struct dump_frame dump_frame_common[];
extern const struct dump_frame dump_frame_log[];
extern const struct dump_frame dump_frame_apply[];
extern const struct dump_frame dump_frame_publish[];
extern const struct dump_frame dump_frame_admit[];
extern const struct dump_frame dump_frame_keyids[];
extern const struct dump_frame dump_frame_httpd[];

/**
 * dump_frame_find(type):
 * Return the frame ${type}, or NULL.
 */
const struct dump_frame * dump_frame_find(uint16_t);

/**
 * dump_frame_empty(F, p, len), dump_frame_epoch(F, p, len):
 * Decode a body of nothing; one of a u64 epoch.
 */
const char * dump_frame_empty(struct fields *, const uint8_t *, size_t);
const char * dump_frame_epoch(struct fields *, const uint8_t *, size_t);

#endif
