#ifndef KS_CLIENT_CLIENT_WEB_H
#define KS_CLIENT_CLIENT_WEB_H

#include <stddef.h>
#include <stdint.h>

#include "client/client.h"

struct wbuf;

/*
 * Questions and answers of the HTTP interface as text (share/doc/HTTP.md), without
 * a network: the paths that are asked for, and decoders of the answers, which are
 * hostile until they are verified.
 */

/* Most bytes of the answers: of an epoch, of a consistency proof, of a history. */
#define CLIENT_WEB_EPOCH_MAX		64
#define CLIENT_WEB_CONSISTENCY_MAX	(MERKLE_DEPTH_MAX * 64)
#define CLIENT_WEB_HISTORY_MAX		(CLIENT_HISTORY_MAX * \
					    (PROOF_LEN_MAX + 128) + 1024)

/**
 * client_web_put_lookup(W, L, wait_ms), client_web_put_consistency(W, m, n),
 * client_web_put_history(W, A):
 * Append to ${W} the path, with its arguments, by which the lookup ${L} with the
 * wait of ${wait_ms}, the consistency proof of the sizes ${m} and ${n}, or the
 * history ${A} is asked for.
 */
void client_web_put_lookup(struct wbuf *, const struct client_lookup *,
    uint32_t);
void client_web_put_consistency(struct wbuf *, uint64_t, uint64_t);
void client_web_put_history(struct wbuf *, const struct client_history_ask *);

/**
 * client_web_is_proof(p, len):
 * Return nonzero if the ${len} bytes at ${p} begin as a lookup proof does.
 */
int client_web_is_proof(const uint8_t *, size_t);

/**
 * client_web_get_epoch(p, len, epoch):
 * Decode the ${len} bytes at ${p}, "epoch N LF", into ${epoch}.  Return 0, or -1 if
 * they are malformed.
 */
int client_web_get_epoch(const uint8_t *, size_t, uint64_t *);

/**
 * client_web_get_consistency(p, len, proof, count):
 * Decode the ${len} bytes at ${p}, a hash in base64 a line, into the ${count} hashes
 * at ${proof}.  Return 0, or -1 if they are malformed, or too many.
 */
int client_web_get_consistency(const uint8_t *, size_t,
    uint8_t[MERKLE_DEPTH_MAX][HASH_LEN], unsigned *);

/**
 * client_web_get_history(p, len, A, H):
 * Decode the ${len} bytes at ${p}, the answer to the history ${A}, into ${H}, for
 * client_history_free.  Return 0; or -1 if they are malformed or not an answer to it
 * (errno EPROTO), or memory is short (ENOMEM): ${H} holds nothing then.
 */
int client_web_get_history(const uint8_t *, size_t,
    const struct client_history_ask *, struct client_history *);

/**
 * client_web_get_error(p, len, status, rule, E):
 * Fill ${E} with the refusal that an answer of the HTTP ${status}, the ${rule} of its
 * header and the ${len} bytes at ${p} of text tell: "RULE: sentence LF".
 */
void client_web_get_error(const uint8_t *, size_t, unsigned, const char *,
    struct common_error *);

#endif
