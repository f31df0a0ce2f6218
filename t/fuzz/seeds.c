/*
 * Makes the seeds of the fuzzers: at least one good input for every decoder, the
 * same bytes each time.
 *
 *	seeds DIR	writes DIR/FUZZER/NAME; the folders are there already
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/panic.h"
#include "codec/wbuf.h"
#include "entry/update.h"
#include "evidence/evidence.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "link/link.h"
#include "openpgp/openpgp.h"
#include "proof/memory.h"
#include "proof/memory_file.h"
#include "tree/tree_internal.h"

#include "../unit/test_proof.h"
#include "../unit/test_proto.h"

static const char * dir;

/* Write the seed in ${W} and make ${W} empty. */
static void
seed(const char * fuzzer, const char * name, struct wbuf * W)
{
	char path[4096];
	FILE * f;

	PANIC_UNLESS(wbuf_failed(W) == 0);
	snprintf(path, sizeof(path), "%s/%s/%s", dir, fuzzer, name);
	if ((f = fopen(path, "wx")) == NULL ||
	    fwrite(W->data, 1, W->len, f) != W->len || fclose(f) != 0)
		err(1, "%s", path);
	wbuf_reset(W);
}

static void
seeds_note(struct wbuf * W)
{
	struct wish I;
	struct proof P;
	char text[VKEY_TEXT_MAX + 1];

	wish_init(&I, ALICE);
	make_proof(&P, &I);
	wbuf_put_bytes(W, P.note, P.note_len);
	seed("note", "note", W);
	checkpoint_text(REALM, EPOCHS, I.root, W);
	seed("note", "checkpoint", W);
	vkey_format(&world.vreplica[0], text);
	wbuf_printf(W, "%s", text);
	seed("note", "vkey", W);
	wbuf_free(&I.note);
}

static void
seeds_policy(struct wbuf * W)
{
	char key[VKEY_TEXT_MAX + 1];

	wbuf_put_bytes(W, world.realm->policy_text, world.realm->policy_len);
	seed("policy", "realm", W);
	for (unsigned i = 0; i < 3; i++) {
		vkey_format(&world.vreplica[i], key);
		wbuf_printf(W, "key k%u %s\n", i, key);
	}
	wbuf_printf(W, "group g 2 k0 k1 k2\nquorum g\n");
	seed("policy", "update", W);
}

/* Row of levels, way, tile; as the fuzzer takes it. */
static void
seed_tile(struct wbuf * W, const char * name, uint8_t row,
    const uint8_t * way, uint64_t id)
{

	PANIC_UNLESS(id < TILES && world.tile[id].len > 0);
	wbuf_put_u8(W, row);
	wbuf_put_bytes(W, way, TREE_HASH);
	wbuf_put_bytes(W, world.tile[id].data, world.tile[id].len);
	seed("tree_tile", name, W);
}

static void
seeds_tree_tile(struct wbuf * W)
{
	static const uint8_t top[TREE_HASH];
	uint8_t way[TREE_HASH] = { 0 };
	struct tree_tile T;
	const char * rule;
	uint64_t id = world.root.id;
	unsigned i;

	seed_tile(W, "root", 0, top, id);
	PANIC_UNLESS(tree_tile_decode(&T, 0, top, world.tile[id].data,
	    world.tile[id].len, &rule) == 0);
	for (i = TREE_TILE_BOTTOM; T.slot[i].tag != TREE_LINK; i++)
		PANIC_UNLESS(i < TREE_TILE_SLOTS - 1);
	way[0] = (uint8_t)((i - TREE_TILE_BOTTOM) << 5);
	seed_tile(W, "deeper", 1, way, T.slot[i].link);
}

/* A frame of ${type} with request id 0 and the body in ${body}, which is made empty. */
static void
put_frame(struct wbuf * W, uint16_t type, struct wbuf * body)
{

	PANIC_UNLESS(wbuf_failed(body) == 0);
	frame_put(W, type, 0, body->data, body->len);
	wbuf_reset(body);
}

static void
seeds_bundle(struct wbuf * W)
{
	const struct proto_policy policy = { 8, 2, "quorum none\n", 12 };
	const struct signature_ratification R = { .epoch = 7, .time_s = 1 };
	static const uint8_t head[HEAD_LEN];
	const struct proto_publish_head H = { head, (const uint8_t *)"note", 4 };
	struct wbuf body;
	struct list L;

	wbuf_init(&body, FRAME_BODY_MAX);
	proto_publish_begin_updates(&L, &body, 7);
	list_put(&L, (const uint8_t *)"update", 6);
	list_end(&L);
	put_frame(W, FEED_UPDATES, &body);
	proto_policy_put(&body, &policy);
	put_frame(W, FEED_POLICY, &body);
	proto_publish_put_head_reply(&body, &H);
	put_frame(W, FEED_HEAD, &body);
	seed("frame", "bundle", W);
	proto_publish_put_head_reply(&body, &H);
	put_frame(W, FEED_HEAD, &body);
	signature_put_ratification(&body, &R);
	put_frame(W, FEED_RATIFICATION, &body);
	seed("frame", "tail", W);
	wbuf_free(&body);
}

static void
seeds_frame(struct wbuf * W)
{
	static const struct common_dump D = { 1, (const uint8_t *)"a", 1,
	    (const uint8_t *)"b", 1, 10 };
	struct common_rows B;
	size_t mark;

	frame_put(W, COMMON_STATUS, 1, NULL, 0);
	mark = frame_begin(W, COMMON_STATUS_REPLY, 1);
	common_put_status(W, "entries 7\n", 10);
	frame_end(W, mark);
	mark = frame_begin(W, COMMON_DUMP, 2);
	common_put_dump(W, &D);
	frame_end(W, mark);
	mark = frame_begin(W, COMMON_DUMP_REPLY, 2);
	common_rows_begin(&B, W);
	common_rows_put(&B, "a", 1, "one", 3);
	common_rows_put(&B, "ab", 2, "two", 3);
	common_rows_end(&B, 1);
	frame_end(W, mark);
	mark = frame_begin(W, COMMON_ERROR, 3);
	common_put_error(W, ERROR_REFUSED, "not-fresh", "too old");
	frame_end(W, mark);
	seed("frame", "frames", W);
	seeds_bundle(W);
}

static void
seeds_entry(struct wbuf * W)
{
	struct update_sig S;

	wbuf_put_bytes(W, world.entry.data, world.entry.len);
	seed("entry", "entry", W);
	wbuf_put_bytes(W, world.profile.data, world.profile.len);
	seed("entry", "profile", W);
	wbuf_put_bytes(W, world.head[0], HEAD_LEN);
	seed("entry", "head", W);
	wbuf_printf(W, "Alice@Example.org");
	seed("entry", "user", W);
	memset(&S, 7, sizeof(S));
	PANIC_UNLESS(update_put(W, world.entry.data, world.entry.len, &S,
	    1) == 0);
	seed("entry", "update", W);
}

static void
seeds_proto(struct wbuf * W)
{
	char name[8];

	for (size_t i = 0; i < RECODES; i++) {
		wbuf_put_u8(W, (uint8_t)i);
		put_good(W, recodes[i].good);
		snprintf(name, sizeof(name), "%02zu", i);
		seed("proto", name, W);
	}
}

static void
seeds_realm(struct wbuf * W)
{
	struct memory_seen seen = { .size = EPOCHS };
	struct realm_link * link = &world.realm->link[0];
	struct proof P;
	struct wish I;

	realm_format(W, world.realm);
	seed("realm", "realm", W);
	snprintf(link->name, sizeof(link->name), "n0");
	snprintf(link->pin, sizeof(link->pin), "SHA256:%064d", 1);
	world.realm->nlinks = 1;
	realm_format(W, world.realm);
	seed("realm", "link", W);
	link->role = REALM_ROLE_EDGE;
	snprintf(link->name, sizeof(link->name), "gateway");
	realm_format(W, world.realm);
	seed("realm", "role", W);
	world.realm->nlinks = 0;
	wish_init(&I, ALICE);
	make_proof(&P, &I);
	memcpy(seen.root, I.root, HASH_LEN);
	memory_file_format(W, "r", &seen, &P.chain, P.note, P.note_len);
	seed("realm", "memory", W);
	wbuf_free(&I.note);
}

/*
 * Evidence of epoch 2, after the first head of the world, whose head is ${H}; it
 * names the policy ${next}, unless that is NULL.
 */
static void
put_evidence(struct wbuf * W, const char * rule, const struct head * H,
    const char * next, uint64_t updates)
{
	static const struct chain chain;
	struct merkle_range none, log;
	uint8_t record[HEAD_LEN], hash[HASH_LEN];
	struct evidence E;
	struct wbuf note;

	head_put(H, record);
	merkle_range_init(&none);
	merkle_range_init(&log);
	merkle_leaf_hash(world.head[0], HEAD_LEN, hash);
	merkle_range_append(&log, hash, NULL, NULL);
	merkle_leaf_hash(record, HEAD_LEN, hash);
	merkle_range_append(&log, hash, NULL, NULL);
	merkle_range_root(&log, hash);
	wbuf_init(&note, NOTE_LEN_MAX);
	put_note(&note, REALM, 2, hash, 3, 0);
	E = (struct evidence){ REALM, rule, 2, &chain, (char *)note.data,
		note.len, &none, world.head[0], record, next,
		next == NULL ? 0 : strlen(next), updates };
	evidence_put_start(W, &E);
	wbuf_free(&note);
}

/* The fork of the newest epoch, under the policy that ${chain} leads to. */
static void
seed_fork(struct wbuf * W, const char * name, const struct chain * chain,
    unsigned signers)
{
	uint8_t root[HASH_LEN];
	struct wbuf note[2];

	log_root(EPOCHS, root);
	for (size_t i = 0; i < 2; i++) {
		wbuf_init(&note[i], NOTE_LEN_MAX);
		put_note(&note[i], REALM, EPOCHS, root, signers, 0);
		root[0] ^= 1;
	}
	evidence_put_fork(W, REALM, EPOCHS, chain, (char *)note[0].data,
	    note[0].len, (char *)note[1].data, note[1].len);
	seed("evidence", name, W);
	wbuf_free(&note[0]);
	wbuf_free(&note[1]);
}

static void
seeds_evidence(struct wbuf * W)
{
	static const struct chain none;
	struct wbuf update;
	struct tree_path path;
	struct update_sig S;
	struct update U;
	struct head H;

	PANIC_UNLESS(head_parse(&H, world.head[1], HEAD_LEN) == 0);
	head_list_init(H.list);
	H.root[0] ^= 1;
	put_evidence(W, RULE_ROOT_MISMATCH, &H, NULL, 0);
	seed("evidence", "root", W);
	H.time_ms = 1;
	put_evidence(W, RULE_TIME_DECREASES, &H, NULL, 0);
	seed("evidence", "time", W);

	/* Alice's policy in that world is none. */
	PANIC_UNLESS(head_parse(&H, world.head[1], HEAD_LEN) == 0);
	wbuf_init(&update, UPDATE_LEN_MAX);
	memset(&S, 7, sizeof(S));
	PANIC_UNLESS(update_put(&update, world.entry.data, world.entry.len, &S,
	    1) == 0 && update_parse(&U, update.data, update.len) == 0);
	head_list_init(H.list);
	head_list_add(H.list, update.data, update.len);
	H.updates = 2;
	put_evidence(W, RULE_UPDATES_COUNT, &H, NULL, 1);
	evidence_put_update(W, update.data, update.len, NULL, NULL, 0);
	seed("evidence", "count", W);
	H.updates = 1;
	for (size_t i = 0; i < INDEX_LEN; i++)
		update.data[4 + i] ^= 0xff;
	head_list_init(H.list);
	head_list_add(H.list, update.data, update.len);
	PANIC_UNLESS(update_parse(&U, update.data, update.len) == 0 &&
	    tree_lookup(world.realm->nonce, &nodes, &world.root, U.entry.index,
	    &path) == 0 && path.kind != TREE_PRESENT);
	put_evidence(W, RULE_POLICY_MALFORMED, &H, NULL, 1);
	evidence_put_update(W, update.data, update.len, &path, NULL, 0);
	seed("evidence", "update", W);
	wbuf_free(&update);

	PANIC_UNLESS(head_parse(&H, world.head[1], HEAD_LEN) == 0);
	head_policy("quorum none\n", 12, H.policy);
	put_evidence(W, RULE_POLICY_MALFORMED, &H, "quorum none\n", 0);
	seed("evidence", "policy", W);
	seed_fork(W, "fork", &none, 3);
}

static void
seeds_proof(struct wbuf * W)
{
	static const char * const name[] = {
		[ALICE] = "present", [ERASED] = "erased",
		[NOBODY_EMPTY] = "absent-empty", [NOBODY_OTHER] = "absent-other"
	};
	const struct memory_seen seen = { .size = EPOCHS };
	struct wbuf note[2];
	struct proof P;
	struct wish I;

	make_eras();
	for (enum who who = ALICE; who <= NOBODY_OTHER; who++) {
		wish_init(&I, who);
		I.epoch = 1 + who;
		make_proof(&P, &I);
		proof_format(W, &P);
		seed("proof", name[who], W);
		wbuf_free(&I.note);
	}
	wish_init(&I, ALICE);
	make_proof(&P, &I);
	P.chain.n = 2;
	for (unsigned i = 0; i < 2; i++)
		make_link(&P.chain.link[i], i + 1, 31, &note[i]);
	proof_format(W, &P);
	seed("proof", "chain", W);
	seed_fork(W, "chain", &P.chain, 2 | 4);
	memory_file_format(W, "r", &seen, &P.chain, P.note, P.note_len);
	seed("realm", "memory-chain", W);
	wbuf_free(&note[0]);
	wbuf_free(&note[1]);
	wbuf_free(&I.note);
}

static void
seeds_link(struct wbuf * W)
{

	link_put_hello(W, REALM, "log");
	seed("link", "hello", W);
	link_put_reply(W, "");
	seed("link", "accepted", W);
	link_put_reply(W, "peer-unknown");
	seed("link", "refused", W);
}

static void
seeds_answer(struct wbuf * W)
{

	wbuf_printf(W, "epoch 17\n");
	seed("answer", "epoch", W);
	for (char c = 'A'; c < 'D'; c++)
		wbuf_printf(W, "%c%042d=\n", c, 0);
	seed("answer", "consistency", W);
	wbuf_printf(W, "ks-history/v1\nuser a\nversions 2\nnext 9\n"
	    "proof 2 0 14\nks-proof/v1\na\nproof 4 7 13\nks-proof/v1\n\n");
	seed("answer", "history", W);
	wbuf_printf(W, "user-malformed: the user id is not one\n");
	seed("answer", "refusal", W);
}

/* The keys that the unit test reads, as no library of ours makes any. */
static void
seeds_openpgp(struct wbuf * W)
{
	static const char * const names[] = { "alice.asc", "alice.pgp", "bob.pgp",
	    "dsa.pgp", "revoked.pgp" };
	char path[128];
	uint8_t * p;
	FILE * f;
	size_t n;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "t/vectors/openpgp/%s", names[i]);
		if ((f = fopen(path, "rb")) == NULL ||
		    (p = wbuf_space(W, OPENPGP_LEN_MAX)) == NULL)
			err(1, "%s", path);
		n = fread(p, 1, OPENPGP_LEN_MAX, f);
		W->len -= OPENPGP_LEN_MAX - n;
		fclose(f);
		seed("openpgp", names[i], W);
	}
}

static void
seed_web(struct wbuf * W, const char * name, uint8_t kind, const char * text)
{

	wbuf_put_u8(W, kind);
	wbuf_put_bytes(W, text, strlen(text));
	seed("web", name, W);
}

static void
seeds_web(struct wbuf * W)
{

	seed_web(W, "lookup", 0, "/v1/lookup?user=%41lice%40example.org&epoch=17");
	seed_web(W, "feed", 0, "/v1/feed/17?wait_ms=30000");
	seed_web(W, "page", 0, "/page/a/b.js");
	seed_web(W, "search", 0, "/pks/lookup?op=index&options=mr"
	    "&search=%3Calice@example.org%3E&exact=on");
	seed_web(W, "fingerprint", 0, "/pks/lookup?op=get"
	    "&search=0x8ace12ca506747b7c055110d5a739271e9b7f603");
	seed_web(W, "accept", 1,
	    "text/plain;q=0.5, application/json;q=0.75, */*;q=0.001");
	seed_web(W, "forwarded", 2, "192.0.2.1, 2001:db8::1");
	seed_web(W, "update", 3, "{\"request_id\":"
	    "\"00112233445566778899aabbccddeeff\",\"user\":\"alice\","
	    "\"update\":\"AAAA\",\"profile\":\"AQID\","
	    "\"registration\":\"/+8=\"}");
}

int
main(int argc, char ** argv)
{
	struct wbuf W;

	if (argc != 2 || sodium_init() < 0)
		errx(2, "usage: seeds DIR");
	dir = argv[1];
	make_world();
	wbuf_init(&W, 1 << 20);
	seeds_note(&W);
	seeds_policy(&W);
	seeds_tree_tile(&W);
	seeds_frame(&W);
	seeds_entry(&W);
	seeds_proto(&W);
	seeds_realm(&W);
	seeds_evidence(&W);
	seeds_link(&W);
	seeds_openpgp(&W);
	seeds_answer(&W);
	seeds_web(&W);

	/* Last, as it gives the realm other heads. */
	seeds_proof(&W);
	wbuf_free(&W);
	return (0);
}
