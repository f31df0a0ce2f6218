#include <stdint.h>
#include <string.h>

#include "store/bytes.h"
#include "store/rowkey.h"
#include "store/store.h"

#include "keyids_find.h"
#include "keyids_state.h"

/* The entries that an id leads to. */
struct search {
	struct keyids_found * F;
	uint8_t index[KEYIDS_ENTRIES_MAX][INDEX_LEN];
};

static int
take_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{
	struct search * X = cookie;

	(void)value;
	if (klen != 1 + KEYIDS_ID_LEN + 1 + 8 + INDEX_LEN || vlen != 0)
		return (-1);
	if (X->F->nentries == KEYIDS_ENTRIES_MAX) {
		X->F->more = 1;
		return (1);
	}
	memcpy(X->index[X->F->nentries++], key + klen - INDEX_LEN, INDEX_LEN);
	return (0);
}

/* Read the record of each entry. */
static int
read_entries(struct store * S, const struct search * X)
{
	struct keyids_found * F = X->F;
	uint8_t key[ROWKEY_MAX];
	struct bytes row = { NULL, 0, 0 };
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < F->nentries; i++) {
		rc = store_get(S, key, rowkey_named(key, KEYIDS_TABLE_KEYS,
		    X->index[i], INDEX_LEN), &row);
		if (rc != 0 || keyids_record_get(&F->entry[i], row.data, row.len))
			rc = -1;
	}
	bytes_free(&row);
	return (rc);
}

/* Is ${address} there, or is there no room?  Else add it. */
static void
add_address(struct keyids_found * F, const char * address)
{

	for (unsigned i = 0; i < F->naddresses; i++)
		if (strcmp(F->address[i], address) == 0)
			return;
	if (F->naddresses == KEYIDS_ADDRESSES_MAX)
		F->more = 1;
	else
		F->address[F->naddresses++] = address;
}

int
keyids_find(struct store * S, const uint8_t id[KEYIDS_ID_LEN],
    struct keyids_found * F)
{
	uint8_t from[ROWKEY_MAX], to[ROWKEY_MAX];
	struct search X = { .F = F };
	size_t len = rowkey_named(from, KEYIDS_TABLE_ID, id, KEYIDS_ID_LEN);

	F->more = 0;
	F->naddresses = F->nentries = 0;
	memcpy(to, from, len);
	to[len] = UINT8_MAX;
	if (store_scan(S, from, len, to, len + 1, take_row, &X) < 0 ||
	    read_entries(S, &X))
		return (-1);
	for (unsigned k = 0; k < KEYIDS_ADDRESSES_MAX; k++)
		for (unsigned i = 0; i < F->nentries; i++)
			if (k < F->entry[i].naddresses)
				add_address(F, F->entry[i].address[k]);
	return (0);
}
