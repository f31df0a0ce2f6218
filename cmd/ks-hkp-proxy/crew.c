#include <sys/queue.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exits.h"
#include "daemon/conn.h"
#include "frame/frame.h"

#include "crew.h"
#include "work.h"

struct crew_job {
	struct crew * crew;
	TAILQ_ENTRY(crew_job) next;
	uint16_t type;
	uint8_t body[UINT8_MAX + 1];
	size_t len;
	int begun;		/* a process has it: not in the queue */
	void (* callback)(void *, struct work_answer *);	/* NULL: forgotten */
	void * ctx;
};
TAILQ_HEAD(crew_queue, crew_job);

/* One of the processes. */
struct member {
	struct crew * crew;
	pid_t pid;
	int fd;			/* -1 once conn has it */
	struct conn * conn;
	struct crew_job * job;	/* NULL: it is free */
};

struct crew {
	struct member member[CREW_SIZE];
	size_t n;
	struct crew_queue queue;
	size_t waiting;
	int (* lost)(void *);
	void * ctx;
};

/*
 * Leave as soon as nobody has the other end of the socket, in the middle of a question
 * too.  A signal would not do: the jail of the one that we work for lets none out,
 * that of the kernel at the end of a parent included.
 */
static void *
watch(void * cookie)
{
	struct pollfd P = { .fd = *(int *)cookie, .events = POLLRDHUP };

	while (poll(&P, 1, -1) != 1)
		continue;
	_exit(EXITS_OK);
}

/* The life of a process, once it is one. */
static _Noreturn void
be_member(struct crew * C, int fd, const struct setup * (* setup)(void *),
    void * ctx, uint64_t wait_ms)
{
	const struct setup * S;
	pthread_t thread;

	/* Those of the others would keep them from noticing that it ended. */
	for (size_t i = 0; i < C->n; i++)
		close(C->member[i].fd);

	/* What stops the one that we work for ends us: the socket is closed. */
	if (signal(SIGINT, SIG_IGN) == SIG_ERR ||
	    signal(SIGTERM, SIG_IGN) == SIG_ERR ||
	    signal(SIGHUP, SIG_IGN) == SIG_ERR ||
	    pthread_create(&thread, NULL, watch, &fd) != 0)
		err(EXITS_TEMPORARY, "lookup process");
	if ((S = setup(ctx)) == NULL)
		exit(EXITS_PERMANENT);
	exit(work_main(fd, S, wait_ms));
}

static int
add_member(struct crew * C, const struct setup * (* setup)(void *), void * ctx,
    uint64_t wait_ms)
{
	struct member * M = &C->member[C->n];
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		goto err0;
	switch (M->pid = fork()) {
	case -1:
		goto err1;
	case 0:
		close(fds[0]);
		be_member(C, fds[1], setup, ctx, wait_ms);
	default:
		break;
	}
	close(fds[1]);
	M->crew = C;
	M->fd = fds[0];
	C->n++;
	if (fcntl(M->fd, F_SETFL, O_NONBLOCK))
		goto err0;
	return (0);

err1:
	close(fds[0]);
	close(fds[1]);
err0:
	warn("lookup process");
	return (-1);
}

struct crew *
crew_new(const struct setup * (* setup)(void *), void * ctx, uint64_t wait_ms)
{
	struct crew * C;

	if ((C = calloc(1, sizeof(*C))) == NULL) {
		warn("lookup processes");
		return (NULL);
	}
	TAILQ_INIT(&C->queue);
	for (unsigned i = 0; i < CREW_SIZE; i++)
		if (add_member(C, setup, ctx, wait_ms)) {
			crew_free(C);
			return (NULL);
		}
	return (C);
}

/* Tell ${A} to whoever waits for ${J}, which ends. */
static void
end_job(struct crew_job * J, struct work_answer * A)
{

	if (J->callback != NULL)
		J->callback(J->ctx, A);
	free(J);
}

/* Give ${M}, if it is free, what waits for longest. */
static int
next_job(struct member * M)
{
	struct crew * C = M->crew;
	struct crew_job * J = TAILQ_FIRST(&C->queue);

	if (M->job != NULL || J == NULL)
		return (0);
	TAILQ_REMOVE(&C->queue, J, next);
	C->waiting--;
	J->begun = 1;
	M->job = J;
	return (conn_send(M->conn, J->type, 1, J->body, J->len, 0));
}

static int
on_frame(void * cookie, struct conn * conn, const struct frame * F)
{
	struct member * M = cookie;
	struct crew_job * J = M->job;
	struct work_answer A;

	if (J == NULL || F->type != WORK_ANSWER ||
	    work_get_answer(F->body, F->len, &A))
		return (conn_malformed(conn, "answer-malformed"));
	M->job = NULL;
	end_job(J, &A);
	return (next_job(M));
}

static int
on_malformed(void * cookie, struct conn * conn, uint16_t type, uint32_t id,
    const char * rule)
{

	(void)cookie;
	(void)conn;
	(void)type;
	(void)id;
	warnx("lookup process: %s", rule);
	return (0);
}

static int
on_closed(void * cookie, struct conn * conn)
{
	struct member * M = cookie;
	struct crew_job * J = M->job;

	conn_free(conn);
	M->conn = NULL;
	M->job = NULL;
	if (J != NULL)
		end_job(J, NULL);
	warnx("a lookup process has left");
	return (M->crew->lost(M->crew->ctx));
}

static const struct conn_ops ops = {
	.frame = on_frame,
	.malformed = on_malformed,
	.closed = on_closed
};

int
crew_start(struct crew * C, struct loop * L, int (* lost)(void *), void * ctx)
{
	struct member * M;

	C->lost = lost;
	C->ctx = ctx;
	for (size_t i = 0; i < C->n; i++) {
		M = &C->member[i];
		if ((M->conn = conn_new(L, M->fd, &ops, M, NULL)) == NULL)
			return (-1);
		M->fd = -1;
	}
	return (0);
}

struct crew_job *
crew_ask(struct crew * C, uint16_t type, const void * body, size_t len,
    void (* callback)(void *, struct work_answer *), void * ctx)
{
	struct crew_job * J;
	struct member * M;

	if (C->waiting >= CREW_QUEUE_MAX || len > sizeof(J->body)) {
		errno = EAGAIN;
		return (NULL);
	}
	if ((J = calloc(1, sizeof(*J))) == NULL)
		return (NULL);
	J->crew = C;
	J->type = type;
	memcpy(J->body, body, len);
	J->len = len;
	J->callback = callback;
	J->ctx = ctx;
	TAILQ_INSERT_TAIL(&C->queue, J, next);
	C->waiting++;
	for (size_t i = 0; i < C->n; i++) {
		M = &C->member[i];
		if (M->conn == NULL || M->job != NULL)
			continue;
		if (next_job(M) == 0)
			break;
		M->job = NULL;
		free(J);
		errno = ENOMEM;
		return (NULL);
	}
	return (J);
}

void
crew_forget(struct crew_job * J)
{

	J->callback = NULL;
	if (J->begun)
		return;		/* its answer comes, and ends it */
	TAILQ_REMOVE(&J->crew->queue, J, next);
	J->crew->waiting--;
	free(J);
}

void
crew_free(struct crew * C)
{
	struct crew_job * J;
	struct member * M;

	if (C == NULL)
		return;
	while ((J = TAILQ_FIRST(&C->queue)) != NULL) {
		TAILQ_REMOVE(&C->queue, J, next);
		free(J);
	}
	for (size_t i = 0; i < C->n; i++) {
		M = &C->member[i];
		if (M->conn != NULL)
			conn_free(M->conn);
		else if (M->fd != -1)
			close(M->fd);
		free(M->job);
	}
	free(C);
}
