#ifndef KS_ETCD_ETCD_H
#define KS_ETCD_ETCD_H

#include <stddef.h>
#include <stdint.h>

struct loop;

/*
 * A client of one etcd member over its HTTP/JSON gateway (3.4 and later), on the
 * event loop.  Nothing blocks; each request ends by one call of its callback, or
 * by being cancelled.  The member is trusted for what it says, not for its
 * encoding: answers are bounded, and refused unless exact.
 */
struct etcd;
struct etcd_request;

/* Most bytes of an answer, of a line of a watch: etcd keeps a line to about its
 * request limit of 1.5 MiB, which many small events make longer in JSON. */
#define ETCD_ANSWER_MAX		((size_t)16 * 1024 * 1024)

/* Most bytes of a value that is put: its base64 is below etcd's request limit. */
#define ETCD_VALUE_MAX		((size_t)1024 * 1024)

/* Bytes that hold any reason why a request failed. */
#define ETCD_WHY_MAX		256

/* Most bytes of a file of certificates, or a key. */
#define ETCD_FILE_MAX		65536

/* Most bytes of a member's name or URL that are taken; what is longer is cut. */
#define ETCD_MEMBER_TEXT_MAX	255

/* Longest wait for a connection, a handshake included. */
#define ETCD_CONNECT_MS		2000

struct etcd_options {
	const char * url;	/* https://HOST:PORT, or http:// to this host */
	const char * ca;	/* files in PEM; https needs the first, */
	const char * cert;	/* the others are given both or are "" */
	const char * key;	/* not readable for others */
};

/* What etcd answered, or why it did not; good until the callback returns. */
struct etcd_reply {
	const char * why;	/* NULL, or it failed: for a person, one line */
	int no_space;		/* an alarm says so: nothing can be put */
	int answered;		/* it is etcd that says why, or not; else nothing came */
	int ended;		/* of a watch: there will be no more */
	uint64_t cluster;	/* ids */
	uint64_t member;	/* who answered */
	uint64_t revision;	/* of the store; of a put: its own */
	uint64_t compacted;	/* of a watch: revisions before it are gone; else 0 */
	uint64_t leader;	/* of a status: the id, 0 if there is none */
	uint64_t in_use;	/* of a status: bytes of the database in use */
	uint64_t size;		/* of a status: bytes of the database */
	uint64_t deleted;	/* of a deletion: how many keys */
	size_t n;		/* of a range or watch: rows for etcd_next */
	struct etcd_rows * rows;	/* where etcd_next is */
};

/* A key and its value, or an event of a watch. */
struct etcd_row {
	const uint8_t * key;
	size_t key_len;
	const uint8_t * value;	/* NULL if longer than ETCD_VALUE_MAX */
	size_t value_len;
	uint64_t revision;	/* of its last change */
	int deleted;
};

/* A member of the cluster. */
struct etcd_member {
	uint64_t id;
	char name[ETCD_MEMBER_TEXT_MAX + 1];	/* "": it never started */
	char peer[ETCD_MEMBER_TEXT_MAX + 1];	/* the first of its peer URLs */
	char client[ETCD_MEMBER_TEXT_MAX + 1];	/* that of its client URLs, or "" */
	int learner;
};

/**
 * etcd_callback(ctx, reply):
 * Is told the answer.  The request is gone after it, unless it is a watch that
 * has not ended.  It may make requests and cancel any, but not close.  Returns 0,
 * or -1 if the program cannot go on.
 */
typedef int etcd_callback(void *, struct etcd_reply *);

/**
 * etcd_url_check(url):
 * Return NULL if ${url} is https:// and a numeric ADDRESS[:PORT] or localhost, or
 * http:// and one of those that are this host; otherwise what is wrong with it.
 */
const char * etcd_url_check(const char *);

/**
 * etcd_open(L, options):
 * Return a client on the loop ${L} of what ${options} name, whose files are read
 * now; nothing is connected before a request.  Return NULL (reported in one
 * line) if a file or the URL is wrong, or memory is short.
 */
struct etcd * etcd_open(struct loop *, const struct etcd_options *);

/**
 * etcd_close(E):
 * Cancel all requests and free ${E}.  NULL is fine.
 */
void etcd_close(struct etcd *);

/**
 * etcd_put(E, key, value, len, timeout_ms, callback, ctx):
 * Put the ${len} bytes ${value}, from 1 to ETCD_VALUE_MAX, at the string ${key}.  A
 * failure leaves open whether it was done, or will be.  Return the request, or NULL
 * (reported) if memory is short: ${callback} is then not called, here and below.
 */
struct etcd_request * etcd_put(struct etcd *, const char *, const uint8_t *,
    size_t, uint64_t, etcd_callback *, void *);

/**
 * etcd_range(E, key, prefix, values, timeout_ms, callback, ctx):
 * Get the string ${key}, or all that begins with it if ${prefix}; the values only if
 * ${values}; at most 256 rows.  A majority of the members was asked.
 */
struct etcd_request * etcd_range(struct etcd *, const char *, int, int,
    uint64_t, etcd_callback *, void *);

/**
 * etcd_watch(E, key, revision, callback, ctx):
 * Tell ${callback} all changes of the string ${key} from ${revision} on, in order, until
 * it ends: by a failure, or because ${revision} is compacted.
 */
struct etcd_request * etcd_watch(struct etcd *, const char *, uint64_t,
    etcd_callback *, void *);

/**
 * etcd_create(E, key, other, value, len, timeout_ms, callback, ctx):
 * Put as etcd_put if neither ${key} nor the string ${other} is there, in one transaction;
 * otherwise do nothing.  The answer does not tell which.
 */
struct etcd_request * etcd_create(struct etcd *, const char *, const char *,
    const uint8_t *, size_t, uint64_t, etcd_callback *, void *);

/**
 * etcd_compact(E, revision, timeout_ms, callback, ctx):
 * Forget what was before ${revision}.
 */
struct etcd_request * etcd_compact(struct etcd *, uint64_t, uint64_t,
    etcd_callback *, void *);

/**
 * etcd_status(E, timeout_ms, callback, ctx):
 * Ask the member how it is; no other is asked.
 */
struct etcd_request * etcd_status(struct etcd *, uint64_t, etcd_callback *,
    void *);

/**
 * etcd_delete(E, key, timeout_ms, callback, ctx):
 * Delete the string ${key}.
 */
struct etcd_request * etcd_delete(struct etcd *, const char *, uint64_t,
    etcd_callback *, void *);

/**
 * etcd_members(E, timeout_ms, callback, ctx):
 * Get the members as the asked one knows them, for etcd_next_member.
 */
struct etcd_request * etcd_members(struct etcd *, uint64_t, etcd_callback *,
    void *);

/**
 * etcd_member_add(E, url, timeout_ms, callback, ctx),
 * etcd_member_promote(E, id, timeout_ms, callback, ctx),
 * etcd_member_remove(E, id, timeout_ms, callback, ctx):
 * Add the member with the peer URL ${url} as a learner; make the learner ${id} a member that
 * votes; remove the member ${id}.  The answer has the members, as that of etcd_members.
 */
struct etcd_request * etcd_member_add(struct etcd *, const char *, uint64_t,
    etcd_callback *, void *);
struct etcd_request * etcd_member_promote(struct etcd *, uint64_t, uint64_t,
    etcd_callback *, void *);
struct etcd_request * etcd_member_remove(struct etcd *, uint64_t, uint64_t,
    etcd_callback *, void *);

/**
 * etcd_move_leader(E, id, timeout_ms, callback, ctx):
 * Let the member ${id} lead; only the leader can be asked.  The answer has no ids.
 */
struct etcd_request * etcd_move_leader(struct etcd *, uint64_t, uint64_t,
    etcd_callback *, void *);

/**
 * etcd_cancel(R):
 * Forget the request ${R}; its callback is not called any more.  What it asked for
 * may be done nevertheless.  NULL is fine.
 */
void etcd_cancel(struct etcd_request *);

/**
 * etcd_next(reply, row):
 * Store the next row of ${reply} in ${row}, good until the next call, and return 1; or
 * 0 after the last one; or -1 if it is malformed or memory is short.
 */
int etcd_next(struct etcd_reply *, struct etcd_row *);

/**
 * etcd_next_member(reply, member):
 * Store the next member of ${reply} in ${member} and return 1; or 0 after the last one;
 * or -1 if it is malformed.
 */
int etcd_next_member(struct etcd_reply *, struct etcd_member *);

#endif
