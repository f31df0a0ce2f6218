#ifndef KS_FIELDS_FIELDS_H
#define KS_FIELDS_FIELDS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Named values, printed for a person and awk(1) as words
 *	name=value outer.name=value list=value,value outer.0.name=value
 * or for a program as a JSON object, from the same calls.  Nothing that is put
 * here can send a control character (other than DEL, in JSON) to a terminal.  A failure (out of memory)
 * sticks, as in wbuf; fields_line tells.
 */
struct fields;

/* Deepest nesting of objects and lists; more is our own bug. */
#define FIELDS_DEPTH_MAX 16

/**
 * fields_new(json):
 * Return an empty object, for fields_free, that becomes JSON if ${json} is
 * nonzero, else text; or NULL if out of memory.
 */
struct fields * fields_new(int);

/**
 * fields_free(F):
 * Free ${F}; NULL is fine.
 */
void fields_free(struct fields *);

/**
 * fields_reset(F):
 * Make ${F} empty again, and forget a failure.
 */
void fields_reset(struct fields *);

/**
 * fields_u64(F, name, x):
 * Put the number ${x}.  In JSON one above 2^53 - 1, which not every reader
 * keeps exact, is a string of its decimal digits.  In a list, ${name} is not
 * used, here and below.
 */
void fields_u64(struct fields *, const char *, uint64_t);

/**
 * fields_bool(F, name, x):
 * Put "yes" if ${x} is nonzero, else "no"; in JSON true or false.
 */
void fields_bool(struct fields *, const char *, int);

/**
 * fields_time(F, name, time_ms):
 * Put ${time_ms} as the number ${name}, and as text in RFC 3339 under ${name}
 * with "_rfc3339" after it: "-", in JSON null, if no such text can say it.  Not
 * in a list.
 */
void fields_time(struct fields *, const char *, uint64_t);

/**
 * fields_seconds(F, name, time_s):
 * As fields_time, of seconds since 1970.
 */
void fields_seconds(struct fields *, const char *, uint64_t);

/**
 * fields_hex(F, name, p, len):
 * Put the ${len} bytes at ${p} in lower-case hexadecimal.
 */
void fields_hex(struct fields *, const char *, const void *, size_t);

/**
 * fields_word(F, name, word):
 * Put the string ${word}, of characters that need no quotes.
 */
void fields_word(struct fields *, const char *, const char *);

/**
 * fields_text(F, name, p, len):
 * Put the ${len} bytes at ${p} as quoted text, in which \n, \t, \", \\ and
 * \u{HEX} stand for characters that a terminal might obey.  If they are not
 * UTF-8, put them under ${name} with "_hex" after it, as by fields_hex.
 */
void fields_text(struct fields *, const char *, const void *, size_t);

/**
 * fields_open(F, name), fields_list(F, name), fields_array(F, name),
 * fields_close(F):
 * Begin an object, a list of single values, or an array of objects, each of
 * which fields_open(${F}, NULL) begins; end the one that was begun last.
 */
void fields_open(struct fields *, const char *);
void fields_list(struct fields *, const char *);
void fields_array(struct fields *, const char *);
void fields_close(struct fields *);

/**
 * fields_line(F, len):
 * Return what was put as one line without its newline, and store its length in
 * ${len} unless that is NULL: words with a space before each, or a JSON object
 * with its names in order.  It stays until the next call with ${F}.  Return
 * NULL if a put failed.  All that was begun must have been ended.
 */
const char * fields_line(struct fields *, size_t *);

#endif
