#include <string.h>

#include "pool/pool.h"

#include "test.h"

#define ITEMS 10007

static unsigned int calls[ITEMS];

static void
count(void * cookie, size_t i)
{
	unsigned int * c = cookie;

	c[i]++;
}

static void
each_item_once(void)
{
	struct pool * P;

	for (unsigned int threads = 0; threads < 6; threads++) {
		P = pool_new(threads);
		CHECK(P != NULL);
		for (size_t n = 0; n <= ITEMS; n = n * 3 + 1) {
			memset(calls, 0, sizeof(calls));
			pool_run(P, count, calls, n);
			for (size_t i = 0; i < ITEMS; i++)
				CHECK(calls[i] == (i < n));
		}
		pool_free(P);
	}
	pool_free(NULL);
}

static const struct test tests[] = {
	{ "each item is worked on exactly once, by any number of threads",
	    each_item_once },
};
TESTS(tests)
