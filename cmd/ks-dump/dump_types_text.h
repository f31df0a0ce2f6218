#ifndef KS_DUMP_DUMP_TYPES_TEXT_H
#define KS_DUMP_DUMP_TYPES_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct dump;

/*
 * The files that are text, for the table in dump_types.c.
 */

/**
 * dump_types_is_proof(p, len), and so on:
 * Return nonzero if the ${len} bytes at ${p} begin as such a file does (of a
 * note: are one).
 */
int dump_types_is_proof(const uint8_t *, size_t);
int dump_types_is_realm(const uint8_t *, size_t);
int dump_types_is_evidence(const uint8_t *, size_t);
int dump_types_is_note(const uint8_t *, size_t);

/**
 * dump_types_print_proof(D, p, len), and so on:
 * Print the ${len} bytes at ${p} as such a file; of evidence its first lines
 * only.  Return as dump_print_object.
 */
int dump_types_print_proof(struct dump *, const uint8_t *, size_t);
int dump_types_print_realm(struct dump *, const uint8_t *, size_t);
int dump_types_print_evidence(struct dump *, const uint8_t *, size_t);

#endif
