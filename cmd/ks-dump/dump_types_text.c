#include <err.h>
#include <string.h>

#include "codec/decimal.h"
#include "fields/fields.h"
#include "note/keyfile.h"
#include "note/note.h"
#include "policy/policy.h"
#include "proof/proof.h"
#include "realm/realm.h"

#include "dump.h"
#include "dump_types.h"
#include "dump_types_text.h"
#include "dump_value.h"

static int
begins(const uint8_t * p, size_t len, const char * with)
{

	return (len >= strlen(with) && memcmp(p, with, strlen(with)) == 0);
}

int
dump_types_is_proof(const uint8_t * p, size_t len)
{

	return (begins(p, len, "ks-proof/v1\n"));
}

int
dump_types_is_realm(const uint8_t * p, size_t len)
{

	return (begins(p, len, "ks-realm/v1\n"));
}

int
dump_types_is_evidence(const uint8_t * p, size_t len)
{

	return (begins(p, len, DUMP_TYPES_EVIDENCE));
}

int
dump_types_is_note(const uint8_t * p, size_t len)
{
	const char * rule;
	struct note * N;

	if (len > NOTE_LEN_MAX || note_parse(&N, p, len, &rule))
		return (0);
	note_free(N);
	return (1);
}

/* Put the path of the proof, siblings from the root down. */
static void
put_path(struct fields * F, const struct tree_path * path)
{

	fields_u64(F, "depth", path->depth);
	fields_list(F, "path");
	for (unsigned i = 0; i < path->depth; i++) {
		if (path->empty[i / 8] & (0x80 >> i % 8))
			fields_word(F, NULL, "-");
		else
			fields_hex(F, NULL, path->sibling[i], TREE_HASH);
	}
	fields_close(F);
}

/* Put what was found: an entry and its profile, another leaf, or nothing. */
static const char *
put_found(struct fields * F, const struct proof * P)
{
	const char * rule = NULL;

	switch (P->path.kind) {
	case TREE_PRESENT:
		fields_word(F, "found", "present");
		rule = dump_value_entry(F, "entry", P->entry, P->entry_len);
		if (rule == NULL)
			rule = dump_value_profile(F, "profile", P->profile,
			    P->profile_len);
		break;
	case TREE_ABSENT_OTHER:
		fields_word(F, "found", "other");
		fields_open(F, "other");
		fields_hex(F, "index", P->path.other, TREE_HASH);
		fields_hex(F, "value", P->path.value, TREE_HASH);
		fields_close(F);
		break;
	default:
		fields_word(F, "found", "empty");
	}
	return (rule);
}

/* Put the links of a chain of policies. */
static const char *
put_chain(struct fields * F, const struct chain * C)
{
	const struct chain_link * K;
	const char * rule = NULL;

	fields_array(F, "policies");
	for (unsigned i = 0; i < C->n && rule == NULL; i++) {
		K = &C->link[i];
		fields_open(F, NULL);
		fields_text(F, "policy", K->policy, K->policy_len);
		rule = dump_value_head(F, "head", K->head, HEAD_LEN);
		fields_list(F, "inclusion");
		for (unsigned k = 0; k < K->ninclusion; k++)
			fields_hex(F, NULL, K->inclusion[k], HASH_LEN);
		fields_close(F);
		if (rule == NULL)
			rule = dump_value_note(F, "checkpoint",
			    (const uint8_t *)K->note, K->note_len);
		fields_close(F);
	}
	fields_close(F);
	return (rule);
}

/* Put the parsed ${P}. */
static const char *
put_proof(struct fields * F, const struct proof * P)
{
	const char * rule;

	fields_text(F, "realm", P->realm, strlen(P->realm));
	fields_text(F, "user", P->user, strlen(P->user));
	fields_hex(F, "vrf", P->vrf, VRF_PROOF_LEN);
	if ((rule = put_chain(F, &P->chain)) != NULL)
		return (rule);
	if ((rule = dump_value_head(F, "head", P->head, HEAD_LEN)) != NULL)
		return (rule);
	if ((rule = put_found(F, P)) != NULL)
		return (rule);
	put_path(F, &P->path);
	fields_u64(F, "leaf", P->leaf);
	fields_list(F, "inclusion");
	for (unsigned i = 0; i < P->ninclusion; i++)
		fields_hex(F, NULL, P->inclusion[i], HASH_LEN);
	fields_close(F);
	return (dump_value_note(F, "checkpoint", (const uint8_t *)P->note,
	    P->note_len));
}

int
dump_types_print_proof(struct dump * D, const uint8_t * p, size_t len)
{
	struct proof * P;
	const char * rule;
	int rc;

	if (proof_parse((const char *)p, len, &P, &rule)) {
		if (rule != NULL)
			return (dump_print_object(D, "proof", rule, NULL, 0));
		warnx("out of memory");
		return (-1);
	}
	rule = put_proof(D->F, P);
	rc = dump_print_object(D, "proof", rule, NULL, 0);
	proof_free(P);
	return (rc);
}

/* Put the keys of ${P}. */
static void
put_keys(struct fields * F, const struct policy * P)
{
	char text[VKEY_TEXT_MAX + 1];
	const struct policy_key * K;

	fields_array(F, "keys");
	for (unsigned i = 0; i < policy_keys(P); i++) {
		K = policy_key(P, i);
		vkey_format(&K->vkey, text);
		fields_open(F, NULL);
		fields_word(F, "kind", K->kind == POLICY_REPLICA ? "replica" :
		    K->kind == POLICY_WITNESS ? "witness" : "key");
		fields_text(F, "name", K->name, strlen(K->name));
		fields_text(F, "vkey", text, strlen(text));
		fields_hex(F, "key_id", K->vkey.id, VKEY_ID_LEN);
		fields_close(F);
	}
	fields_close(F);
}

int
dump_types_print_realm(struct dump * D, const uint8_t * p, size_t len)
{
	struct fields * F = D->F;
	struct realm_error error;
	struct realm * R;
	const char * role;
	int rc;

	if (realm_parse((const char *)p, len, &R, &error)) {
		if (error.rule == NULL) {
			warnx("out of memory");
			return (-1);
		}
		warnx("%s:%u: %s", D->path, error.line, error.rule);
		return (dump_print_object(D, "realm", "realm-malformed", NULL,
		    0));
	}
	fields_text(F, "realm", R->name, strlen(R->name));
	fields_hex(F, "nonce", R->nonce, REALM_NONCE_LEN);
	fields_hex(F, "vrf", R->vrf_pk, VRF_PK_LEN);
	fields_u64(F, "fresh", R->fresh_s);
	fields_text(F, "registration", R->registration,
	    strlen(R->registration));
	fields_array(F, "servers");
	for (unsigned i = 0; i < R->nservers; i++) {
		fields_open(F, NULL);
		fields_text(F, "url", R->server[i], strlen(R->server[i]));
		fields_close(F);
	}
	fields_close(F);
	fields_array(F, "links");
	for (unsigned i = 0; i < R->nlinks; i++) {
		fields_open(F, NULL);
		fields_text(F, "name", R->link[i].name,
		    strlen(R->link[i].name));
		fields_text(F, "pin", R->link[i].pin, REALM_PIN_LEN);
		role = realm_role_word(realm_link_role(R, i));
		fields_text(F, "role", role, strlen(role));
		fields_close(F);
	}
	fields_close(F);
	fields_hex(F, "realm_hash", R->realm_hash, HASH_LEN);
	fields_hex(F, "policy_hash", R->policy_hash, HASH_LEN);
	put_keys(F, R->policy);
	fields_text(F, "policy", R->policy_text, R->policy_len);
	rc = dump_print_object(D, "realm", NULL, NULL, 0);
	realm_free(R);
	return (rc);
}

/*
 * Take the line "${name} VALUE" from ${p}; store where its value is, and return
 * its length, 0 if the next line is another.
 */
static size_t
take_line(const uint8_t ** p, size_t * len, const char * name,
    const char ** value)
{
	const size_t n = strlen(name);
	const uint8_t * lf = memchr(*p, '\n', *len);
	size_t line;

	if (lf == NULL || !begins(*p, *len, name))
		return (0);
	line = (size_t)(lf - *p);
	*value = (const char *)*p + n;
	*p += line + 1;
	*len -= line + 1;
	return (line - n);
}

int
dump_types_print_evidence(struct dump * D, const uint8_t * p, size_t len)
{
	const char * rule = "evidence-malformed";
	const char * realm, * broken, * epoch;
	size_t realm_len, broken_len, epoch_len;
	uint64_t x;

	if (!dump_types_is_evidence(p, len))
		return (dump_print_object(D, "evidence", rule, NULL, 0));
	p += strlen(DUMP_TYPES_EVIDENCE);
	len -= strlen(DUMP_TYPES_EVIDENCE);
	if ((realm_len = take_line(&p, &len, "realm ", &realm)) > 0 &&
	    (broken_len = take_line(&p, &len, "rule ", &broken)) > 0 &&
	    (epoch_len = take_line(&p, &len, "epoch ", &epoch)) > 0 &&
	    decimal_parse(epoch, epoch_len, UINT64_MAX, &x) == 0) {
		fields_text(D->F, "realm", realm, realm_len);
		fields_text(D->F, "rule", broken, broken_len);
		fields_u64(D->F, "epoch", x);
		rule = NULL;
	}
	return (dump_print_object(D, "evidence", rule, NULL, 0));
}
