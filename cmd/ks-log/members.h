#ifndef KS_LOG_MEMBERS_H
#define KS_LOG_MEMBERS_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "etcd/etcd.h"

struct logtool;
struct loop;

/* Members of a cluster that are looked at; etcd advises against more than 7. */
#define MEMBERS_MAX	64

/* Longest time that etcd may take for an answer; it gives up after 7 s itself. */
#define MEMBERS_ASK_MS	8000

/* Longest time for a look at a member that may be away. */
#define MEMBERS_LOOK_MS	2000

/* Between two tries while etcd is not ready for a change. */
#define MEMBERS_AGAIN_MS	250

/* The etcd beside the replica, and its last answer. */
struct members {
	const struct logtool * T;
	struct config_engine config;
	char realm[256];
	struct loop * L;
	struct etcd * etcd;
	int done;		/* it answered: */
	int answered;
	char why[ETCD_WHY_MAX];	/* "": it did what was asked */
	uint64_t self;		/* who answered */
	uint64_t leader;
	uint64_t size;
	uint64_t deleted;
	char gone[ETCD_MEMBER_TEXT_MAX + 1];	/* who is being forgotten */
	size_t n;		/* members, of an answer that has them */
	struct etcd_member list[MEMBERS_MAX];
};

/**
 * members_open(T, M):
 * Prepare ${M} for the command ${T} in the directory of its replica, which becomes the
 * working directory.  Return 0, or the code to leave with after having said why; call
 * members_close in any case.
 */
int members_open(const struct logtool *, struct members *);

/**
 * members_close(M):
 * Free what ${M} holds.
 */
void members_close(struct members *);

/**
 * members_wait(M, request):
 * Wait for the answer to ${request}, which was made with members_answer and ${M}.  Return
 * 0 if etcd did what was asked; or the code to leave with, and M->why, not told yet:
 * EXITS_PERMANENT if etcd refused, EXITS_TEMPORARY if it cannot be reached or has no
 * leader.
 */
int members_wait(struct members *, struct etcd_request *);

/**
 * members_answer(M, reply):
 * The callback of all requests.
 */
int members_answer(void *, struct etcd_reply *);

/**
 * members_look(M), members_get(M):
 * Get the members and the leader.  Return 0, or the code to leave with, as members_wait;
 * members_get has said why then.
 */
int members_look(struct members *);
int members_get(struct members *);

/**
 * members_find(M, name):
 * Return the member called ${name}, or with this id in hexadecimal; or NULL.
 */
const struct etcd_member * members_find(const struct members *, const char *);

/**
 * members_say(M, code):
 * Say why etcd did not do what was asked; return ${code}.
 */
int members_say(const struct members *, int);

#endif
