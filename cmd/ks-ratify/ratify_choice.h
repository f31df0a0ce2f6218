#ifndef KS_RATIFY_CHOICE_H
#define KS_RATIFY_CHOICE_H

#include <stdint.h>

#include "config/config.h"

/*
 * Which of several publishers to follow, and which to push to.  None of them is
 * believed: what one says of how far it is can make this verifier change to it,
 * and one that does not deliver is left again.  Reads no clock and knows no
 * connection.
 */

/*
 * A realm whose leader is lost goes on within three seconds, and waits for those
 * who ratify: they notice as fast.
 */

/** The publishers are asked this often how far they are. */
#define RATIFY_LOOK_MS 250

/** One that has not answered for so long hangs. */
#define RATIFY_HANG_MS 2000

/** One that brought nothing for so long, while another has more, is behind. */
#define RATIFY_BEHIND_MS 1000

/** Waits before a publisher that refused or lied is asked again: doubles. */
#define RATIFY_WAIT_MS_MIN 250
#define RATIFY_WAIT_MS_MAX 60000

struct ratify_way {
	int up;			/* connected */
	int heard;		/* it said something on this connection */
	uint64_t asked_ms;	/* how far it is was asked then; 0: answered */
	uint64_t head;		/* the newest epoch that it told of */
	uint64_t wait_ms;	/* its last wait; 0: all is well */
	uint64_t rests_ms;	/* not to be asked for the feed before */
};

struct ratify_choice {
	unsigned n;		/* publishers; with one there is no choice */
	unsigned at;		/* the one that is followed */
	unsigned push;		/* and that to which was pushed last */
	uint64_t newer_ms;	/* since when one has more than came; 0: none */
	struct ratify_way way[CONFIG_UPSTREAMS_MAX];
};

/** Why another publisher is to be followed. */
enum ratify_why {
	RATIFY_STAY,		/* it is not */
	RATIFY_AWAY,
	RATIFY_HANGS,
	RATIFY_BEHIND,
	RATIFY_RESTS		/* it refused, or lied */
};

/**
 * ratify_choice_make(C, epoch, now_ms, to):
 * At ${now_ms}, with ${epoch} ratified last: is another publisher of ${C} to be
 * followed?  Return why and store in ${to} which; or RATIFY_STAY.
 */
enum ratify_why ratify_choice_make(const struct ratify_choice *, uint64_t,
    uint64_t, unsigned *);

/**
 * ratify_choice_move(C, to):
 * ${to} is followed from now on, and pushed to.
 */
void ratify_choice_move(struct ratify_choice *, unsigned);

/**
 * ratify_choice_told(C, i, head, epoch, now_ms):
 * Publisher ${i} of ${C} said at ${now_ms} that its newest epoch is ${head};
 * ${epoch} was ratified last.
 */
void ratify_choice_told(struct ratify_choice *, unsigned, uint64_t, uint64_t,
    uint64_t);

/**
 * ratify_choice_moved(C):
 * The feed brought something new.
 */
void ratify_choice_moved(struct ratify_choice *);

/**
 * ratify_choice_hangs(C, i, now_ms):
 * Return nonzero if publisher ${i} of ${C} was asked RATIFY_HANG_MS before ${now_ms},
 * and is silent since: its connection may be to a host that lost it.
 */
int ratify_choice_hangs(const struct ratify_choice *, unsigned, uint64_t);

/**
 * ratify_choice_paused(C, now_ms):
 * Nobody listened for a while before ${now_ms}: who was asked has his time anew.
 */
void ratify_choice_paused(struct ratify_choice *, uint64_t);

/**
 * ratify_choice_blame(C, now_ms):
 * The one that is followed refused or lied at ${now_ms}: it rests, each time
 * longer, until ratify_choice_praise.
 */
void ratify_choice_blame(struct ratify_choice *, uint64_t);

/**
 * ratify_choice_praise(C):
 * The one that is followed brought an epoch that was ratified.
 */
void ratify_choice_praise(struct ratify_choice *);

/**
 * ratify_choice_push(C, again, now_ms):
 * Return to which publisher of ${C} to push at ${now_ms}: to the one of last time,
 * to the next one if ${again} (what was pushed has not come back) or if that is
 * away; -1 if none is there.
 */
int ratify_choice_push(struct ratify_choice *, int, uint64_t);

/**
 * ratify_why_text(why):
 * Return a word or two for ${why}.
 */
const char * ratify_why_text(enum ratify_why);

#endif
