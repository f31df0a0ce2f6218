#include <string.h>

#include "base/hex.h"
#include "hkp/hkp.h"
#include "proto/proto_keyids.h"

#include "client/client_impl.h"

/* Most bytes of a list of keys over HTTP: user ids of a page of text each. */
#define LIST_MAX	((size_t)256 * 1024)

/* Add ${user} to ${F}, once, if there is room. */
static void
add(struct client_found * F, const char * user, size_t len)
{

	for (unsigned i = 0; i < F->n; i++)
		if (strlen(F->user[i]) == len &&
		    memcmp(F->user[i], user, len) == 0)
			return;
	if (F->n == CLIENT_FOUND_MAX)
		return;
	memcpy(F->user[F->n], user, len);
	F->user[F->n++][len] = '\0';
}

static int
take_body(void * ctx, const uint8_t * body, size_t len)
{
	struct client_found * F = ctx;
	struct proto_keyids_found K;
	const char * user;
	size_t n;

	F->n = 0;
	if (proto_keyids_get_found(body, len, &K))
		return (-1);
	while (proto_keyids_next(&K, &user, &n))
		add(F, user, n);
	return (0);
}

/* A list for a machine: of it the addresses in user ids count. */
static int
take_text(void * ctx, const uint8_t * p, size_t len)
{
	struct client_found * F = ctx;
	const char * line = (const char *)p, * end = line + len, * stop;
	char user[USER_LEN_MAX + 1];

	F->n = 0;
	for (; line < end; line = stop + 1) {
		if ((stop = memchr(line, '\n', (size_t)(end - line))) == NULL)
			return (-1);
		if (hkp_uid_line(line, (size_t)(stop - line), user) == 0)
			add(F, user, strlen(user));
	}
	return (0);
}

enum client_outcome
client_find(struct client * C, const uint8_t * id, size_t len,
    struct client_found * F)
{
	char hex[HEX_SIZE(OPENPGP_FPR_MAX)];
	struct wbuf body;
	const struct question Q = {
		.timeout_ms = CLIENT_TIMEOUT_MS, .ctx = F,
		.socket = "keyids", .type = KEYIDS_FIND, .reply = KEYIDS_FOUND,
		.body = &body, .take_body = take_body, .accept = "text/plain",
		.answer_max = LIST_MAX, .take_text = take_text
	};
	enum client_outcome outcome;

	memset(F, 0, sizeof(*F));
	if (hex_encode(id, len, hex, sizeof(hex))) {
		client_set_error(C, -1, ERROR_MALFORMED, "",
		    "a fingerprint is not so long");
		return (CLIENT_REFUSED);
	}
	wbuf_init(&body, FRAME_BODY_MAX);
	proto_keyids_put_find(&body, id, len);
	wbuf_reset(&C->path);
	wbuf_printf(&C->path, "/pks/lookup?op=index&options=mr&search=0x%s",
	    hex);
	outcome = client_ask(C, &Q);
	wbuf_free(&body);
	return (outcome);
}
