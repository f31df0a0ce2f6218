#ifndef KS_SIGN_PROPOSE_H
#define KS_SIGN_PROPOSE_H

#include <stddef.h>
#include <stdint.h>

struct daemon;
struct sign_state;
struct store;
struct wbuf;

/*
 * Brings signatures into the log: each is proposed when it is durable, and
 * again until it has come out of the log.
 */
struct sign_propose;

/** Epochs whose signature is on its way at a time; later ones wait in the store. */
#define SIGN_OPEN_MAX 64

/** Wait before a signature is proposed again: doubles from first to most. */
#define SIGN_RETRY_MS_MIN 200
#define SIGN_RETRY_MS_MAX 5000

/**
 * sign_propose_new(D, A, S):
 * In the daemon ${D}, propose to the log the signatures of ${A} that are in its
 * store ${S} and have not come out of the log.  Return NULL after a line on
 * standard error.
 */
struct sign_propose * sign_propose_new(struct daemon *,
    const struct sign_state *, struct store *);

/**
 * sign_propose_signed(P, epoch, needs):
 * The signature of ${epoch} is durable since commit ${needs}: propose it.  Return
 * 0, or -1 (reported).
 */
int sign_propose_signed(struct sign_propose *, uint64_t, uint64_t);

/**
 * sign_propose_seen(P, epoch):
 * The signature of ${epoch} came out of the log.  Return 0, or -1 (reported).
 */
int sign_propose_seen(struct sign_propose *, uint64_t);

/**
 * sign_propose_status(P, W):
 * Append lines for STATUS to ${W}.
 */
void sign_propose_status(const struct sign_propose *, struct wbuf *);

/**
 * sign_propose_free(P):
 * Free ${P}, in the phase "free".  NULL is fine.
 */
void sign_propose_free(struct sign_propose *);

#endif
