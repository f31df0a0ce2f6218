#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/exits.h"
#include "client/input.h"
#include "fields/fields.h"

#include "dump.h"
#include "dump_types.h"

/* Longest file: a record of many frames; all else is much shorter. */
#define FILE_LEN_MAX	((size_t)64 * 1024 * 1024)

/* Bytes that show an evidence file's first lines. */
#define START_LEN	1024

/* Read the start of the regular file ${path}; of anything else nothing. */
static size_t
read_start(const char * path, uint8_t start[START_LEN], size_t len_max)
{
	struct stat sb;
	ssize_t n = 0;
	int fd;

	if (strcmp(path, "-") == 0 ||
	    (fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return (0);
	if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode))
		n = pread(fd, start, len_max, 0);
	close(fd);
	return (n < 0 ? 0 : (size_t)n);
}

/* Is this kind of file told by its start, and asked for? */
static int
starts(const struct dump * D, const char * path, const char * type,
    const char * with)
{
	uint8_t start[START_LEN];
	const size_t n = strlen(with);

	if (D->type != NULL && strcmp(D->type, type) != 0)
		return (0);
	return (read_start(path, start, n) == n && memcmp(start, with, n) == 0);
}

/* The type that is told, or the first that the bytes fit. */
static const struct dump_type *
find_type(const struct dump * D, const uint8_t * p, size_t len)
{
	const struct dump_type * T;

	for (T = dump_types; T->name != NULL; T++)
		if (D->type != NULL ? strcmp(T->name, D->type) == 0 :
		    T->is(p, len))
			return (T);
	return (NULL);
}

/* Print the ${len} bytes at ${p}. */
static int
print(struct dump * D, const uint8_t * p, size_t len)
{
	const struct dump_type * T;

	if (len >= strlen(DUMP_TYPES_KEY) &&
	    memcmp(p, DUMP_TYPES_KEY, strlen(DUMP_TYPES_KEY)) == 0) {
		warnx("%s: a secret key is only read from a regular file",
		    D->path);
		return (EXITS_PERMANENT);
	}
	if ((T = find_type(D, p, len)) == NULL) {
		warnx("%s: nothing that is known; -T TYPE says what it is",
		    D->path);
		return (EXITS_REFUSED);
	}
	return (T->print(D, p, len) ? EXITS_TEMPORARY : EXITS_OK);
}

/* Print the start of an evidence file, which may be very long. */
static int
print_evidence(struct dump * D, const char * path)
{
	uint8_t start[START_LEN];
	size_t len = read_start(path, start, sizeof(start));
	const struct dump_type * T = find_type(D, start, len);

	return (T == NULL || T->print(D, start, len) ? EXITS_TEMPORARY :
	    EXITS_OK);
}

int
dump_file(struct dump * D, const char * path)
{
	uint8_t * p;
	size_t len;
	int code;

	D->path = strcmp(path, "-") == 0 ? "standard input" : path;
	fields_reset(D->F);
	if (starts(D, path, "key", DUMP_TYPES_KEY) ||
	    (D->type != NULL && strcmp(D->type, "key") == 0))
		return (dump_types_key(D, path) ? EXITS_PERMANENT : EXITS_OK);
	if (starts(D, path, "evidence", DUMP_TYPES_EVIDENCE))
		return (print_evidence(D, path));
	if (input_read(path, FILE_LEN_MAX, &p, &len))
		return (EXITS_PERMANENT);
	code = print(D, p, len);

	/* It may have been a secret key after all. */
	sodium_memzero(p, len);
	free(p);
	return (code);
}
