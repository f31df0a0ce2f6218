#include <string.h>

#include "codec/rbuf.h"
#include "entry/limits.h"
#include "fields/fields.h"

#include "dump_value.h"

/* Levels of a tile below its top (PROTOCOL section 8). */
#define LEVELS	3

static const char RULE[] = "tile-malformed";

/* Put a leaf or link, whose way from the top of its tile is ${path}. */
static void
put_place(struct fields * F, const char * path, const char * kind,
    struct rbuf * R)
{

	fields_open(F, NULL);
	fields_text(F, "path", path, strlen(path));
	fields_word(F, "kind", kind);
	if (strcmp(kind, "leaf") == 0) {
		dump_value_hex(F, "index", R, INDEX_LEN);
		dump_value_hex(F, "value", R, HASH_LEN);
	} else {
		dump_value_u64(F, "id", R);
		dump_value_hex(F, "hash", R, HASH_LEN);
	}
	fields_close(F);
}

/*
 * Put the place at ${path}, of ${depth} bits, and what is below.  Return how many
 * leaves are there, 2 for 2 or more, or -1.  Recursion ends at LEVELS.
 */
static int
put_slot(struct fields * F, char * path, unsigned depth, struct rbuf * R)
{
	uint8_t tag = rbuf_get_u8(R);
	int leaves = 0, n;

	path[depth] = '\0';
	if (tag == 1)
		put_place(F, path, "leaf", R);
	if (tag == 3 && depth == LEVELS)
		put_place(F, path, "link", R);
	if (R->failed)
		return (-1);
	if (tag == 0 || tag == 1)
		return (tag);
	if (tag == 3 && depth == LEVELS)
		return (2);
	if (tag != 2 || depth == LEVELS)
		return (-1);
	for (char bit = '0'; bit <= '1'; bit++) {
		path[depth] = bit;
		if ((n = put_slot(F, path, depth + 1, R)) < 0)
			return (-1);
		leaves += n;
	}
	return (leaves < 2 ? -1 : 2);
}

const char *
dump_value_tile(struct fields * F, const char * name, const uint8_t * p,
    size_t len)
{
	char path[LEVELS + 1];
	struct rbuf R;
	int leaves;

	rbuf_init(&R, p, len);
	if (name != NULL)
		fields_open(F, name);
	fields_array(F, "places");
	leaves = put_slot(F, path, 0, &R);
	fields_close(F);
	if (name != NULL)
		fields_close(F);
	if (leaves < 1)
		return (RULE);
	return (dump_value_end(&R));
}
