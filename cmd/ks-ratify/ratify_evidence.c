#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <bsd/string.h>

#include "base/file.h"
#include "config/config.h"
#include "entry/entry.h"
#include "entry/update.h"
#include "evidence/evidence.h"
#include "note/checkpoint.h"
#include "note/note.h"
#include "policy/history.h"
#include "policy/quorum.h"
#include "proto/list.h"
#include "realm/realm.h"
#include "store/rowkey.h"
#include "store/view.h"
#include "tree/tree.h"

#include "ratify_evidence.h"
#include "ratify_policy.h"
#include "ratify_state.h"
#include "ratify_step.h"

/* Evidence files that may lie there already for one epoch. */
#define FILES_MAX 100

/*
 * Append the update of ${len} bytes with its place in the tree as it is just
 * before it, and carry it out there.
 */
static int
put_placed(struct ratify_state * A, struct view * view, struct tree_root * tree,
    const uint8_t * p, size_t len, struct wbuf * W)
{
	struct tree_path * path;
	struct tree_leaf leaf;
	struct update U;
	struct entry current;
	uint8_t key[ROWKEY_MAX];
	int rc = -1;

	if (update_parse(&U, p, len)) {
		evidence_put_update(W, p, len, NULL, NULL, 0);
		return (0);
	}
	if ((path = malloc(sizeof(*path))) == NULL)
		return (-1);
	if (tree_lookup(A->realm->nonce, tiles_nodes(&A->tiles), tree,
	    U.entry.index, path))
		goto done;
	if (ratify_current(A, view, U.entry.index, &current) !=
	    (path->kind != TREE_PRESENT))
		goto done;
	evidence_put_update(W, p, len, path, A->current.data, A->current.len);
	memcpy(leaf.index, U.entry.index, INDEX_LEN);
	entry_value(leaf.value, U.entry_data, U.entry_len);
	if (view_put(view, key, rowkey_named(key, RATIFY_TABLE_ENTRY, leaf.index,
	    INDEX_LEN), U.entry_data, U.entry_len) == 0)
		rc = tree_update(A->realm->nonce, tiles_nodes(&A->tiles), tree,
		    &leaf, 1);
done:
	free(path);
	return (rc);
}

/* Append the updates: up to the one at fault with their places. */
static int
put_updates(struct ratify_state * A, struct view * view,
    const struct ratify_epoch * E, int plain, struct wbuf * W)
{
	struct tree_root tree = A->tree;
	struct rbuf list = E->list;
	const uint8_t * p;
	size_t len;
	int rc = 0;

	for (uint64_t i = 0; rc == 0 && list_next(&list, &p, &len); i++) {
		if (plain || i > A->broken)
			evidence_put_update(W, p, len, NULL, NULL, 0);
		else
			rc = put_placed(A, view, &tree, p, len, W);
	}
	view_discard(view);
	return (rc);
}

/* Append the replicas' part of the note of ${len} bytes to ${W}. */
static int
put_note(const struct policy * policy, const char * text, size_t len,
    struct wbuf * W)
{
	struct note * N;
	const char * why;

	if (note_parse(&N, text, len, &why))
		return (-1);
	evidence_put_note(W, N, policy);
	note_free(N);
	return (wbuf_failed(W));
}

/* Does the epoch break a rule of its head itself, which needs no updates? */
static int
is_bare(const struct ratify_state * A, const struct ratify_epoch * E,
    const struct policy_era * era, struct head * head)
{

	return (evidence_head_rule(A->realm, A->epoch + 1,
	    A->epoch == 0 ? NULL : A->head, E->head, head) != NULL ||
	    evidence_next(A->realm, era->hash, head, E->next, E->next_len) ==
	    EVIDENCE_NEXT_BAD);
}

int
ratify_evidence(struct ratify_state * A, struct view * view,
    const uint8_t * body, size_t len, struct wbuf * W)
{
	const struct policy_era * era = ratify_policy_at(A, A->epoch + 1);
	struct ratify_epoch E;
	struct evidence evidence;
	struct merkle_range none;
	struct chain chain;
	struct head head;
	struct wbuf note;
	int bare, rc = -1;

	memset(&chain, 0, sizeof(chain));
	wbuf_init(&note, NOTE_LEN_MAX);
	if (ratify_epoch_get(&E, body, len) ||
	    put_note(era->policy, E.note, E.note_len, &note) ||
	    ratify_policy_chain(A, view, A->epoch + 1, &chain))
		goto done;
	bare = is_bare(A, &E, era, &head);
	merkle_range_init(&none);
	evidence.realm = A->realm->name;
	evidence.rule = A->rule;
	evidence.epoch = A->epoch + 1;
	evidence.chain = &chain;
	evidence.note = (const char *)note.data;
	evidence.note_len = note.len;
	evidence.before = A->epoch == 0 ? &none : &A->before;
	evidence.previous = A->epoch == 0 ? NULL : A->head;
	evidence.head = E.head;
	evidence.next = E.next;
	evidence.next_len = E.next_len;
	evidence.updates = bare ? 0 : E.n;
	evidence_put_start(W, &evidence);
	rc = bare ? 0 : put_updates(A, view, &E, E.n != head.updates, W);
	if (wbuf_failed(W))
		rc = -1;
done:
	chain_free(&chain);
	wbuf_free(&note);
	if (rc)
		warnx("epoch %" PRIu64 ": the evidence cannot be put together",
		    A->epoch + 1);
	return (rc);
}

/* Append the evidence of two notes, the one in ${row} and ${N}. */
static int
put_fork(struct ratify_state * A, struct view * view, uint64_t epoch,
    const struct ratify_row * row, const struct note * N, struct wbuf * W)
{
	struct chain chain;
	struct wbuf note, kept;
	int rc;

	/* Reading the links overwrites the row. */
	wbuf_init(&kept, NOTE_LEN_MAX);
	wbuf_put_bytes(&kept, row->note, row->note_len);
	if (ratify_policy_chain(A, view, epoch, &chain)) {
		wbuf_free(&kept);
		return (-1);
	}
	wbuf_init(&note, NOTE_LEN_MAX);
	evidence_put_note(&note, N, ratify_policy_at(A, epoch)->policy);
	evidence_put_fork(W, A->realm->name, epoch, &chain,
	    (const char *)kept.data, kept.len, (const char *)note.data,
	    note.len);
	rc = wbuf_failed(&kept) || wbuf_failed(&note) || wbuf_failed(W) ? -1 : 1;
	wbuf_free(&note);
	wbuf_free(&kept);
	chain_free(&chain);
	return (rc);
}

/* Compare the parsed ${N} with the row in A->row. */
static int
compare(struct ratify_state * A, struct view * view, uint64_t epoch,
    const struct note * N, struct wbuf * W)
{
	struct checkpoint C, own;
	struct ratify_row row;
	struct quorum Q;
	struct note * kept;
	const char * why;
	int rc;

	if (quorum_check(ratify_policy_at(A, epoch)->policy, N, &C, &Q, &why) ||
	    !Q.majority || strcmp(C.origin, A->realm->name) != 0 ||
	    C.size != epoch)
		return (2);
	if (ratify_row_get(A->row.data, A->row.len, &row) ||
	    note_parse(&kept, row.note, row.note_len, &why))
		return (-1);
	rc = checkpoint_parse(&own, kept->text, kept->textlen, &why);
	note_free(kept);
	if (rc)
		return (-1);
	return (memcmp(own.root, C.root, HASH_LEN) == 0 ? 0 :
	    put_fork(A, view, epoch, &row, N, W));
}

int
ratify_evidence_fork(struct ratify_state * A, struct view * view,
    uint64_t epoch, const char * text, size_t len, struct wbuf * W)
{
	uint8_t key[ROWKEY_MAX];
	struct note * N;
	const char * why;
	int rc;

	rc = view_get(view, key, rowkey_number(key, RATIFY_TABLE_COSIGNATURE,
	    epoch), &A->row);
	if (rc != 0) {
		if (rc == 1)
			warnx("the cosignature of epoch %" PRIu64 " is missing",
			    epoch);
		return (-1);
	}
	if (note_parse(&N, text, len, &why)) {
		if (why == NULL)
			warnx("out of memory");
		return (why == NULL ? -1 : 2);
	}
	if ((rc = compare(A, view, epoch, N, W)) < 0)
		warnx("epoch %" PRIu64 " cannot be compared", epoch);
	note_free(N);
	return (rc);
}

/* Does the file ${path} hold ${W} already, from before a crash?  1 or 0. */
static int
holds(const char * path, const struct wbuf * W)
{
	uint8_t * data;
	size_t len;
	int same;

	if (file_read(path, EVIDENCE_LEN_MAX, &data, &len))
		return (0);
	same = len == W->len && memcmp(data, W->data, len) == 0;
	free(data);
	return (same);
}

/* Write ${W} to a file of its own and store its path. */
static int
write_file(uint64_t epoch, const struct wbuf * W, char path[RATIFY_PATH_MAX])
{
	struct stat st;

	for (unsigned i = 1; i <= FILES_MAX; i++) {
		if (i == 1)
			snprintf(path, RATIFY_PATH_MAX, "%s/epoch-%" PRIu64
			    ".ks-evidence", CONFIG_EVIDENCE, epoch);
		else
			snprintf(path, RATIFY_PATH_MAX, "%s/epoch-%" PRIu64
			    ".%u.ks-evidence", CONFIG_EVIDENCE, epoch, i);
		if (lstat(path, &st) == 0) {
			if (holds(path, W))
				return (0);
			continue;
		}
		if (errno != ENOENT) {
			warn("%s", path);
			return (-1);
		}
		return (file_write_new(path, 0644, W->data, W->len));
	}
	warnx("%s: too many files of epoch %" PRIu64, CONFIG_EVIDENCE, epoch);
	return (-1);
}

static void
say(const struct ratify_halted * H)
{

	warnx("epoch %" PRIu64 ": %s: evidence in %s", H->epoch, H->rule,
	    H->path);
}

int
ratify_halt(struct ratify_state * A, struct view * view, uint64_t epoch,
    const char * rule, const struct wbuf * W)
{
	struct ratify_halted H;

	memset(&H, 0, sizeof(H));
	H.epoch = epoch;
	strlcpy(H.rule, rule, sizeof(H.rule));

	/* The file first: the row says that it is there. */
	if (write_file(epoch, W, H.path) ||
	    ratify_state_put_halted(A, view, &H) || view_commit(view, NULL))
		return (-1);
	say(&H);
	return (0);
}

int
ratify_halted_say(struct ratify_state * A, struct view * view)
{
	struct ratify_halted H;
	int rc;

	if ((rc = ratify_state_halted(A, view, &H)) != 0)
		return (rc < 0 ? -1 : 0);
	say(&H);
	return (1);
}
