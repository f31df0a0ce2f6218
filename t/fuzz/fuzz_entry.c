#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/panic.h"
#include "codec/wbuf.h"
#include "entry/profile.h"
#include "entry/update.h"
#include "entry/user.h"
#include "head/head.h"

#include "fuzz.h"

enum { ENTRY, UPDATE, PROFILE, HEAD, USER };

void
fuzz_begin(void)
{

	fuzz_decoder("entry");
	fuzz_decoder("update");
	fuzz_decoder("profile");
	fuzz_decoder("head");
	fuzz_decoder("user");
}

static void
same(struct wbuf * W, const uint8_t * p, size_t len)
{

	PANIC_UNLESS(wbuf_failed(W) == 0 && W->len == len &&
	    memcmp(W->data, p, len) == 0);
	wbuf_free(W);
}

/* What decodes is encoded to the same bytes again. */
int
LLVMFuzzerTestOneInput(const uint8_t * p, size_t len)
{
	struct update_sig sigs[UPDATE_SIGS_MAX];
	struct profile_app apps[PROFILE_APPS_MAX + 1];
	char user[USER_LEN_MAX + 1], again[USER_LEN_MAX + 1];
	uint8_t record[HEAD_LEN];
	struct profile P;
	struct update U;
	struct entry E;
	struct head H;
	struct rbuf R;
	struct wbuf W;
	size_t n = 0;

	wbuf_init(&W, 1 << 20);
	if (entry_parse(&E, p, len) == 0) {
		fuzz_accepted(ENTRY);
		entry_put(&W, &E);
		same(&W, p, len);
	}
	if (update_parse(&U, p, len) == 0) {
		fuzz_accepted(UPDATE);
		memcpy(sigs, U.sigs, U.nsigs * sizeof(sigs[0]));
		PANIC_UNLESS(update_put(&W, U.entry_data, U.entry_len, sigs,
		    U.nsigs) == 0);
		same(&W, p, len);
	}
	if (profile_parse(&P, p, len) == 0) {
		fuzz_accepted(PROFILE);
		for (profile_start(&P, &R); profile_next(&R, &apps[n]); n++)
			PANIC_UNLESS(n < P.count);
		PANIC_UNLESS(profile_put(&W, P.nonce, apps, n) == 0);
		same(&W, p, len);
	}
	if (head_parse(&H, p, len) == 0) {
		fuzz_accepted(HEAD);
		head_put(&H, record);
		PANIC_UNLESS(memcmp(record, p, len) == 0);
	}
	if (user_normalise(user, (const char *)p, len) == 0) {
		fuzz_accepted(USER);
		PANIC_UNLESS(user_is_normal(user, len));
		PANIC_UNLESS(user_normalise(again, user, len) == 0);
		PANIC_UNLESS(memcmp(user, again, len + 1) == 0);
	}
	return (0);
}
