#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/panic.h"
#include "codec/wbuf.h"
#include "link/link.h"

#include "fuzz.h"

enum { HELLO, REPLY };

void
fuzz_begin(void)
{

	fuzz_decoder("hello");
	fuzz_decoder("reply");
}

/* What was decoded is encoded to the same bytes. */
static void
same(const struct wbuf * W, const uint8_t * p, size_t len, size_t used)
{

	PANIC_UNLESS(used <= len && used <= LINK_GREETING_MAX);
	PANIC_UNLESS(W->len == used && memcmp(W->data, p, used) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t * p, size_t len)
{
	char rule[LINK_RULE_MAX + 1];
	struct link_hello H;
	struct wbuf W;
	size_t used;
	int rc;

	wbuf_init(&W, LINK_GREETING_MAX);
	if ((rc = link_get_hello(p, len, &H, &used)) == 1) {
		fuzz_accepted(HELLO);
		link_put_hello(&W, H.realm, H.service);
		same(&W, p, len, used);
	}
	PANIC_UNLESS(rc != 0 || len < LINK_GREETING_MAX);
	wbuf_reset(&W);
	if ((rc = link_get_reply(p, len, rule, &used)) == 1) {
		fuzz_accepted(REPLY);
		link_put_reply(&W, rule);
		same(&W, p, len, used);
	}
	PANIC_UNLESS(rc != 0 || len < LINK_GREETING_MAX);
	wbuf_free(&W);
	return (0);
}
