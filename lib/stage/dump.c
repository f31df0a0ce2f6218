#include <stdint.h>
#include <string.h>

#include "codec/wbuf.h"
#include "daemon/conn.h"
#include "frame/common.h"
#include "store/store.h"

#include "stage/dump.h"

struct dump {
	struct common_rows rows;
	struct wbuf * body;
	size_t mark;		/* where the body starts in the output */
	uint32_t rows_max;
	int more;
};

static int
put_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{
	struct dump * D = cookie;

	/* One large row alone always fits a frame: STORE_VALUE_MAX is checked. */
	if (D->rows.n == D->rows_max || (D->rows.n > 0 &&
	    D->body->len - D->mark + vlen > DUMP_LEN_MAX)) {
		D->more = 1;
		return (1);
	}
	common_rows_put(&D->rows, key + 1, klen - 1, value, vlen);
	return (0);
}

/* The table byte and then ${key}; an empty end means the next table. */
static size_t
bound(uint8_t * out, uint8_t table, const uint8_t * key, size_t len, int is_end)
{

	out[0] = table;
	if (is_end && len == 0) {
		out[0]++;
		return (table == 0xff ? 0 : 1);
	}
	memcpy(out + 1, key, len);
	return (1 + len);
}

int
dump_serve(struct store * S, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	uint8_t from[1 + STORE_KEY_MAX], to[1 + STORE_KEY_MAX];
	struct common_dump want;
	struct dump D;
	size_t from_len, to_len;

	if (common_get_dump(body, len, &want) || want.from_len > STORE_KEY_MAX ||
	    want.to_len > STORE_KEY_MAX)
		return (conn_malformed(C, "frame-malformed"));
	from_len = bound(from, want.table, want.from, want.from_len, 0);
	to_len = bound(to, want.table, want.to, want.to_len, 1);
	memset(&D, 0, sizeof(D));
	D.rows_max = want.rows_max < DUMP_ROWS_MAX ? want.rows_max : DUMP_ROWS_MAX;
	D.body = conn_begin(C, COMMON_DUMP_REPLY, id);
	D.mark = D.body->len;
	common_rows_begin(&D.rows, D.body);
	if (store_scan(S, from, from_len, to, to_len, put_row, &D) < 0)
		return (-1);
	common_rows_end(&D.rows, D.more);
	return (conn_end(C, store_number(S)));
}
