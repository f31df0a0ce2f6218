#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "store/backend.h"
#include "store/trace.h"

int
backend_init(struct store * S, const struct backend * backend)
{

	S->backend = backend;
	memset(&S->commit_us, 0, sizeof(S->commit_us));
	atomic_init(&S->dead, 0);
	atomic_init(&S->number, 0);
	return (pthread_mutex_init(&S->commit_lock, NULL) ? -1 : 0);
}

void
backend_done(struct store * S)
{

	pthread_mutex_destroy(&S->commit_lock);
}

int
backend_kill(struct store * S)
{

	return (atomic_exchange(&S->dead, 1) == 0);
}

/* Say what commit ${number} is about to change, one line a table. */
static void
trace_changes(const struct overlay * changes, uint64_t number)
{
	struct overlay_row * row = overlay_from(changes, NULL, 0);
	unsigned int table;
	size_t count;

	while (row != NULL) {
		table = row->key[0];
		for (count = 0; row != NULL && row->key[0] == table; count++)
			row = overlay_next(row);
		trace_put(number, table, count);
	}
}

int
backend_commit(struct store * S, struct overlay * changes, uint64_t * number)
{
	uint64_t n, began_ns = clock_mono_ns();
	int rc = -1;

	pthread_mutex_lock(&S->commit_lock);
	n = atomic_load(&S->number) + 1;
	if (atomic_load(&S->dead))
		goto done;
	if (trace_on())
		trace_changes(changes, n);
	if (S->backend->commit(S, changes))
		goto done;

	/* A checkpoint that failed meanwhile: trust the disk no more. */
	if (atomic_load(&S->dead))
		goto done;
	atomic_store(&S->number, n);
	trace_commit(n);
	*number = n;
	histogram_note(&S->commit_us, (clock_mono_ns() - began_ns) / 1000);
	rc = 0;

done:
	pthread_mutex_unlock(&S->commit_lock);
	return (rc);
}
