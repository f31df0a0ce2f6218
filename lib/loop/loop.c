#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "base/panic.h"

#include "loop/impl.h"

/* Events taken from the kernel in one turn; the rest come in the next. */
#define EVENTS_MAX	64

/* epoll_wait(2) takes an int: longer waits are made of several turns. */
#define WAIT_MS_MAX	60000

struct loop_fd {
	struct loop * L;
	int fd;
	int want;
	int dead;
	int (* callback)(void *, int);
	void * ctx;
	struct loop_fd * next;		/* among the dead */
};

struct loop_deferred {
	struct loop * L;
	enum loop_order order;
	int set;
	int (* callback)(void *);
	void * ctx;
	struct loop_deferred * next;
};

struct loop_signal {
	int fd;
	struct loop_fd * watch;
	int (* callback)(void *);
	void * ctx;
};

struct loop *
loop_new(void)
{
	struct loop * L;

	if ((L = calloc(1, sizeof(*L))) == NULL)
		goto err0;
	if ((L->epfd = epoll_create1(EPOLL_CLOEXEC)) == -1)
		goto err1;
	return (L);

err1:
	free(L);
err0:
	return (NULL);
}

/* Watches freed in a turn stay until its end: the kernel's list names them. */
static void
bury(struct loop * L)
{
	struct loop_fd * W;

	while ((W = L->dead) != NULL) {
		L->dead = W->next;
		free(W);
	}
}

void
loop_free(struct loop * L)
{

	if (L == NULL)
		return;
	PANIC_UNLESS(L->ntimers == 0);
	bury(L);
	close(L->epfd);
	free(L->heap);
	free(L);
}

/* Call back what was set for ${order} before this began. */
static int
run_deferred(struct loop * L, enum loop_order order)
{
	struct loop_deferred * D;

	L->running = L->first[order];
	L->first[order] = L->last[order] = NULL;
	while ((D = L->running) != NULL) {
		L->running = D->next;
		D->set = 0;
		if (D->callback(D->ctx))
			return (-1);
	}
	return (0);
}

static int
ready_of(uint32_t events)
{
	int ready = 0;

	if (events & EPOLLIN)
		ready |= LOOP_READ;
	if (events & EPOLLOUT)
		ready |= LOOP_WRITE;
	if (events & (EPOLLERR | EPOLLHUP))
		ready |= LOOP_HANGUP;
	return (ready);
}

int
loop_turn(struct loop * L, uint64_t wait_ms)
{
	struct epoll_event events[EVENTS_MAX];
	struct loop_fd * W;
	int n, rc = -1;

	if (L->first[LOOP_BATCH] != NULL || L->first[LOOP_FLUSH] != NULL)
		wait_ms = 0;
	wait_ms = loop_timers_wait(L, wait_ms);
	if (wait_ms > WAIT_MS_MAX)
		wait_ms = WAIT_MS_MAX;
	if ((n = epoll_wait(L->epfd, events, EVENTS_MAX, (int)wait_ms)) == -1) {
		if (errno != EINTR) {
			warn("epoll_wait");
			goto done;
		}
		n = 0;
	}
	for (int i = 0; i < n; i++) {
		W = events[i].data.ptr;
		if (!W->dead && W->callback(W->ctx, ready_of(events[i].events)))
			goto done;
	}
	if (loop_timers_run(L))
		goto done;
	if (run_deferred(L, LOOP_BATCH) || run_deferred(L, LOOP_FLUSH))
		goto done;
	rc = 0;

done:
	bury(L);
	return (rc);
}

int
loop_run(struct loop * L)
{

	for (L->stopped = 0; !L->stopped;) {
		if (loop_turn(L, WAIT_MS_MAX))
			return (-1);
	}
	return (0);
}

void
loop_stop(struct loop * L)
{

	L->stopped = 1;
}

struct loop_fd *
loop_fd_new(struct loop * L, int fd, int (* callback)(void *, int), void * ctx)
{
	struct epoll_event E = { .events = 0 };
	struct loop_fd * W;

	if ((W = malloc(sizeof(*W))) == NULL)
		goto err0;
	*W = (struct loop_fd){ L, fd, 0, 0, callback, ctx, NULL };
	E.data.ptr = W;
	if (epoll_ctl(L->epfd, EPOLL_CTL_ADD, fd, &E))
		goto err1;
	return (W);

err1:
	free(W);
err0:
	return (NULL);
}

int
loop_fd_want(struct loop_fd * W, int want)
{
	struct epoll_event E = { .events = 0 };

	if (want == W->want)
		return (0);
	if (want & LOOP_READ)
		E.events |= EPOLLIN;
	if (want & LOOP_WRITE)
		E.events |= EPOLLOUT;
	E.data.ptr = W;
	if (epoll_ctl(W->L->epfd, EPOLL_CTL_MOD, W->fd, &E))
		return (-1);
	W->want = want;
	return (0);
}

void
loop_fd_free(struct loop_fd * W)
{

	if (W == NULL)
		return;
	epoll_ctl(W->L->epfd, EPOLL_CTL_DEL, W->fd, NULL);
	W->dead = 1;
	W->next = W->L->dead;
	W->L->dead = W;
}

struct loop_deferred *
loop_deferred_new(struct loop * L, enum loop_order order,
    int (* callback)(void *), void * ctx)
{
	struct loop_deferred * D;

	if ((D = malloc(sizeof(*D))) == NULL)
		return (NULL);
	*D = (struct loop_deferred){ L, order, 0, callback, ctx, NULL };
	return (D);
}

void
loop_deferred_set(struct loop_deferred * D)
{
	struct loop * L = D->L;

	if (D->set)
		return;
	D->set = 1;
	D->next = NULL;
	if (L->first[D->order] == NULL)
		L->first[D->order] = D;
	else
		L->last[D->order]->next = D;
	L->last[D->order] = D;
}

/* Take ${D} out of the list that starts at ${first}, if it is there. */
static void
take_out(struct loop_deferred ** first, const struct loop_deferred * D)
{

	for (; *first != NULL; first = &(*first)->next) {
		if (*first == D) {
			*first = D->next;
			return;
		}
	}
}

void
loop_deferred_free(struct loop_deferred * D)
{
	struct loop * L;
	struct loop_deferred * last;

	if (D == NULL)
		return;
	L = D->L;
	if (D->set) {
		take_out(&L->running, D);
		take_out(&L->first[D->order], D);
		for (last = L->first[D->order]; last != NULL && last->next != NULL;)
			last = last->next;
		L->last[D->order] = last;
	}
	free(D);
}

static int
on_signal(void * cookie, int ready)
{
	struct loop_signal * S = cookie;
	struct signalfd_siginfo info;

	(void)ready;
	if (read(S->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return (0);
	return (S->callback(S->ctx));
}

struct loop_signal *
loop_signal_new(struct loop * L, int signo, int (* callback)(void *), void * ctx)
{
	struct loop_signal * S;
	sigset_t set;

	if ((S = malloc(sizeof(*S))) == NULL)
		goto err0;
	S->callback = callback;
	S->ctx = ctx;
	sigemptyset(&set);
	sigaddset(&set, signo);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		goto err1;
	if ((S->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)) == -1)
		goto err1;
	if ((S->watch = loop_fd_new(L, S->fd, on_signal, S)) == NULL)
		goto err2;
	if (loop_fd_want(S->watch, LOOP_READ))
		goto err3;
	return (S);

err3:
	loop_fd_free(S->watch);
err2:
	close(S->fd);
err1:
	free(S);
err0:
	return (NULL);
}

void
loop_signal_free(struct loop_signal * S)
{

	if (S == NULL)
		return;
	loop_fd_free(S->watch);
	close(S->fd);
	free(S);
}
