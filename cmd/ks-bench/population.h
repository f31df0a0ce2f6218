#ifndef KS_BENCH_POPULATION_H
#define KS_BENCH_POPULATION_H

#include <stddef.h>
#include <stdint.h>

struct pool;
struct realm;
struct vrf_key;

/*
 * The users of a benchmark, user00000000@REALM and so on.  Their keys follow from
 * their names, so that a later run can update what an earlier one registered:
 * these are nobody's keys.
 */

/* What a measurement on a replica needs to know of it. */
struct population_realm {
	struct realm * realm;
	struct vrf_key * vrf;
};

/* The request to register, or update, one user. */
struct population_request {
	uint8_t * body;		/* of an UPDATE frame, or a log entry */
	size_t len;
};

/* The requests of the users first to first + n - 1. */
struct population {
	const struct population_realm * R;
	uint64_t first;
	uint64_t version;	/* of the entries */
	int log_entries;	/* nonzero: log entries, not UPDATE bodies */
	size_t n;
	struct population_request * requests;
};

/**
 * population_realm_open(R):
 * Read the realm file and the VRF key of the replica in the working directory
 * into ${R}, for population_realm_close whatever comes of it.  Return 0, or -1
 * after a line on standard error.
 */
int population_realm_open(struct population_realm *);

/**
 * population_realm_close(R):
 * Free what ${R} holds.
 */
void population_realm_close(struct population_realm *);

/**
 * population_user(R, number, user, size):
 * Store the name of the user ${number} in the realm of ${R} in ${user}, which has
 * room for ${size} bytes.  Return 0, or -1 if it does not fit or is no user id.
 */
int population_user(const struct population_realm *, uint64_t, char *, size_t);

/**
 * population_prepare(P, pool):
 * Fill the requests of ${P}, whose other members are set, with the threads of
 * ${pool}: index, a profile of one application with a 32-byte value, an entry
 * with a policy of one key, and its signature.  Return 0, or -1 after a line on
 * standard error; population_free whatever comes of it.
 */
int population_prepare(struct population *, struct pool *);

/**
 * population_free(P):
 * Free the requests of ${P}.
 */
void population_free(struct population *);

#endif
