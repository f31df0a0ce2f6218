#ifndef KS_LOG_LOGTOOL_H
#define KS_LOG_LOGTOOL_H

#include <stddef.h>
#include <stdint.h>

struct frame;
struct wbuf;

/* How long ks-logd may take for an answer that is not waited for on purpose. */
#define LOGTOOL_TIMEOUT_MS	10000

/* What a command works on. */
struct logtool {
	const char * dir;	/* of the replica */
	const char * socket;	/* the path, for messages */
	int fd;			/* connected to it */
	int json;		/* -j */
	uint64_t count;		/* -n, UINT64_MAX: for ever */
	uint64_t wait_s;	/* -w */
	int type;		/* -t, or -1: the input is a whole log entry */
	const char * command;
	char ** args;		/* what follows the command */
	int nargs;
};

/**
 * logtool_ask(T, type, body, len, reply, W, F):
 * Ask ks-logd with a frame of ${type} and the ${len} bytes at ${body}, and get its
 * answer, which must be a frame of the type ${reply}, in ${W} and ${F}.  Return 0,
 * or the code to leave with after a line on standard error.
 */
int logtool_ask(const struct logtool *, uint16_t, const void *, size_t, uint16_t,
    struct wbuf *, struct frame *);

/**
 * logtool_expect(T, F, reply):
 * Return 0 if ${F} is of the type ${reply}; else the code to leave with, after a
 * line on standard error that says what it is instead.
 */
int logtool_expect(const struct logtool *, const struct frame *, uint16_t);

/**
 * logtool_broken(T, rule):
 * Say that what ks-logd sent breaks ${rule}; return the code to leave with.
 */
int logtool_broken(const struct logtool *, const char *);

/**
 * logtool_failed(T):
 * Say that the connection failed with errno; return the code to leave with.
 */
int logtool_failed(const struct logtool *);

/**
 * logtool_status(T), logtool_propose(T), logtool_follow(T), logtool_read(T),
 * logtool_members(T), logtool_add(T), logtool_promote(T), logtool_remove(T),
 * logtool_transfer(T):
 * Carry out the command of that name; those of members without ks-logd.  Return the
 * code to leave with.
 */
int logtool_status(const struct logtool *);
int logtool_members(const struct logtool *);
int logtool_add(const struct logtool *);
int logtool_promote(const struct logtool *);
int logtool_remove(const struct logtool *);
int logtool_transfer(const struct logtool *);
int logtool_propose(const struct logtool *);
int logtool_follow(const struct logtool *);
int logtool_read(const struct logtool *);

/**
 * logtool_approve(T), logtool_policy(T), logtool_realm(T):
 * The same for the commands about the policy of the realm, which ask ks-apply.
 */
int logtool_approve(const struct logtool *);
int logtool_policy(const struct logtool *);
int logtool_realm(const struct logtool *);

/**
 * logtool_type(name), logtool_type_name(type):
 * Return the type of a log entry that is called ${name}, or -1; and the name of
 * the ${type}, or NULL if it is unknown.
 */
int logtool_type(const char *);
const char * logtool_type_name(uint8_t);

#endif
