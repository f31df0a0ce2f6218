#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "frame/common.h"
#include "frame/frame.h"

#include "fuzz.h"

enum { FRAME, STATUS_REPLY, ERROR, DUMP, DUMP_REPLY };

void
fuzz_begin(void)
{

	fuzz_decoder("frame");
	fuzz_decoder("STATUS_REPLY");
	fuzz_decoder("ERROR");
	fuzz_decoder("DUMP");
	fuzz_decoder("DUMP_REPLY");
}

/* What decodes is encoded to the same bytes again. */
static void
check_body(const struct frame * F)
{
	struct common_dump D;
	struct common_error E;
	struct common_row row;
	struct common_rows B;
	struct rbuf R;
	struct wbuf W;
	const char * text;
	size_t len;
	uint32_t n;
	int more, same = 1;

	wbuf_init(&W, FRAME_BODY_MAX);
	if (F->type == COMMON_DUMP && common_get_dump(F->body, F->len, &D) == 0) {
		fuzz_accepted(DUMP);
		common_put_dump(&W, &D);
	} else if (F->type == COMMON_STATUS_REPLY &&
	    common_get_status(F->body, F->len, &text, &len) == 0) {
		fuzz_accepted(STATUS_REPLY);
		common_put_status(&W, text, len);
	} else if (F->type == COMMON_ERROR &&
	    common_get_error(F->body, F->len, &E) == 0 &&
	    strlen(E.text) + strlen(E.rule) + 5 == F->len) {
		fuzz_accepted(ERROR);
		common_put_error(&W, E.code, E.rule, E.text);
	} else if (F->type == COMMON_DUMP_REPLY &&
	    common_get_rows(F->body, F->len, &more, &n, &R) == 0) {
		fuzz_accepted(DUMP_REPLY);
		common_rows_begin(&B, &W);
		while (n-- > 0) {
			common_next_row(&R, &row);
			common_rows_put(&B, row.key, row.key_len, row.value,
			    row.value_len);
		}
		common_rows_end(&B, more);
	} else
		same = 0;
	if (same && (wbuf_failed(&W) || W.len != F->len ||
	    memcmp(W.data, F->body, W.len) != 0))
		abort();
	wbuf_free(&W);
}

int
LLVMFuzzerTestOneInput(const uint8_t * data, size_t len)
{
	struct frame F;
	size_t used, start = 0;

	while (frame_parse(&data[start], len - start, &F, &used) == 1) {
		if (used < FRAME_HEADER || used > len - start)
			abort();
		fuzz_accepted(FRAME);
		check_body(&F);
		start += used;
	}
	return (0);
}
