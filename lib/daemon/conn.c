#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/panic.h"
#include "codec/wbuf.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "loop/loop.h"
#include "store/trace.h"

#include "daemon/conn.h"

/* Bytes asked of the kernel at a time. */
#define READ_CHUNK	65536

/* An empty buffer larger than this is given back. */
#define KEEP_MAX	131072

/* Bytes of input that can wait: one unfinished frame and a chunk behind it. */
#define IN_MAX		(4 + FRAME_LEN_MAX + READ_CHUNK)

/* Bytes of "0xNNNN" and its NUL. */
#define TYPE_TEXT	7

/* A frame that was not yet offered to the kernel; kept only for a trace. */
struct mark {
	uint64_t needs;
	uint16_t type;
};

struct conn {
	int fd;
	struct loop_fd * watch;
	struct loop_deferred * flush;
	struct loop_deferred * batch;
	const struct conn_ops * ops;
	void * ctx;
	void * tag;
	size_t held[CONN_HOLDS];
	uint64_t frame_ms;	/* when the last frame came or was queued */

	struct wbuf in;
	size_t in_start;	/* bytes of in that were handed over */

	struct wbuf out;
	size_t out_start;	/* bytes of out that the kernel took */
	struct mark * marks;
	size_t nmarks;
	size_t marks_cap;
	size_t begun;		/* conn_begin to conn_end: the frame's mark */
	uint16_t begun_type;

	const char * rule;	/* of the frame being handed over */
	int paused;		/* by the owner */
	int choked;		/* too much output: no input */
	int deaf;		/* no input any more */
	int finish;		/* end when all is written */
	int eof;		/* the peer sends no more */
	int broken;		/* nothing can be sent any more */
	int blocked;		/* the kernel takes no more for now */
	int high;		/* output was at or above CONN_OUT_LOW */
	int busy;		/* a callback may be running: do not free */
	int dead;		/* free as soon as not busy */
};

static int on_ready(void *, int);
static int on_flush(void *);

struct conn *
conn_new(struct loop * L, int fd, const struct conn_ops * ops, void * ctx,
    struct loop_deferred * batch)
{
	struct conn * C;

	if ((C = calloc(1, sizeof(*C))) == NULL)
		goto err0;
	C->fd = fd;
	C->ops = ops;
	C->ctx = ctx;
	C->batch = batch;
	C->frame_ms = clock_mono_ms();
	wbuf_init(&C->in, IN_MAX);
	wbuf_init(&C->out, CONN_OUT_HARD + FRAME_HEADER + FRAME_BODY_MAX);
	if ((C->flush = loop_deferred_new(L, LOOP_FLUSH, on_flush, C)) == NULL)
		goto err1;
	if ((C->watch = loop_fd_new(L, fd, on_ready, C)) == NULL)
		goto err2;
	if (loop_fd_want(C->watch, LOOP_READ))
		goto err3;
	return (C);

err3:
	loop_fd_free(C->watch);
err2:
	loop_deferred_free(C->flush);
err1:
	free(C);
err0:
	return (NULL);
}

void
conn_free(struct conn * C)
{

	if (C == NULL)
		return;
	if (C->busy) {
		C->dead = 1;
		return;
	}
	loop_fd_free(C->watch);
	loop_deferred_free(C->flush);
	close(C->fd);
	wbuf_free(&C->in);
	wbuf_free(&C->out);
	free(C->marks);
	free(C);
}

/* No frame may be handed over. */
static int
is_deaf(const struct conn * C)
{

	return (C->paused || C->choked || C->deaf || C->broken || C->dead);
}

/* Tell the kernel what we wait for. */
static int
want(struct conn * C)
{
	int w = 0;

	if (!is_deaf(C) && !C->eof)
		w |= LOOP_READ;
	if (C->blocked && !C->broken)
		w |= LOOP_WRITE;
	if (loop_fd_want(C->watch, w)) {
		warn("epoll_ctl");
		return (-1);
	}
	return (0);
}

/* Forget the first bytes of ${W}, of which ${start} are done with. */
static void
compact(struct wbuf * W, size_t * start)
{

	if (*start == 0)
		return;
	W->len -= *start;
	memmove(W->data, &W->data[*start], W->len);
	*start = 0;
	if (W->len == 0 && W->cap > KEEP_MAX)
		wbuf_free(W);
}

/* Hand over one frame, or what is none. */
static int
deliver(struct conn * C, const struct frame * F)
{
	int rc;

	C->rule = "body-malformed";
	C->frame_ms = clock_mono_ms();
	if ((rc = C->ops->frame(C->ctx, C, F)) != CONN_MALFORMED)
		return (rc);
	C->deaf = 1;
	if (C->dead)
		return (0);
	return (C->ops->malformed(C->ctx, C, F->type, F->id, C->rule));
}

/* Hand over the frames that are there. */
static int
process(struct conn * C)
{
	struct frame F;
	size_t used;
	int rc = 0;

	while (!is_deaf(C) && C->in.len > C->in_start) {
		switch (frame_parse(&C->in.data[C->in_start],
		    C->in.len - C->in_start, &F, &used)) {
		case 0:
			return (0);
		case 1:
			C->in_start += used;
			if (C->batch != NULL)
				loop_deferred_set(C->batch);
			rc = deliver(C, &F);
			break;
		default:
			C->deaf = 1;
			rc = C->ops->malformed(C->ctx, C, 0, 0, "frame-length");
		}
		if (rc)
			return (-1);
	}
	return (0);
}

/* Read a chunk; store its length, or 0 if there is nothing now, or ever. */
static int
read_chunk(struct conn * C, size_t * len)
{
	uint8_t * p;
	ssize_t n;

	*len = 0;
	compact(&C->in, &C->in_start);
	if ((p = wbuf_space(&C->in, READ_CHUNK)) == NULL) {
		warnx("client: out of memory");
		return (-1);
	}
	n = recv(C->fd, p, READ_CHUNK, 0);
	C->in.len -= READ_CHUNK - (n > 0 ? (size_t)n : 0);
	if (n > 0) {
		*len = (size_t)n;
	} else if (n == 0) {
		C->eof = 1;
	} else if (errno != EAGAIN && errno != EINTR) {
		if (errno != ECONNRESET)
			warn("client: recv");
		C->eof = C->broken = 1;
	}
	return (0);
}

/* Leave a callback of the loop: free what was to be freed meanwhile. */
static int
leave(struct conn * C, int rc)
{

	C->busy = 0;
	if (C->dead) {
		conn_free(C);
		return (rc);
	}
	if (rc == 0)
		rc = want(C);
	return (rc);
}

static int
on_ready(void * cookie, int ready)
{
	struct conn * C = cookie;
	size_t len, total = 0;
	int rc = 0;

	C->busy = 1;
	/* With nothing to read or write, a hang-up would come for ever. */
	if ((ready & LOOP_HANGUP) && (is_deaf(C) || C->eof))
		C->broken = 1;
	if (ready & LOOP_WRITE)
		C->blocked = 0;
	while (!is_deaf(C) && !C->eof && total < CONN_TURN_MAX) {
		if ((rc = read_chunk(C, &len)) != 0)
			break;
		if ((rc = process(C)) != 0)
			break;
		total += len;
		if (len < READ_CHUNK)
			break;
	}
	if (!C->dead)
		loop_deferred_set(C->flush);
	return (leave(C, rc));
}

/* Tell the trace of what send(2) is about to be offered for the first time. */
static void
tell_trace(struct conn * C)
{
	char text[TYPE_TEXT];
	const char * name;

	for (size_t i = 0; i < C->nmarks; i++) {
		name = NULL;
		if (C->ops->frame_name != NULL)
			name = C->ops->frame_name(C->marks[i].type);
		if (name == NULL) {
			snprintf(text, sizeof(text), "0x%04x", C->marks[i].type);
			name = text;
		}
		trace_send(name, C->marks[i].needs);
	}
	C->nmarks = 0;
}

/* Give the kernel what it takes. */
static void
write_out(struct conn * C)
{
	ssize_t n;

	if (!C->blocked && !C->broken)
		tell_trace(C);
	while (!C->blocked && !C->broken && conn_queued(C) > 0) {
		n = send(C->fd, &C->out.data[C->out_start], conn_queued(C),
		    MSG_NOSIGNAL);
		if (n >= 0) {
			C->out_start += (size_t)n;
		} else if (errno == EAGAIN) {
			C->blocked = 1;
		} else if (errno != EINTR) {
			if (errno != EPIPE && errno != ECONNRESET)
				warn("client: send");
			C->broken = 1;
		}
	}
	/* Move little, and not often. */
	if (C->out_start > C->out.len / 2)
		compact(&C->out, &C->out_start);
}

static int
on_flush(void * cookie)
{
	struct conn * C = cookie;
	int rc = 0;

	C->busy = 1;
	write_out(C);
	if (!C->broken && conn_queued(C) < CONN_OUT_LOW) {
		C->choked = 0;
		if (C->high) {
			C->high = 0;
			if (C->ops->drained != NULL)
				rc = C->ops->drained(C->ctx, C);
		}
	}
	/* What was held back while it was choked or paused. */
	if (rc == 0)
		rc = process(C);
	if (rc == 0 && !C->dead && (C->broken ||
	    (((C->eof && !C->paused) || C->finish) && !C->choked &&
	    conn_queued(C) == 0))) {
		C->deaf = 1;
		rc = C->ops->closed(C->ctx, C);
	}
	return (leave(C, rc));
}

/* Remember for the trace what the frame that is now last in the queue needs. */
static int
push_mark(struct conn * C, uint64_t needs)
{
	struct mark * marks;
	size_t cap;

	if (!trace_on())
		return (0);
	if (C->nmarks == C->marks_cap) {
		cap = C->marks_cap ? 2 * C->marks_cap : 16;
		if ((marks = reallocarray(C->marks, cap, sizeof(*marks))) == NULL)
			return (-1);
		C->marks = marks;
		C->marks_cap = cap;
	}
	C->marks[C->nmarks++] = (struct mark){ needs, C->begun_type };
	return (0);
}

struct wbuf *
conn_begin(struct conn * C, uint16_t type, uint32_t id)
{

	/* What would go beyond the bound is composed, but not kept. */
	if (conn_queued(C) > CONN_OUT_HARD && !C->broken) {
		warnx("client: dropped: it does not read its replies");
		C->broken = 1;
	}
	if (C->broken) {
		wbuf_reset(&C->out);
		C->out_start = C->nmarks = 0;
	}
	if (C->out.len > CONN_OUT_HARD)
		compact(&C->out, &C->out_start);
	C->begun = frame_begin(&C->out, type, id);
	C->begun_type = type;
	return (&C->out);
}

int
conn_end(struct conn * C, uint64_t needs)
{

	PANIC_UNLESS(wbuf_failed(&C->out) ||
	    C->out.len - C->begun <= FRAME_HEADER + FRAME_BODY_MAX);
	frame_end(&C->out, C->begun);
	C->frame_ms = clock_mono_ms();
	if (wbuf_failed(&C->out) || push_mark(C, needs)) {
		warnx("client: out of memory");
		return (-1);
	}
	if (conn_queued(C) >= CONN_OUT_LOW)
		C->high = 1;
	if (conn_queued(C) > CONN_OUT_MAX)
		C->choked = 1;
	loop_deferred_set(C->flush);
#ifdef KS_TEST_ACT_BEFORE_PERSIST
	/* Else the flush, which comes after the batch, would put it right again. */
	write_out(C);
#endif
	return (0);
}

int
conn_send(struct conn * C, uint16_t type, uint32_t id, const void * body,
    size_t len, uint64_t needs)
{

	PANIC_UNLESS(len <= FRAME_BODY_MAX);
	wbuf_put_bytes(conn_begin(C, type, id), body, len);
	return (conn_end(C, needs));
}

int
conn_error(struct conn * C, uint32_t id, enum error_code code,
    const char * rule, const char * text, uint64_t needs)
{

	common_put_error(conn_begin(C, COMMON_ERROR, id), code, rule, text);
	return (conn_end(C, needs));
}

int
conn_malformed(struct conn * C, const char * rule)
{

	C->rule = rule;
	return (CONN_MALFORMED);
}

size_t
conn_queued(const struct conn * C)
{

	return (C->out.len - C->out_start);
}

int
conn_room(const struct conn * C)
{

	return (!C->broken && conn_queued(C) < CONN_OUT_LOW);
}

void
conn_pause(struct conn * C, int paused)
{

	C->paused = paused;
	loop_deferred_set(C->flush);
}

void
conn_deaf(struct conn * C)
{

	C->deaf = 1;
	loop_deferred_set(C->flush);
}

void
conn_finish(struct conn * C)
{

	C->finish = 1;
	conn_deaf(C);
}

uint64_t
conn_silent_ms(const struct conn * C, uint64_t now_ms)
{

	for (size_t i = 0; i < CONN_HOLDS; i++)
		if (C->held[i] > 0)
			return (0);
	return (now_ms > C->frame_ms ? now_ms - C->frame_ms : 0);
}

void *
conn_tag(const struct conn * C)
{

	return (C->tag);
}

void
conn_set_tag(struct conn * C, void * tag)
{

	C->tag = tag;
}

int
conn_hold(struct conn * C, enum conn_hold what, size_t n, size_t max)
{

	if (C->held[what] > max || n > max - C->held[what])
		return (-1);
	C->held[what] += n;
	return (0);
}

void
conn_release(struct conn * C, enum conn_hold what, size_t n)
{

	PANIC_UNLESS(C->held[what] >= n);
	C->held[what] -= n;
}
