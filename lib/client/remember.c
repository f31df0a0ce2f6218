#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/exits.h"
#include "base/file.h"
#include "base/hex.h"
#include "client/client.h"
#include "codec/wbuf.h"
#include "evidence/evidence.h"
#include "proof/memory.h"
#include "proof/memory_file.h"
#include "realm/realm.h"

#include "client/remember.h"

/* Longest evidence file: two chains and notes, as proof and memory hold them. */
#define EVIDENCE_MAX	(2 * MEMORY_FILE_MAX)

/* Bytes of a root that tell the names of evidence files apart. */
#define NAME_ROOT_LEN	8

int
remember_size(const struct realm * realm, uint64_t * size)
{
	struct memory * M;

	if ((M = memory_open(realm->name)) == NULL)
		return (-1);
	*size = memory_seen(M)->size;
	memory_close(M);
	return (0);
}

/* Two checkpoints of which neither alone is wrong (PROTOCOL section 13). */
static void
put_two(struct wbuf * W, const char * realm, const char * rule,
    const struct memory * M, const struct proof * P)
{
	const char * seen;
	size_t seen_len;

	seen = memory_note(M, &seen_len);

	wbuf_printf(W, "ks-checkpoints/v1\nrealm %s\nrule %s\n", realm, rule);
	chain_put(W, memory_chain(M));
	wbuf_printf(W, "first %zu\n", seen_len);
	wbuf_put_bytes(W, seen, seen_len);
	chain_put(W, &P->chain);
	wbuf_printf(W, "second %zu\n", P->note_len);
	wbuf_put_bytes(W, P->note, P->note_len);
}

/* A note, as proof, memory or a link of a chain holds it. */
struct held {
	const char * note;
	size_t len;
};

/*
 * Try to prove that a majority signed both ${one} and ${other} of ${epoch}, by the
 * links of ${of} before it.  Return 1 with the evidence in ${W}, or 0.
 */
static int
prove_fork(struct wbuf * W, const struct realm * realm, uint64_t epoch,
    const struct chain * of, struct held one, struct held other)
{
	struct evidence_verdict V;
	struct chain chain = *of;
	int proven;

	while (chain.n > 0 && chain.link[chain.n - 1].epoch >= epoch)
		chain.n--;
	evidence_put_fork(W, realm->name, epoch, &chain, one.note, one.len,
	    other.note, other.len);
	if (wbuf_failed(W))
		return (1);
	proven = evidence_verify((const char *)W->data, W->len, realm, &V) ==
	    0 && V.rule != NULL;
	evidence_free(&V);
	if (!proven)
		wbuf_reset(W);
	return (proven);
}

/* Do two links show that the realm had two histories when its policy changed? */
static int
prove_links(struct wbuf * W, const struct realm * realm,
    const struct chain * seen, const struct chain * now)
{
	const struct chain_link * one, * other;

	for (unsigned i = 0; i < seen->n; i++) {
		one = &seen->link[i];
		for (unsigned k = 0; k < now->n; k++) {
			other = &now->link[k];
			if (one->epoch == other->epoch && prove_fork(W, realm,
			    one->epoch, now,
			    (struct held){ one->note, one->note_len },
			    (struct held){ other->note, other->note_len }))
				return (1);
		}
	}
	return (0);
}

/*
 * What shows that ${rule} was broken.  Two checkpoints of one epoch are evidence
 * only if the realm's own replicas signed both: a client's own policy may be met
 * by others.
 */
static void
put_evidence(struct wbuf * W, const struct memory * M,
    const struct realm * realm, const char * rule,
    const struct memory_seen * now, const struct proof * P)
{
	const struct chain * seen = memory_chain(M);
	const struct held other = { P->note, P->note_len };
	struct held one;

	one.note = memory_note(M, &one.len);
	if (memory_seen(M)->size == now->size &&
	    prove_fork(W, realm, now->size, &P->chain, one, other))
		return;
	if (!prove_links(W, realm, seen, &P->chain))
		put_two(W, realm->name, rule, M, P);
}

/* Keep what shows that ${rule} was broken, and say where. */
static void
keep_evidence(struct memory * M, const struct realm * realm, const char * rule,
    const struct memory_seen * now, const struct proof * P)
{
	char dir[PATH_MAX], root[HEX_SIZE(NAME_ROOT_LEN)];
	struct wbuf W;
	char * path;

	if (memory_dir(dir, sizeof(dir)))
		return;
	hex_encode(now->root, NAME_ROOT_LEN, root, sizeof(root));
	if (asprintf(&path, "%s/evidence-%s-%" PRIu64 "-%" PRIu64 "-%s", dir,
	    rule, memory_seen(M)->size, now->size, root) < 0) {
		warn("%s", dir);
		return;
	}
	wbuf_init(&W, EVIDENCE_MAX);
	put_evidence(&W, M, realm, rule, now, P);
	if (wbuf_failed(&W)) {
		errno = ENOMEM;
		warn("%s", path);
	} else if (file_write_atomic(path, 0600, W.data, W.len) == 0) {
		warnx("%s: both checkpoints are kept in %s", rule, path);
	}
	wbuf_free(&W);
	free(path);
}

/* Get the proof that ${old} is a prefix of ${new} and check it. */
static int
check_consistency(struct client * C, const struct memory_seen * old,
    const struct memory_seen * new, enum memory_result * result)
{
	uint8_t proof[MERKLE_DEPTH_MAX][HASH_LEN];
	const struct common_error * E;
	unsigned n;

	if (client_consistency(C, old->size, new->size, proof, &n) !=
	    CLIENT_OK) {
		E = client_error(C);
		warnx("no proof that epoch %" PRIu64 " follows epoch %" PRIu64
		    ": %s%s%s", new->size, old->size, E->rule,
		    E->rule[0] != '\0' ? ": " : "", E->text);
		return (-1);
	}
	*result = memory_check(old, new, (const uint8_t (*)[HASH_LEN])proof, n);
	return (0);
}

/* Hold ${now} against ${seen}; -1 if that cannot be done now. */
static int
compare(struct client * C, const struct memory_seen * seen,
    const struct memory_seen * now, uint64_t floor,
    enum memory_result * result)
{

	*result = memory_check(seen, now, NULL, 0);
	if (*result == MEMORY_PROOF_NEEDED)
		return (check_consistency(C, seen, now, result));
	if (*result == MEMORY_STEP_BACK && now->size >= floor)
		return (check_consistency(C, now, seen, result));
	return (0);
}

int
remember_checkpoint(struct client * C, const struct realm * realm,
    const struct proof * P, const struct proof_verdict * V, uint64_t floor)
{
	struct memory_seen now = { .size = V->checkpoint.size };
	enum memory_result result;
	struct memory * M;
	int code = EXITS_OK;

	if (!V->met && !V->quorum.majority)
		return (EXITS_OK);
	memcpy(now.root, V->checkpoint.root, HASH_LEN);
	if ((M = memory_open(realm->name)) == NULL)
		return (EXITS_PERMANENT);
	if (compare(C, memory_seen(M), &now, floor, &result)) {
		code = EXITS_TEMPORARY;
	} else if (memory_rule(result) != NULL) {
		warnx("%s: %s: %s", realm->name, memory_rule(result),
		    rule_text(memory_rule(result)));
		keep_evidence(M, realm, memory_rule(result), &now, P);
		code = EXITS_REFUSED;
	} else if (V->met && now.size > memory_seen(M)->size &&
	    memory_save(M, &now, &P->chain, P->note,
	    P->note_len)) {
		code = EXITS_PERMANENT;
	}
	memory_close(M);
	return (code);
}
