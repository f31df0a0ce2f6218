#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/panic.h"
#include "client/instant.h"
#include "client/setup.h"
#include "realm/realm.h"

#include "watch.h"

static const char * const kinds[] = {
	[WATCH_USER] = "user", [WATCH_POLICY] = "policy", [WATCH_KEY] = "key",
	[WATCH_APP] = "app", [WATCH_PROFILE] = "profile",
	[WATCH_OWN_KEY] = "own-key"
};

/* What happened to it, in a word. */
static const char *
how(const struct watch_word * word)
{

	switch (word->kind) {
	case WATCH_USER:
		return ("registered");
	case WATCH_PROFILE:
		return ("erased");
	case WATCH_OWN_KEY:
		return ("missing");
	default:
		return (word->how == WATCH_ADDED ? "added" :
		    word->how == WATCH_REMOVED ? "removed" : "changed");
	}
}

/* The version of ${S}, which is present. */
static uint64_t
version(const struct watch_state * S)
{
	struct entry E;

	PANIC_UNLESS(entry_parse(&E, S->entry, S->entry_len) == 0);
	return (E.version);
}

int
watch_changed(const struct watch * W)
{

	return (W->missing || (W->was.epoch > 0 && W->nchanges > 0));
}

static void
print_change(const struct watch_change * C)
{
	char time[INSTANT_SIZE];

	instant_format(C->time_ms, time);
	printf("change %" PRIu64 " %" PRIu64 " %s", C->epoch, C->version, time);
	for (unsigned i = 0; i < C->nwords; i++)
		printf("%s %s%s%s %s", i > 0 ? "," : "",
		    kinds[C->words[i].kind],
		    C->words[i].name[0] != '\0' ? " " : "", C->words[i].name,
		    how(&C->words[i]));
	printf("\n");
}

static void
print_text(const struct watch * W)
{

	printf("user %s\nfound %s\nepoch %" PRIu64 "\n", W->user,
	    W->is.entry_len > 0 ? "present" : "absent", W->is.epoch);
	if (W->is.entry_len > 0)
		printf("version %" PRIu64 "\n", version(&W->is));
	for (unsigned i = 0; i < W->nchanges; i++)
		print_change(W->changes[i]);
	if (W->missing)
		printf("own-key missing\n");
}

/* A number; one that JSON integers do not hold is a string of its digits. */
static json_t *
json_number(uint64_t x)
{
	char text[24];

	if (x <= INT64_MAX)
		return (json_integer((json_int_t)x));
	snprintf(text, sizeof(text), "%" PRIu64, x);
	return (json_string(text));
}

/* The object of ${C}, or NULL. */
static json_t *
json_change(const struct watch_change * C)
{
	char time[INSTANT_SIZE];
	json_t * words = json_array();
	const struct watch_word * word;

	for (unsigned i = 0; words != NULL && i < C->nwords; i++) {
		word = &C->words[i];
		if (json_array_append_new(words, json_pack("{s:s,s:s,s:s*}",
		    "what", kinds[word->kind], "how", how(word), "name",
		    word->name[0] != '\0' ? word->name : NULL))) {
			json_decref(words);
			return (NULL);
		}
	}
	instant_format(C->time_ms, time);
	return (json_pack("{s:o,s:o,s:s,s:o}", "epoch", json_number(C->epoch),
	    "version", json_number(C->version), "time", time, "what", words));
}

static int
print_json(const struct watch * W)
{
	const int present = W->is.entry_len > 0;
	json_t * changes = json_array(), * all;
	int bad = changes == NULL;

	for (unsigned i = 0; i < W->nchanges && !bad; i++)
		bad = json_array_append_new(changes,
		    json_change(W->changes[i]));
	all = json_pack("{s:s,s:s,s:s,s:o,s:o*,s:b,s:b,s:b,s:o}",
	    "realm", W->setup->realm->name, "user", W->user,
	    "found", present ? "present" : "absent",
	    "epoch", json_number(W->is.epoch),
	    "version", present ? json_number(version(&W->is)) : NULL,
	    "first", W->was.epoch == 0, "changed", W->nchanges > 0,
	    "own_key_missing", W->missing, "changes", changes);
	if (all == NULL || bad) {
		warnx("%s: out of memory", W->user);
		json_decref(all);
		return (-1);
	}
	bad = json_dumpf(all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(all);
	printf("\n");
	return (bad);
}

int
watch_print(const struct watch * W, int json)
{

	if (json)
		return (print_json(W));
	if (W->was.epoch == 0 || watch_changed(W))
		print_text(W);
	return (0);
}
