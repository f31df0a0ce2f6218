#include <err.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "codec/rbuf.h"
#include "entry/entry.h"
#include "policy/history.h"
#include "proof/proof.h"
#include "proto/rows.h"
#include "realm/realm.h"
#include "store/rowkey.h"
#include "store/store.h"

#include "publish_model.h"

int
publish_model_init(struct publish_model * M, const struct realm * realm,
    const struct vrf_key * key, struct store * S,
    const struct publish_state * state)
{

	memset(M, 0, sizeof(*M));
	M->realm = realm;
	M->key = key;
	M->store = S;
	M->state = state;
	M->generation = 1;
	if (tiles_init(&M->tiles, NULL, S, TILES_NOTE, PUBLISH_MODEL_TILES) ||
	    publish_vrf_init(&M->vrf, key, S, state->secret)) {
		warnx("out of memory");
		return (-1);
	}
	return (0);
}

void
publish_model_changed(struct publish_model * M)
{

	M->generation++;
}

void
publish_model_free(struct publish_model * M)
{

	tiles_free(&M->tiles);
	publish_vrf_free(&M->vrf);
	for (size_t i = 0; i < PUBLISH_POLICIES_MAX; i++)
		policy_free(M->policies[i].policy);
	for (size_t i = 0; i < PUBLISH_LINKS_MAX; i++)
		free(M->links[i].note);
	for (size_t i = 0; i < PUBLISH_NOTES_MAX; i++)
		free(M->notes[i].text);
	bytes_free(&M->majority);
	bytes_free(&M->key_row);
	bytes_free(&M->entry);
	bytes_free(&M->profile);
}

const struct policy_era *
publish_model_era(const struct publish_model * M, uint64_t epoch)
{
	const struct policy_era * era;

	era = policy_history_at(M->state->policies, epoch);
	PANIC_UNLESS(era != NULL);
	return (era);
}

int
publish_model_epoch(struct publish_model * M, uint64_t epoch,
    struct publish_epoch * E)
{
	uint8_t key[ROWKEY_MAX];
	struct head H;
	struct rbuf R;
	int rc;

	rc = store_get(M->store, key, rowkey_number(key, PUBLISH_TABLE_EPOCH,
	    epoch), &M->key_row);
	if (rc < 0)
		return (-1);
	rbuf_init(&R, M->key_row.data, rc == 0 ? M->key_row.len : 0);
	rbuf_copy(&R, E->head, HEAD_LEN);
	rbuf_copy(&R, E->root, HASH_LEN);
	rows_get_tree(&R, &E->tree);
	if (rbuf_end(&R) || head_parse(&H, E->head, HEAD_LEN) ||
	    H.epoch != epoch) {
		warnx("the row of epoch %" PRIu64 " is missing or damaged", epoch);
		return (-1);
	}
	E->updates = H.updates;
	return (0);
}

static int
get_subtree(void * cookie, uint8_t level, uint64_t number, uint8_t hash[HASH_LEN])
{
	struct publish_model * M = cookie;
	uint8_t key[ROWKEY_MAX];
	size_t klen = rowkey_begin(key, PUBLISH_TABLE_SUBTREE);

	klen = rowkey_u8(key, klen, level);
	klen = rowkey_u64(key, klen, number);
	if (store_get(M->store, key, klen, &M->key_row) != 0 ||
	    M->key_row.len != HASH_LEN) {
		warnx("the subtree %u/%" PRIu64 " of the epoch log is missing or "
		    "damaged", level, number);
		return (-1);
	}
	memcpy(hash, M->key_row.data, HASH_LEN);
	return (0);
}

int
publish_model_consistency(struct publish_model * M, uint64_t m, uint64_t n,
    uint8_t hashes[MERKLE_DEPTH_MAX][HASH_LEN], unsigned * count)
{

	return (merkle_consistency(m, n, get_subtree, M, hashes, count));
}

int
publish_model_inclusion(struct publish_model * M, uint64_t size, uint64_t leaf,
    uint8_t hashes[MERKLE_DEPTH_MAX][HASH_LEN], unsigned * count)
{

	return (merkle_inclusion(size, leaf, get_subtree, M, hashes, count));
}

/* Read the newest entry of ${index} not after ${epoch}; its epoch in ${at}. */
static int
get_newest(struct publish_model * M, const uint8_t * index, uint64_t epoch,
    uint64_t * at)
{
	uint8_t from[ROWKEY_MAX], to[ROWKEY_MAX];
	size_t len = publish_key_version(from, PUBLISH_TABLE_ENTRY, index, epoch);
	struct rbuf R;

	/* Epochs start at 1, so that the complement of 0 ends the range. */
	publish_key_version(to, PUBLISH_TABLE_ENTRY, index, 0);
	if (store_first(M->store, from, len, to, len, &M->key_row, &M->entry) != 0)
		return (-1);
	rbuf_init(&R, M->key_row.data, M->key_row.len);
	rbuf_get_bytes(&R, 1 + INDEX_LEN);
	*at = ~rbuf_get_u64(&R);
	return (rbuf_end(&R));
}

/* The entry whose value the leaf has, and its profile, into the scratch rows. */
static int
get_entry(struct publish_model * M, const uint8_t * index, uint64_t epoch,
    const uint8_t * value)
{
	uint8_t found[HASH_LEN], key[ROWKEY_MAX];
	uint64_t at;

	if (get_newest(M, index, epoch, &at))
		goto err0;
	entry_value(found, M->entry.data, M->entry.len);
	if (memcmp(found, value, HASH_LEN) != 0)
		goto err0;
	if (store_get(M->store, key, publish_key_version(key,
	    PUBLISH_TABLE_PROFILE, index, at), &M->profile) != 0)
		goto err0;
	return (0);

err0:
	warnx("an entry or profile as of epoch %" PRIu64 " is missing or damaged",
	    epoch);
	return (-1);
}

int
publish_model_prove(struct publish_model * M, const char * user,
    const struct policy_era * known, uint64_t epoch, uint64_t checkpoint,
    struct wbuf * W, const char ** rule)
{
	uint8_t index[INDEX_LEN];
	struct publish_epoch E;
	struct proof P;
	const uint8_t * note;

	/* All but the chain, which is most of it and mostly empty. */
	memset(&P, 0, offsetof(struct proof, chain));
	memset(&P.head, 0, sizeof(P) - offsetof(struct proof, head));
	if (publish_model_chain(M, known, epoch, checkpoint, &P.chain, rule) ||
	    publish_model_epoch(M, epoch, &E) ||
	    publish_model_note(M, checkpoint, &note, &P.note_len) ||
	    publish_vrf_prove(&M->vrf, user, index, P.vrf))
		return (-1);
	if (tree_lookup(M->realm->nonce, tiles_nodes(&M->tiles), &E.tree, index,
	    &P.path)) {
		warnx("the directory tree of epoch %" PRIu64 " cannot be read",
		    epoch);
		return (-1);
	}
	if (P.path.kind == TREE_PRESENT) {
		if (get_entry(M, index, epoch, P.path.value))
			return (-1);
		P.entry = M->entry.data;
		P.entry_len = M->entry.len;
		P.profile = M->profile.data;
		P.profile_len = M->profile.len;
		publish_vrf_exists(&M->vrf, user);
	}
	if (publish_model_inclusion(M, checkpoint, epoch - 1, P.inclusion,
	    &P.ninclusion))
		return (-1);
	memcpy(P.realm, M->realm->name, sizeof(P.realm));
	memcpy(P.user, user, strlen(user) + 1);
	memcpy(P.head, E.head, HEAD_LEN);
	P.leaf = epoch - 1;
	P.note = (const char *)note;
	proof_format(W, &P);
	if (wbuf_failed(W)) {
		warnx("a proof does not fit, or memory is short");
		return (-1);
	}
	if (P.path.kind == TREE_PRESENT)
		M->proved_present++;
	else
		M->proved_absent++;
	return (0);
}

enum publish_choice
publish_model_choose(const struct publish_policy * policy, uint64_t epoch,
    uint64_t epoch_min, uint64_t * out_epoch, uint64_t * out_checkpoint)
{
	uint64_t newest = policy->limit, best = policy->best;
	uint64_t least = epoch > epoch_min ? epoch : epoch_min;
	int met = best > 0 && best >= least;

	/* The checkpoint is at or after all that was asked for. */
	*out_checkpoint = met ? best : newest;
	*out_epoch = epoch > 0 ? epoch : *out_checkpoint;
	if (met)
		return (PUBLISH_PROVE);
	return (newest == 0 || newest < least ? PUBLISH_NOT_YET : PUBLISH_WAIT);
}
