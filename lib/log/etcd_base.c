#include <ctype.h>
#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "loop/loop.h"
#include "proto/log_entry.h"

#include "log/etcd_impl.h"

/* The keys of all realms begin with it. */
#define REALMS	"ks/"

/* Longest text of a base: the number, a space, the hash. */
#define BASE_MAX	(20 + 1 + 2 * HASH_LEN)

/* What etcd has of us, and of others. */
struct found {
	int base;		/* a base, */
	int malformed;		/* which is none */
	int log;		/* batches */
	char other[256];	/* a key of another realm, if any */
};

/* Is the key of ${row} the string ${key}? */
static int
is_key(const struct etcd_row * row, const char * key)
{

	return (row->key_len == strlen(key) &&
	    memcmp(row->key, key, row->key_len) == 0);
}

/* Take the base from the value of ${row}. */
static int
take_base(struct log_etcd * X, const struct etcd_row * row)
{
	char text[BASE_MAX + 1], * end;
	size_t len;

	if (row->value == NULL || row->value_len > BASE_MAX)
		return (-1);
	memcpy(text, row->value, row->value_len);
	text[row->value_len] = '\0';
	len = strspn(text, "0123456789");
	if (len == 0 || len > 19 || text[len] != ' ')
		return (-1);
	X->base_index = strtoull(text, &end, 10);
	X->base_revision = row->revision;
	return (hex_decode(end + 1, strlen(end + 1), X->base_hash, HASH_LEN,
	    &len) || len != HASH_LEN ? -1 : 0);
}

static int
look(struct log_etcd * X, struct etcd_reply * R, struct found * F)
{
	struct etcd_row row;
	size_t len = strlen(X->dir);
	int rc;

	memset(F, 0, sizeof(*F));
	X->base_index = X->base_revision = 0;
	log_entry_hash_first(X->options.realm, X->base_hash);
	while ((rc = etcd_next(R, &row)) == 1) {
		if (row.key_len < len || memcmp(row.key, X->dir, len) != 0) {
			len = row.key_len < sizeof(F->other) ? row.key_len :
			    sizeof(F->other) - 1;
			for (size_t i = 0; i < len; i++)
				F->other[i] = isgraph(row.key[i]) ?
				    (char)row.key[i] : '?';
			return (0);
		}
		if (is_key(&row, X->key))
			F->log = 1;
		if (!is_key(&row, X->base))
			continue;
		F->base = 1;
		F->malformed = take_base(X, &row) != 0;
	}
	return (rc);
}

static int
on_founded(void * ctx, struct etcd_reply * R)
{
	struct log_etcd * X = ctx;

	X->opening = NULL;
	if (R->why != NULL)
		log_etcd_reopen(X, R->why);
	else
		loop_timer_set(X->again, 0);	/* read who was first */
	return (0);
}

/* Nobody ever put a base or a batch: the log goes on after our last entry. */
static int
found_it(struct log_etcd * X)
{
	char hash[HEX_SIZE(HASH_LEN)], text[BASE_MAX + 1];
	int n;

	hex_encode(committed_hash(X->C), HASH_LEN, hash, sizeof(hash));
	n = snprintf(text, sizeof(text), "%ju %s",
	    (uintmax_t)committed_last(X->C), hash);
	X->opening = etcd_create(X->etcd, X->base, X->key,
	    (const uint8_t *)text, (size_t)n, LOG_ETCD_ASK_MS, on_founded, X);
	return (X->opening != NULL ? 0 : -1);
}

int
log_etcd_base_check(struct log_etcd * X)
{
	uint64_t last = committed_last(X->C);
	uint8_t hash[HASH_LEN];

	if (last < X->base_index)
		return (0);
	if (committed_hash_before(X->C, X->base_index + 1, hash))
		return (-1);
	if (memcmp(hash, X->base_hash, HASH_LEN) == 0)
		return (0);
	warnx("log: entry %ju is another than that after which etcd at %s goes on: "
	    "remove data/log and fetch the log of a peer, or make a new etcd "
	    "cluster of this replica", (uintmax_t)X->base_index,
	    X->options.etcd.url);
	return (-1);
}

/* May a log that never followed this cluster follow it?  Remember from where: 0, 1
 * (reported) if it may not, -1. */
static int
join(struct log_etcd * X)
{
	struct committed_place place = { X->cluster, X->base_revision };
	uint64_t last = committed_last(X->C);

	if (last > X->base_index) {
		warnx("log: it has %ju entries, and etcd at %s goes on after entry "
		    "%ju: remove data/log and fetch the log of a peer, or make a "
		    "new etcd cluster in which this replica starts first",
		    (uintmax_t)last, X->options.etcd.url,
		    (uintmax_t)X->base_index);
		return (1);
	}
	if (last < X->base_index || X->base_revision == 0)
		return (0);
	/* No batch is older than the base. */
	if (committed_set_place(X->C, place) || committed_commit(X->C))
		return (-1);
	X->taken = X->base_revision;
	return (0);
}

static int
on_rows(void * ctx, struct etcd_reply * R)
{
	struct log_etcd * X = ctx;
	int new = committed_place(X->C).cluster == 0;
	struct found F;
	int rc;

	X->opening = NULL;
	if (R->why != NULL || look(X, R, &F)) {
		log_etcd_reopen(X, R->why != NULL ? R->why :
		    "the answer is not etcd's");
		return (0);
	}
	if (log_etcd_check_cluster(X, R))
		return (-1);
	if (F.other[0] != '\0' || F.malformed) {
		if (F.malformed)
			warnx("log: what etcd at %s has at %s is no base",
			    X->options.etcd.url, X->base);
		else
			warnx("log: etcd at %s is another realm's, it has the key "
			    "%s: a cluster is for one realm",
			    X->options.etcd.url, F.other);
		return (log_etcd_permanent(X));
	}
	if ((rc = log_etcd_probe(X)) != 0)
		return (rc == 1 ? 0 : -1);
	if (!F.base && !F.log && new)
		return (found_it(X));
	if (log_etcd_base_check(X))
		return (log_etcd_permanent(X));
	if (new && (rc = join(X)) != 0)
		return (rc == 1 ? log_etcd_permanent(X) : -1);
	X->based = 1;
	loop_timer_set(X->again, 0);
	return (0);
}

int
log_etcd_base_ask(struct log_etcd * X)
{
	int new = committed_place(X->C).cluster == 0;

	X->opening = etcd_range(X->etcd, new ? REALMS : X->dir, 1, 1,
	    LOG_ETCD_ASK_MS, on_rows, X);
	return (X->opening != NULL ? 0 : -1);
}
