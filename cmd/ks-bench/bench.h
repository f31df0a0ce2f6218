#ifndef KS_BENCH_BENCH_H
#define KS_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/exits.h"
#include "codec/wbuf.h"
#include "frame/frame.h"

struct pool;

/* How long a daemon may take for one answer: closing a large epoch holds it up. */
#define BENCH_TIMEOUT_MS	120000

/* Time between two looks at what is waited for. */
#define BENCH_POLL_MS		2

/* What a command works on. */
struct bench {
	const char * dir;	/* -d: it is the working directory */
	uint64_t count;		/* -n: users */
	uint64_t first;		/* -f: the number of the first one */
	uint64_t version;	/* -v: of the entries */
	unsigned depth;		/* -D: requests in flight */
	unsigned seconds;	/* -s: each measurement */
	int json;		/* -j */
	int accepted_only;	/* -W */
	int straight;		/* -L: to the log, past the edge */
	int absent;		/* -a */
	int warm;		/* -w */
	struct pool * pool;	/* all threads */
	char ** args;		/* what follows the options */
	int nargs;
};

/* The floors, under the names that they are printed with. */
#define FLOOR_VERIFY		"verify_1"
#define FLOOR_VERIFY_ALL	"verify_all"
#define FLOOR_FDATASYNC		"fdatasync"
#define FLOOR_SOCKET_1		"socket_1"
#define FLOOR_SOCKET_64		"socket_64"

/**
 * bench_floor(B), bench_fill(B), bench_close(B), bench_lookup(B), bench_replay(B):
 * Carry out the command of that name.  Return the code to leave with.
 */
int bench_floor(const struct bench *);
int bench_fill(const struct bench *);
int bench_close(const struct bench *);
int bench_lookup(const struct bench *);
int bench_replay(const struct bench *);

#endif
