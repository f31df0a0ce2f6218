#include <sys/stat.h>

#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exits.h"
#include "store/store.h"

#include "dump.h"
#include "dump_rows.h"

/* A scan of one database. */
struct scan {
	struct dump * D;
	const struct dump_program * P;
	uint64_t counts[256];
};

static int
count_row(void * cookie, const uint8_t * key, size_t klen,
    const uint8_t * value, size_t vlen)
{
	struct scan * S = cookie;

	(void)klen;
	(void)value;
	(void)vlen;
	S->counts[key[0]]++;
	return (0);
}

static int
print_row(void * cookie, const uint8_t * key, size_t klen,
    const uint8_t * value, size_t vlen)
{
	struct scan * S = cookie;

	return (dump_print_row(S->D, S->P, key[0], key + 1, klen - 1, value,
	    vlen));
}

/* Put ${table} before the ${len} bytes of the bound ${key} of a range. */
static size_t
bound(uint8_t out[1 + DUMP_KEY_MAX], uint8_t table, const uint8_t * key,
    size_t len)
{

	out[0] = table;
	memcpy(out + 1, key, len);
	return (1 + len);
}

/* Print all that is asked for of the open database. */
static int
scan(struct scan * S, struct store * store, const struct dump_range * range)
{
	uint8_t from[1 + DUMP_KEY_MAX], to[1 + DUMP_KEY_MAX];
	size_t from_len, to_len;

	if (range == NULL) {
		if (store_scan(store, NULL, 0, NULL, 0, count_row, S))
			return (-1);
		return (dump_print_counts(S->D, S->P, S->counts));
	}
	from_len = bound(from, range->table, range->from, range->from_len);
	if (range->to_len > 0) {
		to_len = bound(to, range->table, range->to, range->to_len);
	} else {
		to[0] = (uint8_t)(range->table + 1);
		to_len = range->table == UINT8_MAX ? 0 : 1;
	}
	return (store_scan(store, from, from_len, to, to_len, print_row, S));
}

/* Dump the database of ${P} in ${dir}, that is known to be there. */
static int
dump_database(struct dump * D, const struct dump_program * P,
    const char * dir)
{
	struct scan S = { D, P, { 0 } };
	struct dump_range range;
	struct store * store;
	int rc;

	D->path = dir;
	if (D->table != NULL && dump_range(D, P, &range))
		return (EXITS_USAGE);
	if ((rc = store_open(dir, NULL, &store)) == 1)
		warnx("%s: %s is running: ask its socket %s/../../run/%s", dir,
		    P->name, dir, P->word);
	if (rc != 0)
		return (EXITS_TEMPORARY);
	rc = scan(&S, store, D->table == NULL ? NULL : &range);
	store_close(store);
	return (rc ? EXITS_TEMPORARY : EXITS_OK);
}

/* Is anything asked for of ${P}?  A number may be unknown to it only with -P. */
static int
has_table(const struct dump * D, const struct dump_program * P)
{
	uint8_t number;

	if (D->program != NULL && D->program != P)
		return (0);
	if (D->table == NULL)
		return (1);
	return (dump_rows_named(P, D->table, &number) == 0 &&
	    (D->program != NULL || dump_rows_table(P, number) != NULL));
}

/* Dump the databases below data/ of the replica or verifier in ${dir}. */
static int
dump_all(struct dump * D, const char * dir)
{
	const struct dump_program * P;
	char path[PATH_MAX];
	int exists, code = EXITS_OK, found = 0, asked = 0, len, rc;

	D->qualify = 1;
	for (size_t i = 0; i < DUMP_PROGRAMS; i++) {
		P = dump_programs[i];
		len = snprintf(path, sizeof(path), "%s/data/%s", dir, P->word);
		if (len < 0 || (size_t)len >= sizeof(path)) {
			warnx("%s: path too long", dir);
			return (EXITS_PERMANENT);
		}
		if ((exists = store_exists(path)) == -1)
			code = EXITS_TEMPORARY;
		if (exists != 1)
			continue;
		found = 1;
		if (!has_table(D, P))
			continue;
		asked = 1;
		rc = dump_database(D, P, path);
		code = rc > code ? rc : code;
	}
	if (asked || code != EXITS_OK)
		return (code);
	warnx("%s: %s", dir, found ? "no database here has such a table" :
	    "there is no database here");
	return (found ? EXITS_USAGE : EXITS_PERMANENT);
}

int
dump_dir(struct dump * D, const char * dir)
{
	char path[PATH_MAX];
	const struct dump_program * P;
	int exists;

	/* Its real name says which program it is of, "." does not. */
	if (realpath(dir, path) == NULL) {
		warn("%s", dir);
		return (EXITS_PERMANENT);
	}
	if ((exists = store_exists(path)) == -1)
		return (EXITS_TEMPORARY);
	if (exists == 0)
		return (dump_all(D, path));
	P = D->program != NULL ? D->program :
	    dump_rows_program(strrchr(path, '/') + 1);
	if (P == NULL) {
		warnx("%s: of which program is this database? say -P PROGRAM",
		    dir);
		return (EXITS_USAGE);
	}
	return (dump_database(D, P, path));
}
