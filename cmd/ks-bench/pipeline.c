#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#include "bench.h"
#include "measure.h"
#include "pipeline.h"

/* Bytes asked of the kernel at once: more than one frame of any size. */
#define READ_LEN	(2 * FRAME_LEN_MAX)

/* Output that is gathered before it is written. */
#define WRITE_LEN	262144

/* A pipeline that is running. */
struct run {
	const struct pipeline * P;
	struct samples * times;
	uint64_t * start;	/* of request id i + 1; 0: it is free */
	uint32_t * ids;		/* the free ones */
	unsigned nfree;
	struct wbuf out;
	size_t out_sent;
	uint8_t * in;
	size_t in_len;
};

/* Put as many requests as may be in flight. */
static int
ask(struct run * R)
{
	enum pipeline_request rc;
	uint32_t id;

	while (R->nfree > 0 && R->out.len < WRITE_LEN) {
		id = R->ids[R->nfree - 1];
		rc = R->P->request(R->P->ctx, &R->out, id);
		if (rc == PIPELINE_FAILED)
			return (-1);
		if (rc == PIPELINE_NONE)
			break;
		R->nfree--;
		R->start[id - 1] = clock_mono_ns();
	}
	if (wbuf_failed(&R->out)) {
		warnx("out of memory");
		return (-1);
	}
	return (0);
}

static int
write_some(struct run * R)
{
	ssize_t n;

	while (R->out_sent < R->out.len) {
		n = send(R->P->fd, R->out.data + R->out_sent,
		    R->out.len - R->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return (0);
		if (n == -1) {
			warn("send");
			return (-1);
		}
		R->out_sent += (size_t)n;
	}
	wbuf_reset(&R->out);
	R->out_sent = 0;
	return (0);
}

/* Take the answer ${F} that came at ${now}. */
static int
answer(struct run * R, const struct frame * F, uint64_t now)
{
	int rc;

	if (F->id == 0 || F->id > R->P->depth || R->start[F->id - 1] == 0) {
		warnx("an answer to nothing that was asked");
		return (-1);
	}
	if ((rc = R->P->reply(R->P->ctx, F->id, F)) == -1)
		return (-1);
	if (rc == 0 && samples_add(R->times, now - R->start[F->id - 1])) {
		warnx("out of memory");
		return (-1);
	}
	R->start[F->id - 1] = 0;
	R->ids[R->nfree++] = F->id;
	return (0);
}

/* Read what is there and take each whole answer. */
static int
read_some(struct run * R)
{
	struct frame F;
	uint64_t now;
	size_t used, done = 0;
	ssize_t n;
	int rc;

	n = recv(R->P->fd, R->in + R->in_len, READ_LEN - R->in_len, MSG_DONTWAIT);
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return (0);
	if (n <= 0) {
		warnx("recv: %s", n == 0 ? "the daemon closed the connection" :
		    strerror(errno));
		return (-1);
	}
	now = clock_mono_ns();
	R->in_len += (size_t)n;
	while ((rc = frame_parse(R->in + done, R->in_len - done, &F, &used)) == 1) {
		if (answer(R, &F, now))
			return (-1);
		done += used;
	}
	if (rc == -1) {
		warnx("what came is no frame");
		return (-1);
	}
	memmove(R->in, R->in + done, R->in_len - done);
	R->in_len -= done;
	return (0);
}

static int
run(struct run * R)
{
	struct pollfd pfd = { .fd = R->P->fd };
	int n;

	for (;;) {
		if (ask(R) || write_some(R))
			return (-1);
		if (R->nfree == R->P->depth && R->out.len == 0)
			return (0);
		pfd.events = (short)(POLLIN | (R->out.len > 0 ? POLLOUT : 0));
		n = poll(&pfd, 1, BENCH_TIMEOUT_MS);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			warnx("poll: %s", n == 0 ? "no answer" : strerror(errno));
			return (-1);
		}
		if ((pfd.revents & ~POLLOUT) && read_some(R))
			return (-1);
	}
}

int
pipeline_run(const struct pipeline * P, struct samples * times)
{
	struct run R = { .P = P, .times = times, .nfree = P->depth };
	int rc = -1;

	wbuf_init(&R.out, WRITE_LEN + FRAME_LEN_MAX + 4);
	R.start = calloc(P->depth, sizeof(*R.start));
	R.ids = calloc(P->depth, sizeof(*R.ids));
	R.in = malloc(READ_LEN);
	if (R.start == NULL || R.ids == NULL || R.in == NULL) {
		warnx("out of memory");
		goto done;
	}
	for (unsigned i = 0; i < P->depth; i++)
		R.ids[i] = P->depth - i;
	rc = run(&R);

done:
	free(R.in);
	free(R.ids);
	free(R.start);
	wbuf_free(&R.out);
	return (rc);
}
