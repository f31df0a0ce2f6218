#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "measure.h"

/* Digits after the point that say something of ${x}. */
static int
digits(double x)
{

	return (x >= 1000 ? 0 : x >= 10 ? 2 : 4);
}

void
measure_print(const struct bench * B, const char * name, double value,
    const char * unit)
{

	printf(B->json ? "{\"name\":\"%s\",\"value\":%.*f,\"unit\":\"%s\"}\n" :
	    "%s %.*f %s\n", name, digits(value), value, unit);
	fflush(stdout);
}

void
measure_ratio(const struct bench * B, const char * name, double value,
    const char * unit, const char * floor, double floor_value)
{
	double ratio = floor_value > 0 ? value / floor_value : 0;

	printf(B->json ? "{\"name\":\"%s\",\"value\":%.*f,\"unit\":\"%s\","
	    "\"floor\":\"%s\",\"ratio\":%.*f}\n" : "%s %.*f %s %s %.*f\n", name,
	    digits(value), value, unit, floor, digits(ratio), ratio);
	fflush(stdout);
}

void
samples_init(struct samples * S)
{

	S->ns = NULL;
	S->n = S->cap = 0;
	S->sorted = 0;
}

void
samples_free(struct samples * S)
{

	free(S->ns);
	samples_init(S);
}

int
samples_add(struct samples * S, uint64_t ns)
{
	uint64_t * p;
	size_t cap;

	if (S->n == S->cap) {
		cap = S->cap == 0 ? 4096 : 2 * S->cap;
		if ((p = realloc(S->ns, cap * sizeof(*p))) == NULL)
			return (-1);
		S->ns = p;
		S->cap = cap;
	}
	S->ns[S->n++] = ns;
	S->sorted = 0;
	return (0);
}

static int
compare(const void * a, const void * b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x < y ? -1 : x > y);
}

double
samples_quantile(struct samples * S, double q)
{

	if (S->n == 0)
		return (0);
	if (!S->sorted) {
		qsort(S->ns, S->n, sizeof(*S->ns), compare);
		S->sorted = 1;
	}
	return ((double)S->ns[(size_t)(q * (double)(S->n - 1))]);
}
