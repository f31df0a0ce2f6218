#ifndef KS_RATIFY_FETCH_IMPL_H
#define KS_RATIFY_FETCH_IMPL_H

#include <stdint.h>

#include "codec/wbuf.h"
#include "daemon/server.h"
#include "frame/common.h"
#include "http/http.h"
#include "proto/bundle.h"

#include "ratify_feed.h"
#include "ratify_push.h"

struct conn;
struct loop;
struct loop_timer;

/* What only the files fetch_*.c see. */

/* A long poll is asked to wait so long; what is silent for longer is away. */
#define FETCH_WAIT_MS		25000
#define FETCH_STALL_MS		(FETCH_WAIT_MS + 15000)

/* How long any other request may take, and be silent. */
#define FETCH_TIMEOUT_MS	20000

/* How long the answer to how far a server is may take: it is asked often. */
#define FETCH_HEAD_TIMEOUT_MS	5000

/* Two requests for what is not there yet begin no closer than this. */
#define FETCH_POLL_MS		500

/* Two requests for what came since, and for how far a server is, begin no closer. */
#define FETCH_TAIL_MS		50
#define FETCH_HEAD_MS		500

/* Waits before a server that failed is tried again: doubles; longer if the same can
 * be expected again. */
#define FETCH_REST_MS_MIN	250
#define FETCH_REST_MS_MAX	5000
#define FETCH_REST_MS_REFUSED	60000

/* So many epochs are asked for at a time, while they are known to be there; of
 * those whose turn it is not, so many bytes are held. */
#define FETCH_AHEAD		4
#define FETCH_HOLD_MAX		((size_t)1024 * 1024)

/* Cosignatures that are pushed at a time. */
#define FETCH_PUSHING		4

/* When to look whether a pushed cosignature came back, if nobody told; doubles. */
#define FETCH_BACK_MS_MIN	1000
#define FETCH_BACK_MS_MAX	60000

/* Longest answer about the newest checkpoint: a head, and a note in JSON. */
#define FETCH_HEAD_MAX		((size_t)1024 * 1024)

/* Longest answer to a push. */
#define FETCH_PUSHED_MAX	((size_t)4096)

/* One epoch on its way. */
struct slot {
	struct face * face;
	uint64_t epoch;
	struct http_call * call;	/* of the bundle */
	uint64_t start_ms;		/* when that began */
	struct bundle bundle;
	struct wbuf in;			/* came, and was not handed over */
	int whole;			/* all of it came */
	int paused;			/* the piece that follows was not taken */
	int later;			/* not to be asked for before its turn */
	struct http_call * ratifications;
	struct wbuf back;		/* the answer to that */
	int ratified;			/* it is there */
};

enum push_state {
	PUSH_FREE = 0,
	PUSH_QUEUED,
	PUSH_ASKED,			/* RATIFY is on its way */
	PUSH_PROPOSED,			/* it was taken: does it come back? */
	PUSH_LOOKED			/* that is being asked */
};

/* One cosignature. */
struct push {
	struct face * face;
	enum push_state state;
	uint32_t id;			/* of the RATIFY */
	uint64_t epoch;
	uint8_t body[RATIFY_BACK_LEN];
	struct http_call * call;
	uint64_t due_ms;		/* PROPOSED: when to look */
	uint64_t wait_ms;
};

struct face {
	struct loop * L;
	struct http * H;
	const char * url;
	struct server_spec spec;
	struct conn * conn;		/* who asks; NULL: nobody */
	struct loop_timer * again;

	uint64_t rests_ms;		/* nothing is asked before */
	uint64_t wait_ms;		/* its last rest; 0: all is well */
	char said[COMMON_RULE_MAX + HTTP_WHY_MAX + 4];

	uint32_t feed_id;		/* of the FEED; 0: none is open */
	uint64_t next;			/* epoch to be handed over next */
	struct slot slot[FETCH_AHEAD];	/* by epoch, modulo */

	struct http_call * tail;
	uint64_t tail_ms;		/* when it began */
	int told;			/* the first one was answered */
	char cursor[HTTP_CURSOR_MAX + 1];
	uint64_t newest;		/* signed, as far as it is known */
	uint64_t base;			/* up to here ratifications are asked for */

	struct http_call * head;
	uint64_t head_ms;
	uint32_t head_id;		/* of the HEAD that waits; 0: none */

	struct push push[RATIFY_PUSH_MAX];
};

/* What an answer amounts to. */
enum fetch_said {
	FETCH_GOOD,			/* it is what was asked for */
	FETCH_LATER,			/* too much was asked: again after a rest */
	FETCH_REFUSED,			/* by a rule, R->rule */
	FETCH_AWAY			/* none that counts: fetch_face_fail was called */
};

/* fetch_face.c */

/**
 * fetch_face_judge(F, R, type):
 * Say what the answer ${R}, which should be of the media ${type}, amounts to.
 */
enum fetch_said fetch_face_judge(struct face *, const struct http_result *,
    const char *);

/**
 * fetch_face_error(F, id, R):
 * Answer the request ${id} with the rule of ${R}, a refusal.  Return 0 or -1.
 */
int fetch_face_error(struct face *, uint32_t, const struct http_result *);

/**
 * fetch_face_fail(F, rule, why, again_ms):
 * The server does not do, by the ${rule} (may be empty): end the connection, with a
 * line, and rest, for no longer than ${again_ms}.
 */
void fetch_face_fail(struct face *, const char *, const char *, uint64_t);

/**
 * fetch_face_get(F, path, Q):
 * Begin the request ${Q} for the ${path}, which stands for its URL.  Return the call, or
 * NULL (reported).
 */
struct http_call * fetch_face_get(struct face *, const char *,
    const struct http_request *);

/**
 * fetch_face_go(F):
 * Begin all requests that are due, and set the timer for the others.  Return 0 or -1.
 */
int fetch_face_go(struct face *);

/* fetch_feed.c */

/**
 * fetch_feed_begin(F, id, epoch), fetch_feed_end(F):
 * Feed the request ${id} from ${epoch} on; end that, and all requests for it.
 */
void fetch_feed_begin(struct face *, uint32_t, uint64_t);
void fetch_feed_end(struct face *);

/**
 * fetch_feed_go(F, now_ms, wake_ms):
 * Begin the requests of the feed that are due, and lower ${wake_ms} to when the next is.
 * Return 0 or -1.
 */
int fetch_feed_go(struct face *, uint64_t, uint64_t *);

/**
 * fetch_feed_drained(F):
 * The connection takes more again.
 */
void fetch_feed_drained(struct face *);

/**
 * fetch_feed_pass_back(F, p, len):
 * Hand over the FEED_RATIFICATIONs among the ${len} bytes of frames at ${p} that are of
 * epochs which were handed over.  Return 0, 1 if they are no such frames, or -1.
 */
int fetch_feed_pass_back(struct face *, const uint8_t *, size_t);

/* fetch_push.c */

/**
 * fetch_push_add(F, id, epoch, body):
 * Take the RATIFY ${id} with this ${body}, about ${epoch}.  Return 0 or -1.
 */
int fetch_push_add(struct face *, uint32_t, uint64_t, const uint8_t *);

/**
 * fetch_push_back(F, epoch, key_id):
 * The ratification of ${epoch} by ${key_id} was handed over.
 */
void fetch_push_back(struct face *, uint64_t, const uint8_t *);

/**
 * fetch_push_go(F, now_ms, wake_ms), fetch_push_end(F):
 * As fetch_feed_go and fetch_feed_end, for cosignatures.
 */
int fetch_push_go(struct face *, uint64_t, uint64_t *);
void fetch_push_end(struct face *);

/* fetch_head.c */

/**
 * fetch_head_go(F, now_ms, wake_ms):
 * As fetch_feed_go, for the HEAD that waits.
 */
int fetch_head_go(struct face *, uint64_t, uint64_t *);

#endif
