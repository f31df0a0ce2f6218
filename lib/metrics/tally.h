#ifndef KS_METRICS_TALLY_H
#define KS_METRICS_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct wbuf;

/*
 * How often each rule refused something: a counter a rule, made when the rule
 * first does.
 */

/* Rules that are counted apart, more than there are; beyond is "other". */
#define TALLY_RULES_MAX	96

struct tally {
	const char * rules[TALLY_RULES_MAX];
	uint64_t counts[TALLY_RULES_MAX];
	size_t n;
	uint64_t other;
};

/**
 * tally_note(T, rule):
 * Count in ${T} a refusal by ${rule}, a constant of entry/rule_names.h, which stays.
 */
void tally_note(struct tally *, const char *);

/**
 * tally_put(T, prefix, W):
 * Append to ${W}, for STATUS, a line ${prefix}_RULE for each rule that refused something,
 * with _ for each - of it.
 */
void tally_put(const struct tally *, const char *, struct wbuf *);

#endif
