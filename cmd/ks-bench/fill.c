#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "config/config.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "note/note.h"
#include "policy/quorum.h"
#include "proto/proto_admit.h"
#include "proto/proto_log.h"
#include "realm/realm.h"

#include "bench.h"
#include "daemon_ask.h"
#include "floor.h"
#include "measure.h"
#include "pipeline.h"
#include "population.h"

/* How long the floor is measured right before. */
#define FLOOR_MS	500

/* Time until what was answered with "unavailable" is sent again. */
#define AGAIN_MS	5

/* Longest time that a verifier may take to ratify what was accepted. */
#define RATIFIED_MS	600000

/* Updates on their way. */
struct fill {
	struct population P;
	size_t next;		/* the first request that was not sent yet */
	size_t * again;		/* those to be sent again, a stack */
	size_t nagain;
	size_t * by_id;		/* what was sent under request id i */
	uint64_t retries;
	uint64_t epoch;		/* the newest that holds one of them */
	double floor;		/* verifications a second, all threads */
	uint64_t start_ns;
};

static enum pipeline_request
request(void * ctx, struct wbuf * W, uint32_t id)
{
	struct fill * F = ctx;
	size_t i;

	if (F->next < F->P.n)
		i = F->next++;
	else if (F->nagain > 0) {
		daemon_ask_pause(AGAIN_MS);
		i = F->again[--F->nagain];
	} else
		return (PIPELINE_NONE);
	F->by_id[id] = i;
	frame_put(W, F->P.log_entries ? LOG_PROPOSE : UPDATE, id,
	    F->P.requests[i].body, F->P.requests[i].len);
	return (PIPELINE_SENT);
}

/* An ERROR: to be sent again, or the end. */
static int
refused(struct fill * F, uint32_t id, const struct frame * frame)
{
	struct common_error E;

	if (common_get_error(frame->body, frame->len, &E)) {
		warnx("a malformed ERROR");
		return (-1);
	}
	if (E.code != ERROR_UNAVAILABLE) {
		warnx("user %" PRIu64 ": %s%s%s", F->P.first + F->by_id[id],
		    E.rule, E.text[0] != '\0' ? ": " : "", E.text);
		return (-1);
	}
	F->again[F->nagain++] = F->by_id[id];
	F->retries++;
	return (1);
}

static int
reply(void * ctx, uint32_t id, const struct frame * frame)
{
	struct fill * F = ctx;
	uint64_t x;

	if (frame->type == COMMON_ERROR)
		return (refused(F, id, frame));
	if (F->P.log_entries) {
		if (frame->type == LOG_PROPOSED &&
		    proto_log_get_proposed(frame->body, frame->len, &x) == 0)
			return (0);
	} else if (frame->type == UPDATE_ACCEPTED &&
	    proto_admit_get_accepted(frame->body, frame->len, &x) == 0) {
		if (x > F->epoch)
			F->epoch = x;
		return (0);
	}
	warnx("an answer of type %#x that is none", frame->type);
	return (-1);
}

/* Does the note of ${len} bytes meet the realm's quorum, at this epoch or later? */
static int
note_met(const struct realm * realm, const uint8_t * note, size_t len,
    uint64_t epoch)
{
	struct checkpoint C;
	struct quorum Q;
	struct note * N;
	const char * rule;
	int rc = -1;

	if (note_parse(&N, note, len, &rule)) {
		warnx("a note is refused: %s", rule == NULL ? "memory" : rule);
		return (-1);
	}
	if (quorum_check(realm->policy, N, &C, &Q, &rule))
		warnx("a note is refused: %s", rule);
	else
		rc = C.size >= epoch && Q.met;
	note_free(N);
	return (rc);
}

/* Wait until the realm's quorum stands behind an epoch that holds them all. */
static int
wait_ratified(const struct fill * F)
{
	const uint64_t ask[] = { F->epoch, 0 };
	uint64_t deadline = clock_mono_ms() + RATIFIED_MS;
	struct daemon_ask A;
	const uint8_t * head, * note;
	size_t len;
	int met = 0, rc;

	if (daemon_ask_open(&A, CONFIG_SOCKET_PUBLISH, 0)) {
		daemon_ask_close(&A);
		return (-1);
	}
	for (unsigned i = 0; met == 0; i++) {
		if (clock_mono_ms() > deadline) {
			warnx("epoch %" PRIu64 ": the quorum is not met", F->epoch);
			met = -1;
		}
		if ((rc = daemon_ask_head(&A, ask[i % 2], &head, &note,
		    &len)) == -1)
			met = -1;
		if (rc == 0 && met == 0)
			met = note_met(F->P.R->realm, note, len, F->epoch);
		if (met == 0)
			daemon_ask_pause(BENCH_POLL_MS);
	}
	daemon_ask_close(&A);
	return (met == 1 ? 0 : -1);
}

static double
per_second(const struct fill * F)
{
	uint64_t ns = clock_mono_ns() - F->start_ns;

	return (ns == 0 ? 0 : (double)F->P.n * 1e9 / (double)ns);
}

static void
print(const struct bench * B, struct fill * F, struct samples * S, double rate)
{
	const char * word = F->P.version == 0 ? "fill" : "update";
	char name[64];

	snprintf(name, sizeof(name), "%s_accepted", word);
	measure_ratio(B, name, rate, "1/s", FLOOR_VERIFY_ALL, F->floor);
	snprintf(name, sizeof(name), "%s_p50", word);
	measure_print(B, name, samples_quantile(S, 0.5) / 1e6, "ms");
	snprintf(name, sizeof(name), "%s_p99", word);
	measure_print(B, name, samples_quantile(S, 0.99) / 1e6, "ms");
	snprintf(name, sizeof(name), "%s_retries", word);
	measure_print(B, name, (double)F->retries, "count");
}

static int
run(const struct bench * B, struct fill * F, struct pipeline * P)
{
	struct samples S;
	double rate;
	char name[64];
	int rc = -1;

	samples_init(&S);
	F->start_ns = clock_mono_ns();
	if (pipeline_run(P, &S))
		goto done;
	rate = per_second(F);
	if (!B->accepted_only && !B->straight) {
		if (wait_ratified(F))
			goto done;
		snprintf(name, sizeof(name), "%s_ratified",
		    F->P.version == 0 ? "fill" : "update");
		measure_ratio(B, name, per_second(F), "1/s", FLOOR_VERIFY_ALL,
		    F->floor);
	}
	print(B, F, &S, rate);
	rc = 0;

done:
	samples_free(&S);
	return (rc);
}

/* Prepare the updates of ${F}, and what holds them while they are on their way. */
static int
prepare(const struct bench * B, struct fill * F)
{
	uint64_t start = clock_mono_ns();

	F->again = calloc(F->P.n, sizeof(*F->again));
	F->by_id = calloc((size_t)B->depth + 1, sizeof(*F->by_id));
	if (F->again == NULL || F->by_id == NULL) {
		warnx("out of memory");
		return (-1);
	}
	if (population_prepare(&F->P, B->pool) ||
	    (F->floor = floor_verify(B->pool, FLOOR_MS)) < 0)
		return (-1);
	warnx("%zu updates prepared in %.1f s", F->P.n,
	    (double)(clock_mono_ns() - start) / 1e9);
	return (0);
}

int
bench_fill(const struct bench * B)
{
	struct population_realm R;
	struct fill F = {
		.P = {
			.R = &R, .first = B->first, .version = B->version,
			.log_entries = B->straight, .n = (size_t)B->count
		}
	};
	struct pipeline P = {
		.depth = B->depth, .ctx = &F, .request = request, .reply = reply
	};
	struct daemon_ask A = { .fd = -1 };
	int rc = EXITS_PERMANENT;

	if (population_realm_open(&R) || prepare(B, &F))
		goto done;
	rc = EXITS_TEMPORARY;
	if (daemon_ask_open(&A, B->straight ? CONFIG_SOCKET_LOG :
	    CONFIG_SOCKET_ADMIT, 0))
		goto done;
	P.fd = A.fd;
	if (run(B, &F, &P) == 0)
		rc = EXITS_OK;

done:
	daemon_ask_close(&A);
	population_free(&F.P);
	free(F.by_id);
	free(F.again);
	population_realm_close(&R);
	return (rc);
}
