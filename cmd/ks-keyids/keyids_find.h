#ifndef KS_KEYIDS_KEYIDS_FIND_H
#define KS_KEYIDS_KEYIDS_FIND_H

#include <stddef.h>
#include <stdint.h>

#include "keyids_record.h"

struct store;

/* Entries that are looked at for one answer. */
#define KEYIDS_ENTRIES_MAX	16

/* What was found; the records are those of the entries, in order. */
struct keyids_found {
	int more;		/* there are others */
	unsigned naddresses;
	const char * address[KEYIDS_ADDRESSES_MAX];	/* point into the records */
	unsigned nentries;
	struct keyids_record entry[KEYIDS_ENTRIES_MAX];
};

/**
 * keyids_find(store, id, F):
 * Store in ${F} the addresses, each once, in the keys that are found in ${store} by
 * the padded ${id}: primary keys before subkeys, who had it earlier before others,
 * the first address of each entry before the second of any.  Return 0, or -1 if a
 * row cannot be read or is damaged.
 */
int keyids_find(struct store *, const uint8_t[KEYIDS_ID_LEN],
    struct keyids_found *);

#endif
