#ifndef KS_STAGE_DUMP_H
#define KS_STAGE_DUMP_H

#include <stddef.h>
#include <stdint.h>

struct conn;
struct store;

/** Most rows in one DUMP_REPLY; who wants more asks again. */
#define DUMP_ROWS_MAX 4096

/** A DUMP_REPLY ends after the row that makes it longer than this. */
#define DUMP_LEN_MAX ((size_t)256 * 1024)

/** Body sizes of a DUMP, for the handler tables of servers. */
#define DUMP_BODY_MIN 9
#define DUMP_BODY_MAX (9 + 2 * 1024)

/**
 * dump_serve(S, C, id, body, len):
 * Answer the DUMP in the ${len} bytes at ${body}, request ${id} of ${C}, with the
 * committed rows of ${S}.  Return as the handler of a server: 0, CONN_MALFORMED,
 * or -1 if the store or memory failed.
 */
int dump_serve(struct store *, struct conn *, uint32_t, const uint8_t *, size_t);

#endif
