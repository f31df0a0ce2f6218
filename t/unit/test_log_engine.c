#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/server.h"
#include "entry/limits.h"
#include "etcd/etcd.h"
#include "log/committed.h"
#include "log/etcd.h"
#include "log/etcd_batch.h"
#include "log/etcd_trim.h"
#include "log/follow.h"
#include "log/local.h"
#include "log/log.h"
#include "loop/loop.h"
#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "proto/list.h"
#include "store/store.h"
#include "store/store_memory.h"

#include "../../cmd/ks-logd/logd.h"

#include "log_entries.h"
#include "member.h"
#include "test.h"

/* What every engine promises, by the same code; the test says which. */
static enum { LOCAL, ETCD, FOLLOW } which;
static const char * const names[] = { "local", "etcd", "follow" };

/* An event that does not come within this long never will. */
#define PATIENCE_MS	30000

/* What an engine told, in order. */
static struct told {
	uint32_t ids[3 * LOG_BATCH_MAX];	/* of proposed */
	uint64_t indices[3 * LOG_BATCH_MAX];
	size_t n;
	size_t failed;
	uint64_t committed;	/* the last one told */
	int early;		/* told before it was durable, or after committed */
	int permanent;
} told;

/* An engine with what it stands on. */
static struct rig {
	struct loop * L;
	struct store * S;
	struct committed * C;
	struct log_engine * E;
	char realm[32];
	uint64_t commits;	/* of the start itself */
} rig;

/* Whom the engine follow follows: ks-logd with the engine local. */
static struct primary {
	struct store * S;
	struct logd logd;
	struct server_spec spec;
	struct server * server;
	struct loop_deferred * batch;
} primary;

static int
on_batch(void * ctx)
{

	(void)ctx;
	return (log_flush(primary.logd.engine));
}

static int
primary_start(void)
{
	struct logd * X = &primary.logd;

	memset(X, 0, sizeof(*X));
	TAILQ_INIT(&X->peers);
	X->store = primary.S;
	primary.batch = loop_deferred_new(rig.L, LOOP_BATCH, on_batch, NULL);
	if (committed_open(primary.S, rig.realm, &X->committed) ||
	    (X->engine = log_local_new(X->committed, &logd_events, X)) == NULL)
		return (-1);
	logd_serve_spec(X, &primary.spec);
	primary.spec.path = "primary";
	primary.server = server_new(rig.L, &primary.spec, primary.batch);
	return (primary.server != NULL ? 0 : -1);
}

static void
primary_stop(void)
{

	if (primary.server == NULL)
		return;
	server_free(primary.server);
	log_close(primary.logd.engine);
	logd_peers_free(&primary.logd);
	committed_close(primary.logd.committed);
	loop_deferred_free(primary.batch);
	primary.server = NULL;
}

static int
on_proposed(void * ctx, struct log_ticket ticket, uint64_t index)
{
	struct told * T = ctx;

	T->ids[T->n] = ticket.id;
	T->indices[T->n++] = index;
	if (index <= T->committed || index > committed_last(rig.C))
		T->early = 1;
	return (0);
}

static int
on_failed(void * ctx, struct log_ticket ticket, const char * why)
{
	struct told * T = ctx;

	(void)ticket;
	(void)why;
	T->failed++;
	return (0);
}

static int
on_committed(void * ctx, uint64_t last)
{
	struct told * T = ctx;

	T->committed = last;
	return (0);
}

static int
on_hint(void * ctx, int leader)
{

	(void)ctx;
	return (leader == log_leader(rig.E) ? 0 : -1);
}

static void
on_permanent(void * ctx)
{
	struct told * T = ctx;

	T->permanent = 1;
}

static const struct log_events events = {
	on_proposed, on_failed, on_committed, on_hint, on_permanent
};

/* Close the engine, as a process that ends. */
static void
rig_close(void)
{

	log_close(rig.E);
	committed_close(rig.C);
	primary_stop();
	if (rig.L != NULL)
		loop_free(rig.L);
	rig.E = NULL;
	rig.C = NULL;
	rig.L = NULL;
}

/* Does the engine take proposals? */
static int
is_ready(void)
{
	struct wbuf W;
	int ready = log_leader(rig.E);

	wbuf_init(&W, 4096);
	log_status(rig.E, &W);
	wbuf_put_u8(&W, 0);
	if (which == FOLLOW)
		ready = strstr((const char *)W.data, "follow following\n") != NULL;
	wbuf_free(&W);
	return (ready);
}

/* Open the engine on the store, as a process that starts. */
static int
rig_start(void)
{
	static struct log_etcd_options options;
	static const char * const peers[] = { "nobody", "primary" };
	uint64_t end = clock_mono_ms() + PATIENCE_MS;

	memset(&told, 0, sizeof(told));
	if ((rig.L = loop_new()) == NULL ||
	    committed_open(rig.S, rig.realm, &rig.C))
		return (-1);
	options = (struct log_etcd_options){ .etcd = { which == ETCD ? member_url() : "", "", "", "" },
	    .realm = rig.realm, .name = "a", .keep = 1000, .max = 10000 };
	if (which == ETCD && options.etcd.url == NULL)
		return (-1);
	if (which == FOLLOW && primary_start())
		return (-1);
	rig.E = which == ETCD ?
	    log_etcd_new(rig.L, rig.C, &options, &events, &told) :
	    which == LOCAL ? log_local_new(rig.C, &events, &told) :
	    log_follow_new(rig.L, rig.C, peers, 2, &events, &told);
	if (rig.E == NULL)
		return (-1);
	while (!is_ready() && !told.permanent) {
		if (loop_turn(rig.L, 50) || clock_mono_ms() > end)
			return (-1);
	}
	rig.commits = committed_commits(rig.C);
	return (strcmp(log_name(rig.E), names[which]));
}

/* Begin with an empty log. */
static int
rig_open(void)
{
	static unsigned number;

	/* A cluster is for one realm. */
	member_forget();
	snprintf(rig.realm, sizeof(rig.realm), "r%u.example", ++number);
	if (chdir(test_dir()) || (rig.S = store_open_memory()) == NULL ||
	    (primary.S = store_open_memory()) == NULL)
		return (-1);
	return (rig_start());
}

static void
rig_end(void)
{

	rig_close();
	store_close(rig.S);
	store_close(primary.S);
	rig.S = primary.S = NULL;
}

/* Turn the loop until the log has ${last} entries and nothing waits. */
static int
settle(uint64_t last)
{
	uint64_t end = clock_mono_ms() + PATIENCE_MS;

	if (log_flush(rig.E))
		return (-1);
	while (log_waiting(rig.E) > 0 || committed_last(rig.C) < last) {
		if (loop_turn(rig.L, 50) || clock_mono_ms() > end)
			return (-1);
	}
	return (0);
}

/* Propose ${n} entries, ids counted on from ${id}; of ${body_len}, or their own. */
static int
propose(uint32_t id, uint32_t n, size_t body_len)
{
	static uint8_t entry[LOG_ENTRY_MAX];
	struct log_ticket ticket = { &told, 0, 0 };
	size_t len;

	for (uint32_t i = id; i < id + n; i++) {
		ticket.id = i;
		len = body_len > 0 ? body_len : entries_body_len(i);
		if (log_propose(rig.E, ticket, entry,
		    entries_make(i, len, entry)))
			return (-1);
	}
	return (0);
}

/* All told so far are ids ${from}... at the same indices, each after its commit. */
static int
told_in_order(uint32_t from, size_t n)
{

	if (told.n != n || told.early || told.failed > 0)
		return (0);
	for (size_t i = 0; i < n; i++) {
		if (told.ids[i] != from + i || told.indices[i] != from + i)
			return (0);
	}
	return (1);
}

static void
a_turn_is_one_commit(void)
{

	CHECK(rig_open() == 0);
	CHECK(settle(0) == 0 && told.committed == 0);
	CHECK(propose(1, 100, 0) == 0);
	CHECK(told.n == 0 && committed_last(rig.C) == 0);
	CHECK(log_waiting(rig.E) == 100);
	CHECK(settle(100) == 0 && told_in_order(1, 100));
	CHECK(told.committed == 100);
	CHECK(which == FOLLOW || committed_commits(rig.C) == rig.commits + 1);
	CHECK(propose(101, 1, 0) == 0 && settle(101) == 0);
	CHECK(told_in_order(1, 101));
	CHECK(which == FOLLOW || committed_commits(rig.C) == rig.commits + 2);
	rig_end();
}

static void
a_flood_is_cut_into_commits(void)
{
	uint32_t n = 2 * LOG_BATCH_MAX + 7;

	CHECK(rig_open() == 0);
	CHECK(propose(1, n, 10) == 0);
	CHECK(settle(n) == 0 && told_in_order(1, n));
	CHECK(which == FOLLOW || committed_commits(rig.C) == rig.commits + 3);

	/* And by bytes. */
	CHECK(propose(n + 1, 50, 130000) == 0);
	CHECK(settle(n + 50) == 0 && told_in_order(1, n + 50));
	CHECK(committed_commits(rig.C) >= rig.commits + 5);
	CHECK(!log_full(rig.E));
	rig_end();
}

static void
proposals_keep_their_order(void)
{
	uint32_t next = 1;

	CHECK(rig_open() == 0);
	for (uint32_t n = 1; next < 1500; n = n * 7 % 97 + 1) {
		CHECK(propose(next, n, 0) == 0 && log_flush(rig.E) == 0);
		CHECK(loop_turn(rig.L, 0) == 0);
		next += n;
	}
	CHECK(settle(next - 1) == 0 && told_in_order(1, next - 1));
	rig_end();
}

static void
the_log_is_protocols(void)
{
	uint8_t hash[HASH_LEN];
	size_t bytes;

	CHECK(rig_open() == 0);
	for (uint32_t i = 1; i <= 281; i += 20)
		CHECK(propose(i, 20, 0) == 0 && settle(i + 19) == 0);
	entries_hash(rig.realm, 300, hash);
	CHECK(memcmp(committed_hash(rig.C), hash, HASH_LEN) == 0);
	CHECK(entries_read(rig.C, rig.realm, 1, UINT64_MAX, 1 << 20, 4096,
	    &bytes) == 300);
	CHECK(entries_read(rig.C, rig.realm, 5, 9, 1 << 20, 4096, &bytes) == 5);
	CHECK(entries_read(rig.C, rig.realm, 1, 300, 1 << 20, 7, &bytes) == 7);
	CHECK(entries_read(rig.C, rig.realm, 1, 300, 0, 7, &bytes) == 1);
	rig_end();
}

static void
the_log_only_grows(void)
{
	uint32_t last = 0;
	size_t bytes;

	CHECK(rig_open() == 0);
	for (uint32_t n = 1; n <= 6; n++) {
		CHECK(committed_last(rig.C) == last);
		CHECK(propose(last + 1, n, 0) == 0 && settle(last + n) == 0);
		CHECK(told_in_order(last + 1, n));
		last += n;
		CHECK(entries_read(rig.C, rig.realm, 1, last, 1 << 20, 4096,
		    &bytes) == (long)last);
		/* What still waits is forgotten, and may come out or not. */
		rig_close();
		store_memory_restart(rig.S);
		CHECK(rig_start() == 0);
	}
	rig_end();
}

/* What was put into etcd comes out of it again; then it counts. */
static void
what_the_disk_refused_is_not_told(void)
{
	uint64_t end = clock_mono_ms() + PATIENCE_MS;
	uint32_t after = which != LOCAL ? 10 : 5;
	size_t bytes;
	int rc;

	CHECK(rig_open() == 0);
	CHECK(propose(1, 5, 0) == 0 && settle(5) == 0);
	store_memory_fail_commit(rig.S, 1);
	CHECK(propose(6, 5, 0) == 0);
	rc = log_flush(rig.E);
	while (rc == 0 && clock_mono_ms() < end)
		rc = loop_turn(rig.L, 50);
	CHECK(rc == -1);
	CHECK(told_in_order(1, 5) && told.committed == 5);
	CHECK(committed_last(rig.C) == 5 && !told.permanent);
	rig_close();

	store_memory_restart(rig.S);
	CHECK(rig_start() == 0 && settle(after) == 0);
	CHECK(committed_last(rig.C) == after && told.n == 0);
	CHECK(propose(after + 1, 5, 0) == 0 && settle(after + 5) == 0);
	CHECK(told_in_order(after + 1, 5));
	CHECK(entries_read(rig.C, rig.realm, 1, after + 5, 1 << 20, 4096,
	    &bytes) == (long)after + 5);
	rig_end();
}

/* A local log of the entries ${from} and so on, ${n} of them, on a new store. */
static int
local_log(uint32_t from, uint32_t n)
{

	which = LOCAL;
	if ((rig.S = store_open_memory()) == NULL || rig_start() ||
	    propose(from, n, 0) || settle(n))
		return (-1);
	rig_close();
	which = ETCD;
	return (0);
}

static void
a_local_log_is_taken_over(void)
{
	static const uint32_t lengths[] = { 0, 5 };
	uint8_t hash[HASH_LEN];
	size_t bytes;

	for (size_t i = 0; i < 2; i++) {
		uint32_t n = lengths[i];

		CHECK(rig_open() == 0);
		rig_end();
		member_forget();
		CHECK(local_log(1, n) == 0 && rig_start() == 0);
		CHECK(committed_place(rig.C).cluster != 0);
		CHECK(propose(n + 1, 7, 0) == 0 && settle(n + 7) == 0);
		CHECK(told_in_order(n + 1, 7));
		entries_hash(rig.realm, n + 7, hash);
		CHECK(memcmp(committed_hash(rig.C), hash, HASH_LEN) == 0);

		/* Again, from what is there. */
		rig_close();
		store_memory_restart(rig.S);
		CHECK(rig_start() == 0);
		CHECK(propose(n + 8, 1, 0) == 0 && settle(n + 8) == 0);
		CHECK(entries_read(rig.C, rig.realm, 1, n + 8, 1 << 20, 4096,
		    &bytes) == (long)n + 8);

		/* Another one of that length, or longer, is not the same log. */
		rig_end();
		CHECK(local_log(3, n > 0 ? n : 1) == 0);
		CHECK(rig_start() == -1 && told.permanent);
		CHECK(committed_place(rig.C).cluster == 0);
		rig_end();
		CHECK(local_log(1, n + 8) == 0);
		CHECK(rig_start() == -1 && told.permanent);
		rig_end();
	}
}

static int
on_deleted(void * ctx, struct etcd_reply * R)
{

	*(int *)ctx = R->why == NULL && R->deleted == 1 ? 1 : -1;
	return (0);
}

/* Delete the base, as if the log in etcd were older than bases. */
static int
delete_base(void)
{
	struct etcd_options options = { member_url(), "", "", "" };
	struct loop * L = loop_new();
	struct etcd * K = etcd_open(L, &options);
	char key[64];
	int rc = 0;

	snprintf(key, sizeof(key), "ks/%s/base", rig.realm);
	if (etcd_delete(K, key, PATIENCE_MS, on_deleted, &rc) == NULL)
		return (-1);
	while (rc == 0 && loop_turn(L, 50) == 0)
		continue;
	etcd_close(K);
	loop_free(L);
	return (rc == 1 ? 0 : -1);
}

static void
a_log_without_a_base_begins_with_nothing(void)
{
	size_t bytes;

	which = ETCD;
	CHECK(rig_open() == 0);
	CHECK(propose(1, 5, 0) == 0 && settle(5) == 0);
	rig_end();
	CHECK(delete_base() == 0);
	CHECK((rig.S = store_open_memory()) != NULL);
	CHECK(rig_start() == 0 && settle(5) == 0);
	CHECK(entries_read(rig.C, rig.realm, 1, 5, 1 << 20, 4096, &bytes) == 5);
	CHECK(propose(6, 1, 0) == 0 && settle(6) == 0);
	rig_end();
	CHECK(local_log(1, 5) == 0);
	CHECK(rig_start() == -1 && told.permanent);
	rig_end();
}

static void
a_log_is_of_one_cluster_and_realm(void)
{
	static const struct committed_place other = { 1, 1 };

	which = ETCD;
	CHECK(rig_open() == 0);
	CHECK(propose(1, 5, 0) == 0 && settle(5) == 0);
	CHECK(committed_place(rig.C).cluster != 0);
	CHECK(committed_place(rig.C).revision > 0);
	CHECK(committed_set_place(rig.C, other) == 0);
	CHECK(committed_commit(rig.C) == 0);
	rig_close();
	CHECK(rig_start() == -1 && told.permanent);
	rig_end();

	/* Nor does a new one go where another realm is. */
	snprintf(rig.realm, sizeof(rig.realm), "other.example");
	CHECK((rig.S = store_open_memory()) != NULL);
	CHECK(rig_start() == -1 && told.permanent);
	rig_end();
}

static void
a_batch_is_taken_whole_or_skipped_whole(void)
{
	static uint8_t entry[LOG_ENTRY_MAX];
	struct wbuf W;
	struct rbuf R;
	const uint8_t * p;
	uint32_t n, taken = 0;
	size_t len;
	uint8_t save;

	wbuf_init(&W, LOG_ETCD_BATCH_LEN_MAX + 1);
	log_etcd_batch_begin(&W);
	CHECK(log_etcd_batch_parse(W.data, W.len, &R, &n) == -1); /* of none */
	for (uint32_t i = 1; i <= 300; i++)
		CHECK(log_etcd_batch_add(&W, entry, entries_make(i,
		    entries_body_len(i), entry)) == 0);
	CHECK(log_etcd_batch_parse(W.data, W.len, &R, &n) == 0 && n == 300);
	while (list_next(&R, &p, &len)) {
		taken++;
		CHECK(len == entries_make(taken, entries_body_len(taken), entry));
		CHECK(memcmp(p, entry, len) == 0);
	}
	CHECK(taken == 300);
	for (size_t cut = 0; cut < W.len; cut += 1 + cut / 50)
		CHECK(log_etcd_batch_parse(W.data, cut, &R, &n) == -1);
	/* Version, number, first length; first entry's own length of its body. */
	for (size_t i = 0; i < 9; i++) {
		save = W.data[i];
		W.data[i] ^= 1;
		CHECK(log_etcd_batch_parse(W.data, W.len, &R, &n) == -1);
		W.data[i] = save;
	}
	W.data[9 + REQUEST_ID_LEN + 4] ^= 1;
	CHECK(log_etcd_batch_parse(W.data, W.len, &R, &n) == -1);
	W.data[9 + REQUEST_ID_LEN + 4] ^= 1;
	W.data[9 + REQUEST_ID_LEN] = 200;	/* any type is taken */
	CHECK(log_etcd_batch_parse(W.data, W.len, &R, &n) == 0);
	wbuf_put_u8(&W, 0);
	CHECK(log_etcd_batch_parse(W.data, W.len, &R, &n) == -1);
	wbuf_free(&W);
}

static void
a_batch_has_limits(void)
{
	static uint8_t entry[LOG_ENTRY_MAX];
	size_t len = entries_make(1, 1, entry);
	struct wbuf W;
	struct rbuf R;
	uint32_t n;

	wbuf_init(&W, LOG_ETCD_BATCH_LEN_MAX);
	log_etcd_batch_begin(&W);
	for (unsigned i = 0; i < 4096; i++)
		CHECK(log_etcd_batch_add(&W, entry, len) == 0);
	CHECK(log_etcd_batch_add(&W, entry, len) == 1);
	CHECK(log_etcd_batch_parse(W.data, W.len, &R, &n) == 0 && n == 4096);
	wbuf_reset(&W);
	log_etcd_batch_begin(&W);
	len = entries_make(1, LOG_ENTRY_MAX - 27, entry);
	CHECK(len == LOG_ENTRY_MAX);
	for (unsigned i = 0; i < 7; i++)
		CHECK(log_etcd_batch_add(&W, entry, len) == 0);
	CHECK(log_etcd_batch_add(&W, entry, len) == 1);
	/* To the last byte. */
	len = entries_make(1, 1048576 - W.len - 4 - 27, entry);
	CHECK(log_etcd_batch_add(&W, entry, len) == 0 && W.len == 1048576);
	CHECK(log_etcd_batch_parse(W.data, W.len, &R, &n) == 0 && n == 8);
	wbuf_free(&W);
}

static void
trimming_follows_the_slowest(void)
{
	static const struct {
		struct log_etcd_trim T;
		uint64_t to;
	} cases[] = {
		{ { 100, 90, 95, 10, 1000, 0 }, 90 },
		{ { 100, 98, 99, 10, 1000, 0 }, 90 },
		{ { 100, 20, 99, 10, 1000, 0 }, 20 },
		{ { 100, 0, 99, 10, 1000, 0 }, 0 },	/* one never wrote */
		{ { 5, 5, 5, 10, 1000, 0 }, 0 },
		{ { 5000, 20, 4999, 10, 1000, 0 }, 4000 },
		{ { 5000, 0, 4999, 10, 1000, 0 }, 4000 },
		{ { 5000, 4500, 4999, 10, 1000, 0 }, 4500 },
		{ { 100, 20, 99, 10, 1000, LOG_ETCD_IN_USE_HIGH }, 20 },
		{ { 100, 20, 97, 10, 1000, LOG_ETCD_IN_USE_HIGH + 1 }, 97 },
		{ { 100, 200, 300, 10, 1000, UINT64_MAX }, 100 },	/* never ahead */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK(log_etcd_trim(&cases[i].T) == cases[i].to);
}

#define ALL(f)								\
	static void f ## _local(void) { which = LOCAL; f(); }		\
	static void f ## _etcd(void) { which = ETCD; f(); }		\
	static void f ## _follow(void) { which = FOLLOW; f(); }
ALL(a_turn_is_one_commit)
ALL(a_flood_is_cut_into_commits)
ALL(proposals_keep_their_order)
ALL(the_log_is_protocols)
ALL(the_log_only_grows)
ALL(what_the_disk_refused_is_not_told)

#define PROMISE(text, f)						\
	{ "local: " text, f ## _local }, { "etcd: " text, f ## _etcd },	\
	{ "follow: " text, f ## _follow }

static const struct test tests[] = {
	PROMISE("all proposals of a turn are one commit, told in order after it",
	    a_turn_is_one_commit),
	PROMISE("a flood is committed in bounded batches, in order",
	    a_flood_is_cut_into_commits),
	PROMISE("proposals of many turns come out once, in order",
	    proposals_keep_their_order),
	PROMISE("entries, hashes and the bounds of reads are PROTOCOL's",
	    the_log_is_protocols),
	PROMISE("over restarts the log only grows", the_log_only_grows),
	PROMISE("a commit that the disk refused is never acknowledged",
	    what_the_disk_refused_is_not_told),
	{ "the log of the engine local goes on in etcd, and no other",
	    a_local_log_is_taken_over },
	{ "a log in etcd without a base begins with nothing",
	    a_log_without_a_base_begins_with_nothing },
	{ "a log is of one cluster, and a cluster of one realm",
	    a_log_is_of_one_cluster_and_realm },
	{ "a batch is taken whole, or skipped whole by everyone",
	    a_batch_is_taken_whole_or_skipped_whole },
	{ "a batch has 4096 entries and 1 MiB at most", a_batch_has_limits },
	{ "etcd is trimmed to the slowest replica, within bounds",
	    trimming_follows_the_slowest }
};

TESTS(tests)
