#include <stdint.h>

#include "metrics/epochs.h"

void
epochs_seen(struct epochs * X, uint64_t epoch, uint64_t time_ms, uint64_t wall_ms,
    uint64_t now_us)
{
	const uint64_t i = epoch % EPOCHS_MAX;

	if (X->ring[i].epoch >= epoch ||
	    (wall_ms > time_ms && wall_ms - time_ms > EPOCHS_LIVE_MS))
		return;
	X->ring[i].epoch = epoch;
	X->ring[i].seen_us = now_us;
}

int
epochs_since(const struct epochs * X, uint64_t epoch, uint64_t now_us,
    uint64_t * us)
{
	const uint64_t i = epoch % EPOCHS_MAX;

	if (epoch == 0 || X->ring[i].epoch != epoch || X->ring[i].seen_us > now_us)
		return (-1);
	*us = now_us - X->ring[i].seen_us;
	return (0);
}
