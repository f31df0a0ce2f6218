#include <err.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <sodium.h>

#include "test.h"

static int failed;
static char dirs[64][32];	/* more directories than any test program makes */
static size_t ndirs;

void
test_failed(const char * file, int line, const char * text)
{

	failed = 1;
	printf("# %s:%d: %s\n", file, line, text);
}

static int
remove_one(const char * path, const struct stat * st, int kind, struct FTW * f)
{

	(void)st;
	(void)kind;
	(void)f;
	return (remove(path));
}

static void
remove_dirs(void)
{

	while (ndirs > 0)
		nftw(dirs[--ndirs], remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
test_dir(void)
{
	char * dir = dirs[ndirs];

	if (ndirs == sizeof(dirs) / sizeof(dirs[0]))
		errx(1, "too many test directories");
	if (ndirs == 0)
		atexit(remove_dirs);
	snprintf(dir, sizeof(dirs[0]), "/tmp/ks-test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		err(1, "mkdtemp");
	ndirs++;
	return (dir);
}

int
test_main(const struct test * tests, size_t n)
{
	int any = 0;

	if (sodium_init() < 0)
		errx(1, "sodium_init failed");
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		failed = 0;
		tests[i].run();
		printf("%s %zu - %s\n", failed ? "not ok" : "ok", i + 1,
		    tests[i].promise);
		any |= failed;
	}
	return (any);
}
