#include <err.h>
#include <errno.h>
#include <string.h>

#include "ask/ask.h"
#include "base/exits.h"
#include "codec/wbuf.h"
#include "frame/common.h"

#include "dump.h"
#include "dump_rows.h"

/* A daemon that does not answer for so long hangs. */
#define TIMEOUT_MS	10000

/* Rows that are asked for at a time. */
#define PAGE_ROWS	1000

/* Rows of a table that are printed, or counted only. */
struct walk {
	struct dump * D;
	const struct dump_program * P;
	struct ask ask;
	int print;
	uint32_t rows_max;		/* of a question */
	uint64_t count;
};

/* Say why the question failed with ${rc}; return the exit code. */
static int
failed(const struct walk * X, int rc)
{
	const struct common_error * E = &X->ask.error;

	if (rc != 1) {
		warn("%s", X->D->path);
		return (EXITS_TEMPORARY);
	}
	warnx("%s: %s: %s", X->D->path, E->rule, E->text);
	return (E->code == ERROR_UNAVAILABLE || E->code == ERROR_INTERNAL ?
	    EXITS_TEMPORARY : EXITS_PERMANENT);
}

/* Ask for the rows of ${range}; the answer is in ${F}. */
static int
ask_page(struct walk * X, const struct dump_range * range, struct frame * F)
{
	const struct common_dump want = { range->table, range->from,
	    range->from_len, range->to, range->to_len, X->rows_max };
	struct wbuf body;
	int rc;

	wbuf_init(&body, FRAME_BODY_MAX);
	common_put_dump(&body, &want);
	if (wbuf_failed(&body)) {
		errno = ENOMEM;
		rc = -1;
	} else {
		rc = ask_call(&X->ask, COMMON_DUMP, body.data, body.len,
		    COMMON_DUMP_REPLY, F);
	}
	wbuf_free(&body);
	return (rc);
}

/* Does the key ${a} come before ${b}? */
static int
is_before(const uint8_t * a, size_t alen, const uint8_t * b, size_t blen)
{
	int rc = memcmp(a, b, alen < blen ? alen : blen);

	return (rc != 0 ? rc < 0 : alen < blen);
}

/*
 * Take the rows of an answer, and move the start of ${range} after them; store
 * in ${more} whether there are others.
 */
static int
take_page(struct walk * X, struct dump_range * range, const struct frame * F,
    int * more)
{
	struct common_row row;
	struct rbuf R;
	uint32_t n;

	if (common_get_rows(F->body, F->len, more, &n, &R) || (*more && n == 0))
		goto bad;
	X->count += n;
	for (; n > 0; n--) {
		common_next_row(&R, &row);

		/* The least key after this one; it must get us on. */
		if (row.key_len >= DUMP_KEY_MAX)
			goto bad;
		if (X->print && dump_print_row(X->D, X->P, range->table,
		    row.key, row.key_len, row.value, row.value_len))
			return (EXITS_TEMPORARY);
		if (n > 1)
			continue;
		if (is_before(row.key, row.key_len, range->from,
		    range->from_len))
			goto bad;
		memcpy(range->from, row.key, row.key_len);
		range->from[row.key_len] = 0;
		range->from_len = row.key_len + 1;
	}
	return (EXITS_OK);

bad:
	warnx("%s: the answer to DUMP is malformed", X->D->path);
	return (EXITS_TEMPORARY);
}

/* Walk all rows of ${range}. */
static int
walk_range(struct walk * X, struct dump_range * range)
{
	struct frame F;
	int more = 1, rc;

	X->count = 0;
	while (more) {
		if ((rc = ask_page(X, range, &F)) != 0)
			return (failed(X, rc));
		if ((rc = take_page(X, range, &F, &more)) != EXITS_OK)
			return (rc);
	}
	return (EXITS_OK);
}

/* Print the tables and how many rows they have. */
static int
walk_tables(struct walk * X)
{
	struct dump_range range;
	uint64_t counts[256];
	struct frame F;
	int rc, more;

	for (unsigned i = 0; i < 256; i++) {
		memset(&range, 0, sizeof(range));
		range.table = (uint8_t)i;
		X->count = 0;
		if (dump_rows_table(X->P, (uint8_t)i) != NULL) {
			if ((rc = walk_range(X, &range)) != EXITS_OK)
				return (rc);
		} else {
			/* That there is one row is enough to tell. */
			X->rows_max = 1;
			if ((rc = ask_page(X, &range, &F)) != 0)
				return (failed(X, rc));
			if ((rc = take_page(X, &range, &F, &more)) != EXITS_OK)
				return (rc);
			X->rows_max = PAGE_ROWS;
		}
		counts[i] = X->count;
	}
	return (dump_print_counts(X->D, X->P, counts) ? EXITS_TEMPORARY :
	    EXITS_OK);
}

/* Which program is at the other end, or NULL. */
static const struct dump_program *
find_program(struct walk * X)
{
	const char * slash = strrchr(X->D->path, '/');
	const struct dump_program * P;
	const char * text, * value;
	char name[32];
	size_t len, n;

	if (X->D->program != NULL)
		return (X->D->program);
	P = dump_rows_program(slash != NULL ? slash + 1 : X->D->path);
	if (P != NULL || ask_status(&X->ask, &text, &len) != 0 ||
	    !ask_status_value(text, len, "program", &value, &n) ||
	    n >= sizeof(name))
		return (P);
	memcpy(name, value, n);
	name[n] = '\0';
	return (dump_rows_program(name));
}

int
dump_socket(struct dump * D, const char * path)
{
	struct walk X;
	struct dump_range range;
	int code = EXITS_USAGE;

	memset(&X, 0, sizeof(X));
	X.D = D;
	X.rows_max = PAGE_ROWS;
	D->path = path;
	if (ask_open(&X.ask, path, TIMEOUT_MS)) {
		warn("%s", path);
		return (EXITS_TEMPORARY);
	}
	if ((X.P = find_program(&X)) == NULL) {
		warnx("%s: no program that stores rows; -P PROGRAM says which "
		    "it is", path);
	} else if (D->table == NULL) {
		code = walk_tables(&X);
	} else if (dump_range(D, X.P, &range) == 0) {
		X.print = 1;
		code = walk_range(&X, &range);
	}
	ask_close(&X.ask);
	return (code);
}
