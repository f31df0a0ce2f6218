#include <err.h>
#include <stdio.h>
#include <string.h>

#include "codec/decimal.h"
#include "fields/fields.h"
#include "health/judge.h"
#include "health/look.h"

#include "status_certs.h"
#include "status_print.h"

/* Longest name of a STATUS line that is shown. */
#define NAME_LEN_MAX	255

/* Is ${line} one of the many of a histogram? */
static int
is_bucket(const struct health_line * line)
{

	return (memmem(line->name, line->name_len, "_us_le_", 7) != NULL);
}

static void
put_line(struct fields * F, const struct health_line * line)
{
	char name[NAME_LEN_MAX + 1], word[NAME_LEN_MAX + 1];
	const char * value = line->value;
	const size_t n = line->value_len;
	uint64_t x;

	if (line->name_len > NAME_LEN_MAX)
		return;
	memcpy(name, line->name, line->name_len);
	name[line->name_len] = '\0';
	if (decimal_parse(value, n, UINT64_MAX, &x) == 0) {
		fields_u64(F, name, x);
	} else if (n <= NAME_LEN_MAX && memchr(value, ' ', n) == NULL &&
	    memchr(value, '"', n) == NULL) {
		memcpy(word, value, n);
		word[n] = '\0';
		fields_word(F, name, word);
	} else {
		fields_text(F, name, value, n);
	}
}

/* Put what ${P} answered; ${buckets}: and the buckets of its histograms. */
static void
put_program(struct fields * F, const struct health_program * P, int buckets)
{
	struct health_line line;
	size_t pos = 0;

	if (!P->up) {
		fields_text(F, "why", P->why, strlen(P->why));
		return;
	}
	while (health_look_line(P, &pos, &line))
		if (buckets || !is_bucket(&line))
			put_line(F, &line);
}

/* A number of the summary, or "-" if it is unknown. */
static void
put_number(struct fields * F, const char * name, uint64_t x)
{

	if (x == HEALTH_UNKNOWN)
		fields_word(F, name, "-");
	else
		fields_u64(F, name, x);
}

static void
put_summary(struct fields * F, const struct health_summary * S)
{

	put_number(F, "closed", S->closed);
	put_number(F, "signed", S->signed_epoch);
	put_number(F, "ratified", S->ratified);
	put_number(F, "pending", S->pending);
	put_number(F, "lag_apply", S->lag_apply);
	put_number(F, "lag_sign", S->lag_sign);
	put_number(F, "lag_publish", S->lag_publish);
	fields_u64(F, "up", S->up);
	fields_u64(F, "down", S->down);
}

static void
put_cert(struct fields * F, const struct status_cert * C)
{
	static const char * const states[] = { "good", "soon", "expired",
	    "unreadable" };

	fields_word(F, "state", states[C->state]);
	fields_u64(F, "days", C->days);
}

/* Put why it is not healthy, into a list. */
static void
put_reasons(struct fields * F, const struct health_summary * S)
{

	fields_list(F, "reasons");
	for (size_t i = 0; i < S->nreasons && i < HEALTH_REASONS_MAX; i++)
		fields_text(F, NULL, S->reasons[i], strlen(S->reasons[i]));
	fields_close(F);
}

/* Print "${word} name=value ..." of what was put, and forget it. */
static int
print_words(struct fields * F, const char * word)
{
	const char * line;

	if ((line = fields_line(F, NULL)) == NULL)
		return (-1);
	printf("%s%s\n", word, line);
	fields_reset(F);
	return (0);
}

static int
print_text(struct fields * F, const struct health_look * L,
    const struct status_certs * C, const struct health_summary * S)
{
	char word[64];

	for (size_t i = 0; i < L->n; i++) {
		snprintf(word, sizeof(word), "%s %s", L->program[i].name,
		    L->program[i].up ? "up" : "down");
		put_program(F, &L->program[i], 0);
		if (print_words(F, word))
			return (-1);
	}
	for (size_t i = 0; i < C->n; i++) {
		snprintf(word, sizeof(word), "certificate %s", C->cert[i].file);
		put_cert(F, &C->cert[i]);
		if (print_words(F, word))
			return (-1);
	}
	for (size_t i = 0; i < S->nreasons && i < HEALTH_REASONS_MAX; i++)
		printf("reason %s\n", S->reasons[i]);
	put_summary(F, S);
	if (print_words(F, "summary"))
		return (-1);
	printf("healthy %s\n", S->healthy ? "yes" : "no");
	return (0);
}

static int
print_json(struct fields * F, const struct health_look * L,
    const struct status_certs * C, const struct health_summary * S)
{

	fields_array(F, "programs");
	for (size_t i = 0; i < L->n; i++) {
		fields_open(F, NULL);
		fields_word(F, "program", L->program[i].name);
		fields_word(F, "state", L->program[i].up ? "up" : "down");
		fields_open(F, "status");
		put_program(F, &L->program[i], 1);
		fields_close(F);
		fields_close(F);
	}
	fields_close(F);
	fields_array(F, "certificates");
	for (size_t i = 0; i < C->n; i++) {
		fields_open(F, NULL);
		fields_text(F, "file", C->cert[i].file,
		    strlen(C->cert[i].file));
		put_cert(F, &C->cert[i]);
		fields_close(F);
	}
	fields_close(F);
	fields_open(F, "summary");
	put_summary(F, S);
	fields_word(F, "healthy", S->healthy ? "yes" : "no");
	put_reasons(F, S);
	fields_close(F);
	return (print_words(F, ""));
}

int
status_print(const struct health_look * L, const struct status_certs * C,
    const struct health_summary * S, int json)
{
	struct fields * F;
	int rc = -1;

	if ((F = fields_new(json)) != NULL)
		rc = json ? print_json(F, L, C, S) :
		    print_text(F, L, C, S);
	fields_free(F);
	if (rc)
		warnx("out of memory");
	return (rc);
}
