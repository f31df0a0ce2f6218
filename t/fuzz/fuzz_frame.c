#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "proto/bundle.h"

#include "fuzz.h"

enum { FRAME, STATUS_REPLY, ERROR, DUMP, DUMP_REPLY, EPOCH, TAIL };

void
fuzz_begin(void)
{

	fuzz_decoder("frame");
	fuzz_decoder("STATUS_REPLY");
	fuzz_decoder("ERROR");
	fuzz_decoder("DUMP");
	fuzz_decoder("DUMP_REPLY");
	fuzz_decoder("bundle of an epoch");
	fuzz_decoder("bundle of a tail");
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

/* What is whole is so however it is cut; ${cut} bytes come first. */
static void
check_bundle(const uint8_t * p, size_t len, enum bundle_kind kind, size_t cut)
{
	struct bundle B, C;
	struct frame F;
	size_t used, start = 0, n = 0, m = 0, at = 0;

	bundle_init(&B, kind);
	bundle_init(&C, kind);
	while (start < len && bundle_next(&B, p + start, len - start, &F,
	    &used) == 1) {
		if (used > len - start)
			abort();
		start += used;
		n++;
	}
	while (at < cut && bundle_next(&C, p + at, cut - at, &F, &used) == 1) {
		at += used;
		m++;
	}
	while (at < len && bundle_next(&C, p + at, len - at, &F, &used) == 1) {
		at += used;
		m++;
	}
	if (n != m || at != start)
		abort();
	if (n > 0 && bundle_whole(&B, len - start))
		fuzz_accepted(kind == BUNDLE_EPOCH ? EPOCH : TAIL);
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
	check_bundle(data, len, BUNDLE_EPOCH, len / 2);
	check_bundle(data, len, BUNDLE_TAIL, len / 3);
	return (0);
}
