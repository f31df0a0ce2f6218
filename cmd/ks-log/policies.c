#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exits.h"
#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "config/config.h"
#include "entry/limits.h"
#include "frame/common.h"
#include "policy/history.h"
#include "proto/proto_apply.h"
#include "realm/realm.h"

#include "logtool.h"
#include "policies.h"

/* Tables of ks-apply (PROTOCOL section 12). */
#define TABLE_META	0x01
#define TABLE_POLICY	0x0b
#define TABLE_APPROVAL	0x0c

/* Longest key of a row there, and its last name in the table "meta". */
#define KEY_MAX		16
static const uint8_t CHOSEN[] = "chosen";

/* ks-apply waits itself for an outcome, and then says that it is unknown. */
#define ANSWER_MS	180000

static int
failed(const struct policies * S)
{

	if (errno == EPROTO)
		warnx("%s: what it sent breaks the protocol", S->path);
	else
		warn("%s", S->path);
	return (errno == EPROTO ? EXITS_PERMANENT : EXITS_TEMPORARY);
}

/* What ask_call returned, as a code to leave with. */
static int
judge(const struct policies * S, int rc)
{
	const struct common_error * E = &S->ask.error;

	if (rc == 0)
		return (0);
	if (rc < 0)
		return (failed(S));
	warnx("%s: %s%s%s", S->path, E->rule, E->text[0] != '\0' ? ": " : "",
	    E->text);
	return (E->code == ERROR_REFUSED ? EXITS_PERMANENT : EXITS_TEMPORARY);
}

int
policies_begin(struct policies * S, const struct logtool * T)
{
	char path[CONFIG_PATH_MAX + 1];
	int n;

	memset(S, 0, sizeof(*S));
	S->T = T;
	S->ask.fd = -1;
	n = snprintf(path, sizeof(path), "%s/%s", T->dir, CONFIG_REALM);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		warnx("%s: path too long", T->dir);
		return (EXITS_PERMANENT);
	}
	if ((S->realm = realm_read(path)) == NULL)
		return (EXITS_PERMANENT);
	n = snprintf(S->path, sizeof(S->path), "%s/%s", T->dir,
	    CONFIG_SOCKET_APPLY);
	if (n < 0 || (size_t)n >= sizeof(S->path)) {
		warnx("%s: path too long for a socket", T->dir);
		return (EXITS_PERMANENT);
	}
	if (ask_open(&S->ask, S->path, ANSWER_MS)) {
		S->ask.fd = -1;
		return (failed(S));
	}
	return (0);
}

/* Make ${A} what the row with ${value} says, under the key id ${id}. */
static int
take(struct policies_approval * A, const uint8_t * id, const uint8_t * value,
    size_t len)
{

	if (proto_policy_get_row(0, value, len, &A->policy)) {
		errno = EPROTO;
		return (-1);
	}
	if ((A->text = malloc(A->policy.len)) == NULL)
		return (-1);
	memcpy(A->text, A->policy.text, A->policy.len);
	A->policy.text = A->text;
	if (id != NULL)
		memcpy(A->key_id, id, VKEY_ID_LEN);
	return (0);
}

/* A row of the table "policy": the next of the history. */
static int
take_policy(struct policies * S, const struct common_row * row)
{
	struct policy_error error;
	struct proto_policy P;
	struct rbuf R;
	uint64_t epoch;

	rbuf_init(&R, row->key, row->key_len);
	epoch = rbuf_get_u64(&R);
	if (rbuf_end(&R) == 0 && proto_policy_get_row(epoch, row->value,
	    row->value_len, &P) == 0) {
		if (policy_history_add(S->history, P.epoch, P.number, P.text,
		    P.len, &error) == 0)
			return (0);
		if (error.rule == NULL)
			return (-1);
	}
	errno = EPROTO;
	return (-1);
}

static int
take_row(struct policies * S, uint8_t table, const struct common_row * row)
{

	if (table == TABLE_POLICY)
		return (take_policy(S, row));
	if (table == TABLE_APPROVAL && row->key_len == VKEY_ID_LEN &&
	    S->napprovals < POLICY_KEYS_MAX)
		return (take(&S->approval[S->napprovals++], row->key, row->value,
		    row->value_len));
	if (table == TABLE_META && row->key_len == sizeof(CHOSEN) - 1 &&
	    memcmp(row->key, CHOSEN, row->key_len) == 0)
		return (take(&S->chosen, NULL, row->value, row->value_len));
	return (0);
}

/* Read ${table} from the ${len} bytes ${key} on. */
static int
read_table(struct policies * S, uint8_t table, const uint8_t * from, size_t len)
{
	struct common_dump D = { table, NULL, len, NULL, 0, UINT32_MAX };
	uint8_t key[KEY_MAX + 1];
	struct common_row row = { NULL, 0, NULL, 0 };
	struct frame F;
	struct wbuf W;
	struct rbuf R;
	uint32_t n;
	int more, rc;

	memcpy(key, from, len);
	do {
		D.from = key;
		wbuf_init(&W, 64);
		common_put_dump(&W, &D);
		rc = ask_call(&S->ask, COMMON_DUMP, W.data, W.len,
		    COMMON_DUMP_REPLY, &F);
		wbuf_free(&W);
		if (rc != 0)
			return (judge(S, rc));
		if (common_get_rows(F.body, F.len, &more, &n, &R) ||
		    (more && n == 0)) {
			errno = EPROTO;
			return (failed(S));
		}
		while (n-- > 0) {
			common_next_row(&R, &row);
			if (row.key_len > KEY_MAX)
				errno = EPROTO;
			if (row.key_len > KEY_MAX || take_row(S, table, &row))
				return (failed(S));
		}

		/* The least key after the last one. */
		if (more) {
			memcpy(key, row.key, row.key_len);
			key[row.key_len] = 0;
			D.from_len = row.key_len + 1;
		}
	} while (more);
	return (0);
}

static void
forget(struct policies * S)
{

	for (unsigned i = 0; i < S->napprovals; i++)
		free(S->approval[i].text);
	free(S->chosen.text);
	S->napprovals = 0;
	memset(&S->chosen, 0, sizeof(S->chosen));
	policy_history_free(S->history);
	S->history = NULL;
}

int
policies_read(struct policies * S)
{
	int rc;

	forget(S);
	if ((S->history = policy_history_make(S->realm->name)) == NULL)
		return (failed(S));

	/* In the order in which a policy moves on, so that none is missed. */
	if ((rc = read_table(S, TABLE_APPROVAL, CHOSEN, 0)) != 0 ||
	    (rc = read_table(S, TABLE_META, CHOSEN, sizeof(CHOSEN) - 1)) != 0 ||
	    (rc = read_table(S, TABLE_POLICY, CHOSEN, 0)) != 0)
		return (rc);
	if (policy_history_newest(S->history) != NULL)
		return (0);
	errno = EPROTO;
	return (failed(S));
}

int
policies_outcome(struct policies * S, const uint8_t * request_id)
{
	struct frame F;

	return (judge(S, ask_call(&S->ask, APPLY_OUTCOME, request_id,
	    REQUEST_ID_LEN, APPLY_ACCEPTED, &F)));
}

void
policies_end(struct policies * S)
{

	forget(S);
	if (S->ask.fd != -1)
		ask_close(&S->ask);
	realm_free(S->realm);
}
