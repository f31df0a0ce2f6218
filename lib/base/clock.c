#include <stdint.h>
#include <time.h>

#include "base/panic.h"

#include "base/clock.h"

static uint64_t
read_ns(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) != 0)
		panic("clock_gettime failed");
	return ((uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec);
}

uint64_t
clock_mono_ms(void)
{

	return (read_ns(CLOCK_MONOTONIC) / 1000000);
}

uint64_t
clock_mono_ns(void)
{

	return (read_ns(CLOCK_MONOTONIC));
}

uint64_t
clock_wall_ms(void)
{

	return (read_ns(CLOCK_REALTIME) / 1000000);
}
