#ifndef KS_DAEMON_CONF_H
#define KS_DAEMON_CONF_H

#include <stddef.h>
#include <stdint.h>

/*
 * Configuration files: lines "name value", where the value goes to the end of
 * the line; empty lines and lines that start with '#' mean nothing.  A name that
 * is unknown, or comes twice where one is meant, is an error, so that a slip is
 * never ignored.
 */

/* Most bytes of a configuration file. */
#define CONF_FILE_MAX	65536

/* Most fields of a configuration. */
#define CONF_FIELDS_MAX	64

/* Bytes that hold any reason why a configuration is refused. */
#define CONF_WHY_MAX	256

enum conf_type {
	CONF_U64,		/* value: uint64_t, min to max */
	CONF_STRING,		/* value: char[max + 1], of min to max bytes */
	CONF_LINES		/* value: struct conf_lines; any number of lines */
};

/* Most lines of one name of type CONF_LINES. */
#define CONF_LINES_MAX	64

/* Most bytes of the value of each. */
#define CONF_LINE_MAX	511

/* The values of the lines of one name, in their order. */
struct conf_lines {
	unsigned n;
	char text[CONF_LINES_MAX][CONF_LINE_MAX + 1];
	unsigned line[CONF_LINES_MAX];	/* where each stands */
};

struct conf_field {
	const char * name;
	enum conf_type type;
	void * value;		/* where it goes */
	uint64_t min;
	uint64_t max;
	const char * def;	/* the value, as text, if it is not there */
	int required;		/* it must be there; def is then unused */
};

/**
 * conf_parse(text, len, file, fields, n, why):
 * Read the ${len} bytes of configuration at ${text} into the ${n} ${fields}, at
 * most CONF_FIELDS_MAX.  One that is not there gets its default; without one it
 * stays as it is, and a CONF_LINES is then empty.  Return 0, or -1 with "FILE:LINE: reason" in ${why}, which has
 * CONF_WHY_MAX bytes; ${file} is only used there.
 */
int conf_parse(const char *, size_t, const char *, const struct conf_field *,
    size_t, char *);

/**
 * conf_read(path, fields, n):
 * Do conf_parse with the file at ${path}.  Return 0, or -1 after a line on
 * standard error.
 */
int conf_read(const char *, const struct conf_field *, size_t);

#endif
