#ifndef KS_LINK_CARRY_H
#define KS_LINK_CARRY_H

#include <sys/types.h>

#include "carrier.h"

struct gate;
struct loop_deferred;
struct loop_fd;
struct loop_timer;
struct tstream;

/*
 * One connection: a local Unix socket on one side, a TLS stream to the ks-link
 * of a peer on the other.  Until the peer is known and both have greeted, not a
 * byte goes from one side to the other.
 */

/* Bytes in the air in each direction; a full buffer is not read into. */
#define CARRY_BUFFER	32768

/* Time to connect, shake hands and greet, all together. */
#define CARRY_GREET_MS	10000

/* Time for a peer to take the reply that refuses it. */
#define CARRY_REFUSE_MS	2000

/* Time in which something must move on a stream whose local side is gone. */
#define CARRY_LINGER_MS	30000

/* Bytes carried for one connection in one turn, so that none starves others. */
#define CARRY_TURN_MAX	262144

enum carry_state {
	CARRY_CONNECT,		/* TCP is being connected */
	CARRY_SHAKE,		/* the TLS handshake */
	CARRY_GREET,		/* the peer is known; hello or reply to come */
	CARRY_OPEN,		/* carried */
	CARRY_REFUSE		/* the reply goes out, then it ends */
};

/* Which connections are counted. */
enum carry_class {
	CARRY_PENDING,		/* from outside, not let in */
	CARRY_IN,		/* from outside, the peer is known */
	CARRY_OUT		/* from here */
};

struct carry_buffer {
	uint8_t data[CARRY_BUFFER];
	size_t start;
	size_t len;
};

struct carry {
	struct carrier * M;
	struct gate * gate;
	const struct config_link_to * to;	/* NULL: from outside */
	enum carry_state state;
	int who;		/* link line of the peer once known, or -1 */
	char from[CONFIG_ADDRESS_MAX + 1];	/* if from outside */
	char service[LINK_SERVICE_MAX + 1];

	int tcp;
	struct loop_fd * tcp_watch;	/* NULL also once TCP is gone */
	struct tstream * tls;
	int read_wants;		/* what the next read of TLS waits for */
	int write_wants;	/* and the next write */
	int tls_eof;		/* the peer sends no more */
	int tls_shut;		/* we send the peer no more, and said so */

	int local;		/* -1 before there is one */
	struct loop_fd * local_watch;	/* NULL also once it is gone */
	int local_eof;		/* the local side sends no more */
	int local_shut;		/* it is sent no more, or takes no more */

	struct carry_buffer up;		/* to the peer */
	struct carry_buffer down;	/* from the peer */
	struct loop_timer * deadline;
	struct loop_deferred * again;
	struct carry * next;
	struct carry * prev;
};

/**
 * carry_accept(M, gate, fd, from):
 * Take the TCP connection ${fd} from the address ${from}, accepted at ${gate} of
 * ${M}.  Return 0, or -1 with errno; ${fd} is then still the caller's.
 */
int carry_accept(struct carrier *, struct gate *, int, const char *);

/**
 * carry_dial(M, gate, to, fd):
 * Carry the Unix connection ${fd}, accepted at ${gate} of ${M}, to the peer of the
 * link line ${to}.  Return as carry_accept.
 */
int carry_dial(struct carrier *, struct gate *, const struct config_link_to *,
    int);

/**
 * carry_count(M, class, who):
 * Return how many connections of ${M} are of ${class}; of the peer of link line
 * ${who} only, unless that is -1.
 */
unsigned carry_count(const struct carrier *, enum carry_class, int);

/**
 * carry_drain(M):
 * Read nothing any more, end what is not carried yet, and end each of the others
 * when all that was read is written.  Return 0, or -1 if the loop failed.
 */
int carry_drain(struct carrier *);

/**
 * carry_free(C):
 * Close both sides of ${C} and free it.
 */
void carry_free(struct carry *);

/* What carry_pump and carry_tls found. */
#define PUMP_BROKEN	(-1)	/* the stream has failed */
#define PUMP_WAITS	0	/* nothing more can be done now */
#define PUMP_ENDED	1	/* both directions are at their end */
#define PUMP_AGAIN	2	/* there is more to do, in another turn */

/**
 * carry_pump(C):
 * Carry what can be carried of the open ${C}, at most CARRY_TURN_MAX bytes and a
 * buffer more.  Return one of the above.
 */
int carry_pump(struct carry *);

/**
 * carry_tls(C, discard):
 * Move bytes between TLS and the buffers of ${C} only, as before it is open; with
 * ${discard}, forget what comes.  Return PUMP_BROKEN, PUMP_ENDED if the peer sends
 * no more, or PUMP_WAITS.
 */
int carry_tls(struct carry *, int);

/**
 * carry_tls_end(C):
 * Say to the peer of ${C} that no more comes, once all is written.  Return 0, or
 * PUMP_BROKEN.
 */
int carry_tls_end(struct carry *);

/**
 * carry_wants(C, tcp, local):
 * Store in ${tcp} and ${local} what ${C} waits for on its two descriptors.
 */
void carry_wants(const struct carry *, int *, int *);

/**
 * carry_take(B, len):
 * Take ${len} bytes, which are there, from the front of ${B}.
 */
void carry_take(struct carry_buffer *, size_t);

#endif
