#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "daemon/upstream.h"
#include "entry/limits.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "loop/loop.h"
#include "propose/due.h"
#include "proto/log_entry.h"
#include "proto/proto_log.h"
#include "proto/signature.h"
#include "store/rowkey.h"
#include "store/store.h"

#include "sign_propose.h"
#include "sign_state.h"

/* Request id of the frames that carry proposals; what counts comes as an event. */
#define PROPOSE_FRAME_ID 1

/* A signature on its way. */
struct open {
	uint64_t epoch;
	uint64_t needs;			/* commit that made it durable */
	struct due_retry retry;
	int proposed;			/* once in this run at least */
};

struct sign_propose {
	const struct sign_state * state;
	struct store * store;
	struct upstream * upstream;
	struct upstream_spec spec;
	struct loop_timer * timer;
	struct open open[SIGN_OPEN_MAX];	/* by epoch, rising */
	size_t nopen;
	int is_up;
	uint64_t proposals;
	uint64_t retries;		/* among them */
	uint64_t seen;
};

/* Send the signature of ${O} to the log, under a request id of its own. */
static int
propose(struct sign_propose * P, const struct open * O)
{
	struct bytes row = { NULL, 0, 0 };
	struct signature S;
	struct log_entry E;
	struct wbuf body, entry;
	uint8_t key[ROWKEY_MAX], id[REQUEST_ID_LEN];
	int rc = -1;

	wbuf_init(&body, LOG_ENTRY_MAX);
	wbuf_init(&entry, LOG_ENTRY_MAX);
	if (store_get(P->store, key, rowkey_number(key, SIGN_TABLE_SIGNED,
	    O->epoch), &row) != 0 || row.len != SIGN_ROW_LEN) {
		warnx("the signature of epoch %" PRIu64 " is missing or damaged",
		    O->epoch);
		goto done;
	}
	S.epoch = O->epoch;
	memcpy(S.key_id, row.data + SIGN_ROW_KEY, VKEY_ID_LEN);
	memcpy(S.sig, row.data + SIGN_ROW_SIG, SIGN_LEN);
	signature_put(&body, &S);
	randombytes_buf(id, sizeof(id));
	memset(&E, 0, sizeof(E));
	E.request_id = id;
	E.type = LOG_ENTRY_SIGNATURE;
	E.body = body.data;
	E.body_len = body.len;
	log_entry_put(&entry, &E);
	if (wbuf_failed(&body) || wbuf_failed(&entry))
		warnx("out of memory");
	else
		rc = upstream_send(P->upstream, LOG_PROPOSE, PROPOSE_FRAME_ID,
		    entry.data, entry.len, O->needs);
	P->proposals++;
done:
	bytes_free(&row);
	wbuf_free(&body);
	wbuf_free(&entry);
	return (rc);
}

/* Propose what is due, and wait until the next is. */
static int
consider(struct sign_propose * P)
{
	uint64_t now_ms = clock_mono_ms(), next_ms, soonest_ms = DUE_NEVER;
	struct open * O;

	loop_timer_clear(P->timer);
	if (!P->is_up)
		return (0);
	for (size_t i = 0; i < P->nopen; i++) {
		O = &P->open[i];
		if (due_retry(&O->retry, now_ms, &next_ms)) {
			if (propose(P, O))
				return (-1);
			P->retries += (uint64_t)O->proposed;
			O->proposed = 1;
			due_retry_made(&O->retry, now_ms);
			due_retry(&O->retry, now_ms, &next_ms);
		}
		if (next_ms < soonest_ms)
			soonest_ms = next_ms;
	}
	if (soonest_ms != DUE_NEVER)
		loop_timer_set(P->timer, soonest_ms > now_ms ?
		    soonest_ms - now_ms : 0);
	return (0);
}

static void
add(struct sign_propose * P, uint64_t epoch, uint64_t needs)
{
	struct open * O;

	if (P->nopen == SIGN_OPEN_MAX)
		return;
	O = &P->open[P->nopen++];
	memset(O, 0, sizeof(*O));
	O->epoch = epoch;
	O->needs = needs;
	O->retry.first_ms = SIGN_RETRY_MS_MIN;
	O->retry.most_ms = SIGN_RETRY_MS_MAX;
}

static int
load_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{
	struct sign_propose * P = cookie;
	struct rbuf R;

	rbuf_init(&R, key + 1, klen - 1);
	/* What a key signed that was replaced since is not for us to bring. */
	if (vlen == SIGN_ROW_LEN && value[SIGN_ROW_FLAG] == SIGN_FLAG_OPEN &&
	    memcmp(value + SIGN_ROW_KEY, P->state->key_id, VKEY_ID_LEN) == 0)
		add(P, rbuf_get_u64(&R), store_number(P->store));
	return (P->nopen == SIGN_OPEN_MAX);
}

/* Take the signatures that have not come back from the store, from ${epoch} on. */
static int
load(struct sign_propose * P, uint64_t epoch)
{
	static const uint8_t to = SIGN_TABLE_SIGNED + 1;
	uint8_t from[ROWKEY_MAX];
	const size_t len = rowkey_number(from, SIGN_TABLE_SIGNED, epoch);

	return (store_scan(P->store, from, len, &to, 1, load_row, P) < 0 ?
	    -1 : 0);
}

int
sign_propose_signed(struct sign_propose * P, uint64_t epoch, uint64_t needs)
{

	add(P, epoch, needs);
	return (consider(P));
}

int
sign_propose_seen(struct sign_propose * P, uint64_t epoch)
{
	size_t i;
	int was_full = P->nopen == SIGN_OPEN_MAX;

	for (i = 0; i < P->nopen && P->open[i].epoch != epoch; i++)
		continue;
	P->seen++;
	if (i == P->nopen)
		return (0);
	memmove(&P->open[i], &P->open[i + 1],
	    (--P->nopen - i) * sizeof(P->open[0]));
	if (was_full && load(P, P->open[P->nopen - 1].epoch + 1))
		return (-1);
	return (consider(P));
}

static int
on_timer(void * cookie)
{

	return (consider(cookie));
}

static int
on_up(void * cookie, struct upstream * U)
{
	struct sign_propose * P = cookie;

	/* What was proposed before may be lost: all of it is due again. */
	for (size_t i = 0; i < P->nopen; i++)
		P->open[i].retry.tries = 0;
	P->upstream = U;
	P->is_up = 1;
	return (consider(P));
}

static int
on_down(void * cookie, struct upstream * U)
{
	struct sign_propose * P = cookie;

	(void)U;
	P->is_up = 0;
	return (consider(P));
}

static int
on_frame(void * cookie, struct upstream * U, const struct frame * frame)
{

	(void)cookie;
	if (frame->type != LOG_PROPOSED && frame->type != COMMON_ERROR)
		return (upstream_malformed(U, "unknown-type"));
	return (0);
}

static const char *
frame_name(uint16_t type)
{

	return (type == LOG_PROPOSE ? "LOG_PROPOSE" : NULL);
}

struct sign_propose *
sign_propose_new(struct daemon * D, const struct sign_state * A,
    struct store * S)
{
	struct sign_propose * P;

	if ((P = calloc(1, sizeof(*P))) == NULL ||
	    (P->timer = loop_timer_new(daemon_loop(D), on_timer, P)) == NULL) {
		warn("proposing signatures");
		free(P);
		return (NULL);
	}
	P->state = A;
	P->store = S;
	P->spec.path = CONFIG_SOCKET_LOG;
	P->spec.ctx = P;
	P->spec.up = on_up;
	P->spec.down = on_down;
	P->spec.frame = on_frame;
	P->spec.frame_name = frame_name;
	if (load(P, 0) == 0 && daemon_follow(D, &P->spec) != NULL)
		return (P);
	sign_propose_free(P);
	return (NULL);
}

void
sign_propose_status(const struct sign_propose * P, struct wbuf * W)
{

	wbuf_printf(W, "open %zu\n", P->nopen);
	wbuf_printf(W, "proposals %" PRIu64 "\n", P->proposals);
	wbuf_printf(W, "retries %" PRIu64 "\n", P->retries);
	wbuf_printf(W, "seen %" PRIu64 "\n", P->seen);
	wbuf_printf(W, "upstream_log %s\n", P->is_up ? "up" : "down");
}

void
sign_propose_free(struct sign_propose * P)
{

	if (P == NULL)
		return;
	loop_timer_free(P->timer);
	free(P);
}
