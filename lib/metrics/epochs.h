#ifndef KS_METRICS_EPOCHS_H
#define KS_METRICS_EPOCHS_H

#include <stdint.h>

/*
 * When the last epochs were seen to close, so that what follows (a majority, a
 * ratification) can be told in time since then.  Only epochs that are seen as they
 * close count: of one that is replayed from a log nobody knows that.
 */

/* Epochs that are remembered: a verifier that is later than that is told by its lag. */
#define EPOCHS_MAX	256

/* An epoch whose own time is longer ago when it is seen is one that is replayed. */
#define EPOCHS_LIVE_MS	5000

struct epochs {
	struct {
		uint64_t epoch;
		uint64_t seen_us;
	} ring[EPOCHS_MAX];
};

/**
 * epochs_seen(X, epoch, time_ms, wall_ms, now_us):
 * Note in ${X} that ${epoch}, whose head says ${time_ms}, is seen to be closed at ${wall_ms}
 * and, by a clock that never steps, ${now_us}; unless it was noted, or is replayed.
 */
void epochs_seen(struct epochs *, uint64_t, uint64_t, uint64_t, uint64_t);

/**
 * epochs_since(X, epoch, now_us, us):
 * Store in ${us} how long before ${now_us} the ${epoch} was seen to close.  Return 0, or
 * -1 if ${X} does not know.
 */
int epochs_since(const struct epochs *, uint64_t, uint64_t, uint64_t *);

#endif
