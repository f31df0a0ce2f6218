#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "entry/entry.h"
#include "entry/rules.h"
#include "entry/update.h"
#include "pool/pool.h"
#include "proto/list.h"
#include "realm/realm.h"
#include "store/rowkey.h"
#include "store/view.h"
#include "tree/tree.h"

#include "ratify_state.h"
#include "ratify_step.h"

/* An update whose signatures are checked by a thread. */
struct job {
	const uint8_t * p;
	size_t len;
	int parsed;
	int failed;		/* memory ran out */
	struct update U;
	struct rules_prepared prepared;
};

struct chunk {
	const struct realm * realm;
	struct job * jobs;	/* RATIFY_CHUNK of them */
	size_t n;
};

int
ratify_current(struct ratify_state * A, struct view * view,
    const uint8_t * index, struct entry * entry)
{
	uint8_t key[ROWKEY_MAX];
	int rc;

	rc = view_get(view, key, rowkey_named(key, RATIFY_TABLE_ENTRY, index,
	    INDEX_LEN), &A->current);
	if (rc == 0 && entry_parse(entry, A->current.data, A->current.len)) {
		warnx("a row of the table \"entry\" is damaged");
		return (-1);
	}
	return (rc);
}

static void
work(void * cookie, size_t i)
{
	struct chunk * C = cookie;
	struct job * J = &C->jobs[i];

	memset(&J->prepared, 0, sizeof(J->prepared));
	J->failed = 0;
	J->parsed = update_parse(&J->U, J->p, J->len) == 0;
	if (J->parsed)
		J->failed = rules_prepare(&J->prepared, &J->U, C->realm->name);
}

/* Check one update against the entry before it, and put its own. */
static int
check_update(struct ratify_state * A, struct view * view, const struct job * J,
    struct tree_leaf * leaf)
{
	struct rules_input I = { J->parsed ? &J->U : NULL, &J->prepared,
		RULES_PROFILE_NONE, NULL, 0, NULL, NULL, 0, 0 };
	uint8_t key[ROWKEY_MAX];
	struct entry current;
	int rc;

	if (J->parsed) {
		rc = ratify_current(A, view, J->U.entry.index, &current);
		if (rc < 0)
			return (-1);
		if (rc == 0)
			I.current = &current;
	}
	if (rules_check(&I, &A->rule)) {
		warnx("an update cannot be checked");
		return (-1);
	}
	if (A->rule != NULL)
		return (0);
	memcpy(leaf->index, J->U.entry.index, INDEX_LEN);
	entry_value(leaf->value, J->U.entry_data, J->U.entry_len);
	return (view_put(view, key, rowkey_named(key, RATIFY_TABLE_ENTRY,
	    leaf->index, INDEX_LEN), J->U.entry_data, J->U.entry_len));
}

/* Check a chunk, whose jobs are done, in order. */
static int
check_chunk(struct ratify_state * A, struct view * view, struct chunk * C,
    struct tree_leaf * leaves)
{
	int rc = 0;

	for (size_t i = 0; i < C->n; i++) {
		if (rc == 0 && C->jobs[i].failed) {
			warnx("out of memory");
			rc = -1;
		}
		if (rc == 0 && A->rule == NULL) {
			rc = check_update(A, view, &C->jobs[i],
			    &leaves[A->broken]);
			A->broken += A->rule == NULL;
		}
		rules_free(&C->jobs[i].prepared);
	}
	return (rc);
}

int
ratify_step_updates(struct ratify_state * A, struct view * view,
    const struct ratify_epoch * E, struct tree_leaf * leaves)
{
	struct rbuf list = E->list;
	struct chunk C = { A->realm, NULL, 0 };
	size_t max = E->n < RATIFY_CHUNK ? E->n : RATIFY_CHUNK;
	struct job * J;
	int rc = 0;

	A->broken = 0;
	if (E->n == 0)
		return (0);
	if ((C.jobs = calloc(max, sizeof(*C.jobs))) == NULL) {
		warnx("out of memory");
		return (-1);
	}
	for (uint32_t i = 0; i < E->n && rc == 0 && A->rule == NULL; i++) {
		J = &C.jobs[C.n++];
		list_next(&list, &J->p, &J->len);
		if (C.n < max && i + 1 < E->n)
			continue;
		pool_run(A->pool, work, &C, C.n);
		rc = check_chunk(A, view, &C, leaves);
		C.n = 0;
	}
	free(C.jobs);
	return (rc);
}
