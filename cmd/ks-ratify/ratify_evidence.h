#ifndef KS_RATIFY_EVIDENCE_H
#define KS_RATIFY_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

struct ratify_state;
struct view;
struct wbuf;

/**
 * ratify_evidence(A, view, body, len, W):
 * Append to ${W} the evidence that the epoch in the ${len} bytes of the event at
 * ${body}, which the last step of ${A} refused as RATIFY_MISBEHAVED, breaks
 * A->rule.  Nothing is left in ${view}.  Return 0, or -1 (reported).
 */
int ratify_evidence(struct ratify_state *, struct view *, const uint8_t *,
    size_t, struct wbuf *);

/**
 * ratify_evidence_fork(A, view, epoch, note, len, W):
 * Compare the ${len} bytes of the ${note} that came for ${epoch}, which ${A} has
 * ratified, with what it ratified.  Return 0 if they are of one history; 1 with
 * the evidence in ${W} if a majority signed another one too; 2 if a majority did
 * not sign this one; or -1 (reported).
 */
int ratify_evidence_fork(struct ratify_state *, struct view *, uint64_t,
    const char *, size_t, struct wbuf *);

/**
 * ratify_halt(A, view, epoch, rule, W):
 * Stop cosigning for ever because ${epoch} breaks ${rule}: write the evidence
 * ${W} to a new file in the directory CONFIG_EVIDENCE, then commit the row
 * "halted", then say so.  Return 0, or -1 (reported): then it is not halted.
 */
int ratify_halt(struct ratify_state *, struct view *, uint64_t, const char *,
    const struct wbuf *);

/**
 * ratify_halted_say(A, view):
 * If ${A} has halted, write the line that says why and return 1; return 0 if it
 * has not, or -1 (reported).
 */
int ratify_halted_say(struct ratify_state *, struct view *);

#endif
