#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "frame/frame.h"
#include "frame/usock.h"
#include "loop/loop.h"

#include "daemon/conn.h"
#include "daemon/upstream.h"

struct upstream {
	struct loop * L;
	const struct upstream_spec * spec;
	struct conn_ops ops;
	struct loop_deferred * batch;
	struct loop_timer * again;
	struct conn * conn;	/* NULL while down */
	uint64_t wait_ms;	/* before the next try but one */
	int said;		/* "waiting" was said, and "connected" not yet */
	int quiet;
};

/* Try later; each time a little later. */
static void
try_later(struct upstream * U)
{

	loop_timer_set(U->again, U->wait_ms);
	U->wait_ms *= 2;
	if (U->wait_ms > UPSTREAM_WAIT_MS_MAX)
		U->wait_ms = UPSTREAM_WAIT_MS_MAX;
}

static int
on_frame(void * ctx, struct conn * C, const struct frame * F)
{
	struct upstream * U = ctx;

	(void)C;
	/* One that hangs up before it has said anything is not tried eagerly. */
	U->wait_ms = UPSTREAM_WAIT_MS_MIN;
	return (U->spec->frame(U->spec->ctx, U, F));
}

static int
on_malformed(void * ctx, struct conn * C, uint16_t type, uint32_t id,
    const char * rule)
{
	struct upstream * U = ctx;

	(void)id;
	warnx("%s: frame 0x%04x: %s", U->spec->path, type, rule);
	U->wait_ms = UPSTREAM_WAIT_MS_MAX;
	conn_finish(C);
	return (0);
}

static int
on_closed(void * ctx, struct conn * C)
{
	struct upstream * U = ctx;

	conn_free(C);
	U->conn = NULL;
	try_later(U);
	return (U->spec->down(U->spec->ctx, U));
}

static int
on_again(void * cookie)
{
	struct upstream * U = cookie;
	int fd;

	if ((fd = usock_connect(U->spec->path)) == -1)
		goto err0;
	U->conn = conn_new(U->L, fd, &U->ops, U, U->batch);
	if (U->conn == NULL)
		goto err1;
	if (U->said && !U->quiet)
		warnx("connected to %s", U->spec->path);
	U->said = 0;
	return (U->spec->up(U->spec->ctx, U));

err1:
	close(fd);
err0:
	if (!U->said && !U->quiet)
		warnx("waiting for %s", U->spec->path);
	U->said = 1;
	try_later(U);
	return (0);
}

struct upstream *
upstream_new(struct loop * L, const struct upstream_spec * spec,
    struct loop_deferred * batch)
{
	struct upstream * U;

	if ((U = calloc(1, sizeof(*U))) == NULL)
		goto err0;
	U->L = L;
	U->spec = spec;
	U->ops = (struct conn_ops){ on_frame, on_malformed, NULL, on_closed,
	    spec->frame_name };
	U->batch = batch;
	U->wait_ms = UPSTREAM_WAIT_MS_MIN;
	if ((U->again = loop_timer_new(L, on_again, U)) == NULL)
		goto err1;
	loop_timer_set(U->again, 0);
	return (U);

err1:
	free(U);
err0:
	return (NULL);
}

void
upstream_quiet(struct upstream * U)
{

	U->quiet = 1;
}

void
upstream_free(struct upstream * U)
{

	if (U == NULL)
		return;
	conn_free(U->conn);
	loop_timer_free(U->again);
	free(U);
}

int
upstream_send(struct upstream * U, uint16_t type, uint32_t id,
    const void * body, size_t len, uint64_t needs)
{

	if (U->conn == NULL)
		return (0);
	return (conn_send(U->conn, type, id, body, len, needs));
}

struct conn *
upstream_conn(struct upstream * U)
{

	return (U->conn);
}

int
upstream_malformed(struct upstream * U, const char * rule)
{

	return (conn_malformed(U->conn, rule));
}

void
upstream_retry(struct upstream * U)
{

	if (U->conn != NULL)
		conn_finish(U->conn);
}
