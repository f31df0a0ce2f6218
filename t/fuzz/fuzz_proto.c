#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/panic.h"

#include "../unit/test_proto.h"
#include "fuzz.h"

void
fuzz_begin(void)
{

	for (size_t i = 0; i < RECODES; i++)
		fuzz_decoder(recodes[i].name);
}

/* The first byte chooses the decoder; what decodes encodes to the same. */
int
LLVMFuzzerTestOneInput(const uint8_t * p, size_t len)
{
	struct wbuf W;

	if (len == 0 || p[0] >= RECODES)
		return (-1);
	wbuf_init(&W, 1 << 22);
	if (recodes[p[0]].recode(p + 1, len - 1, &W) == 0) {
		fuzz_accepted(p[0]);
		PANIC_UNLESS(wbuf_failed(&W) == 0 && W.len == len - 1 &&
		    (W.len == 0 || memcmp(W.data, p + 1, W.len) == 0));
	}
	wbuf_free(&W);
	return (0);
}
