#ifndef KS_UPDATE_CONFIRM_H
#define KS_UPDATE_CONFIRM_H

#include <stddef.h>
#include <stdint.h>

struct client_check;
struct proof_verdict;

/* What a verified proof says of an update that was accepted. */
enum confirm_result {
	CONFIRM_SHOWN,		/* the entry is the update's */
	CONFIRM_SUPERSEDED,	/* there is one of a higher version */
	CONFIRM_MISSING		/* neither */
};

/**
 * confirm_compare(V, entry, entry_len, update, len):
 * Compare what ${V} found, an entry of the ${entry_len} bytes ${entry} if the
 * user is present, with the encoded ${update} of ${len} bytes.  Pure.
 */
enum confirm_result confirm_compare(const struct proof_verdict *,
    const uint8_t *, size_t, const uint8_t *, size_t);

/**
 * confirm_left_ms(deadline_ms):
 * Return how much time is left until ${deadline_ms} of clock_mono_ms; 0 if none.
 */
uint64_t confirm_left_ms(uint64_t);

/**
 * confirm_update(Q, update, len, deadline_ms, out):
 * Repeat the lookup ${Q}, whose epoch_min is the epoch in which the ${update} of
 * ${len} bytes was accepted (0 if that is not known), until its proof shows the
 * update and meets the policy, or the deadline is over.  Then write the proof to
 * the file ${out} unless it is NULL, and print the result.  Return an enum
 * exits, all but EXITS_OK after a line on standard error.
 */
int confirm_update(const struct client_check *, const uint8_t *, size_t,
    uint64_t, const char *);

#endif
