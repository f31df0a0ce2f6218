#ifndef KS_T_TEST_H
#define KS_T_TEST_H

#include <stddef.h>

/*
 * The harness of the C unit tests: a test program is a table of functions, each
 * named for the promise that it keeps; the output is TAP.
 */
struct test {
	const char * promise;	/* what a user may rely on, in words */
	void (* run)(void);	/* checks it with the macros below */
};

/**
 * test_main(tests, n):
 * Run the ${n} ${tests} in order, print TAP, and return the exit code.
 */
int test_main(const struct test *, size_t);

/**
 * test_failed(file, line, text):
 * Mark the running test as failed and say where; used by the macros.
 */
void test_failed(const char *, int, const char *);

/**
 * test_dir(void):
 * Return the path of an empty directory of this test's own, removed with all
 * it holds when the test program ends.  The string stays until then.
 */
const char * test_dir(void);

/** CHECK(c): the running test fails, and returns, unless ${c} holds. */
#define CHECK(c) do {							\
	if (!(c)) {							\
		test_failed(__FILE__, __LINE__, #c);			\
		return;							\
	}								\
} while (0)

/** TESTS(table): main of a test program. */
#define TESTS(table) int main(void) {					\
	return (test_main(table, sizeof(table) / sizeof(table[0])));	\
}

#endif
