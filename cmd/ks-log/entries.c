#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "base/exits.h"
#include "base/hex.h"
#include "codec/wbuf.h"
#include "frame/frame.h"
#include "frame/frame_call.h"
#include "proto/proto_log.h"

#include "logtool.h"

/* Bytes of a running hash that are printed for a person. */
#define HASH_SHORT	8

/* Where a reader is in the log. */
struct place {
	uint64_t next;		/* index expected next */
	int started;		/* hash is known */
	uint8_t hash[HASH_LEN];	/* running hash before it */
	uint64_t left;		/* entries still to be printed */
};

/* Print the entry ${E} at ${index}, with the running ${hash} after it. */
static void
print_entry(const struct logtool * T, uint64_t index,
    const struct log_entry * E, const uint8_t * hash)
{
	char id[HEX_SIZE(REQUEST_ID_LEN)], hex[HEX_SIZE(HASH_LEN)], number[4];
	const char * type = logtool_type_name(E->type);

	if (type == NULL) {
		snprintf(number, sizeof(number), "%u", E->type);
		type = number;
	}
	hex_encode(E->request_id, REQUEST_ID_LEN, id, sizeof(id));
	hex_encode(hash, T->json ? HASH_LEN : HASH_SHORT, hex, sizeof(hex));
	printf(T->json ? "{\"index\":%ju,\"type\":\"%s\",\"request_id\":\"%s\","
	    "\"body_len\":%zu,\"erasable_len\":%zu,\"hash\":\"%s\"}\n" :
	    "%ju %s %s %zu %zu %s\n", (uintmax_t)index, type, id, E->body_len,
	    E->erasable_len, hex);
}

/* Check the LOG_ENTRIES ${F} against ${P}, print its entries, and move on. */
static int
take_entries(const struct logtool * T, const struct frame * F, struct place * P)
{
	struct proto_log_entries L;
	struct log_entry E;
	const uint8_t * data;
	size_t len;
	int rc;

	if (proto_log_get_entries(F->body, F->len, &L))
		return (logtool_broken(T, "entries-malformed"));
	if (L.first != P->next)
		return (logtool_broken(T, "index-not-next"));
	if (!P->started)
		memcpy(P->hash, L.hash, HASH_LEN);
	P->started = 1;
	if (memcmp(P->hash, L.hash, HASH_LEN) != 0)
		return (logtool_broken(T, "hash-not-next"));
	while (P->left > 0 && (rc = proto_log_next(&L, &E, &data, &len)) != 0) {
		if (rc == -1)
			return (logtool_broken(T, "entry-malformed"));
		log_entry_hash(P->hash, P->next, &E, P->hash);
		print_entry(T, P->next, &E, P->hash);
		P->next++;
		P->left--;
	}

	/* Whoever reads this through a pipe wants it as it comes. */
	if (fflush(stdout)) {
		warn("standard output");
		return (EXITS_TEMPORARY);
	}
	return (0);
}

/* Read the index ${text}. */
static int
get_index(const char * text, uint64_t * index)
{
	const char * why;

	*index = (uint64_t)strtonum(text, 1, INT64_MAX, &why);
	if (why == NULL)
		return (0);
	warnx("%s: not an index", text);
	return (-1);
}

int
logtool_follow(const struct logtool * T)
{
	struct place P = { .next = 1, .left = T->count };
	struct wbuf ask, W;
	struct frame F;
	int rc = 0;

	if (T->nargs > 0 && get_index(T->args[0], &P.next))
		return (EXITS_USAGE);
	wbuf_init(&ask, 8);
	wbuf_init(&W, FRAME_LEN_MAX + 4);
	proto_log_put_follow(&ask, P.next);
	if (wbuf_failed(&ask)) {
		warnx("follow: out of memory");
		rc = EXITS_TEMPORARY;
	} else if (frame_send(T->fd, LOG_FOLLOW, 1, ask.data, ask.len,
	    LOGTOOL_TIMEOUT_MS)) {
		rc = logtool_failed(T);
	}
	while (rc == 0 && P.left > 0) {
		if (frame_recv(T->fd, &W, &F, UINT64_MAX))
			rc = logtool_failed(T);
		else if ((rc = logtool_expect(T, &F, LOG_ENTRIES)) == 0)
			rc = take_entries(T, &F, &P);
	}
	wbuf_free(&W);
	wbuf_free(&ask);
	return (rc);
}

int
logtool_read(const struct logtool * T)
{
	struct place P = { .left = UINT64_MAX };
	struct wbuf ask, W;
	struct frame F;
	uint64_t hi, before;
	int rc = 0;

	if (get_index(T->args[0], &P.next) || get_index(T->args[1], &hi))
		return (EXITS_USAGE);
	wbuf_init(&ask, 20);
	wbuf_init(&W, FRAME_LEN_MAX + 4);

	/* An answer holds as many as fit: ask until one brings nothing. */
	do {
		before = P.next;
		wbuf_reset(&ask);
		proto_log_put_read(&ask, P.next, hi, UINT32_MAX);
		if (wbuf_failed(&ask)) {
			warnx("read: out of memory");
			rc = EXITS_TEMPORARY;
			break;
		}
		if ((rc = logtool_ask(T, LOG_READ, ask.data, ask.len,
		    LOG_ENTRIES, &W, &F)) == 0)
			rc = take_entries(T, &F, &P);
	} while (rc == 0 && P.next > before && P.next <= hi);
	wbuf_free(&W);
	wbuf_free(&ask);
	return (rc);
}
