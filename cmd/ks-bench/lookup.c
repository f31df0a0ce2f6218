#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "config/config.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "proof/proof.h"
#include "proto/proto_publish.h"
#include "realm/realm.h"

#include "bench.h"
#include "daemon_ask.h"
#include "floor.h"
#include "measure.h"
#include "pipeline.h"
#include "population.h"

/* How long the floor is measured right before. */
#define FLOOR_MS	500

/* Proofs that are kept, to be verified when nothing is timed any more. */
#define KEPT_MAX	32

/* One proof of so many is kept, until there are KEPT_MAX. */
#define KEPT_EACH	101

/* Users looked up that are there have low numbers, those that are not, high ones. */
#define ABSENT_FIRST	90000000

struct kept {
	uint64_t number;
	char * text;
	size_t len;
};

/* Lookups on their way. */
struct lookup {
	const struct bench * B;
	const struct population_realm * R;
	uint64_t * by_id;	/* the user asked for under request id i */
	uint64_t first;
	uint64_t in_order;	/* nonzero: each user once; so many are left */
	uint64_t end_ns;	/* else random ones until then */
	uint64_t answers;
	uint64_t bytes, bytes_min, bytes_max;
	struct kept kept[KEPT_MAX];
	unsigned nkept;
};

/* The number of the next user to look up, or -1 after the last one. */
static int64_t
next_user(struct lookup * L)
{
	uint32_t upper = (uint32_t)L->B->count;

	if (L->in_order > 0) {
		if (L->in_order == 1)
			return (-1);
		return ((int64_t)(L->first + (--L->in_order - 1)));
	}
	if (clock_mono_ns() >= L->end_ns)
		return (-1);
	return ((int64_t)(L->first + randombytes_uniform(upper)));
}

static enum pipeline_request
request(void * ctx, struct wbuf * W, uint32_t id)
{
	struct lookup * L = ctx;
	struct proto_publish_lookup Q = { .policy = "",
	    .known = L->R->realm->policy_hash };
	char user[USER_LEN_MAX + 1];
	int64_t number;
	size_t mark;

	if ((number = next_user(L)) == -1)
		return (PIPELINE_NONE);
	if (population_user(L->R, (uint64_t)number, user, sizeof(user))) {
		warnx("user %jd: no user id", (intmax_t)number);
		return (PIPELINE_FAILED);
	}
	L->by_id[id] = (uint64_t)number;
	Q.user = user;
	Q.user_len = strlen(user);
	mark = frame_begin(W, LOOKUP, id);
	proto_publish_put_lookup(W, &Q);
	frame_end(W, mark);
	return (PIPELINE_SENT);
}

/* Keep the proof of the user ${number} if it is its turn. */
static int
keep(struct lookup * L, uint64_t number, const char * text, size_t len)
{
	struct kept * K;

	if (L->nkept == KEPT_MAX || L->answers % KEPT_EACH != 0)
		return (0);
	K = &L->kept[L->nkept];
	if ((K->text = malloc(len)) == NULL) {
		warnx("out of memory");
		return (-1);
	}
	memcpy(K->text, text, len);
	K->len = len;
	K->number = number;
	L->nkept++;
	return (0);
}

static int
reply(void * ctx, uint32_t id, const struct frame * F)
{
	struct lookup * L = ctx;
	const struct daemon_ask about = { .path = CONFIG_SOCKET_PUBLISH };
	const char * text;
	size_t len;

	if (F->type == COMMON_ERROR) {
		daemon_ask_why(&about, F);
		return (-1);
	}
	if (F->type != LOOKUP_PROOF ||
	    proto_publish_get_proof(F->body, F->len, &text, &len)) {
		warnx("an answer of type %#x that is none", F->type);
		return (-1);
	}
	if (L->in_order > 0)
		return (0);
	if (L->bytes_max < len)
		L->bytes_max = len;
	if (L->answers == 0 || L->bytes_min > len)
		L->bytes_min = len;
	L->bytes += len;
	if (keep(L, L->by_id[id], text, len))
		return (-1);
	L->answers++;
	return (0);
}

/* Verify one proof fully; it must show the user present, or absent. */
static int
verify(const struct lookup * L, const struct kept * K)
{
	struct proof_verdict V;
	struct proof * P;
	const char * rule;
	char user[USER_LEN_MAX + 1];
	int rc = -1;

	if (population_user(L->R, K->number, user, sizeof(user)))
		return (-1);
	if (proof_parse(K->text, K->len, &P, &rule)) {
		warnx("%s: %s", user, rule == NULL ? "out of memory" : rule);
		return (-1);
	}
	if (proof_verify(P, L->R->realm, NULL, user, 0, clock_wall_ms(), &V)
	    != PROOF_VERIFIED)
		warnx("%s: its proof is refused: %s", user, V.rule);
	else if ((V.found == TREE_PRESENT) == !!L->B->absent)
		warnx("%s is %s", user, L->B->absent ? "there" : "not there");
	else
		rc = 0;
	proof_free(P);
	return (rc);
}

/* Look up with ${depth} requests in flight, beside the bare server. */
static int
measure(struct lookup * L, int fd, unsigned depth)
{
	struct pipeline P = {
		.fd = fd, .depth = depth, .ctx = L, .request = request,
		.reply = reply
	};
	const char * word = L->B->absent ? "absent" : "lookup";
	char name[64], floor_name[64];
	struct samples S, bare;
	uint64_t start, before = L->answers;
	double floor, seconds;
	int rc = -1;

	samples_init(&S);
	samples_init(&bare);
	if ((floor = floor_socket(depth, FLOOR_MS, &bare)) < 0)
		goto done;
	start = clock_mono_ns();
	L->end_ns = start + (uint64_t)L->B->seconds * 1000000000;
	if (pipeline_run(&P, &S))
		goto done;
	seconds = (double)(clock_mono_ns() - start) / 1e9;
	snprintf(name, sizeof(name), "%s_%u", word, depth);
	snprintf(floor_name, sizeof(floor_name), "socket_%u", depth);
	measure_ratio(L->B, name, (double)(L->answers - before) / seconds, "1/s",
	    floor_name, floor);
	snprintf(name, sizeof(name), "%s_%u_p50", word, depth);
	snprintf(floor_name, sizeof(floor_name), "socket_%u_p50", depth);
	measure_ratio(L->B, name, samples_quantile(&S, 0.5) / 1e3, "us",
	    floor_name, samples_quantile(&bare, 0.5) / 1e3);
	snprintf(name, sizeof(name), "%s_%u_p99", word, depth);
	snprintf(floor_name, sizeof(floor_name), "socket_%u_p99", depth);
	measure_ratio(L->B, name, samples_quantile(&S, 0.99) / 1e3, "us",
	    floor_name, samples_quantile(&bare, 0.99) / 1e3);
	rc = 0;

done:
	samples_free(&bare);
	samples_free(&S);
	return (rc);
}

/* Look each user up once, so that what is made once is made. */
static int
warm(struct lookup * L, int fd)
{
	struct pipeline P = {
		.fd = fd, .depth = L->B->depth, .ctx = L, .request = request,
		.reply = reply
	};
	struct samples S;
	int rc;

	samples_init(&S);
	L->in_order = L->B->count + 1;
	rc = pipeline_run(&P, &S);
	L->in_order = 0;
	samples_free(&S);
	return (rc);
}

static int
run(struct lookup * L, int fd)
{
	const char * word = L->B->absent ? "absent" : "lookup";
	char name[64];

	if ((L->B->warm && warm(L, fd)) || measure(L, fd, 1) ||
	    (L->B->depth > 1 && measure(L, fd, L->B->depth)))
		return (-1);
	if (L->answers == 0) {
		warnx("no answer in %u s", L->B->seconds);
		return (-1);
	}
	snprintf(name, sizeof(name), "%s_proof_min", word);
	measure_print(L->B, name, (double)L->bytes_min, "bytes");
	snprintf(name, sizeof(name), "%s_proof_mean", word);
	measure_print(L->B, name, (double)L->bytes / (double)L->answers, "bytes");
	snprintf(name, sizeof(name), "%s_proof_max", word);
	measure_print(L->B, name, (double)L->bytes_max, "bytes");
	for (unsigned i = 0; i < L->nkept; i++)
		if (verify(L, &L->kept[i]))
			return (-1);
	snprintf(name, sizeof(name), "%s_verified", word);
	measure_print(L->B, name, L->nkept, "count");
	return (0);
}

int
bench_lookup(const struct bench * B)
{
	struct population_realm R;
	struct lookup L = {
		.B = B, .R = &R, .first = B->absent ? ABSENT_FIRST : B->first
	};
	struct daemon_ask A = { .fd = -1 };
	int rc = EXITS_PERMANENT;

	if (population_realm_open(&R))
		goto done;
	if ((L.by_id = calloc((size_t)B->depth + 1, sizeof(*L.by_id))) == NULL) {
		warnx("out of memory");
		goto done;
	}
	rc = EXITS_TEMPORARY;
	if (daemon_ask_open(&A, CONFIG_SOCKET_PUBLISH, 0) == 0 &&
	    run(&L, A.fd) == 0)
		rc = EXITS_OK;

done:
	daemon_ask_close(&A);
	for (unsigned i = 0; i < L.nkept; i++)
		free(L.kept[i].text);
	free(L.by_id);
	population_realm_close(&R);
	return (rc);
}
