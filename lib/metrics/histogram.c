#include <inttypes.h>
#include <stdint.h>

#include "base/panic.h"
#include "codec/wbuf.h"

#include "metrics/histogram.h"

static const uint64_t bounds[HISTOGRAM_BOUNDS] = {
	100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,
	500000, 1000000, 2500000, 5000000, 10000000, 25000000, 50000000,
	100000000
};

uint64_t
histogram_bound(size_t i)
{

	PANIC_UNLESS(i < HISTOGRAM_BOUNDS);
	return (bounds[i]);
}

void
histogram_note(struct histogram * H, uint64_t us)
{
	size_t i = 0;

	while (i < HISTOGRAM_BOUNDS && us > bounds[i])
		i++;
	H->buckets[i]++;
	H->count++;

	/* Rather stuck than fallen. */
	H->sum_us = us > UINT64_MAX - H->sum_us ? UINT64_MAX : H->sum_us + us;
}

void
histogram_put(const struct histogram * H, const char * name, struct wbuf * W)
{
	uint64_t n = 0;

	for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
		n += H->buckets[i];
		wbuf_printf(W, "%s_us_le_%" PRIu64 " %" PRIu64 "\n", name,
		    bounds[i], n);
	}
	wbuf_printf(W, "%s_us_count %" PRIu64 "\n", name, H->count);
	wbuf_printf(W, "%s_us_sum %" PRIu64 "\n", name, H->sum_us);
}
