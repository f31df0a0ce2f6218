#ifndef KS_WATCH_H
#define KS_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "entry/limits.h"
#include "note/vkey.h"
#include "proof/proof.h"

struct lines;
struct setup;
struct wbuf;

/* ks-watch: what the parts of it share. */

/** Most keys of one's own on a command line. */
#define WATCH_KEYS_MAX	8

/** Most users on a command line. */
#define WATCH_USERS_MAX	256

/* An application of a profile: that its value is another shows by the hash. */
struct watch_app {
	char name[APP_LEN_MAX + 1];
	uint8_t hash[HASH_LEN];
};

/* What an entry was at an epoch: what is remembered of a user, or was found. */
struct watch_state {
	uint64_t epoch;			/* as of which; 0: nothing is known */
	uint64_t since;			/* epoch of this version; 0: absent */
	size_t entry_len;		/* 0: absent */
	uint8_t entry[ENTRY_LEN_MAX];
	int erased;			/* the profile was */
	unsigned napps;
	struct watch_app apps[PROFILE_APPS_MAX];	/* by name, ascending */
};

/* What a difference is about, and what it is. */
enum watch_kind {
	WATCH_USER,			/* registered */
	WATCH_POLICY,			/* changed, not only in its keys' names */
	WATCH_KEY,			/* of the policy */
	WATCH_APP,
	WATCH_PROFILE,			/* erased */
	WATCH_OWN_KEY			/* missing in the policy */
};

enum watch_how {
	WATCH_ADDED,
	WATCH_REMOVED,
	WATCH_CHANGED
};

/** Longest name in a difference: that of a key in a policy. */
#define WATCH_NAME_MAX	255

struct watch_word {
	enum watch_kind kind;
	enum watch_how how;
	char name[WATCH_NAME_MAX + 1];	/* fit for a terminal; may be empty */
};

/** Most differences: all keys and applications go, others come, and a few. */
#define WATCH_WORDS_MAX	(2 * (64 + PROFILE_APPS_MAX) + WATCH_KEYS_MAX + 4)

/* One version, and how it differs from the one before. */
struct watch_change {
	uint64_t epoch;
	uint64_t version;
	uint64_t time_ms;
	unsigned nwords;
	struct watch_word words[];
};

/** Bytes of a change with ${n} words. */
#define WATCH_CHANGE_SIZE(n)						\
	(sizeof(struct watch_change) + (n) * sizeof(struct watch_word))

/* The keys that must stand in the policy. */
struct watch_keys {
	unsigned n;
	struct vkey key[WATCH_KEYS_MAX];
};

/** What is found out about one user. */
struct watch {
	const struct setup * setup;
	const struct watch_keys * own;
	const char * user;		/* normalised */
	uint64_t wait_ms;
	struct watch_state was;		/* remembered */
	struct watch_state is;		/* found, last */
	uint64_t time_ms;		/* of the epoch looked at */
	int missing;			/* one of ${own} is, now or on the way */
	int incomplete;			/* what refused it was a gap in the history */
	struct watch_change ** changes;	/* oldest first */
	unsigned nchanges;
};

/* watch_state.c */

/**
 * watch_state_take(S, P, V):
 * Make ${S} the state that the verified proof ${P} with ${V} shows, since its epoch.
 */
void watch_state_take(struct watch_state *, const struct proof *,
    const struct proof_verdict *);

/**
 * watch_state_put(W, realm, user, S), watch_state_get(text, len, realm, user, S):
 * Append the file that remembers ${S} to ${W}; read it: 0, or -1 if it is none of
 * ${user} of ${realm}.
 */
void watch_state_put(struct wbuf *, const char *, const char *,
    const struct watch_state *);
int watch_state_get(const char *, size_t, const char *, const char *,
    struct watch_state *);

/**
 * watch_state_load(realm, user, S), watch_state_save(realm, user, S):
 * Do so with the file in the client's state folder; one that is not there is
 * nothing known.  Return 0, or -1 after a line on standard error.
 */
int watch_state_load(const char *, const char *, struct watch_state *);
int watch_state_save(const char *, const char *, const struct watch_state *);

/* watch_diff.c */

/**
 * watch_diff(old, new, own, C):
 * Store in ${C}, which has room for WATCH_WORDS_MAX words, how ${new}, which is
 * present, differs from ${old} and which keys of ${own} its policy has not.  Return 0,
 * or -1 if memory ran out.  Pure.
 */
int watch_diff(const struct watch_state *, const struct watch_state *,
    const struct watch_keys *, struct watch_change *);

/**
 * watch_lacks(S, own):
 * Return whether the policy of ${S}, if present, lacks one of ${own}: 1 or 0; -1 if
 * memory ran out.
 */
int watch_lacks(const struct watch_state *, const struct watch_keys *);

/* watch_look.c */

/**
 * watch_look(W):
 * Ask the servers what became of ${W}->user since ${W}->was, verify that nothing is
 * left out, and fill ${W}.  Return an enum exits, all but EXITS_OK after a line on
 * standard error.
 */
int watch_look(struct watch *);

/**
 * watch_free(W):
 * Free what watch_look has stored in ${W}.
 */
void watch_free(struct watch *);

/* watch_print.c */

/**
 * watch_print(W, json):
 * Print what was found, as JSON if ${json} is nonzero; as text only if there is news.
 * Return 0, or -1 after a line on standard error.
 */
int watch_print(const struct watch *, int);

/**
 * watch_changed(W):
 * Return nonzero if ${W} is to be told: it changed since it was looked at, or a key
 * of one's own is missing.
 */
int watch_changed(const struct watch *);

#endif
