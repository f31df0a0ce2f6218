#ifndef KS_PROTO_PROTO_ADMIT_H
#define KS_PROTO_PROTO_ADMIT_H

#include <stddef.h>
#include <stdint.h>

struct wbuf;

/*
 * The frames of the socket `admit` (PROTOCOL section 11).  A put appends a body
 * to a buffer, a get decodes a whole body: 0, or -1 if it is malformed.
 */
enum proto_admit_type {
	UPDATE = 0x0401,
	UPDATE_ACCEPTED = 0x0402,
	OUTCOME = 0x0403
};

/* An UPDATE; points into the body. */
struct proto_admit_update {
	const uint8_t * request_id;	/* REQUEST_ID_LEN bytes */
	const char * user;		/* not normalised */
	size_t user_len;
	const uint8_t * update;
	size_t update_len;
	const uint8_t * profile;
	size_t profile_len;
	const uint8_t * registration;	/* proof of a new user's address */
	size_t registration_len;
};

/**
 * proto_admit_put_update(W, U), proto_admit_get_update(body, len, U):
 * UPDATE.  What is longer than its limit is let through here, so that it can be
 * refused by its rule; the frame bounds it.
 */
void proto_admit_put_update(struct wbuf *, const struct proto_admit_update *);
int proto_admit_get_update(const uint8_t *, size_t,
    struct proto_admit_update *);

/**
 * proto_admit_put_accepted(W, epoch), proto_admit_get_accepted(body, len, epoch):
 * UPDATE_ACCEPTED: the update is or will be in ${epoch}.
 */
void proto_admit_put_accepted(struct wbuf *, uint64_t);
int proto_admit_get_accepted(const uint8_t *, size_t, uint64_t *);

/**
 * proto_admit_put_outcome(W, request_id),
 * proto_admit_get_outcome(body, len, request_id):
 * OUTCOME, answered as the UPDATE with this request id; ${request_id} points into
 * the body.
 */
void proto_admit_put_outcome(struct wbuf *, const uint8_t *);
int proto_admit_get_outcome(const uint8_t *, size_t, const uint8_t **);

#endif
