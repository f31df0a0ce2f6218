#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/panic.h"

#include "pool/pool.h"

/* Items taken at a time: one signature check is long, a lock is short. */
#define POOL_GRAIN 4

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t start;		/* a round began, or the end */
	pthread_cond_t done;		/* the last helper finished its round */
	pthread_t thread[POOL_THREADS_MAX];
	unsigned int helpers;		/* threads beside the caller */
	unsigned int busy;		/* helpers still in this round */
	unsigned int round;
	int ending;
	void (* work)(void *, size_t);
	void * cookie;
	size_t n;
	atomic_size_t next;		/* first item nobody took yet */
};

static void
take_items(struct pool * P)
{
	size_t i;

	while ((i = atomic_fetch_add(&P->next, POOL_GRAIN)) < P->n)
		for (size_t j = i; j < P->n && j < i + POOL_GRAIN; j++)
			P->work(P->cookie, j);
}

static void *
helper(void * cookie)
{
	struct pool * P = cookie;
	unsigned int seen = 0;

	for (;;) {
		pthread_mutex_lock(&P->lock);
		while (P->round == seen && !P->ending)
			pthread_cond_wait(&P->start, &P->lock);
		seen = P->round;
		if (P->ending)
			break;
		pthread_mutex_unlock(&P->lock);
		take_items(P);
		pthread_mutex_lock(&P->lock);
		if (--P->busy == 0)
			pthread_cond_signal(&P->done);
		pthread_mutex_unlock(&P->lock);
	}
	pthread_mutex_unlock(&P->lock);
	return (NULL);
}

/* How many processors this process may use. */
static unsigned int
processors(void)
{
	cpu_set_t set;
	int n = 1;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	return (n > 0 ? (unsigned int)n : 1);
}

struct pool *
pool_new(unsigned int threads)
{
	struct pool * P;
	sigset_t all, before;

	if (threads == 0)
		threads = processors();
	if (threads > POOL_THREADS_MAX)
		threads = POOL_THREADS_MAX;
	if ((P = calloc(1, sizeof(*P))) == NULL)
		return (NULL);
	if (pthread_mutex_init(&P->lock, NULL) ||
	    pthread_cond_init(&P->start, NULL) ||
	    pthread_cond_init(&P->done, NULL))
		panic("pthread initialisation failed");

	/* Signals belong to the event loop of the calling thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (P->helpers < threads - 1) {
		if (pthread_create(&P->thread[P->helpers], NULL, helper, P))
			break;
		P->helpers++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (P->helpers < threads - 1) {
		pool_free(P);
		return (NULL);
	}
	return (P);
}

void
pool_run(struct pool * P, void (* work)(void *, size_t), void * cookie, size_t n)
{

	P->work = work;
	P->cookie = cookie;
	P->n = n;
	atomic_store(&P->next, 0);

	/* Waking threads for a handful of items costs more than it saves. */
	if (n <= POOL_GRAIN || P->helpers == 0) {
		take_items(P);
		return;
	}
	pthread_mutex_lock(&P->lock);
	P->busy = P->helpers;
	P->round++;
	pthread_cond_broadcast(&P->start);
	pthread_mutex_unlock(&P->lock);
	take_items(P);
	pthread_mutex_lock(&P->lock);
	while (P->busy > 0)
		pthread_cond_wait(&P->done, &P->lock);
	pthread_mutex_unlock(&P->lock);
}

void
pool_free(struct pool * P)
{

	if (P == NULL)
		return;
	pthread_mutex_lock(&P->lock);
	P->ending = 1;
	pthread_cond_broadcast(&P->start);
	pthread_mutex_unlock(&P->lock);
	for (unsigned int i = 0; i < P->helpers; i++)
		pthread_join(P->thread[i], NULL);
	pthread_cond_destroy(&P->start);
	pthread_cond_destroy(&P->done);
	pthread_mutex_destroy(&P->lock);
	free(P);
}
