#ifndef KS_UPDATE_EDIT_H
#define KS_UPDATE_EDIT_H

#include <stddef.h>
#include <stdint.h>

#include "entry/profile.h"

struct wbuf;

/* Longest value of an application: its length has two bytes. */
#define EDIT_VALUE_MAX	65535

/* One application to be set or removed. */
struct edit_change {
	char name[APP_LEN_MAX + 1];
	int remove;		/* nonzero: no such application any more */
	uint8_t * value;	/* for edit_free */
	size_t value_len;
};

/* What the command line asks for. */
struct edit {
	size_t n;
	struct edit_change change[PROFILE_APPS_MAX];
};

/**
 * edit_add(E, arg, keep):
 * Add the change ${arg} to ${E}: APP=VALUE; APP=@FILE (or @-, standard input),
 * the content of that file; APP=, which removes the application, and is an error
 * unless ${keep} is nonzero.  Return 0, or an enum exits after a line on
 * standard error: a name that is none or is there twice, a value too long.
 */
int edit_add(struct edit *, const char *, int);

/**
 * edit_apply(E, old, nonce, W):
 * Append to ${W} the profile with the changes of ${E} and the
 * PROFILE_NONCE_LEN bytes ${nonce}: those of ${old} that ${E} does not name stay,
 * unless ${old} is NULL.  Return 0, or -1 if a limit is exceeded.
 */
int edit_apply(const struct edit *, const struct profile *, const uint8_t *,
    struct wbuf *);

/**
 * edit_free(E):
 * Free what ${E} holds.
 */
void edit_free(struct edit *);

#endif
