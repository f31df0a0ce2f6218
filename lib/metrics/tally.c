#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include <bsd/string.h>

#include "codec/wbuf.h"
#include "frame/common.h"

#include "metrics/tally.h"

void
tally_note(struct tally * T, const char * rule)
{
	size_t i = 0;

	while (i < T->n && strcmp(T->rules[i], rule) != 0)
		i++;
	if (i == TALLY_RULES_MAX) {
		T->other++;
		return;
	}
	if (i == T->n)
		T->rules[T->n++] = rule;
	T->counts[i]++;
}

void
tally_put(const struct tally * T, const char * prefix, struct wbuf * W)
{
	char name[COMMON_RULE_MAX + 1];
	char * p;

	for (size_t i = 0; i < T->n; i++) {
		strlcpy(name, T->rules[i], sizeof(name));

		/* Names of STATUS have no '-'. */
		for (p = name; (p = strchr(p, '-')) != NULL;)
			*p = '_';
		wbuf_printf(W, "%s_%s %" PRIu64 "\n", prefix, name,
		    T->counts[i]);
	}
	if (T->other > 0)
		wbuf_printf(W, "%s_other %" PRIu64 "\n", prefix, T->other);
}
