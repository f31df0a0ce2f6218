#ifndef KS_TLS_TSTREAM_H
#define KS_TLS_TSTREAM_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "tls/identity.h"

/*
 * A byte stream over TLS 1.3 on a nonblocking socket, in which both sides show a
 * certificate and prove that they hold its key.  Nothing else is checked here:
 * before a byte of the peer's is used, and before it is given one, the caller
 * compares the pin and the times that tstream_peer tells.
 */
struct tstream;

/* What a process needs to be the accepting side. */
struct tstream_server;

/* What the functions below return for "not now": call again, with the same
 * arguments, when the socket is readable, or writable. */
#define TSTREAM_FAILED		(-1)
#define TSTREAM_WANT_READ	(-2)
#define TSTREAM_WANT_WRITE	(-3)

/* What the peer has shown. */
struct tstream_peer {
	char pin[IDENTITY_PIN_LEN + 1];
	int64_t not_before_s;
	int64_t not_after_s;
};

/**
 * tstream_server_new(I):
 * Return what accepts streams as ${I}, which is not needed afterwards; for
 * tstream_server_free.  Or return NULL after a line on standard error.
 */
struct tstream_server * tstream_server_new(const struct identity *);

/**
 * tstream_server_free(S):
 * Free ${S}, which may be NULL.
 */
void tstream_server_free(struct tstream_server *);

/**
 * tstream_accept(S, fd):
 * Return a stream, for tstream_free, on the connected socket ${fd} as the
 * accepting side; or NULL if out of memory.
 */
struct tstream * tstream_accept(struct tstream_server *, int);

/**
 * tstream_connect(I, fd):
 * Return a stream on the connected socket ${fd} as the connecting side and as
 * ${I}, which is not needed afterwards; or NULL if out of memory.
 */
struct tstream * tstream_connect(const struct identity *, int);

/**
 * tstream_handshake(T):
 * Go on with the handshake of ${T}.  Return 0 if it is done, or one of the three
 * above.
 */
int tstream_handshake(struct tstream *);

/**
 * tstream_peer(T, peer):
 * Once the handshake is done, store in ${peer} what the other side has shown.
 * Return 0, or -1 if that was no certificate.
 */
int tstream_peer(struct tstream *, struct tstream_peer *);

/**
 * tstream_read(T, p, len):
 * Read at most ${len} bytes into ${p}.  Return how many; 0 if the other side has
 * said that it sends no more; or one of the three above.  A connection that ends
 * without that word has failed.
 */
ssize_t tstream_read(struct tstream *, void *, size_t);

/**
 * tstream_write(T, p, len):
 * Write at most ${len} bytes, at least 1, at ${p}.  Return how many, or one of
 * the three above; then the next write must begin with the same bytes.
 */
ssize_t tstream_write(struct tstream *, const void *, size_t);

/**
 * tstream_shutdown(T):
 * Say that no more will be written; reading goes on.  Return 0, or one of the
 * three above.
 */
int tstream_shutdown(struct tstream *);

/**
 * tstream_error(T):
 * Return why the last function failed, for a person.
 */
const char * tstream_error(struct tstream *);

/**
 * tstream_free(T):
 * Free ${T}, which may be NULL, without a word to the other side; the socket
 * stays open.
 */
void tstream_free(struct tstream *);

#endif
