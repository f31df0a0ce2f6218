#ifndef KS_UPDATE_SUBMIT_H
#define KS_UPDATE_SUBMIT_H

#include <stddef.h>
#include <stdint.h>

struct client;

/* The waits between attempts. */
#define SUBMIT_PAUSE_MIN_MS	100
#define SUBMIT_PAUSE_MAX_MS	5000

/* An update on its way. */
struct submit {
	struct client * client;
	const char * user;		/* normalised */
	const uint8_t * update;
	size_t update_len;
	const uint8_t * profile;
	size_t profile_len;
	uint64_t deadline_ms;		/* of clock_mono_ms */
};

/**
 * submit_pause_ms(attempt):
 * Return how long to wait after the failed ${attempt}, the first being 0: it
 * doubles from SUBMIT_PAUSE_MIN_MS to SUBMIT_PAUSE_MAX_MS.
 */
uint64_t submit_pause_ms(unsigned);

/**
 * submit_pause(attempt, deadline_ms):
 * Wait so long, but not beyond ${deadline_ms} of clock_mono_ms.  Return 0, or -1
 * if that has come.
 */
int submit_pause(unsigned, uint64_t);

/**
 * submit_update(S, epoch):
 * Send the update ${S}, always with the same new request id, until a server
 * accepts or refuses it or the deadline is over, and store in ${epoch} the epoch
 * in which it is or will be; 0 if it may have been accepted by an attempt whose
 * answer was lost, and a later attempt was told that its version is not higher
 * than the current one.  Return an enum exits, all but EXITS_OK after a line on
 * standard error.
 */
int submit_update(const struct submit *, uint64_t *);

#endif
