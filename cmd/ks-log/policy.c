#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/exits.h"
#include "codec/wbuf.h"
#include "config/config.h"
#include "fields/fields.h"
#include "policy/history.h"
#include "realm/realm.h"

#include "logtool.h"
#include "policies.h"

/* Name in ${P} of the replica with the key id ${id}. */
static const char *
name_of(const struct policy * P, const uint8_t * id)
{
	int i = policy_find_keyid(P, POLICY_REPLICA, id);

	return (i < 0 ? "" : policy_key(P, (unsigned)i)->name);
}

static void
put_text(struct fields * F, const struct proto_policy * P)
{
	uint8_t hash[HASH_LEN];

	hash_sha256(P->text, P->len, hash);
	fields_u64(F, "number", P->number);
	fields_hex(F, "hash", hash, HASH_LEN);
	fields_text(F, "policy", P->text, P->len);
}

/* One JSON object of all that is known. */
static int
print_json(const struct policies * S, const struct policy_era * now)
{
	struct fields * F = fields_new(1);
	const struct policies_approval * A;
	const char * line = NULL, * name;

	if (F != NULL) {
		fields_u64(F, "number", now->number);
		fields_u64(F, "epoch", now->epoch);
		fields_hex(F, "hash", now->hash, HASH_LEN);
		fields_text(F, "policy", now->text, now->len);
		if (S->chosen.policy.number != 0) {
			fields_open(F, "chosen");
			put_text(F, &S->chosen.policy);
			fields_close(F);
		}
		fields_array(F, "approvals");
		for (unsigned i = 0; i < S->napprovals; i++) {
			A = &S->approval[i];
			name = name_of(now->policy, A->key_id);
			fields_open(F, NULL);
			fields_text(F, "name", name, strlen(name));
			fields_hex(F, "key_id", A->key_id, VKEY_ID_LEN);
			put_text(F, &A->policy);
			fields_close(F);
		}
		fields_close(F);
		line = fields_line(F, NULL);
	}
	if (line == NULL)
		warnx("out of memory");
	else
		printf("%s\n", line);
	fields_free(F);
	return (line == NULL ? EXITS_TEMPORARY : EXITS_OK);
}

int
logtool_policy(const struct logtool * T)
{
	const struct policy_era * now;
	struct policies S;
	int rc;

	if ((rc = policies_begin(&S, T)) == 0 && (rc = policies_read(&S)) == 0) {
		now = policy_history_newest(S.history);
		if (T->json)
			rc = print_json(&S, now);
		else
			fwrite(now->text, 1, now->len, stdout);
	}
	policies_end(&S);
	return (rc);
}

/*
 * Take the links out of ${realm} whose names, without a role of their own, were
 * those of the old policy only: nobody would take such a file.
 */
static void
drop_links(struct realm * realm, const struct policy * now)
{
	unsigned n = 0;

	for (unsigned i = 0; i < realm->nlinks; i++)
		if (realm->link[i].role != REALM_ROLE_POLICY ||
		    policy_find_name(now, realm->link[i].name) != -1)
			realm->link[n++] = realm->link[i];
	realm->nlinks = n;
}

/* The realm file that is named, else that of the replica, which is ${own}. */
static struct realm *
read_file(const struct logtool * T, const struct realm * own)
{
	char path[CONFIG_PATH_MAX + 1];
	struct realm * realm;
	int n;

	n = snprintf(path, sizeof(path), "%s%s%s", T->nargs > 0 ? "" : T->dir,
	    T->nargs > 0 ? "" : "/", T->nargs > 0 ? T->args[0] : CONFIG_REALM);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		warnx("%s: path too long", T->dir);
		return (NULL);
	}
	if ((realm = realm_read(path)) == NULL)
		return (NULL);
	if (strcmp(realm->name, own->name) == 0 &&
	    memcmp(realm->nonce, own->nonce, REALM_NONCE_LEN) == 0 &&
	    memcmp(realm->vrf_pk, own->vrf_pk, VRF_PK_LEN) == 0)
		return (realm);
	warnx("%s: not of the realm of this replica", path);
	realm_free(realm);
	return (NULL);
}

int
logtool_realm(const struct logtool * T)
{
	const struct policy_era * now;
	struct realm_error error;
	struct realm * realm = NULL, * again;
	struct policies S;
	struct wbuf W;
	int rc;

	wbuf_init(&W, REALM_FILE_MAX);
	if ((rc = policies_begin(&S, T)) != 0 || (rc = policies_read(&S)) != 0)
		goto done;
	rc = EXITS_PERMANENT;
	if ((realm = read_file(T, S.realm)) == NULL)
		goto done;
	now = policy_history_newest(S.history);
	drop_links(realm, now->policy);
	realm->policy_text = now->text;
	realm->policy_len = now->len;
	realm_format(&W, realm);
	if (wbuf_failed(&W) || realm_parse((const char *)W.data, W.len, &again,
	    &error)) {
		warnx("%s: the new realm file would be refused, or is too long",
		    T->dir);
		goto done;
	}
	realm_free(again);
	fwrite(W.data, 1, W.len, stdout);
	rc = EXITS_OK;
done:
	wbuf_free(&W);
	realm_free(realm);
	policies_end(&S);
	return (rc);
}
