#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "daemon/conn.h"
#include "daemon/server.h"
#include "entry/limits.h"
#include "frame/common.h"
#include "log/committed.h"
#include "log/fetch.h"
#include "loop/loop.h"
#include "proto/proto_log.h"
#include "store/store.h"
#include "store/store_memory.h"

#include "log_entries.h"
#include "test.h"

#define REALM		"example.org"
#define CLUSTER		77
#define PATIENCE_MS	10000

/* How a peer deviates. */
enum trick {
	HONEST, OTHER_CLUSTER, OLD_PLACE, NO_PLACE, SHORTER, WRONG_LAST_HASH,
	WRONG_HASH_BEFORE, WRONG_ENTRY, GARBAGE_ENTRY, WRONG_FIRST, TOO_MANY,
	NOTHING, REFUSES, MALFORMED
};

/* A peer with its log, on the socket "peer0" or "peer1". */
struct peer {
	struct store * S;
	struct committed * C;
	struct server * server;
	struct server_spec spec;
	enum trick trick;
	unsigned asked;
};

static struct peer peers[2];
static struct loop * L;
static unsigned took, done;
static int done_free;
static struct log_fetch * F;

static int
append(struct committed * C, uint32_t from, uint32_t to)
{
	uint8_t entry[1024];
	uint64_t index;

	for (uint32_t i = from; i <= to; i++) {
		if (committed_put(C, entry, entries_make(i, entries_body_len(i),
		    entry), &index) || index != i)
			return (-1);
	}
	return (committed_commit(C));
}

static int
on_position(void * ctx, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct peer * P = ctx;
	struct proto_log_position pos = {
		.last = committed_last(P->C), .cluster = CLUSTER, .revision = 500
	};

	(void)body;
	(void)len;
	P->asked++;
	memcpy(pos.hash, committed_hash(P->C), HASH_LEN);
	if (P->trick == OTHER_CLUSTER)
		pos.cluster++;
	if (P->trick == OLD_PLACE)
		pos.revision = 399;
	if (P->trick == NO_PLACE)
		pos.revision = 0;
	if (P->trick == SHORTER)
		pos.last = 10;
	if (P->trick == WRONG_LAST_HASH)
		pos.hash[31] ^= 1;
	if (P->trick == REFUSES)
		return (conn_error(C, id, ERROR_REFUSED, "stopping", "no", 0));
	proto_log_put_position(conn_begin(C, LOG_POSITION_REPLY, id), &pos);
	return (conn_end(C, 0));
}

static int
on_read(void * ctx, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct peer * P = ctx;
	uint8_t hash[HASH_LEN], told[HASH_LEN], entry[1024];
	struct wbuf * W;
	struct list L2;
	uint64_t lo, hi;
	uint32_t max;

	if (proto_log_get_read(body, len, &lo, &hi, &max) ||
	    committed_hash_before(P->C, lo, hash))
		return (-1);
	memcpy(told, hash, HASH_LEN);
	if (P->trick == WRONG_HASH_BEFORE)
		told[0] ^= 1;
	if (P->trick == TOO_MANY)
		hi++;
	W = conn_begin(C, LOG_ENTRIES, id);
	proto_log_begin_entries(&L2, W, P->trick == WRONG_FIRST ? lo + 1 : lo,
	    told);
	if (P->trick == WRONG_ENTRY)
		list_put(&L2, entry, entries_make(999, 3, entry));
	else if (P->trick == GARBAGE_ENTRY)
		list_put(&L2, "garbage", 7);
	/* Small pieces, so that there are several. */
	else if (P->trick != NOTHING && committed_read(P->C, lo, hi, 20000, 4096,
	    &L2, hash))
		return (-1);
	if (P->trick == TOO_MANY)
		list_put(&L2, entry, entries_make(999, 3, entry));
	list_end(&L2);
	if (P->trick == MALFORMED)
		wbuf_put_u8(W, 0);
	return (conn_end(C, 0));
}

static int
on_status(void * ctx, struct wbuf * W)
{

	(void)ctx;
	(void)W;
	return (0);
}

static int
peer_open(unsigned i, uint32_t last, enum trick trick)
{
	static const struct server_handler handlers[] = {
		{ LOG_POSITION, "LOG_POSITION", 0, 0, on_position },
		{ LOG_READ, "LOG_READ", 20, 20, on_read }
	};
	struct peer * P = &peers[i];

	P->trick = trick;
	P->asked = 0;
	P->S = store_open_memory();
	if (committed_open(P->S, REALM, &P->C) || append(P->C, 1, last))
		return (-1);
	P->spec = (struct server_spec){
		.path = i == 0 ? "peer0" : "peer1", .mode = 0600, .fd = -1,
		.handlers = handlers, .nhandlers = 2, .ctx = P,
		.status = on_status
	};
	P->server = server_new(L, &P->spec, NULL);
	return (P->server != NULL ? 0 : -1);
}

static void
peer_close(unsigned i)
{

	server_free(peers[i].server);
	committed_close(peers[i].C);
	store_close(peers[i].S);
}

static int
on_took(void * ctx)
{

	(void)ctx;
	took++;
	return (0);
}

static int
on_done(void * ctx)
{

	(void)ctx;
	done++;
	if (done_free) {
		log_fetch_free(F);
		F = NULL;
	}
	return (0);
}

/* Fetch into ${C} from both peers, until done or ${ms} are over. */
static int
fetch(struct committed * C, uint64_t ms)
{
	static const char * const paths[] = { "peer0", "peer1" };
	struct log_fetch_spec spec = { paths, 2, CLUSTER, 400, NULL, on_took,
	    on_done };
	uint64_t end = clock_mono_ms() + ms;
	int rc = 0;

	took = done = 0;
	done_free = 1;
	if ((F = log_fetch_new(L, C, &spec)) == NULL)
		return (-1);
	while (rc == 0 && done == 0 && clock_mono_ms() < end)
		rc = loop_turn(L, 20);
	log_fetch_free(F);
	F = NULL;
	return (rc);
}

static int
begin(struct store ** S, struct committed ** C, uint32_t have)
{

	if (chdir(test_dir()) || (L = loop_new()) == NULL)
		return (-1);
	*S = store_open_memory();
	if (committed_open(*S, REALM, C))
		return (-1);
	return (append(*C, 1, have));
}

static void
finish(struct store * S, struct committed * C)
{

	committed_close(C);
	store_close(S);
	loop_free(L);
}

static void
what_lacks_is_fetched(void)
{
	struct store * S;
	struct committed * C;
	size_t bytes;

	for (uint32_t have = 0; have <= 300; have += 150) {
		CHECK(begin(&S, &C, have) == 0);
		CHECK(peer_open(0, 300, HONEST) == 0);
		CHECK(peer_open(1, 300, HONEST) == 0);
		CHECK(fetch(C, PATIENCE_MS) == 0 && done == 1);
		CHECK(have == 300 || took > 1);
		CHECK(committed_last(C) == 300 && peers[1].asked == 0);
		CHECK(entries_read(C, REALM, 1, 300, 1 << 20, 4096, &bytes) == 300);
		CHECK(committed_place(C).cluster == CLUSTER);
		CHECK(committed_place(C).revision == 500);
		peer_close(0);
		peer_close(1);
		finish(S, C);
	}
}

/* The first peer deviates; the second one helps. */
static void
who_deviates_is_left(void)
{
	struct store * S;
	struct committed * C;
	size_t bytes;

	for (enum trick trick = OTHER_CLUSTER; trick <= MALFORMED; trick++) {
		CHECK(begin(&S, &C, 150) == 0);
		CHECK(peer_open(0, trick == SHORTER ? 10 : 160, trick) == 0);
		CHECK(peer_open(1, 300, HONEST) == 0);
		CHECK(fetch(C, PATIENCE_MS) == 0 && done == 1);
		CHECK(peers[0].asked > 0 && peers[1].asked > 0);
		CHECK(committed_last(C) == 300);
		CHECK(entries_read(C, REALM, 1, 300, 1 << 20, 4096, &bytes) == 300);
		peer_close(0);
		peer_close(1);
		finish(S, C);
	}
}

/* Interrupted, it has revision 0: nobody takes it for a place of etcd's. */
static void
an_interruption_is_remembered(void)
{
	struct store * S;
	struct committed * C;

	CHECK(begin(&S, &C, 0) == 0);
	CHECK(peer_open(0, 300, WRONG_LAST_HASH) == 0);
	CHECK(peer_open(1, 300, WRONG_LAST_HASH) == 0);
	CHECK(fetch(C, 900) == 0 && done == 0);
	CHECK(committed_last(C) > 0 && committed_last(C) < 300);
	CHECK(committed_place(C).cluster == CLUSTER);
	CHECK(committed_place(C).revision == 0);
	peer_close(0);
	peer_close(1);
	finish(S, C);
}

static const struct test tests[] = {
	{ "what a log lacks is fetched in pieces, with the place", what_lacks_is_fetched },
	{ "a peer that deviates is left for the next, and nothing of it is kept",
	    who_deviates_is_left },
	{ "what was fetched and not ended has no place in etcd",
	    an_interruption_is_remembered }
};

TESTS(tests)
