#ifndef KS_BASE_EXITS_H
#define KS_BASE_EXITS_H

/*
 * Exit codes of every program, as the manual pages document them.  A
 * supervisor restarts a daemon that left with 111 and leaves one alone that
 * left with 100 (the convention of qmail and s6).
 */
enum exits {
	EXITS_OK = 0,		/* done; lookup and verify: present and verified */
	EXITS_ABSENT = 1,	/* lookup and verify: absent, and proven so */
	EXITS_USAGE = 2,	/* the command line is wrong */
	EXITS_REFUSED = 3,	/* lookup and verify: the proof does not verify */
	EXITS_UNMET = 4,	/* verified, but quorum or freshness is not met */
	EXITS_CHANGED = 5,	/* watch: verified, and there is news */
	EXITS_PERMANENT = 100,	/* trying again will not help */
	EXITS_TEMPORARY = 111	/* try again later */
};

#endif
