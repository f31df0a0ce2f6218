#include <stdint.h>
#include <string.h>

#include "entry/limits.h"
#include "head/head.h"

#include "test.h"

static const struct head example = {
	{ 1, 2 }, 3, { 4, 5 }, 1700000000000, 6, { 7, 8 }, { 9, 10 }
};

static void
layout(void)
{
	struct head H;
	uint8_t p[HEAD_LEN];

	head_put(&example, p);
	CHECK(memcmp(p, "ks/head/v1\0\0\0\0\0\0\1\2", 18) == 0);
	CHECK(memcmp(&p[48], "\0\0\0\0\0\0\0\3\4\5", 10) == 0);
	CHECK(memcmp(&p[88], "\0\0\1\x8b\xcf\xe5\x68\0", 8) == 0);
	CHECK(memcmp(&p[96], "\0\0\0\0\0\0\0\6\7\10", 10) == 0);
	CHECK(memcmp(&p[136], "\11\12", 2) == 0);
	CHECK(head_parse(&H, p, sizeof(p)) == 0);
	CHECK(memcmp(&H, &example, sizeof(H)) == 0);
}

static void
list(void)
{
	static const uint8_t a[] = "update a", b[] = "update b";
	uint8_t none[HASH_LEN], ab[HASH_LEN], ba[HASH_LEN], want[HASH_LEN];
	uint8_t joined[HASH_LEN + sizeof(a)];

	head_list_init(none);
	memcpy(ab, none, HASH_LEN);
	head_list_add(ab, a, sizeof(a));
	memcpy(joined, none, HASH_LEN);
	memcpy(&joined[HASH_LEN], a, sizeof(a));
	hash_blake2b("ks-updates", NULL, joined, sizeof(joined), want);
	CHECK(memcmp(ab, want, HASH_LEN) == 0);
	head_list_add(ab, b, sizeof(b));
	memcpy(ba, none, HASH_LEN);
	head_list_add(ba, b, sizeof(b));
	CHECK(memcmp(ab, ba, HASH_LEN) != 0);
	head_list_add(ba, a, sizeof(a));
	CHECK(memcmp(ab, ba, HASH_LEN) != 0);
	CHECK(memcmp(none, ab, HASH_LEN) != 0);
}

static void
refuses(void)
{
	struct head H;
	uint8_t p[HEAD_LEN + 1] = { 0 }, q[HEAD_LEN];
	unsigned refused = 0;

	head_put(&example, p);
	CHECK(head_parse(&H, p, HEAD_LEN + 1) == -1);
	for (size_t i = 0; i < HEAD_LEN; i++)
		CHECK(head_parse(&H, p, i) == -1);
	for (size_t i = 0; i < HEAD_LEN; i++) {
		p[i] ^= 0xff;
		if (head_parse(&H, p, HEAD_LEN)) {
			refused++;
		} else {
			head_put(&H, q);
			CHECK(memcmp(p, q, HEAD_LEN) == 0);
		}
		p[i] ^= 0xff;
	}

	/* The label, and what makes the updates more than there can be. */
	CHECK(refused == 16 + 6);
	H = example;
	H.epoch = 0;
	head_put(&H, p);
	CHECK(head_parse(&H, p, HEAD_LEN) == -1);
	H = example;
	H.updates = EPOCH_UPDATES_MAX;
	head_put(&H, p);
	CHECK(head_parse(&H, p, HEAD_LEN) == 0);
	H.updates++;
	head_put(&H, p);
	CHECK(head_parse(&H, p, HEAD_LEN) == -1);
}

static const struct test tests[] = {
	{ "a head record has the bytes of PROTOCOL", layout },
	{ "the hash of a list of updates tells each one and their order", list },
	{ "what is not a head record is refused", refuses },
};
TESTS(tests)
