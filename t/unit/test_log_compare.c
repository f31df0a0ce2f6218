#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "daemon/server.h"
#include "log/committed.h"
#include "log/compare.h"
#include "log/local.h"
#include "log/log.h"
#include "loop/loop.h"
#include "store/store.h"
#include "store/store_memory.h"

#include "../../cmd/ks-logd/logd.h"

#include "log_entries.h"
#include "test.h"

#define REALM		"example.org"
#define PATIENCE_MS	30000
#define PEERS		3
#define ROUNDS		(LOG_COMPARE_ROUNDS + 2)

/* Peers with their logs, on the sockets "peer0" and so on: ks-logd's own serving. */
static struct peer {
	struct store * S;
	struct logd logd;
	struct server_spec spec;
	struct server * server;
} peers[PEERS];

static struct loop * L;
static unsigned differs, seen;
static uint64_t seen_last[PEERS];

/* Append the entries ${from} to ${to}; with ${other} instead at that index. */
static int
append(struct committed * C, uint32_t from, uint32_t to, uint32_t other)
{
	uint8_t entry[1024];
	uint64_t index;
	uint32_t number;

	for (uint32_t i = from; i <= to; i++) {
		number = i == other ? 100000 : i;
		if (committed_put(C, entry, entries_make(number,
		    entries_body_len(number), entry), &index) || index != i)
			return (-1);
	}
	return (committed_commit(C));
}

static int
peer_open(unsigned i, uint32_t last, uint32_t other)
{
	static const char * const paths[] = { "peer0", "peer1", "peer2" };
	struct peer * P = &peers[i];
	struct logd * X = &P->logd;

	memset(P, 0, sizeof(*P));
	TAILQ_INIT(&X->peers);
	X->store = P->S = store_open_memory();
	if (committed_open(P->S, REALM, &X->committed) ||
	    append(X->committed, 1, last, other) ||
	    (X->engine = log_local_new(X->committed, &logd_events, X)) == NULL)
		return (-1);
	logd_serve_spec(X, &P->spec);
	P->spec.path = paths[i];
	P->server = server_new(L, &P->spec, NULL);
	return (P->server != NULL ? 0 : -1);
}

static void
peer_close(unsigned i)
{
	struct peer * P = &peers[i];

	if (P->server == NULL)
		return;
	server_free(P->server);
	log_close(P->logd.engine);
	logd_peers_free(&P->logd);
	committed_close(P->logd.committed);
	store_close(P->S);
	P->server = NULL;
}

static int
on_differs(void * ctx)
{

	(void)ctx;
	differs++;
	return (-1);
}

static int
on_seen(void * ctx, size_t peer, uint64_t last)
{

	(void)ctx;
	seen |= 1U << peer;
	seen_last[peer] = last;
	return (0);
}

/* Each peer is a log of so many entries, with another one at this index. */
struct log_of {
	uint32_t last;		/* 0: it is away */
	uint32_t other;		/* 0: all are the same */
};

/* Does a log of ${last} entries, compared with ${of}, serve on (0), or not (1)? */
static int
verdict(uint32_t last, const struct log_of of[PEERS])
{
	static const char * const paths[] = { "peer0", "peer1", "peer2" };
	struct log_compare_spec spec = {
		.peers = paths, .npeers = PEERS, .ms = 20,
		.differs = on_differs,
		.seen = on_seen
	};
	uint64_t end = clock_mono_ms() + PATIENCE_MS;
	struct store * S = store_open_memory();
	struct log_compare * X;
	struct committed * C;
	unsigned there = 0;
	int rc = 0;

	L = loop_new();
	differs = seen = 0;
	if (committed_open(S, REALM, &C) || append(C, 1, last, 0))
		return (-1);
	for (unsigned i = 0; i < PEERS; i++) {
		if (of[i].last == 0)
			continue;
		there |= 1U << i;
		if (peer_open(i, of[i].last, of[i].other))
			return (-1);
	}
	X = log_compare_new(L, C, &spec);
	/* A round is over when the next one begins. */
	for (int round = 0; round < ROUNDS && rc == 0; round++) {
		seen = 0;
		while (rc == 0 && (seen & there) != there &&
		    clock_mono_ms() < end)
			rc = loop_turn(L, 20);
	}
	for (unsigned i = 0; i < PEERS && differs == 0; i++) {
		if (of[i].last != 0 && seen_last[i] != of[i].last)
			rc = -2;
	}
	log_compare_free(X);
	for (unsigned i = 0; i < PEERS; i++)
		peer_close(i);
	committed_close(C);
	store_close(S);
	loop_free(L);
	return (rc == 0 ? 0 : rc == -1 && differs == 1 ? 1 : -1);
}

static void
the_log_of_most_goes_on(void)
{
	static const struct {
		struct log_of peers[PEERS];
		int stops;
	} cases[] = {
		/* Shorter, longer, equal; and away. */
		{ { { 10, 0 }, { 30, 0 }, { 20, 0 } }, 0 },
		{ { { 10, 0 }, { 0, 0 }, { 0, 0 } }, 0 },
		/* One that differs, before the end, at it, in a shorter log. */
		{ { { 20, 7 }, { 0, 0 }, { 0, 0 } }, 1 },
		{ { { 20, 20 }, { 0, 0 }, { 0, 0 } }, 1 },
		{ { { 10, 7 }, { 0, 0 }, { 0, 0 } }, 1 },
		{ { { 30, 7 }, { 0, 0 }, { 0, 0 } }, 1 },
		/* After our end all may differ. */
		{ { { 30, 25 }, { 30, 21 }, { 0, 0 } }, 0 },
		/* Against as many that agree he counts for nothing. */
		{ { { 20, 7 }, { 20, 0 }, { 0, 0 } }, 0 },
		{ { { 20, 7 }, { 20, 0 }, { 20, 7 } }, 1 },
		{ { { 20, 7 }, { 20, 0 }, { 25, 0 } }, 0 }
	};

	CHECK(chdir(test_dir()) == 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK(verdict(20, cases[i].peers) == cases[i].stops);
}

static const struct test tests[] = {
	{ "a log that differs from more peers than agree with it is told so",
	    the_log_of_most_goes_on }
};

TESTS(tests)
