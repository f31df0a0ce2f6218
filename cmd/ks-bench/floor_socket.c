#include <sys/socket.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "frame/frame.h"

#include "bench.h"
#include "floor.h"
#include "measure.h"
#include "pipeline.h"

/* Whole frames, with their length field. */
#define REQUEST_LEN	64
#define ANSWER_LEN	2048

/* Answers written at once. */
#define ANSWERS_MAX	64

/* The client's end. */
struct socket_client {
	uint64_t end_ns;	/* no more requests from then on */
	uint64_t answers;
};

static enum pipeline_request
request(void * ctx, struct wbuf * W, uint32_t id)
{
	static const uint8_t zeroes[REQUEST_LEN - FRAME_HEADER];
	struct socket_client * C = ctx;

	if (clock_mono_ns() >= C->end_ns)
		return (PIPELINE_NONE);
	frame_put(W, 1, id, zeroes, sizeof(zeroes));
	return (PIPELINE_SENT);
}

static int
reply(void * ctx, uint32_t id, const struct frame * F)
{
	struct socket_client * C = ctx;

	(void)id;
	if (F->len != ANSWER_LEN - FRAME_HEADER) {
		warnx("the bare server answers otherwise than it should");
		return (-1);
	}
	C->answers++;
	return (0);
}

static int
write_all(int fd, const uint8_t * p, size_t len)
{
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n) {
		if ((n = send(fd, p, len, MSG_NOSIGNAL)) > 0)
			continue;
		if (n == -1 && errno != EINTR)
			return (-1);
		n = 0;
	}
	return (0);
}

/* Answer on ${fd} until it is closed. */
static void
serve(int fd)
{
	static uint8_t in[REQUEST_LEN * ANSWERS_MAX];
	static uint8_t out[ANSWER_LEN * ANSWERS_MAX];
	struct frame F;
	size_t have = 0, done, used, n;
	ssize_t got;

	for (unsigned i = 0; i < ANSWERS_MAX; i++) {
		/* Length and type; the request id is filled in below. */
		out[i * ANSWER_LEN + 2] = (ANSWER_LEN - 4) >> 8;
		out[i * ANSWER_LEN + 3] = (ANSWER_LEN - 4) & 0xff;
		out[i * ANSWER_LEN + 5] = 2;
	}
	while ((got = read(fd, in + have, sizeof(in) - have)) > 0) {
		have += (size_t)got;
		for (done = n = 0; frame_parse(in + done, have - done, &F,
		    &used) == 1; done += used, n++)
			memcpy(out + n * ANSWER_LEN + 6, in + done + 6, 4);
		if (write_all(fd, out, n * ANSWER_LEN))
			return;
		memmove(in, in + done, have - done);
		have -= done;
	}
}

double
floor_socket(unsigned depth, uint64_t ms, struct samples * S)
{
	struct socket_client C = { .answers = 0 };
	struct pipeline P = {
		.depth = depth, .ctx = &C, .request = request, .reply = reply
	};
	uint64_t start;
	pid_t child;
	int fds[2];
	int rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
		warn("socketpair");
		return (-1);
	}
	fflush(stdout);
	if ((child = fork()) == -1) {
		warn("fork");
		close(fds[0]);
		close(fds[1]);
		return (-1);
	}
	if (child == 0) {
		close(fds[0]);
		serve(fds[1]);
		_exit(0);
	}
	close(fds[1]);
	P.fd = fds[0];
	start = clock_mono_ns();
	C.end_ns = start + ms * 1000000;
	rc = pipeline_run(&P, S);
	ms = (clock_mono_ns() - start) / 1000000;
	close(fds[0]);
	while (waitpid(child, NULL, 0) == -1 && errno == EINTR)
		continue;
	if (rc || ms == 0)
		return (-1);
	return ((double)C.answers * 1000 / (double)ms);
}
