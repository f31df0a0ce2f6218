#ifndef KS_DUMP_DUMP_ROWS_H
#define KS_DUMP_DUMP_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct fields;

/*
 * Every row that any program stores: PROTOCOL section 12 as a table, a line for
 * each line there, in the same words.  t/unit/test_dump_rows.c compares the
 * two, so that a row that changes on the page cannot be overlooked here.
 */
struct dump_row {
	uint8_t table;
	const char * name;
	const char * key;	/* as dump_key.h reads it */
	const char * value;
	/* Put the value, as dump_value.h says; return NULL or a rule. */
	const char * (* decode)(struct fields *, const uint8_t *, size_t);
	int secret;		/* never show the bytes of the value */
};

struct dump_program {
	const char * name;	/* such as "ks-apply" */
	const char * word;	/* name of its socket and of its directory */
	const struct dump_row * rows;	/* those of one table together */
	size_t nrows;
};

/* The programs that store anything, and how many they are. */
#define DUMP_PROGRAMS	6
extern const struct dump_program * const dump_programs[DUMP_PROGRAMS];

extern const struct dump_program dump_rows_logd;
extern const struct dump_program dump_rows_apply;
extern const struct dump_program dump_rows_sign;
extern const struct dump_program dump_rows_publish;
extern const struct dump_program dump_rows_ratify;
extern const struct dump_program dump_rows_keyids;

/**
 * dump_row_event(F, p, len), dump_row_hash(F, p, len),
 * dump_row_signature(F, p, len), dump_row_ratification(F, p, len):
 * The decode of values that rows of several programs have: put what the ${len}
 * bytes at ${p} say to ${F}; return NULL or a rule.
 */
const char * dump_row_event(struct fields *, const uint8_t *, size_t);
const char * dump_row_hash(struct fields *, const uint8_t *, size_t);
const char * dump_row_signature(struct fields *, const uint8_t *, size_t);
const char * dump_row_ratification(struct fields *, const uint8_t *, size_t);

/**
 * dump_rows_program(name):
 * Return the program ${name}, with or without "ks-", or by the name of its
 * socket; or NULL.
 */
const struct dump_program * dump_rows_program(const char *);

/**
 * dump_rows_table(P, number):
 * Return the first row of the table ${number} of ${P}, or NULL.
 */
const struct dump_row * dump_rows_table(const struct dump_program *, uint8_t);

/**
 * dump_rows_named(P, name, number):
 * Store in ${number} that of the table of ${P} called ${name}, or written as a
 * number from 1 to 255, decimal or with 0x.  Return 0 or -1.
 */
int dump_rows_named(const struct dump_program *, const char *, uint8_t *);

/**
 * dump_rows_decode(P, table, key, klen, value, vlen, F, row):
 * Put to ${F} what the row of ${P} with the ${klen} bytes ${key} after the number
 * ${table} and the ${vlen} bytes ${value} says: "key", then the parts of a key of
 * several, then the value.  Store which row it is in ${row}, NULL if the page
 * knows none.  Return NULL, or the rule that the row breaks.
 */
const char * dump_rows_decode(const struct dump_program *, uint8_t,
    const uint8_t *, size_t, const uint8_t *, size_t, struct fields *,
    const struct dump_row **);

#endif
