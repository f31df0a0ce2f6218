#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entry/rule_names.h"

#include "test.h"
#include "test_proto.h"

static void
layouts(void)
{
	struct wbuf W, X;

	wbuf_init(&W, 4096);
	wbuf_init(&X, 4096);
	for (size_t i = 0; i < RECODES; i++) {
		printf("# %s\n", recodes[i].name);
		wbuf_reset(&W);
		wbuf_reset(&X);
		put_good(&W, recodes[i].good);
		CHECK(recodes[i].recode(W.data, W.len, &X) == 0);
		CHECK(W.len == X.len && memcmp(W.data, X.data, W.len) == 0);
	}
	wbuf_free(&W);
	wbuf_free(&X);
}

static void
mutations(void)
{
	struct wbuf W, X;
	uint8_t * copy;

	wbuf_init(&W, 4096);
	wbuf_init(&X, 1 << 20);
	for (size_t i = 0; i < RECODES; i++) {
		wbuf_reset(&W);
		put_good(&W, recodes[i].good);
		for (size_t len = 0; len < W.len; len++) {
			CHECK((copy = malloc(len + 1)) != NULL);
			memcpy(copy, W.data, len);
			wbuf_reset(&X);
			CHECK(recodes[i].recode(copy, len, &X) == -1);
			free(copy);
		}
		for (size_t j = 0; j < 256 * W.len; j++) {
			uint8_t was = W.data[j / 256];

			W.data[j / 256] = (uint8_t)j;
			wbuf_reset(&X);
			if (recodes[i].recode(W.data, W.len, &X) == 0)
				CHECK(W.len == X.len && memcmp(W.data, X.data,
				    W.len) == 0);
			W.data[j / 256] = was;
		}
		wbuf_put_u8(&W, 0);
		CHECK(recodes[i].recode(W.data, W.len, &X) == -1);
	}
	wbuf_free(&W);
	wbuf_free(&X);
}

static void
log_rules(void)
{
	static const uint8_t id[REQUEST_ID_LEN] = { 1 };
	uint8_t body[128] = { 0 };
	struct log_entry E = { id, LOG_ENTRY_UPDATE, body, 0, body, 9 };

	/* An update's body is not judged here. */
	CHECK(log_entry_rule(&E) == NULL);
	for (unsigned type = 0; type < 256; type++) {
		for (size_t len = 0; len < sizeof(body); len++) {
			int good = type == LOG_ENTRY_UPDATE ||
			    (type == LOG_ENTRY_DELIMITER && len == 56) ||
			    (type == LOG_ENTRY_SIGNATURE && len == 76) ||
			    (type == LOG_ENTRY_RATIFICATION && len == 84) ||
			    (type == LOG_ENTRY_APPROVAL && len == 78);
			const char * rule;

			E.type = (uint8_t)type;
			E.body_len = len;
			E.erasable_len = 0;
			rule = log_entry_rule(&E);
			CHECK(good ? rule == NULL : rule != NULL &&
			    strcmp(rule, RULE_ENTRY_MALFORMED) == 0);
			E.erasable_len = 1;
			CHECK((log_entry_rule(&E) == NULL) ==
			    (type == LOG_ENTRY_UPDATE));
		}
	}
}

static void
log_limit(void)
{
	static uint8_t big[LOG_ENTRY_MAX];
	struct log_entry E = { big, 1, big, LOG_ENTRY_MAX - 25, big, 0 };
	struct log_entry F;
	struct wbuf W;

	wbuf_init(&W, 2 * LOG_ENTRY_MAX);
	log_entry_put(&W, &E);
	CHECK(wbuf_failed(&W) == 0 && W.len == LOG_ENTRY_MAX);
	CHECK(log_entry_parse(&F, W.data, W.len) == 0);
	E.body_len++;
	wbuf_reset(&W);
	log_entry_put(&W, &E);
	CHECK(wbuf_failed(&W) == -1);
	CHECK(log_entry_parse(&F, W.data, W.len) == -1);
	wbuf_free(&W);
}

/* The running hash, written out by hand from PROTOCOL section 6. */
static void
running_hash(void)
{
	static const uint8_t id[REQUEST_ID_LEN] = { 9, 8 };
	struct log_entry E = { id, 2, (const uint8_t *)"body", 4,
	    (const uint8_t *)"gone", 4 };
	uint8_t hash[HASH_LEN], want[HASH_LEN], all[32 + 8 + 16 + 1 + 4];

	log_entry_hash_first("example.org", hash);
	hash_blake2b("ks-log", NULL, "example.org", 11, want);
	CHECK(memcmp(hash, want, HASH_LEN) == 0);
	memcpy(all, hash, 32);
	memcpy(&all[32], "\0\0\0\0\0\0\1\2", 8);
	memcpy(&all[40], id, 16);
	all[56] = 2;
	memcpy(&all[57], "body", 4);
	hash_blake2b("ks-log", NULL, all, sizeof(all), want);
	log_entry_hash(hash, 0x102, &E, hash);
	CHECK(memcmp(hash, want, HASH_LEN) == 0);

	/* The erasable part can go, nothing else. */
	E.erasable_len = 0;
	log_entry_hash(all, 0x102, &E, hash);
	CHECK(memcmp(hash, want, HASH_LEN) == 0);
	E.body_len--;
	log_entry_hash(all, 0x102, &E, hash);
	CHECK(memcmp(hash, want, HASH_LEN) != 0);
}

static const struct test tests[] = {
	{ "every body has the layout of PROTOCOL", layouts },
	{ "every body has one encoding, and no decoder goes wrong", mutations },
	{ "a log entry that is malformed is told by its rule", log_rules },
	{ "a log entry has a largest size", log_limit },
	{ "the running hash covers all but what can be erased", running_hash },
};
TESTS(tests)
