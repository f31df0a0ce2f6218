#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "entry/index.h"
#include "entry/limits.h"
#include "store/rowkey.h"
#include "store/store.h"
#include "store/view.h"

#include "publish_state.h"
#include "publish_vrf.h"

#define SETS (PUBLISH_VRF_SLOTS / PUBLISH_VRF_WAYS)

int
publish_vrf_init(struct publish_vrf * V, const struct vrf_key * key,
    struct store * S, const uint8_t * secret)
{

	memset(V, 0, sizeof(*V));
	V->key = key;
	V->store = S;
	V->secret = secret;
	V->slots = calloc(PUBLISH_VRF_SLOTS, sizeof(*V->slots));
	return (V->slots == NULL ? -1 : 0);
}

void
publish_vrf_free(struct publish_vrf * V)
{

	free(V->slots);
	bytes_free(&V->row);
}

static void
make_name(const struct publish_vrf * V, const char * user, uint8_t name[HASH_LEN])
{

	hash_blake2b("ks-vrf-cache", V->secret, user, strlen(user), name);
}

/* The first slot of the set of ${name}, which is as good as random. */
static struct publish_vrf_slot *
set_of(struct publish_vrf * V, const uint8_t name[HASH_LEN])
{
	size_t set = (size_t)name[0] << 16 | (size_t)name[1] << 8 | name[2];

	return (&V->slots[set % SETS * PUBLISH_VRF_WAYS]);
}

static struct publish_vrf_slot *
find(struct publish_vrf * V, const uint8_t name[HASH_LEN])
{
	struct publish_vrf_slot * set = set_of(V, name);

	for (size_t i = 0; i < PUBLISH_VRF_WAYS; i++)
		if (set[i].used && memcmp(set[i].name, name, HASH_LEN) == 0)
			return (&set[i]);
	return (NULL);
}

/* A slot for ${name}: one that is free, or that nobody asked for lately. */
static struct publish_vrf_slot *
take(struct publish_vrf * V, const uint8_t name[HASH_LEN])
{
	struct publish_vrf_slot * set = set_of(V, name);
	struct publish_vrf_slot * slot = NULL;

	for (size_t i = 0; i < PUBLISH_VRF_WAYS && slot == NULL; i++)
		if (!set[i].used || !set[i].fresh)
			slot = &set[i];
	if (slot == NULL) {
		for (size_t i = 0; i < PUBLISH_VRF_WAYS; i++)
			set[i].fresh = 0;
		slot = &set[0];
	}
	memcpy(slot->name, name, HASH_LEN);
	slot->used = 1;
	slot->fresh = 1;
	slot->stored = 0;
	slot->due = 0;
	return (slot);
}

/* Read the row of ${name} into ${proof}; 0, 1 if there is none, or -1. */
static int
read_row(struct publish_vrf * V, const uint8_t name[HASH_LEN], uint8_t * proof)
{
	uint8_t key[ROWKEY_MAX];
	size_t klen = rowkey_begin(key, PUBLISH_TABLE_VRF);
	int rc;

	klen = rowkey_bytes(key, klen, name, HASH_LEN);
	if ((rc = store_get(V->store, key, klen, &V->row)) != 0)
		return (rc);
	if (V->row.len != VRF_PROOF_LEN) {
		warnx("a row of the table \"vrf\" is damaged; it is made anew");
		return (1);
	}
	memcpy(proof, V->row.data, VRF_PROOF_LEN);
	return (0);
}

int
publish_vrf_prove(struct publish_vrf * V, const char * user, uint8_t * index,
    uint8_t * proof)
{
	uint8_t name[HASH_LEN], output[VRF_OUTPUT_LEN];
	struct publish_vrf_slot * slot;
	int rc;

	make_name(V, user, name);
	if ((slot = find(V, name)) != NULL) {
		slot->fresh = 1;
		memcpy(proof, slot->proof, VRF_PROOF_LEN);
		rc = 0;
	} else if ((rc = read_row(V, name, proof)) < 0)
		return (-1);
	if (rc == 0) {
		V->remembered++;
		vrf_proof_output(proof, output);
		memcpy(index, output, INDEX_LEN);
	} else {
		V->made++;
		index_prove(V->key, user, index, proof);
	}
	if (slot == NULL) {
		slot = take(V, name);
		memcpy(slot->proof, proof, VRF_PROOF_LEN);
		slot->stored = rc == 0;
	}
	return (0);
}

void
publish_vrf_exists(struct publish_vrf * V, const char * user)
{
	uint8_t name[HASH_LEN];
	struct publish_vrf_slot * slot;

	make_name(V, user, name);
	if ((slot = find(V, name)) == NULL || slot->stored ||
	    V->ndue == PUBLISH_VRF_DUE_MAX)
		return;
	slot->stored = 1;
	slot->due = 1;
	V->due[V->ndue++] = (uint32_t)(slot - V->slots);
}

int
publish_vrf_flush(struct publish_vrf * V, struct view * view)
{
	uint8_t key[ROWKEY_MAX];
	struct publish_vrf_slot * slot;
	size_t klen;

	for (size_t i = 0; i < V->ndue; i++) {
		slot = &V->slots[V->due[i]];

		/* Another user may have taken the slot since. */
		if (!slot->due)
			continue;
		slot->due = 0;
		klen = rowkey_begin(key, PUBLISH_TABLE_VRF);
		klen = rowkey_bytes(key, klen, slot->name, HASH_LEN);
		if (view_put(view, key, klen, slot->proof, VRF_PROOF_LEN))
			return (-1);
	}
	V->ndue = 0;
	return (0);
}
