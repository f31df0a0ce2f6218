#ifndef KS_JAIL_LANDLOCK_H
#define KS_JAIL_LANDLOCK_H

struct jail;

/**
 * landlock_enter(J):
 * Restrict this thread, and those it will start, to the paths of ${J}.  Return
 * 0, or -1 after a line on standard error.
 */
int landlock_enter(const struct jail *);

#endif
