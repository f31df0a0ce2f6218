#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "codec/decimal.h"
#include "frame/common.h"
#include "frame/frame_call.h"
#include "frame/usock.h"
#include "proto/proto_publish.h"

#include "bench.h"
#include "daemon_ask.h"

void
daemon_ask_pause(uint64_t ms)
{
	struct timespec ts = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000
	};

	nanosleep(&ts, NULL);
}

int
daemon_ask_open(struct daemon_ask * A, const char * path, int wait)
{
	uint64_t deadline = clock_mono_ms() + BENCH_TIMEOUT_MS;

	A->path = path;
	wbuf_init(&A->W, FRAME_LEN_MAX + 4);
	while ((A->fd = usock_connect(path)) == -1) {
		if (!wait || (errno != ENOENT && errno != ECONNREFUSED) ||
		    clock_mono_ms() > deadline) {
			warn("%s", path);
			return (-1);
		}
		daemon_ask_pause(BENCH_POLL_MS);
	}
	return (0);
}

void
daemon_ask_close(struct daemon_ask * A)
{

	if (A->fd != -1)
		close(A->fd);
	wbuf_free(&A->W);
}

int
daemon_ask(struct daemon_ask * A, uint16_t type, const void * body, size_t len,
    uint16_t reply, struct frame * F)
{

	if (frame_call(A->fd, type, 1, body, len, BENCH_TIMEOUT_MS, &A->W, F)) {
		warn("%s", A->path);
		return (-1);
	}
	if (F->type == reply)
		return (0);
	if (F->type == COMMON_ERROR)
		return (1);
	warnx("%s: an answer of type %#x", A->path, F->type);
	return (-1);
}

void
daemon_ask_why(const struct daemon_ask * A, const struct frame * F)
{
	struct common_error E;

	if (common_get_error(F->body, F->len, &E))
		warnx("%s: a malformed ERROR", A->path);
	else
		warnx("%s: %s%s%s", A->path, E.rule,
		    E.text[0] != '\0' ? ": " : "", E.text);
}

int
daemon_ask_status(struct daemon_ask * A, const char * name, char * value,
    size_t size)
{
	struct frame F;
	const char * text, * end;
	size_t len, line, name_len = strlen(name);

	if (daemon_ask(A, COMMON_STATUS, NULL, 0, COMMON_STATUS_REPLY, &F) ||
	    common_get_status(F.body, F.len, &text, &len)) {
		warnx("%s: no status", A->path);
		return (-1);
	}
	for (; len > 0; text += line + 1, len -= line + 1) {
		end = memchr(text, '\n', len);
		line = (size_t)(end - text);
		if (line <= name_len || memcmp(text, name, name_len) != 0 ||
		    text[name_len] != ' ' || line - name_len > size)
			continue;
		memcpy(value, text + name_len + 1, line - name_len - 1);
		value[line - name_len - 1] = '\0';
		return (0);
	}
	warnx("%s: its status has no %s", A->path, name);
	return (-1);
}

int
daemon_ask_number(struct daemon_ask * A, const char * name, uint64_t * x)
{
	char value[32];

	if (daemon_ask_status(A, name, value, sizeof(value)))
		return (-1);
	if (decimal_parse(value, strlen(value), UINT64_MAX, x)) {
		warnx("%s: %s %s: not a number", A->path, name, value);
		return (-1);
	}
	return (0);
}

int
daemon_ask_head(struct daemon_ask * A, uint64_t epoch, const uint8_t ** head,
    const uint8_t ** note, size_t * note_len)
{
	struct proto_publish_head H;
	struct frame F;
	struct wbuf body;
	int rc;

	wbuf_init(&body, 64);
	proto_publish_put_head(&body, epoch);
	rc = wbuf_failed(&body) ? -1 : daemon_ask(A, HEAD, body.data, body.len,
	    HEAD_REPLY, &F);
	wbuf_free(&body);
	if (rc != 0)
		return (rc);
	if (proto_publish_get_head_reply(F.body, F.len, &H)) {
		warnx("%s: a malformed head", A->path);
		return (-1);
	}
	*head = H.head;
	*note = H.note;
	*note_len = H.note_len;
	return (0);
}
