#ifndef KS_STATUS_STATUS_CERTS_H
#define KS_STATUS_STATUS_CERTS_H

#include <stddef.h>
#include <stdint.h>

/* Most certificates of a directory. */
#define STATUS_CERTS_MAX	4

/* One that is valid for fewer whole days than this is a problem. */
#define STATUS_CERT_SOON_DAYS	30

/* How a certificate is. */
enum status_cert_state {
	STATUS_CERT_GOOD,
	STATUS_CERT_SOON,	/* it expires within STATUS_CERT_SOON_DAYS */
	STATUS_CERT_EXPIRED,
	STATUS_CERT_UNREADABLE	/* or none; was reported */
};

struct status_cert {
	const char * file;	/* in the directory */
	enum status_cert_state state;
	uint64_t days;		/* whole ones that are left; 0 if unreadable */
};

/* The certificates that are in a directory. */
struct status_certs {
	size_t n;
	struct status_cert cert[STATUS_CERTS_MAX];
};

/**
 * status_certs_look(C, dir, now_s):
 * Store in ${C} the certificates that are in the directory ${dir} of a replica or
 * verifier, and how they are at ${now_s}, seconds since 1970.
 */
void status_certs_look(struct status_certs *, const char *, int64_t);

/**
 * status_certs_good(C):
 * Return nonzero if all of ${C} are STATUS_CERT_GOOD.
 */
int status_certs_good(const struct status_certs *);

#endif
