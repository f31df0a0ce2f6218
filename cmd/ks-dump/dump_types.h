#ifndef KS_DUMP_DUMP_TYPES_H
#define KS_DUMP_DUMP_TYPES_H

#include <stddef.h>
#include <stdint.h>

struct dump;

/* A kind of file. */
struct dump_type {
	const char * name;
	/* Are the bytes, after which there is a 0, such a file? */
	int (* is)(const uint8_t *, size_t);
	/* Print them; as dump_print_object. */
	int (* print)(struct dump *, const uint8_t *, size_t);
};

/* In the order in which they are tried; ended by a name of NULL. */
extern const struct dump_type dump_types[];

/* What starts a secret key file; it is never read as one of dump_types. */
#define DUMP_TYPES_KEY		"ks-secret-key/v1 "

/* What starts an evidence file, of which only the first lines are shown. */
#define DUMP_TYPES_EVIDENCE	"ks-evidence/v1\n"

/**
 * dump_types_key(D, path):
 * Print the public half of the secret key in the file ${path}, in other words
 * nothing that must be kept secret.  Return 0, or -1 after a line on standard
 * error.
 */
int dump_types_key(struct dump *, const char *);

#endif
