#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "merkle/merkle.h"

#include "test.h"

/* Every size up to this is checked against the definition. */
#define SIZE_MAX_TESTED	130

/* Complete subtrees by level and index, as a database would keep them. */
struct rows {
	uint8_t hash[9][SIZE_MAX_TESTED][HASH_LEN];
	uint8_t there[9][SIZE_MAX_TESTED];
	unsigned puts;
};

/* A proof to tamper with: one hash more than the longest. */
typedef uint8_t proof_buf[MERKLE_DEPTH_MAX + 1][HASH_LEN];

static struct rows rows;
static uint8_t leaves[SIZE_MAX_TESTED][HASH_LEN];
static uint8_t roots[SIZE_MAX_TESTED + 1][HASH_LEN];

static int
get(void * cookie, uint8_t level, uint64_t index, uint8_t hash[HASH_LEN])
{
	struct rows * r = cookie;

	if (level >= 9 || index >= SIZE_MAX_TESTED || !r->there[level][index])
		return (-1);
	memcpy(hash, r->hash[level][index], HASH_LEN);
	return (0);
}

static int
put(void * cookie, uint8_t level, uint64_t index, const uint8_t hash[HASH_LEN])
{
	struct rows * r = cookie;

	if (level >= 9 || index >= SIZE_MAX_TESTED || r->there[level][index])
		return (-1);
	memcpy(r->hash[level][index], hash, HASH_LEN);
	r->there[level][index] = 1;
	r->puts++;
	return (0);
}

static int
put_fails(void * cookie, uint8_t level, uint64_t index,
    const uint8_t hash[HASH_LEN])
{
	unsigned * countdown = cookie;

	(void)level;
	(void)index;
	(void)hash;
	return ((*countdown)-- == 0 ? -1 : 0);
}

/* MTH(D[lo:hi]), as RFC 6962 section 2.1 defines it; depth log2 of 130. */
static void
mth(unsigned lo, unsigned hi, uint8_t out[HASH_LEN])
{
	uint8_t l[HASH_LEN], r[HASH_LEN];
	unsigned k = 1;

	if (hi == lo) {
		hash_sha256(NULL, 0, out);
		return;
	}
	if (hi - lo == 1) {
		memcpy(out, leaves[lo], HASH_LEN);
		return;
	}
	while (2 * k < hi - lo)
		k *= 2;
	mth(lo, lo + k, l);
	mth(lo + k, hi, r);
	merkle_node_hash(l, r, out);
}

/* PATH(m, D[lo:hi]), appended to ${p} at ${n}: RFC 6962 section 2.1.1. */
static void
path(unsigned m, unsigned lo, unsigned hi, proof_buf p, unsigned * n)
{
	unsigned k = 1;

	if (hi - lo == 1)
		return;
	while (2 * k < hi - lo)
		k *= 2;
	if (m < lo + k) {
		path(m, lo, lo + k, p, n);
		mth(lo + k, hi, p[(*n)++]);
	} else {
		path(m, lo + k, hi, p, n);
		mth(lo, lo + k, p[(*n)++]);
	}
}

/* SUBPROOF(m, D[lo:hi], b), ${m} counted from leaf 0: section 2.1.2. */
static void
subproof(unsigned m, unsigned lo, unsigned hi, int b, proof_buf p, unsigned * n)
{
	unsigned k = 1;

	if (m == hi) {
		if (!b)
			mth(lo, hi, p[(*n)++]);
		return;
	}
	while (2 * k < hi - lo)
		k *= 2;
	if (m <= lo + k) {
		subproof(m, lo, lo + k, b, p, n);
		mth(lo + k, hi, p[(*n)++]);
	} else {
		subproof(m, lo + k, hi, 0, p, n);
		mth(lo, lo + k, p[(*n)++]);
	}
}

/* Fill the leaves, the roots by definition and the rows by appending. */
static int
build(void)
{
	struct merkle_range R, L;
	uint8_t root[HASH_LEN];
	unsigned i;

	memset(&rows, 0, sizeof(rows));
	merkle_range_init(&R);
	for (i = 0; i <= SIZE_MAX_TESTED; i++) {
		mth(0, i, roots[i]);
		merkle_range_root(&R, root);
		if (memcmp(root, roots[i], HASH_LEN) || R.size != i)
			return (-1);
		if (merkle_range_load(&L, i, get, &rows) ||
		    L.size != R.size || L.n != R.n ||
		    memcmp(L.hash, R.hash, R.n * HASH_LEN))
			return (-1);
		if (i == SIZE_MAX_TESTED)
			break;
		merkle_leaf_hash(&i, sizeof(i), leaves[i]);
		if (merkle_range_append(&R, leaves[i], put, &rows))
			return (-1);
	}
	return (0);
}

static void
published_vectors(void)
{
	/* The leaves and roots that Certificate Transparency tests with. */
	static const char * const leaf[] = {
		"", "00", "10", "2021", "3031", "40414243",
		"5051525354555657", "606162636465666768696a6b6c6d6e6f"
	};
	static const char * const root[] = {
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
	};
	struct merkle_range R;
	uint8_t hash[HASH_LEN], data[16];
	char hex[HEX_SIZE(HASH_LEN)];
	size_t len;
	unsigned i;

	merkle_range_init(&R);
	for (i = 0; i <= 8; i++) {
		merkle_range_root(&R, hash);
		CHECK(hex_encode(hash, HASH_LEN, hex, sizeof(hex)) == 0);
		CHECK(strcmp(hex, root[i]) == 0);
		if (i == 8)
			break;
		CHECK(hex_decode(leaf[i], strlen(leaf[i]), data, sizeof(data),
		    &len) == 0);
		merkle_leaf_hash(data, len, hash);
		CHECK(merkle_range_append(&R, hash, NULL, NULL) == 0);
	}
}

static void
subtree_rows(void)
{
	struct merkle_range R, before;
	unsigned i, countdown;

	CHECK(build() == 0);

	/* 130 leaves have 130 + 65 + 32 + 16 + 8 + 4 + 2 + 1 subtrees. */
	CHECK(rows.puts == 258);

	/* The 128th leaf completes 8 subtrees; any may fail to be stored. */
	for (i = 0; i < 8; i++) {
		CHECK(merkle_range_load(&R, 127, get, &rows) == 0);
		before = R;
		countdown = i;
		CHECK(merkle_range_append(&R, leaves[127], put_fails,
		    &countdown) == -1);
		CHECK(memcmp(&R, &before, sizeof(R)) == 0);
	}
	countdown = 8;
	CHECK(merkle_range_append(&R, leaves[127], put_fails, &countdown) == 0);

	/* A missing row is an error, never a proof. */
	rows.there[7][0] = 0;
	CHECK(merkle_range_load(&R, 130, get, &rows) == -1);
	R.size = UINT64_MAX;
	CHECK(merkle_range_append(&R, leaves[0], NULL, NULL) == -1);
}

static void
inclusion(void)
{
	proof_buf p, q;
	unsigned size, i, n, m;

	CHECK(build() == 0);
	for (size = 1; size <= SIZE_MAX_TESTED; size++) {
		for (i = 0; i < size; i++) {
			CHECK(merkle_inclusion(size, i, get, &rows, p, &n)
			    == 0);
			m = 0;
			path(i, 0, size, q, &m);
			CHECK(n == m && memcmp(p, q, n * HASH_LEN) == 0);
			CHECK(merkle_inclusion_verify(leaves[i], i, size,
			    (const uint8_t (*)[HASH_LEN])p, n, roots[size])
			    == 0);
		}
	}
	CHECK(merkle_inclusion(5, 5, get, &rows, p, &n) == -1);
	CHECK(merkle_inclusion(0, 0, get, &rows, p, &n) == -1);
}

static void
consistency(void)
{
	proof_buf p, q;
	unsigned size, i, n, m;

	CHECK(build() == 0);
	for (size = 0; size <= SIZE_MAX_TESTED; size++) {
		for (i = 0; i <= size; i++) {
			CHECK(merkle_consistency(i, size, get, &rows, p, &n)
			    == 0);
			m = 0;
			if (i > 0)
				subproof(i, 0, size, 1, q, &m);
			CHECK(n == m && memcmp(p, q, n * HASH_LEN) == 0);
			CHECK(merkle_consistency_verify(i, roots[i], size,
			    roots[size], (const uint8_t (*)[HASH_LEN])p, n)
			    == 0);
		}
	}
	CHECK(merkle_consistency(6, 5, get, &rows, p, &n) == -1);
}

/* How many wrong claims around the inclusion of ${i} in ${size} pass. */
static unsigned
inclusion_lies(unsigned i, unsigned size)
{
	const uint8_t (* c)[HASH_LEN];
	proof_buf p;
	unsigned n, j, lies = 0;

	memset(p, 0, sizeof(p));
	c = (const uint8_t (*)[HASH_LEN])p;
	if (merkle_inclusion(size, i, get, &rows, p, &n))
		return (1);
#define TRY(leaf, idx, sz, num, root)	\
	lies += merkle_inclusion_verify(leaf, idx, sz, c, num, root) == 0
	for (j = 0; j < SIZE_MAX_TESTED; j++) {
		if (j != i) {
			TRY(leaves[i], j, size, n, roots[size]);
			TRY(leaves[j], i, size, n, roots[size]);
		}
		if (j != size)
			TRY(leaves[i], i, size, n, roots[j]);
	}
	TRY(leaves[i], UINT64_MAX, UINT64_MAX, n, roots[size]);
	TRY(leaves[i], i, UINT64_MAX, n, roots[size]);
	TRY(leaves[i], i, size, n + 1, roots[size]);
	if (n > 0)
		TRY(leaves[i], i, size, n - 1, roots[size]);
	for (j = 0; j < n; j++) {
		p[j][j % HASH_LEN] ^= 1;
		TRY(leaves[i], i, size, n, roots[size]);
		p[j][j % HASH_LEN] ^= 1;
	}
#undef TRY
	return (lies);
}

/* How many wrong claims around the prefix ${m} of ${size} pass. */
static unsigned
consistency_lies(unsigned m, unsigned size)
{
	const uint8_t (* c)[HASH_LEN];
	proof_buf p;
	unsigned n, j, lies = 0;

	memset(p, 0, sizeof(p));
	c = (const uint8_t (*)[HASH_LEN])p;
	if (merkle_consistency(m, size, get, &rows, p, &n))
		return (1);
#define TRY(a, ra, b, rb, num)	\
	lies += merkle_consistency_verify(a, ra, b, rb, c, num) == 0
	for (j = 0; j < SIZE_MAX_TESTED; j++) {
		if (j != m)
			TRY(m, roots[j], size, roots[size], n);
		if (j != size && m != 0)
			TRY(m, roots[m], size, roots[j], n);
	}
	TRY(m, roots[m], size, roots[size], n + 1);
	if (n > 0)
		TRY(m, roots[m], size, roots[size], n - 1);
	if (m != size)
		TRY(size, roots[size], m, roots[m], n);
	for (j = 0; j < n; j++) {
		p[j][j % HASH_LEN] ^= 1;
		TRY(m, roots[m], size, roots[size], n);
		p[j][j % HASH_LEN] ^= 1;
	}
#undef TRY
	return (lies);
}

static void
lies_are_refused(void)
{
	static const unsigned sizes[] = { 1, 2, 3, 7, 8, 9, 64, 65, 100, 129 };
	unsigned s, i;

	CHECK(build() == 0);
	for (s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		for (i = 0; i <= sizes[s]; i++) {
			if (i < sizes[s])
				CHECK(inclusion_lies(i, sizes[s]) == 0);
			CHECK(consistency_lies(i, sizes[s]) == 0);
		}
	}
}

static const struct test tests[] = {
	{ "the published roots of 0 to 8 leaves come out", published_vectors },
	{ "a row for each complete subtree is all that is stored",
	    subtree_rows },
	{ "inclusion proofs are those of RFC 6962 and verify", inclusion },
	{ "consistency proofs are those of RFC 6962 and verify", consistency },
	{ "wrong indices, sizes, roots, counts and hashes are refused",
	    lies_are_refused },
};
TESTS(tests)
