#ifndef KS_STORE_DIRLOCK_H
#define KS_STORE_DIRLOCK_H

/**
 * dirlock_take(dir, fd):
 * Make ${dir} (mode 0700) if it is missing and own it: hold an exclusive lock
 * on its file "lock".  Store the descriptor that holds the lock in ${fd}; closing
 * it, or the end of the process, lets go.
 * Return 0; 1 if somebody else owns ${dir}; or -1.  Whatever is not 0 was
 * reported.
 */
int dirlock_take(const char *, int *);

/**
 * dirlock_sync(dir):
 * Make the names of the files in ${dir}, and ${dir} itself in its parent,
 * durable.  Return 0 or -1 (reported).
 */
int dirlock_sync(const char *);

#endif
