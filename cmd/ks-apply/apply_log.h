#ifndef KS_APPLY_LOG_H
#define KS_APPLY_LOG_H

struct apply_propose;
struct apply_serve;
struct apply_state;
struct daemon;
struct stage;

/*
 * Follows the log: entries go through the stage, hints to the proposer.
 */
struct apply_log;

/**
 * apply_log_new(D, A, G, V, P):
 * In the daemon ${D}, run the entries of the log from the cursor of ${A} on
 * through the stage ${G}, let ${V} tell the followers, and give ${P} its
 * inputs.  A log that does not continue what ${A} has seen makes the daemon
 * leave with EXITS_PERMANENT.  Return NULL after a line on standard error.
 */
struct apply_log * apply_log_new(struct daemon *, struct apply_state *,
    struct stage *, struct apply_serve *, struct apply_propose *);

/**
 * apply_log_stop(F):
 * Take no more entries: for the phase "drain".
 */
void apply_log_stop(struct apply_log *);

/**
 * apply_log_free(F):
 * Free ${F}, in the phase "free".  NULL is fine.
 */
void apply_log_free(struct apply_log *);

#endif
