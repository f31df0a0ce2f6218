#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "daemon/conn.h"
#include "daemon/server.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "log/committed.h"
#include "log/follow.h"
#include "log/local.h"
#include "log/log.h"
#include "loop/loop.h"
#include "proto/proto_log.h"
#include "store/store.h"
#include "store/store_memory.h"

#include "../../cmd/ks-logd/logd.h"

#include "log_entries.h"
#include "test.h"

#define REALM		"example.org"
#define CLUSTER		77
#define PATIENCE_MS	30000

/* How the first peer deviates. */
enum trick {
	OTHER_CLUSTER, NO_CLUSTER, BEHIND, NO_POSITION, NO_ENTRIES, REFUSES,
	WRONG_HASH, WRONG_FIRST, GARBAGE_ENTRY, MALFORMED, TAKES_NOTHING, DROPS,
	TRICKS
};

static enum trick trick;
static unsigned asked;

static struct loop * L;
static struct store * S;		/* of the standby */
static struct committed * C;
static struct log_engine * E;

/* The honest one: ks-logd with the engine local. */
static struct store * honest_S;
static struct logd honest;

static unsigned proposed, failed;
static uint64_t told_last;

static int
on_proposed(void * ctx, struct log_ticket ticket, uint64_t index)
{

	(void)ctx;
	(void)ticket;
	proposed++;
	return (index <= committed_last(C) ? 0 : -1);
}

static int
on_failed(void * ctx, struct log_ticket ticket, const char * why)
{

	(void)ctx;
	(void)ticket;
	(void)why;
	failed++;
	return (0);
}

static int
on_committed(void * ctx, uint64_t last)
{

	(void)ctx;
	told_last = last;
	return (0);
}

static int
on_hint(void * ctx, int leader)
{

	(void)ctx;
	(void)leader;
	return (-1);
}

static const struct log_events events = {
	on_proposed, on_failed, on_committed, on_hint, NULL
};

static int
append(struct committed * log, uint32_t from, uint32_t to)
{
	uint8_t entry[1024];
	uint64_t index;

	for (uint32_t i = from; i <= to; i++) {
		if (committed_put(log, entry, entries_make(i,
		    entries_body_len(i), entry), &index) || index != i)
			return (-1);
	}
	return (committed_commit(log));
}

static int
trick_position(void * ctx, struct conn * K, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct proto_log_position P = {
		.last = trick == BEHIND ? 100 : 400, .cluster = CLUSTER
	};

	(void)ctx;
	(void)body;
	(void)len;
	asked++;
	if (trick == NO_POSITION)
		return (0);
	if (trick == REFUSES)
		return (conn_error(K, id, ERROR_REFUSED, "stopping", "no", 0));
	if (trick == OTHER_CLUSTER)
		P.cluster++;
	if (trick == NO_CLUSTER)
		P.cluster = 0;
	proto_log_put_position(conn_begin(K, LOG_POSITION_REPLY, id), &P);
	return (conn_end(K, 0));
}

static int
trick_follow(void * ctx, struct conn * K, uint32_t id, const uint8_t * body,
    size_t len)
{
	uint8_t hash[HASH_LEN], entry[1024];
	uint64_t first = 151;
	struct wbuf * W;
	struct list list;

	(void)ctx;
	(void)body;
	(void)len;
	if (trick == NO_ENTRIES)
		return (0);
	entries_hash(REALM, 150, hash);
	hash[5] ^= trick == WRONG_HASH;
	first += trick == WRONG_FIRST;
	W = conn_begin(K, LOG_ENTRIES, id);
	proto_log_begin_entries(&list, W, first, hash);
	/* An entry of its own, before what is none: neither may stay. */
	if (trick == GARBAGE_ENTRY || trick == WRONG_HASH)
		list_put(&list, entry, entries_make(999, 3, entry));
	if (trick == GARBAGE_ENTRY)
		list_put(&list, "garbage", 7);
	list_end(&list);
	if (trick == MALFORMED)
		wbuf_put_u8(W, 0);
	return (conn_end(K, 0));
}

static int
trick_propose(void * ctx, struct conn * K, uint32_t id, const uint8_t * body,
    size_t len)
{

	(void)ctx;
	(void)body;
	(void)len;
	if (trick == DROPS)
		conn_finish(K);
	else
		return (conn_error(K, id, ERROR_UNAVAILABLE, "log-unavailable",
		    "etcd cannot be reached", 0));
	return (0);
}

static int
no_status(void * ctx, struct wbuf * W)
{

	(void)ctx;
	(void)W;
	return (0);
}

static int
propose(uint32_t number)
{
	uint8_t entry[1024];
	struct log_ticket ticket = { NULL, number, 0 };

	return (log_propose(E, ticket, entry, entries_make(number, 10, entry)));
}

/* Turn the loop until the standby has ${last} entries; in between propose to the first
 * peer once it is followed, if it would be. */
static int
run(uint64_t last)
{
	uint64_t end = clock_mono_ms() + PATIENCE_MS;
	int may = trick >= TAKES_NOTHING, rc = 0;
	struct wbuf W;

	while (rc == 0 && committed_last(C) < last && clock_mono_ms() < end) {
		rc = loop_turn(L, 20);
		wbuf_init(&W, 4096);
		log_status(E, &W);
		wbuf_put_u8(&W, 0);
		if (may && strstr((char *)W.data, "follow_peer trick") != NULL) {
			may = 0;
			rc |= propose(900);
		}
		wbuf_free(&W);
	}
	return (rc);
}

static int
begin(struct server_spec * honest_spec)
{
	struct committed_place place = { CLUSTER, 0 };

	L = loop_new();
	S = store_open_memory();
	honest_S = store_open_memory();
	memset(&honest, 0, sizeof(honest));
	TAILQ_INIT(&honest.peers);
	honest.store = honest_S;
	proposed = failed = asked = 0;
	if (committed_open(S, REALM, &C) || append(C, 1, 150) ||
	    committed_open(honest_S, REALM, &honest.committed) ||
	    append(honest.committed, 1, 300) ||
	    committed_set_place(C, place) || committed_commit(C) ||
	    committed_set_place(honest.committed, place) ||
	    committed_commit(honest.committed) ||
	    (honest.engine = log_local_new(honest.committed, &logd_events,
	    &honest)) == NULL)
		return (-1);
	logd_serve_spec(&honest, honest_spec);
	honest_spec->path = "honest";
	return (0);
}

static void
who_deviates_is_left(void)
{
	static const char * const peers[] = { "trick", "honest" };
	static const struct server_handler handlers[] = {
		{ LOG_POSITION, "LOG_POSITION", 0, 0, trick_position },
		{ LOG_FOLLOW, "LOG_FOLLOW", 8, 8, trick_follow },
		{ LOG_PROPOSE, "LOG_PROPOSE", 0, FRAME_BODY_MAX, trick_propose }
	};
	static const struct server_spec spec = { .path = "trick", .mode = 0600,
	    .fd = -1, .handlers = handlers, .nhandlers = 3,
	    .status = no_status };
	struct server_spec honest_spec;
	struct server * servers[2];
	size_t bytes;

	CHECK(chdir(test_dir()) == 0);
	for (trick = OTHER_CLUSTER; trick < TRICKS; trick++) {
		CHECK(begin(&honest_spec) == 0);
		servers[0] = server_new(L, &spec, NULL);
		servers[1] = server_new(L, &honest_spec, NULL);
		CHECK(servers[0] != NULL && servers[1] != NULL);
		E = log_follow_new(L, C, peers, 2, &events, NULL);
		CHECK(E != NULL && log_leader(E) == 0);
		CHECK(run(300) == 0);
		CHECK(asked > 0 && committed_last(C) == 300);
		CHECK(entries_read(C, REALM, 1, 300, 1 << 20, 4096,
		    &bytes) == 300);
		CHECK(told_last == 300 && proposed == 0);
		CHECK(failed == (trick >= TAKES_NOTHING));
		CHECK(committed_place(C).cluster == CLUSTER);
		CHECK(committed_place(C).revision == 0);
		log_close(E);
		server_free(servers[0]);
		server_free(servers[1]);
		log_close(honest.engine);
		logd_peers_free(&honest);
		committed_close(honest.committed);
		committed_close(C);
		store_close(honest_S);
		store_close(S);
		loop_free(L);
	}
}

static const struct test tests[] = {
	{ "a peer that deviates is left for the next, and nothing of it is kept",
	    who_deviates_is_left }
};

TESTS(tests)
