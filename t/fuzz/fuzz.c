#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/panic.h"

#include "fuzz.h"

#define DECODERS_MAX	64	/* of one fuzzer */

static struct {
	const char * name;
	unsigned long accepted;
} decoders[DECODERS_MAX];
static size_t ndecoders;

/* The test of the fuzzers plants a fault: after so many accepted inputs. */
static unsigned long break_after;

static void
print(void)
{

	for (size_t i = 0; i < ndecoders; i++)
		fprintf(stderr, "accepted %lu %s\n", decoders[i].accepted,
		    decoders[i].name);
}

void
fuzz_decoder(const char * name)
{

	PANIC_UNLESS(ndecoders < DECODERS_MAX);
	decoders[ndecoders++].name = name;
}

void
fuzz_accepted(size_t i)
{

	PANIC_UNLESS(i < ndecoders);
	decoders[i].accepted++;
	if (break_after > 0 && --break_after == 0)
		panic("planted fault");
}

int
LLVMFuzzerInitialize(int * argc, char *** argv)
{

	(void)argc;
	(void)argv;
	PANIC_UNLESS(sodium_init() >= 0);
	if (getenv("FUZZ_BREAK") != NULL)
		break_after = strtoul(getenv("FUZZ_BREAK"), NULL, 10);
	fuzz_begin();
	atexit(print);
	return (0);
}
