#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Not <netinet/tcp.h>, whose struct tcp_info ends before what is needed. */
#include <linux/tcp.h>

#include "base/clock.h"
#include "base/panic.h"

#include "web/web_impl.h"

/* Places that are kept free for those who come while idle ones give way. */
#define SPARE	16

/* A half-closed connection without a whole request is seen so much later again, for
 * what has come with its end to be taken, before it is ended. */
#define HALF_MS	200

/* States of TCP in which the other side sends no more; as in the kernel's
 * include/net/tcp_states.h. */
#define CLOSED		7
#define CLOSE_WAIT	8

static const char turned_away[] =
    "HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\nRetry-After: 1\r\n"
    "Ks-Rule: too-many-connections\r\nCache-Control: no-store\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 76\r\n\r\n"
    "too-many-connections: your address has as many connections as one may have.\n";

static void
unlink_conn(struct web_conn * C)
{
	struct web * W = C->W;

	if (C->prev != NULL)
		C->prev->next = C->next;
	else
		W->first = C->next;
	if (C->next != NULL)
		C->next->prev = C->prev;
	else
		W->last = C->prev;
	C->prev = C->next = NULL;
}

static void
append(struct web_conn * C)
{
	struct web * W = C->W;

	if ((C->prev = W->last) != NULL)
		W->last->next = C;
	else
		W->first = C;
	W->last = C;
}

/* What the kernel knows of ${C}: bytes received, and its state. */
static void
look(const struct web_conn * C, uint64_t * bytes, unsigned * state)
{
	struct tcp_info T;
	socklen_t len = sizeof(T);

	memset(&T, 0, sizeof(T));
	*bytes = 0;
	*state = CLOSED;
	if (getsockopt(C->fd, IPPROTO_TCP, TCP_INFO, &T, &len) == 0) {
		*bytes = T.tcpi_bytes_received;
		*state = T.tcpi_state;
	}
}

void
web_conn_shut(struct web_conn * C)
{

	if (C->dying)
		return;
	C->dying = 1;
	shutdown(C->fd, SHUT_RDWR);
}

void
web_conn_close(struct web_conn * C)
{

	if (C->dying)
		return;
	C->dying = 1;
	shutdown(C->fd, SHUT_RD);
}

/* Is there a place for one more, of ${key}? */
static int
has_place(struct web * W, const struct web_conn * new)
{
	struct web_conn * C;
	unsigned n = 0;

	for (C = W->first; C != NULL && W->spec->conns > 0; C = C->next)
		n += !C->dying && memcmp(C->key, new->key, sizeof(C->key)) == 0;
	if (!new->by_proxy && W->spec->conns > 0 && n >= W->spec->conns)
		return (0);
	if (W->counts.conns + SPARE < W->conns_max)
		return (1);
	for (C = W->first; C != NULL; C = C->next) {
		if (C->R != NULL || C->dying)
			continue;
		web_conn_shut(C);
		W->counts.evicted++;
		break;
	}
	/* The library lets go of those that were shut when it is run. */
	if (W->counts.conns >= W->conns_max)
		(void)web_run(W);
	return (W->counts.conns < W->conns_max);
}

/* Say so, if that can be done without waiting, and hang up. */
static void
turn_away(struct web * W, int fd, int tls)
{

	W->counts.turned_away++;
	if (!tls)
		(void)!send(fd, turned_away, sizeof(turned_away) - 1,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

void
web_conn_accept(struct web * W, int fd, int tls,
    const struct sockaddr_storage * sa, socklen_t len)
{
	char peer[WEB_PEER_SIZE];
	struct web_conn * C;

	if ((C = calloc(1, sizeof(*C))) == NULL) {
		close(fd);
		return;
	}
	C->W = W;
	C->fd = fd;
	C->tls = tls;
	C->sa = *sa;
	bucket_key(sa, C->key);
	web_peer_text(sa, peer);
	C->by_proxy = web_peer_among(W->proxy, W->spec->nproxies, peer);
	if (!has_place(W, C)) {
		turn_away(W, fd, tls);
		free(C);
		return;
	}
	C->idle_ms = clock_mono_ms();
	W->counts.accepted++;
	W->counts.conns++;
	append(C);
	W->entering = C;
	/* Whatever comes of it, the socket is the library's. */
	(void)MHD_add_connection(W->engine[tls].mhd, fd,
	    (const struct sockaddr *)sa, len);
	if (W->entering == NULL)
		return;
	/* It was not even begun. */
	W->entering = NULL;
	W->counts.conns--;
	unlink_conn(C);
	free(C);
}

void
web_conn_notify(void * cookie, struct MHD_Connection * mhd, void ** slot,
    enum MHD_ConnectionNotificationCode what)
{
	struct web * W = cookie;
	struct web_conn * C = *slot;

	(void)mhd;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		PANIC_UNLESS(W->entering != NULL);
		*slot = W->entering;
		W->entering = NULL;
		return;
	}
	if (C == NULL)
		return;
	/* The library forgets it without a word if the query does not fit its memory. */
	if (C->R != NULL)
		web_request_end(C->R);
	W->counts.conns--;
	unlink_conn(C);
	free(C);
	*slot = NULL;
}

void
web_conn_rest(struct web_conn * C)
{
	unsigned state;

	C->R = NULL;
	C->begun_ms = C->half_ms = 0;
	C->idle_ms = clock_mono_ms();
	look(C, &C->bytes, &state);
	unlink_conn(C);
	append(C);
	if (C->W->draining)
		web_conn_close(C);
}

/* Does ${C}, which has no request yet, take too long to send one? */
static int
is_slow(struct web_conn * C, uint64_t now_ms)
{
	uint64_t bytes;
	unsigned state;

	look(C, &bytes, &state);
	if (bytes == C->bytes)
		return (0);
	if (C->begun_ms == 0)
		C->begun_ms = now_ms;
	return (now_ms - C->begun_ms > WEB_REQUEST_MS);
}

/*
 * Has the client of ${C} closed its half without a whole request?  The library does not
 * always notice: an end that comes together with data is no event of its own.
 */
static int
is_cut(struct web_conn * C, uint64_t now_ms)
{
	uint64_t bytes;
	unsigned state;

	look(C, &bytes, &state);
	if ((state != CLOSE_WAIT && state != CLOSED) ||
	    (C->R != NULL && (C->R->asked || C->R->response != NULL))) {
		C->half_ms = 0;
		return (0);
	}
	if (C->half_ms == 0)
		C->half_ms = now_ms;
	return (now_ms - C->half_ms >= HALF_MS);
}

/* Has the client of ${R}, which waits, hung up? */
static int
is_left(const struct web_request * R, uint64_t now_ms)
{
	uint64_t bytes;
	unsigned state;

	if (!R->suspended || now_ms - R->asked_ms < WEB_HALF_MS)
		return (0);
	look(R->conn, &bytes, &state);
	return (state == CLOSE_WAIT || state == CLOSED);
}

void
web_conn_tick(struct web * W)
{
	const uint64_t now_ms = clock_mono_ms();
	struct web_conn * C, * next;

	for (C = W->first; C != NULL; C = next) {
		next = C->next;
		if (C->dying)
			continue;
		if (C->R != NULL && is_left(C->R, now_ms)) {
			web_request_abandon(C->R);
			continue;
		}
		if (is_cut(C, now_ms)) {
			web_conn_shut(C);
			continue;
		}
		if (C->R == NULL ? is_slow(C, now_ms) : !C->R->asked &&
		    C->R->response == NULL && now_ms -
		    C->R->begun_ns / 1000000 > WEB_REQUEST_MS) {
			W->counts.timed_out++;
			web_conn_shut(C);
		}
	}
}
