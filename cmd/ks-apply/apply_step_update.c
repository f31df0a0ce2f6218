#include <err.h>
#include <inttypes.h>

#include "codec/rbuf.h"
#include "entry/entry.h"
#include "entry/limits.h"
#include "entry/rule_names.h"
#include "entry/rules.h"
#include "entry/update.h"
#include "head/head.h"
#include "proto/log_entry.h"
#include "proto/proto_apply.h"
#include "stage/stage.h"
#include "store/rowkey.h"
#include "store/view.h"

#include "apply_state.h"
#include "apply_step.h"

/* Bytes before the entry in its row: the epoch. */
#define ROW_EPOCH_LEN 8

/*
 * Read the newest accepted entry of ${index} into ${entry}, which points into
 * A->current.  Return 0, 1 if there is none, or -1.
 */
static int
get_current(struct apply_state * A, struct view * view, const uint8_t * index,
    struct entry * entry)
{
	uint8_t key[ROWKEY_MAX];
	size_t klen = rowkey_named(key, APPLY_TABLE_ENTRY, index, INDEX_LEN);
	int rc;

	if ((rc = view_get(view, key, klen, &A->current)) != 0)
		return (rc);
	if (A->current.len < ROW_EPOCH_LEN || entry_parse(entry,
	    A->current.data + ROW_EPOCH_LEN, A->current.len - ROW_EPOCH_LEN)) {
		warnx("a row of the table \"entry\" is damaged");
		return (-1);
	}
	return (0);
}

/* The rows and the event of an update that was accepted. */
static int
accept_update(struct apply_state * A, struct view * view,
    const struct log_entry * E, const struct update * U)
{
	const struct proto_apply_update event = { A->closed + 1, E->body,
	    E->body_len, E->erasable, E->erasable_len };
	uint8_t key[ROWKEY_MAX], value[HASH_LEN];
	size_t klen;
	struct wbuf W;
	int rc;

	wbuf_reset(&A->out);
	wbuf_put_u64(&A->out, A->closed + 1);
	wbuf_put_bytes(&A->out, U->entry_data, U->entry_len);
	klen = rowkey_named(key, APPLY_TABLE_ENTRY, U->entry.index, INDEX_LEN);
	if (wbuf_failed(&A->out) ||
	    view_put(view, key, klen, A->out.data, A->out.len))
		return (-1);

	entry_value(value, U->entry_data, U->entry_len);
	key[0] = APPLY_TABLE_PENDING;
	if (view_put(view, key, klen, value, HASH_LEN))
		return (-1);
	A->pending++;
	A->pending_bytes += E->body_len;
	head_list_add(A->list, E->body, E->body_len);

	wbuf_init(&W, LOG_ENTRY_MAX + 64);
	proto_apply_put_update(&W, &event);
	rc = wbuf_failed(&W) ? -1 :
	    apply_event(A, view, EVENT_UPDATE, W.data, W.len);
	wbuf_free(&W);
	return (rc);
}

int
apply_step_update(struct apply_state * A, struct view * view,
    const struct log_entry * E, size_t i, const char ** rule)
{
	struct update U;
	struct entry current;
	struct rules_input input = { NULL, NULL, RULES_PROFILE_LOG, E->erasable,
	    E->erasable_len, NULL, NULL, A->pending,
	    A->pending_bytes + E->body_len };
	int rc;

	if (update_parse(&U, E->body, E->body_len) == 0) {
		input.update = &U;
		input.prepared = &A->prepared[i];
		if ((rc = get_current(A, view, U.entry.index, &current)) < 0)
			return (-1);
		if (rc == 0)
			input.current = &current;
	}
	if (rules_check(&input, rule)) {
		warnx("log entry %" PRIu64 ": cannot be checked", A->index);
		return (-1);
	}
	return (*rule == NULL ? accept_update(A, view, E, &U) : 0);
}
