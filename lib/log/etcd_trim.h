#ifndef KS_LOG_ETCD_TRIM_H
#define KS_LOG_ETCD_TRIM_H

#include <stdint.h>

/* Bytes that etcd may have in use before it is trimmed to what this replica has:
 * half of etcd's default quota, beyond which it takes nothing. */
#define LOG_ETCD_IN_USE_HIGH	((uint64_t)1024 * 1024 * 1024)

/* What decides how much of etcd's tail may go; all but the last are revisions. */
struct log_etcd_trim {
	uint64_t current;	/* of the store */
	uint64_t lowest;	/* progress of the slowest replica; 0: nothing yet */
	uint64_t own;		/* what this replica has */
	uint64_t keep;		/* how many stay, whoever has them */
	uint64_t max;		/* how many stay at most, whoever lags */
	uint64_t in_use;	/* bytes */
};

/**
 * log_etcd_trim(T):
 * Return the revision up to which etcd may be compacted, 0 if not at all.
 */
uint64_t log_etcd_trim(const struct log_etcd_trim *);

#endif
