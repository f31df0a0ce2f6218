#ifndef KS_DUMP_DUMP_H
#define KS_DUMP_DUMP_H

#include <stddef.h>
#include <stdint.h>

#include "dump_key.h"

struct dump_program;
struct fields;

/* What the command line asks for, and what came of it so far. */
struct dump {
	int json;
	int qualify;			/* show the program with each table */
	const char * path;		/* what is being read, for messages */
	const struct dump_program * program;	/* NULL: not told */
	const char * table;		/* NULL: a list of tables */
	const char * from;		/* NULL: from the first row */
	const char * to;		/* NULL: to the last row */
	const char * type;		/* of a file; NULL: recognise it */
	struct fields * F;
	uint64_t corrupt;		/* things that did not decode */
};

/* A range of a table of one program. */
struct dump_range {
	uint8_t table;
	uint8_t from[DUMP_KEY_MAX];
	size_t from_len;
	uint8_t to[DUMP_KEY_MAX];
	size_t to_len;		/* 0: to the end of the table */
};

/**
 * dump_range(D, P, range):
 * Store what ${D} asks for of ${P} in ${range}.  Return 0, or -1 after a line on
 * standard error that says what is wrong on the command line.
 */
int dump_range(const struct dump *, const struct dump_program *,
    struct dump_range *);

/**
 * dump_print_row(D, P, table, key, klen, value, vlen):
 * Print the row of ${P} with this key (without the number ${table}) and value; if
 * it is corrupt, as such, with a line on standard error.  Return 0, or -1 after
 * a line on standard error if it cannot be printed.
 */
int dump_print_row(struct dump *, const struct dump_program *, uint8_t,
    const uint8_t *, size_t, const uint8_t *, size_t);

/**
 * dump_print_counts(D, P, counts):
 * Print the tables of ${P}, and those that it should not have, with the
 * ${counts} of their rows by number.  Return as dump_print_row.
 */
int dump_print_counts(struct dump *, const struct dump_program *,
    const uint64_t[256]);

/**
 * dump_print_object(D, word, rule, value, len):
 * Print what was put to ${D}->F, or, if ${rule} is not NULL, that the ${len}
 * bytes at ${value} (shown unless NULL) break it, as an object called ${word},
 * and make ${D}->F empty.  Return as dump_print_row.
 */
int dump_print_object(struct dump *, const char *, const char *,
    const uint8_t *, size_t);

/**
 * dump_path(D, path):
 * Dump what is at ${path}, by one of the following.  Return an exit code, after a
 * line on standard error unless it is 0: EXITS_REFUSED if all was shown, but
 * something did not decode.
 */
int dump_path(struct dump *, const char *);

/**
 * dump_dir(D, dir), dump_socket(D, path), dump_file(D, path):
 * Dump a directory: a database, or that of a replica or verifier with all of
 * its databases; a daemon's socket; a file, "-" for standard input.  Return an
 * exit code, after a line on standard error unless it is 0.
 */
int dump_dir(struct dump *, const char *);
int dump_socket(struct dump *, const char *);
int dump_file(struct dump *, const char *);

#endif
