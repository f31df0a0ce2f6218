#include <string.h>

#include "merkle/merkle.h"

/* The first byte hashed: a leaf can never pass for a node (RFC 6962, 2.1). */
static const uint8_t leaf_prefix[1] = { 0x00 };
static const uint8_t node_prefix[1] = { 0x01 };

void
merkle_leaf_hash(const void * p, size_t len, uint8_t hash[HASH_LEN])
{
	struct hash_sha256 H;

	hash_sha256_init(&H);
	hash_sha256_update(&H, leaf_prefix, 1);
	hash_sha256_update(&H, p, len);
	hash_sha256_final(&H, hash);
}

void
merkle_node_hash(const uint8_t left[HASH_LEN], const uint8_t right[HASH_LEN],
    uint8_t hash[HASH_LEN])
{
	struct hash_sha256 H;

	hash_sha256_init(&H);
	hash_sha256_update(&H, node_prefix, 1);
	hash_sha256_update(&H, left, HASH_LEN);
	hash_sha256_update(&H, right, HASH_LEN);
	hash_sha256_final(&H, hash);
}

void
merkle_range_init(struct merkle_range * R)
{

	memset(R, 0, sizeof(*R));
}

int
merkle_range_load(struct merkle_range * R, uint64_t size, merkle_get * get,
    void * cookie)
{
	uint64_t start = 0;
	uint8_t level = MERKLE_DEPTH_MAX;

	/* One complete subtree for each bit of the size, the largest first. */
	merkle_range_init(R);
	while (level-- > 0) {
		if (!(size >> level & 1))
			continue;
		if (get(cookie, level, start >> level, R->hash[R->n]))
			return (-1);
		R->n++;
		start += UINT64_C(1) << level;
	}
	R->size = size;
	return (0);
}

int
merkle_range_append(struct merkle_range * R, const uint8_t leafhash[HASH_LEN],
    merkle_put * put, void * cookie)
{
	uint8_t hash[HASH_LEN];
	unsigned n = R->n;
	uint8_t level = 0;

	if (R->size == UINT64_MAX)
		return (-1);
	memcpy(hash, leafhash, HASH_LEN);
	for (;;) {
		if (put != NULL && put(cookie, level, R->size >> level, hash))
			return (-1);

		/* As in an addition of 1: a bit that is set makes a carry. */
		if (!(R->size >> level & 1))
			break;
		merkle_node_hash(R->hash[--n], hash, hash);
		level++;
	}
	memcpy(R->hash[n], hash, HASH_LEN);
	R->n = n + 1;
	R->size++;
	return (0);
}

/* Fold the ${n} subtrees ${hash}, largest first and at least one, into one. */
static void
fold(const uint8_t hash[][HASH_LEN], unsigned n, uint8_t root[HASH_LEN])
{

	memcpy(root, hash[--n], HASH_LEN);
	while (n > 0)
		merkle_node_hash(hash[--n], root, root);
}

void
merkle_range_root(const struct merkle_range * R, uint8_t root[HASH_LEN])
{

	if (R->n == 0)
		hash_sha256(NULL, 0, root);
	else
		fold(R->hash, R->n, root);
}

/*
 * The largest power of two below ${n}, which is at least 2: where RFC 6962
 * splits a tree of ${n} leaves.
 */
static uint64_t
split(uint64_t n)
{

	return (UINT64_C(1) << (63 - __builtin_clzll(n - 1)));
}

/*
 * Store the hash of the leaves ${lo} to ${hi} - 1, at least one, in ${hash}.
 * They are a subtree of RFC 6962, so ${lo} is a multiple of the largest power
 * of two that is not above their number.
 */
static int
subtree(uint64_t lo, uint64_t hi, merkle_get * get, void * cookie,
    uint8_t hash[HASH_LEN])
{
	uint8_t parts[MERKLE_DEPTH_MAX][HASH_LEN];
	uint64_t size = hi - lo;
	unsigned n = 0;
	uint8_t level = MERKLE_DEPTH_MAX;

	while (level-- > 0) {
		if (!(size >> level & 1))
			continue;
		if (get(cookie, level, lo >> level, parts[n]))
			return (-1);
		n++;
		lo += UINT64_C(1) << level;
	}
	fold(parts, n, hash);
	return (0);
}

/* Turn the order of the ${n} hashes of ${proof} round. */
static void
reverse(uint8_t proof[][HASH_LEN], unsigned n)
{
	uint8_t hash[HASH_LEN];
	unsigned i;

	for (i = 0; i < n / 2; i++) {
		memcpy(hash, proof[i], HASH_LEN);
		memcpy(proof[i], proof[n - 1 - i], HASH_LEN);
		memcpy(proof[n - 1 - i], hash, HASH_LEN);
	}
}

int
merkle_inclusion(uint64_t size, uint64_t index, merkle_get * get,
    void * cookie, uint8_t proof[MERKLE_DEPTH_MAX][HASH_LEN], unsigned * n)
{
	uint64_t lo = 0, hi = size, mid;
	int rc;

	*n = 0;
	if (index >= size)
		return (-1);

	/* From the root down, the half that we do not enter is proof. */
	while (hi - lo > 1) {
		mid = lo + split(hi - lo);
		if (index < mid) {
			rc = subtree(mid, hi, get, cookie, proof[*n]);
			hi = mid;
		} else {
			rc = subtree(lo, mid, get, cookie, proof[*n]);
			lo = mid;
		}
		if (rc)
			return (-1);
		(*n)++;
	}
	reverse(proof, *n);
	return (0);
}

int
merkle_consistency(uint64_t m, uint64_t size, merkle_get * get, void * cookie,
    uint8_t proof[MERKLE_DEPTH_MAX][HASH_LEN], unsigned * count)
{
	uint64_t lo = 0, hi = size, mid;
	int rc;

	*count = 0;
	if (m > size)
		return (-1);
	if (m == 0 || m == size)
		return (0);

	/* Down to the subtree that ends where the old tree ended. */
	while (hi != m) {
		mid = lo + split(hi - lo);
		if (m <= mid) {
			rc = subtree(mid, hi, get, cookie, proof[*count]);
			hi = mid;
		} else {
			rc = subtree(lo, mid, get, cookie, proof[*count]);
			lo = mid;
		}
		if (rc)
			return (-1);
		(*count)++;
	}

	/* If it is the whole old tree, the verifier has its hash. */
	if (lo > 0) {
		if (subtree(lo, hi, get, cookie, proof[*count]))
			return (-1);
		(*count)++;
	}
	reverse(proof, *count);
	return (0);
}

int
merkle_inclusion_verify(const uint8_t leafhash[HASH_LEN], uint64_t index,
    uint64_t size, const uint8_t proof[][HASH_LEN], unsigned n,
    const uint8_t root[HASH_LEN])
{
	uint8_t hash[HASH_LEN];
	uint64_t node = index, last;
	unsigned i;

	if (index >= size)
		return (-1);
	last = size - 1;
	memcpy(hash, leafhash, HASH_LEN);

	/* RFC 9162, section 2.1.3.2: node and last node of each level. */
	for (i = 0; i < n; i++) {
		if (last == 0)
			return (-1);
		if ((node & 1) || node == last) {
			merkle_node_hash(proof[i], hash, hash);

			/* A last node without a sibling moves up as it is. */
			while (!(node & 1) && node != 0) {
				node >>= 1;
				last >>= 1;
			}
		} else
			merkle_node_hash(hash, proof[i], hash);
		node >>= 1;
		last >>= 1;
	}
	if (last != 0 || memcmp(hash, root, HASH_LEN))
		return (-1);
	return (0);
}

/* The case that an old tree of ${m} leaves is neither empty nor the new one. */
static int
consistency_walk(uint64_t m, const uint8_t rootm[HASH_LEN], uint64_t n,
    const uint8_t rootn[HASH_LEN], const uint8_t proof[][HASH_LEN],
    unsigned count)
{
	uint8_t old[HASH_LEN], new[HASH_LEN];
	uint64_t node = m - 1, last = n - 1;
	unsigned i = 0;

	/* RFC 9162, section 2.1.4.2. */
	while (node & 1) {
		node >>= 1;
		last >>= 1;
	}

	/* An old tree that is complete is itself where the proof starts. */
	if (node == 0)
		memcpy(old, rootm, HASH_LEN);
	else if (count > 0)
		memcpy(old, proof[i++], HASH_LEN);
	else
		return (-1);
	memcpy(new, old, HASH_LEN);
	for (; i < count; i++) {
		if (last == 0)
			return (-1);
		if ((node & 1) || node == last) {
			merkle_node_hash(proof[i], old, old);
			merkle_node_hash(proof[i], new, new);
			while (!(node & 1) && node != 0) {
				node >>= 1;
				last >>= 1;
			}
		} else
			merkle_node_hash(new, proof[i], new);
		node >>= 1;
		last >>= 1;
	}
	if (last != 0 || memcmp(old, rootm, HASH_LEN) ||
	    memcmp(new, rootn, HASH_LEN))
		return (-1);
	return (0);
}

int
merkle_consistency_verify(uint64_t m, const uint8_t rootm[HASH_LEN], uint64_t n,
    const uint8_t rootn[HASH_LEN], const uint8_t proof[][HASH_LEN],
    unsigned count)
{
	uint8_t empty[HASH_LEN];

	if (m > n)
		return (-1);
	if (m == n) {
		if (count != 0 || memcmp(rootm, rootn, HASH_LEN))
			return (-1);
	}
	if (m == 0) {
		hash_sha256(NULL, 0, empty);
		if (count != 0 || memcmp(rootm, empty, HASH_LEN))
			return (-1);
	}
	if (m == 0 || m == n)
		return (0);
	return (consistency_walk(m, rootm, n, rootn, proof, count));
}
