#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "loop/loop.h"
#include "tls/tstream.h"

#include "carry.h"

/* Bytes that can be read into ${B} at its end, after moving what it holds. */
static size_t
room(struct carry_buffer * B)
{

	if (B->start > 0) {
		memmove(B->data, &B->data[B->start], B->len);
		B->start = 0;
	}
	return (CARRY_BUFFER - B->len);
}

void
carry_take(struct carry_buffer * B, size_t len)
{

	B->start += len;
	B->len -= len;
	if (B->len == 0)
		B->start = 0;
}

/* Store what TLS waits for; return PUMP_BROKEN if it has failed. */
static int
waits(ssize_t n, int * wants)
{

	if (n == TSTREAM_WANT_READ)
		*wants = LOOP_READ;
	else if (n == TSTREAM_WANT_WRITE)
		*wants = LOOP_WRITE;
	else
		return (PUMP_BROKEN);
	return (0);
}

/*
 * Each of the next four moves bytes once.  Return how many, with an end counted
 * as one; 0 if nothing could be done; or PUMP_BROKEN.
 */

static ssize_t
from_tls(struct carry * C)
{
	size_t len;
	ssize_t n;

	if (C->tls_eof || (len = room(&C->down)) == 0)
		return (0);
	n = tstream_read(C->tls, &C->down.data[C->down.len], len);
	if (n < 0)
		return (waits(n, &C->read_wants));
	C->read_wants = LOOP_READ;
	if (n == 0) {
		C->tls_eof = 1;
		return (1);
	}
	C->down.len += (size_t)n;
	C->M->bytes_in += (uint64_t)n;
	return (n);
}

static ssize_t
to_tls(struct carry * C)
{
	ssize_t n;

	if (C->up.len == 0)
		return (0);
	n = tstream_write(C->tls, &C->up.data[C->up.start], C->up.len);
	if (n < 0)
		return (waits(n, &C->write_wants));
	C->write_wants = LOOP_WRITE;
	carry_take(&C->up, (size_t)n);
	C->M->bytes_out += (uint64_t)n;
	return (n);
}

static ssize_t
from_local(struct carry * C)
{
	size_t len;
	ssize_t n;

	if (C->local_eof || (len = room(&C->up)) == 0)
		return (0);
	n = recv(C->local, &C->up.data[C->up.len], len, 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (0);
	if (n <= 0) {
		C->local_eof = 1;
		return (1);
	}
	C->up.len += (size_t)n;
	return (n);
}

static ssize_t
to_local(struct carry * C)
{
	ssize_t n;

	if (C->local_shut) {
		/* Nobody is there to take it. */
		n = (ssize_t)C->down.len;
		carry_take(&C->down, C->down.len);
		return (n);
	}
	if (C->down.len == 0) {
		if (!C->tls_eof)
			return (0);
		shutdown(C->local, SHUT_WR);
		C->local_shut = 1;
		return (1);
	}
	n = send(C->local, &C->down.data[C->down.start], C->down.len,
	    MSG_NOSIGNAL);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (0);
	if (n == -1) {
		C->local_shut = 1;
		return (1);
	}
	carry_take(&C->down, (size_t)n);
	return (n);
}

int
carry_tls_end(struct carry * C)
{
	int n;

	if (C->tls_shut || C->up.len > 0)
		return (0);
	if ((n = tstream_shutdown(C->tls)) < 0)
		return (waits(n, &C->write_wants));
	C->tls_shut = 1;
	return (0);
}

int
carry_tls(struct carry * C, int discard)
{
	ssize_t n;

	do {
		if ((n = to_tls(C)) < 0)
			return (PUMP_BROKEN);
	} while (n > 0);
	do {
		if (discard)
			carry_take(&C->down, C->down.len);
		if ((n = from_tls(C)) < 0)
			return (PUMP_BROKEN);
	} while (n > 0 && discard);
	return (C->tls_eof ? PUMP_ENDED : PUMP_WAITS);
}

/* One round of all four; return as they do. */
static ssize_t
move(struct carry * C)
{
	static ssize_t (* const moves[])(struct carry *) = {
		from_local, to_tls, from_tls, to_local
	};
	ssize_t n, all = 0;

	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		if (C->M->draining &&
		    (moves[i] == from_local || moves[i] == from_tls))
			continue;
		if ((n = moves[i](C)) < 0)
			return (n);
		all += n;
	}
	return (all);
}

int
carry_pump(struct carry * C)
{
	size_t all = 0;
	ssize_t n;

	do {
		if ((n = move(C)) < 0)
			return (PUMP_BROKEN);
		all += (size_t)n;
	} while (n > 0 && all < CARRY_TURN_MAX);
	if (C->M->draining) {
		if (C->up.len > 0 || C->down.len > 0)
			return (n > 0 ? PUMP_AGAIN : PUMP_WAITS);
		return (carry_tls_end(C) ? PUMP_BROKEN : PUMP_ENDED);
	}
	if (C->local_eof && carry_tls_end(C))
		return (PUMP_BROKEN);
	if (C->tls_shut && C->tls_eof && C->local_shut && C->down.len == 0)
		return (PUMP_ENDED);
	return (n > 0 ? PUMP_AGAIN : PUMP_WAITS);
}

void
carry_wants(const struct carry * C, int * tcp, int * local)
{
	const int open = C->state == CARRY_OPEN;
	const int reads = !C->M->draining;

	*tcp = *local = 0;
	if (C->state == CARRY_CONNECT) {
		*tcp = LOOP_WRITE;
		return;
	}
	if (C->state == CARRY_SHAKE) {
		*tcp = C->read_wants;
		return;
	}
	if (reads && !C->tls_eof && C->down.len < CARRY_BUFFER)
		*tcp |= C->read_wants;
	if (C->up.len > 0 || (C->local_eof && !C->tls_shut) ||
	    (C->state == CARRY_REFUSE && !C->tls_shut))
		*tcp |= C->write_wants;
	if (!open)
		return;
	if (reads && !C->local_eof && C->up.len < CARRY_BUFFER)
		*local |= LOOP_READ;
	if (C->down.len > 0 && !C->local_shut)
		*local |= LOOP_WRITE;
}
