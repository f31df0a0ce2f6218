#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "frame/common.h"
#include "frame/frame.h"

#include "frame/frame_call.h"

/* poll(2) takes an int: longer waits are made of several. */
#define POLL_MS_MAX	60000

/* Wait until ${fd} is ready for ${events} or ${deadline} has passed. */
static int
wait_ready(int fd, short events, uint64_t deadline)
{
	struct pollfd P = { .fd = fd, .events = events };
	uint64_t now;
	int n;

	for (;;) {
		now = clock_mono_ms();
		if (now >= deadline) {
			errno = ETIMEDOUT;
			return (-1);
		}
		now = deadline - now;
		n = poll(&P, 1, now > POLL_MS_MAX ? POLL_MS_MAX : (int)now);
		if (n > 0)
			return (0);
		if (n == -1 && errno != EINTR)
			return (-1);
	}
}

static uint64_t
deadline_in(uint64_t timeout_ms)
{
	uint64_t now = clock_mono_ms();

	return (timeout_ms > UINT64_MAX - now ? UINT64_MAX : now + timeout_ms);
}

static int
send_all(int fd, const uint8_t * p, size_t len, uint64_t deadline)
{
	ssize_t n;

	while (len > 0) {
		n = send(fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0) {
			p += n;
			len -= (size_t)n;
			continue;
		}
		if (errno == EPIPE)
			errno = ECONNRESET;
		if (errno == EAGAIN && wait_ready(fd, POLLOUT, deadline))
			return (-1);
		if (errno != EAGAIN && errno != EINTR)
			return (-1);
	}
	return (0);
}

/* Append exactly ${len} bytes from ${fd} to ${W}. */
static int
recv_all(int fd, struct wbuf * W, size_t len, uint64_t deadline)
{
	uint8_t * p;
	ssize_t n;

	if ((p = wbuf_space(W, len)) == NULL) {
		errno = ENOMEM;
		return (-1);
	}
	while (len > 0) {
		n = recv(fd, p, len, MSG_DONTWAIT);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
			continue;
		}
		if (n == 0) {
			errno = ECONNRESET;
			return (-1);
		}
		if (errno == EAGAIN && wait_ready(fd, POLLIN, deadline))
			return (-1);
		if (errno != EAGAIN && errno != EINTR)
			return (-1);
	}
	return (0);
}

static int
send_by(int fd, uint16_t type, uint32_t id, const void * body, size_t len,
    uint64_t deadline)
{
	struct wbuf W;
	int rc;

	if (len > FRAME_BODY_MAX) {
		errno = EMSGSIZE;
		return (-1);
	}
	wbuf_init(&W, FRAME_HEADER + FRAME_BODY_MAX);
	frame_put(&W, type, id, body, len);
	if (wbuf_failed(&W)) {
		errno = ENOMEM;
		rc = -1;
	} else {
		rc = send_all(fd, W.data, W.len, deadline);
	}
	wbuf_free(&W);
	return (rc);
}

static int
recv_by(int fd, struct wbuf * W, struct frame * F, uint64_t deadline)
{
	size_t used, len;

	wbuf_reset(W);
	if (recv_all(fd, W, 4, deadline))
		return (-1);
	if (frame_parse(W->data, W->len, F, &used) == -1) {
		errno = EPROTO;
		return (-1);
	}
	len = (size_t)W->data[0] << 24 | (size_t)W->data[1] << 16 |
	    (size_t)W->data[2] << 8 | (size_t)W->data[3];
	if (recv_all(fd, W, len, deadline))
		return (-1);
	if (frame_parse(W->data, W->len, F, &used) != 1) {
		errno = EPROTO;
		return (-1);
	}
	return (0);
}

int
frame_send(int fd, uint16_t type, uint32_t id, const void * body, size_t len,
    uint64_t timeout_ms)
{

	return (send_by(fd, type, id, body, len, deadline_in(timeout_ms)));
}

int
frame_recv(int fd, struct wbuf * W, struct frame * F, uint64_t timeout_ms)
{

	return (recv_by(fd, W, F, deadline_in(timeout_ms)));
}

int
frame_call(int fd, uint16_t type, uint32_t id, const void * body, size_t len,
    uint64_t timeout_ms, struct wbuf * W, struct frame * F)
{
	uint64_t deadline = deadline_in(timeout_ms);

	if (send_by(fd, type, id, body, len, deadline)) {
		/* Why it closed may still be there to read. */
		if (errno != ECONNRESET)
			return (-1);
	}
	for (;;) {
		if (recv_by(fd, W, F, deadline))
			return (-1);
		if (F->id == id || (F->id == 0 && F->type == COMMON_ERROR))
			return (0);

		/* Whoever sends without end must not keep us without end. */
		if (clock_mono_ms() >= deadline) {
			errno = ETIMEDOUT;
			return (-1);
		}
	}
}
