#include <err.h>
#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/hex.h"
#include "codec/wbuf.h"
#include "config/config.h"
#include "frame/frame_call.h"
#include "head/head.h"
#include "proto/proto_apply.h"
#include "proto/proto_log.h"

#include "bench.h"
#include "daemon_ask.h"
#include "floor.h"
#include "measure.h"

/* How long the floor is measured right before. */
#define FLOOR_MS	300

/* Whom it is about, and what is being closed. */
struct closing {
	const struct bench * B;
	struct daemon_ask log, apply, publish;
	uint64_t epoch;		/* to be closed */
	uint64_t updates;	/* that it will hold */
	double floor;		/* an fdatasync, in ms */
	uint64_t start_ns;
};

/* Print how long it took until now. */
static void
passed(const struct closing * X, const char * name)
{

	measure_ratio(X->B, name,
	    (double)(clock_mono_ns() - X->start_ns) / 1e6, "ms", FLOOR_FDATASYNC,
	    X->floor);
}

/* Follow the events of ks-apply from the next one on. */
static int
follow(struct closing * X)
{
	struct wbuf body;
	uint64_t events;
	int rc = -1;

	if (daemon_ask_number(&X->apply, "events", &events))
		return (-1);
	wbuf_init(&body, 64);
	proto_apply_put_follow(&body, events + 1);
	if (wbuf_failed(&body) || frame_send(X->apply.fd, APPLY_FOLLOW, 2,
	    body.data, body.len, BENCH_TIMEOUT_MS))
		warn("%s", X->apply.path);
	else
		rc = 0;
	wbuf_free(&body);
	return (rc);
}

/* Propose to close the epoch; start the clock. */
static int
propose(struct closing * X)
{
	uint8_t id[REQUEST_ID_LEN];
	struct log_entry_delimiter D = { .epoch = X->epoch };
	struct log_entry E = {
		.request_id = id, .type = LOG_ENTRY_DELIMITER,
		.erasable = (const uint8_t *)""
	};
	struct wbuf body, entry;
	struct frame F;
	char hash[HEX_SIZE(HASH_LEN)];
	size_t len;
	int rc = -1;

	if (daemon_ask_number(&X->log, "last", &D.base) ||
	    daemon_ask_status(&X->log, "hash", hash, sizeof(hash)))
		return (-1);
	if (hex_decode(hash, strlen(hash), D.hash, HASH_LEN, &len) ||
	    len != HASH_LEN) {
		warnx("%s: hash %s: not a hash", X->log.path, hash);
		return (-1);
	}
	D.time_ms = clock_wall_ms();
	randombytes_buf(id, sizeof(id));
	wbuf_init(&body, 256);
	wbuf_init(&entry, LOG_ENTRY_MAX);
	log_entry_put_delimiter(&body, &D);
	E.body = body.data;
	E.body_len = body.len;
	if (wbuf_failed(&body) == 0)
		log_entry_put(&entry, &E);
	X->start_ns = clock_mono_ns();
	if (wbuf_failed(&body) || wbuf_failed(&entry))
		warnx("out of memory");
	else if ((rc = daemon_ask(&X->log, LOG_PROPOSE, entry.data, entry.len,
	    LOG_PROPOSED, &F)) == 1)
		daemon_ask_why(&X->log, &F);
	wbuf_free(&entry);
	wbuf_free(&body);
	return (rc);
}

/* Take the events of one frame; 1 once the epoch is signed. */
static int
take_events(struct closing * X, const struct frame * F)
{
	struct proto_apply_events E;
	const uint8_t * body;
	size_t len;
	uint8_t type;
	struct head H;

	if (F->type != APPLY_EVENTS || proto_apply_get_events(F->body, F->len, &E)) {
		warnx("%s: no events", X->apply.path);
		return (-1);
	}
	while (proto_apply_next(&E, &type, &body, &len) == 1) {
		if (type == EVENT_EPOCH && head_parse(&H, body, len) == 0 &&
		    H.epoch == X->epoch) {
			passed(X, "close_closed");
			X->updates = H.updates;
		}
		if (type == EVENT_SIGNED) {
			passed(X, "close_signed");
			return (1);
		}
	}
	return (0);
}

static int
wait_signed(struct closing * X)
{
	struct frame F;
	int rc;

	do {
		if (frame_recv(X->apply.fd, &X->apply.W, &F, BENCH_TIMEOUT_MS)) {
			warn("%s", X->apply.path);
			return (-1);
		}
	} while ((rc = take_events(X, &F)) == 0);
	return (rc == 1 ? 0 : -1);
}

static int
wait_published(struct closing * X)
{
	uint64_t deadline = clock_mono_ms() + BENCH_TIMEOUT_MS;
	const uint8_t * head, * note;
	size_t len;
	int rc;

	while ((rc = daemon_ask_head(&X->publish, X->epoch, &head, &note,
	    &len)) == 1) {
		if (clock_mono_ms() > deadline) {
			warnx("%s: epoch %" PRIu64 " does not come",
			    X->publish.path, X->epoch);
			return (-1);
		}
		daemon_ask_pause(1);
	}
	if (rc == 0)
		passed(X, "close_published");
	return (rc);
}

static int
run(struct closing * X)
{
	struct samples S;
	uint64_t pending;
	int rc;

	samples_init(&S);
	if ((rc = floor_fdatasync("data", FLOOR_MS, &S)) == 0)
		X->floor = samples_quantile(&S, 0.5) / 1e6;
	samples_free(&S);
	if (rc || daemon_ask_number(&X->apply, "closed", &X->epoch) ||
	    daemon_ask_number(&X->apply, "pending", &pending))
		return (-1);
	X->epoch++;
	if (pending == 0) {
		warnx("no update is pending");
		return (-1);
	}
	if (follow(X) || propose(X) || wait_signed(X) || wait_published(X))
		return (-1);
	measure_print(X->B, "close_updates", (double)X->updates, "count");
	return (0);
}

int
bench_close(const struct bench * B)
{
	struct closing X = {
		.B = B, .log.fd = -1, .apply.fd = -1, .publish.fd = -1
	};
	int rc = EXITS_TEMPORARY;

	if (daemon_ask_open(&X.log, CONFIG_SOCKET_LOG, 0) == 0 &&
	    daemon_ask_open(&X.apply, CONFIG_SOCKET_APPLY, 0) == 0 &&
	    daemon_ask_open(&X.publish, CONFIG_SOCKET_PUBLISH, 0) == 0 &&
	    run(&X) == 0)
		rc = EXITS_OK;
	daemon_ask_close(&X.publish);
	daemon_ask_close(&X.apply);
	daemon_ask_close(&X.log);
	return (rc);
}
