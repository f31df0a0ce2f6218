#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "frame/usock.h"
#include "loop/loop.h"
#include "realm/realm.h"
#include "tls/tstream.h"

#include "carry.h"
#include "gate.h"

/* What a step returns beside 0: the connection was freed. */
#define GONE	1

/* A peer whose host is lost is noticed after so many seconds of silence ... */
#define KEEP_IDLE_S	5
#define KEEP_INTERVAL_S	2
#define KEEP_COUNT	3

/* ... or if it does not take what was sent to it for so long. */
#define USER_TIMEOUT_MS	10000

/* Longest text of a line about a connection. */
#define TEXT_MAX	400

/* Which class ${C} is of.  One that is being refused can give way. */
static enum carry_class
class_of(const struct carry * C)
{

	if (C->to != NULL)
		return (CARRY_OUT);
	return (C->who == -1 || C->state == CARRY_REFUSE ? CARRY_PENDING :
	    CARRY_IN);
}

unsigned
carry_count(const struct carrier * M, enum carry_class class, int who)
{
	unsigned n = 0;

	for (const struct carry * C = M->first; C != NULL; C = C->next)
		n += class_of(C) == class && (who == -1 || C->who == who);
	return (n);
}

/* Write a line about ${C}: who it is with, the rule, what else is known. */
static void
say(struct carry * C, const char * rule, const char * detail)
{
	const char * name = C->who == -1 ? "" : C->M->self.realm->link[C->who].name;
	const char * colon = detail[0] != '\0' ? ": " : "";

	if (C->to == NULL) {
		warnx("from %s%s%s: %s%s%s", C->from, name[0] != '\0' ? " " :
		    "", name, rule, colon, detail);
		return;
	}
	if (gate_news(C->gate, rule))
		warnx("to %s at %s, %s: %s%s%s", C->to->peer,
		    C->to->address.text, C->to->service, rule, colon, detail);
}

/* End ${C}, which broke ${rule}. */
static int
fail(struct carry * C, const char * rule, const char * detail)
{

	say(C, rule, detail);
	C->M->refused++;
	carry_free(C);
	return (GONE);
}

/* Let the greeting in ${W}, which is freed, go to the peer.  0, or -1. */
static int
greet(struct carry * C, struct wbuf * W)
{
	int rc = wbuf_failed(W);

	if (rc == 0) {
		memcpy(C->up.data, W->data, W->len);
		C->up.start = 0;
		C->up.len = W->len;
	}
	wbuf_free(W);
	return (rc);
}

/* As fail, but the peer, who has come so far that it can be told, is. */
static int
refuse(struct carry * C, const char * rule, const char * detail)
{
	struct wbuf W;

	if (C->to != NULL)
		return (fail(C, rule, detail));
	say(C, rule, detail);
	C->M->refused++;
	wbuf_init(&W, LINK_GREETING_MAX);
	link_put_reply(&W, rule);
	if (greet(C, &W)) {
		carry_free(C);
		return (GONE);
	}
	C->state = CARRY_REFUSE;
	loop_timer_set(C->deadline, CARRY_REFUSE_MS);
	return (0);
}

/* TCP is connected, or will not be. */
static int
step_connect(struct carry * C)
{
	socklen_t len = sizeof(int);
	int e = 0;

	if (getsockopt(C->tcp, SOL_SOCKET, SO_ERROR, &e, &len))
		e = errno;
	if (e != 0)
		return (fail(C, "connect-failed", strerror(e)));
	if ((C->tls = tstream_connect(C->M->self.identity, C->tcp)) == NULL)
		return (fail(C, "handshake-failed", strerror(ENOMEM)));
	C->state = CARRY_SHAKE;
	return (0);
}

/* Judge the certificate that the peer has shown. */
static int
check_peer(struct carry * C)
{
	struct tstream_peer peer;
	const char * rule;
	char detail[TEXT_MAX];

	if (tstream_peer(C->tls, &peer))
		return (fail(C, "peer-unknown", "no certificate"));
	rule = link_judge_peer(C->M->self.realm, peer.pin, peer.not_before_s,
	    peer.not_after_s, (int64_t)(clock_wall_ms() / 1000), &C->who);
	if (C->who != -1 && C->to != NULL &&
	    strcmp(C->M->self.realm->link[C->who].name, C->to->peer) != 0)
		rule = "peer-mismatch";
	if (rule != NULL) {
		snprintf(detail, sizeof(detail), "%s: %s", peer.pin,
		    link_advice(rule));
		return (refuse(C, rule, detail));
	}
	if (C->to == NULL &&
	    (carry_count(C->M, CARRY_IN, C->who) > CARRIER_PEER_MAX ||
	    carry_count(C->M, CARRY_IN, -1) > CARRIER_IN_MAX))
		return (refuse(C, "too-many-connections", ""));
	return (0);
}

static int
step_shake(struct carry * C)
{
	struct wbuf W;
	int rc;

	rc = tstream_handshake(C->tls);
	if (rc == TSTREAM_FAILED)
		return (fail(C, "handshake-failed", tstream_error(C->tls)));
	if (rc != 0) {
		C->read_wants = rc == TSTREAM_WANT_WRITE ? LOOP_WRITE :
		    LOOP_READ;
		return (0);
	}
	C->read_wants = LOOP_READ;
	if ((rc = check_peer(C)) != 0 || C->state == CARRY_REFUSE)
		return (rc);
	C->state = CARRY_GREET;
	if (C->to == NULL)
		return (0);
	wbuf_init(&W, LINK_GREETING_MAX);
	link_put_hello(&W, C->M->self.realm->name, C->to->service);
	return (greet(C, &W) ? fail(C, "handshake-failed", strerror(ENOMEM)) : 0);
}

static int on_local(void *, int);

/* Both have greeted: from now on bytes are carried. */
static int
open_carry(struct carry * C)
{

	C->local_watch = loop_fd_new(C->M->loop, C->local, on_local, C);
	if (C->local_watch == NULL)
		return (fail(C, "service-unavailable", strerror(errno)));
	C->state = CARRY_OPEN;
	C->M->opened++;
	loop_timer_clear(C->deadline);
	if (C->to != NULL && gate_news(C->gate, ""))
		warnx("to %s at %s, %s: carried", C->to->peer,
		    C->to->address.text, C->to->service);
	return (0);
}

/* The hello is there: connect it to what it asks for. */
static int
take_hello(struct carry * C, const struct link_hello * hello)
{
	const char * rule, * path;
	struct wbuf W;

	strlcpy(C->service, hello->service, sizeof(C->service));
	rule = link_judge_hello(C->M->self.realm, C->who, hello, &path);
	if (rule != NULL)
		return (refuse(C, rule, link_advice(rule)));
	if ((C->local = usock_connect(path)) == -1)
		return (refuse(C, "service-unavailable", strerror(errno)));
	wbuf_init(&W, LINK_GREETING_MAX);
	link_put_reply(&W, "");
	if (greet(C, &W))
		return (fail(C, "service-unavailable", strerror(ENOMEM)));
	return (open_carry(C));
}

static int
step_greet(struct carry * C)
{
	char rule[LINK_RULE_MAX + 1], detail[TEXT_MAX];
	struct link_hello hello;
	size_t used = 0;
	int rc, end;

	if ((end = carry_tls(C, 0)) == PUMP_BROKEN)
		return (fail(C, "handshake-failed", tstream_error(C->tls)));
	if (C->to == NULL)
		rc = link_get_hello(&C->down.data[C->down.start], C->down.len,
		    &hello, &used);
	else
		rc = link_get_reply(&C->down.data[C->down.start], C->down.len,
		    rule, &used);
	if (rc == -1)
		return (refuse(C, "greeting-malformed", ""));
	if (rc == 0)
		return (end == PUMP_ENDED ? fail(C, "greeting-missing", "") : 0);
	carry_take(&C->down, used);
	if (C->to == NULL)
		return (take_hello(C, &hello));
	if (rule[0] == '\0')
		return (open_carry(C));
	snprintf(detail, sizeof(detail), "says the peer%s%s",
	    link_advice(rule)[0] != '\0' ? ": " : "", link_advice(rule));
	carry_tls_end(C);
	return (fail(C, rule, detail));
}

static int
step_open(struct carry * C)
{

	switch (carry_pump(C)) {
	case PUMP_BROKEN:
		say(C, "broken", tstream_error(C->tls));
		carry_free(C);
		return (GONE);
	case PUMP_ENDED:
		carry_free(C);
		return (GONE);
	case PUMP_AGAIN:
		loop_deferred_set(C->again);
		break;
	}
	/* With the local side gone, time runs while nothing moves. */
	if (C->local_watch == NULL)
		loop_timer_set(C->deadline, CARRY_LINGER_MS);
	return (0);
}

/* The peer takes its reply; what it sends still is not even kept. */
static int
step_refuse(struct carry * C)
{

	if (carry_tls(C, 1) != PUMP_WAITS || carry_tls_end(C)) {
		carry_free(C);
		return (GONE);
	}
	return (0);
}

/* Do what can be done of ${C}, then wait for what cannot.  0, or -1. */
static int
advance(struct carry * C)
{
	static int (* const steps[])(struct carry *) = {
		[CARRY_CONNECT] = step_connect, [CARRY_SHAKE] = step_shake,
		[CARRY_GREET] = step_greet, [CARRY_OPEN] = step_open,
		[CARRY_REFUSE] = step_refuse
	};
	struct carrier * M = C->M;
	enum carry_state before;
	int tcp, local;

	do {
		before = C->state;
		if (steps[before](C) == GONE)
			return (gate_update(M));
	} while (C->state != before);
	carry_wants(C, &tcp, &local);
	if ((C->tcp_watch != NULL && loop_fd_want(C->tcp_watch, tcp)) ||
	    (C->local_watch != NULL && loop_fd_want(C->local_watch, local))) {
		warn("epoll_ctl");
		return (-1);
	}
	return (0);
}

/*
 * A side that has hung up is reported again and again, whatever is wanted.  It
 * is watched no more: reading from it does not block, and is done whenever the
 * other side takes something.
 */
static void
unwatch(struct loop_fd ** watch)
{

	loop_fd_free(*watch);
	*watch = NULL;
}

static int
on_tcp(void * cookie, int ready)
{
	struct carry * C = cookie;

	if ((ready & LOOP_HANGUP) && C->state == CARRY_OPEN)
		unwatch(&C->tcp_watch);
	return (advance(C));
}

static int
on_local(void * cookie, int ready)
{
	struct carry * C = cookie;

	if (ready & LOOP_HANGUP)
		unwatch(&C->local_watch);
	return (advance(C));
}

static int
on_again(void * cookie)
{

	return (advance(cookie));
}

static int
on_deadline(void * cookie)
{
	struct carry * C = cookie;
	struct carrier * M = C->M;

	if (C->state == CARRY_OPEN || C->state == CARRY_REFUSE)
		carry_free(C);
	else if (C->state == CARRY_CONNECT)
		fail(C, "connect-failed", strerror(ETIMEDOUT));
	else if (C->state == CARRY_SHAKE)
		fail(C, "handshake-deadline", "");
	else
		fail(C, "greeting-deadline", "");
	return (gate_update(M));
}

/* Settings of a TCP socket; that they cannot be had is no reason to fail. */
static void
tune(int fd)
{
	static const struct { int level, name, value; } options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEP_COUNT },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		(void)setsockopt(fd, options[i].level, options[i].name,
		    &options[i].value, sizeof(int));
}

/* Return a connection of ${M} on the TCP socket ${fd}, the newest; or NULL. */
static struct carry *
new_carry(struct carrier * M, struct gate * gate, int fd)
{
	struct carry * C;

	if ((C = calloc(1, sizeof(*C))) == NULL)
		goto err0;
	C->M = M;
	C->gate = gate;
	C->who = C->local = -1;
	C->tcp = fd;
	C->read_wants = LOOP_READ;
	C->write_wants = LOOP_WRITE;
	C->tcp_watch = loop_fd_new(M->loop, fd, on_tcp, C);
	C->deadline = loop_timer_new(M->loop, on_deadline, C);
	C->again = loop_deferred_new(M->loop, LOOP_BATCH, on_again, C);
	if (C->tcp_watch == NULL || C->deadline == NULL || C->again == NULL)
		goto err1;
	tune(fd);
	loop_timer_set(C->deadline, CARRY_GREET_MS);
	if ((C->prev = M->last) != NULL)
		M->last->next = C;
	else
		M->first = C;
	M->last = C;
	return (C);

err1:
	loop_fd_free(C->tcp_watch);
	loop_timer_free(C->deadline);
	loop_deferred_free(C->again);
	free(C);
err0:
	return (NULL);
}

/* Let the oldest connection that is not let in yet give way. */
static void
evict(struct carrier * M)
{
	struct carry * C = M->first;

	while (C != NULL && class_of(C) != CARRY_PENDING)
		C = C->next;
	if (C == NULL)
		return;
	if (C->state == CARRY_REFUSE)
		carry_free(C);
	else
		fail(C, "too-many-handshakes", "gave way to a newer one");
}

int
carry_accept(struct carrier * M, struct gate * gate, int fd, const char * from)
{
	struct carry * C;

	if (carry_count(M, CARRY_PENDING, -1) >= CARRIER_PENDING_MAX)
		evict(M);
	if ((C = new_carry(M, gate, fd)) == NULL)
		return (-1);
	strlcpy(C->from, from, sizeof(C->from));
	C->state = CARRY_SHAKE;
	if ((C->tls = tstream_accept(M->self.tls, fd)) == NULL ||
	    loop_fd_want(C->tcp_watch, LOOP_READ)) {
		C->tcp = -1;
		carry_free(C);
		errno = ENOMEM;
		return (-1);
	}
	return (0);
}

int
carry_dial(struct carrier * M, struct gate * gate,
    const struct config_link_to * to, int local)
{
	struct carry * C;
	int fd;

	fd = socket(to->address.sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (fd == -1)
		return (-1);
	if ((C = new_carry(M, gate, fd)) == NULL) {
		close(fd);
		return (-1);
	}
	C->to = to;
	C->local = local;
	strlcpy(C->service, to->service, sizeof(C->service));
	C->state = CARRY_CONNECT;
	if (connect(fd, (const struct sockaddr *)&to->address.sa,
	    to->address.len) && errno != EINPROGRESS) {
		fail(C, "connect-failed", strerror(errno));
		return (0);
	}
	if (loop_fd_want(C->tcp_watch, LOOP_WRITE)) {
		fail(C, "connect-failed", strerror(errno));
		return (0);
	}
	return (0);
}

int
carry_drain(struct carrier * M)
{
	struct carry * C, * next;

	M->draining = 1;
	for (C = M->first; C != NULL; C = next) {
		next = C->next;
		if (C->state != CARRY_OPEN)
			carry_free(C);
		else if (advance(C))
			return (-1);
	}
	return (0);
}

void
carry_free(struct carry * C)
{
	struct carrier * M = C->M;

	if (C->prev != NULL)
		C->prev->next = C->next;
	else
		M->first = C->next;
	if (C->next != NULL)
		C->next->prev = C->prev;
	else
		M->last = C->prev;
	loop_fd_free(C->tcp_watch);
	loop_fd_free(C->local_watch);
	loop_timer_free(C->deadline);
	loop_deferred_free(C->again);
	tstream_free(C->tls);
	if (C->tcp != -1)
		close(C->tcp);
	if (C->local != -1)
		close(C->local);
	free(C);
}
