#include <string.h>

#include "codec/rbuf.h"
#include "crypto/sign.h"
#include "entry/entry.h"
#include "entry/profile.h"
#include "entry/rule_names.h"
#include "entry/update.h"
#include "fields/fields.h"
#include "frame/common.h"
#include "head/head.h"
#include "note/vkey.h"
#include "proto/rows.h"
#include "proto/policy.h"
#include "proto/signature.h"

#include "dump_value.h"

static void
open_object(struct fields * F, const char * name)
{

	if (name != NULL)
		fields_open(F, name);
}

static void
close_object(struct fields * F, const char * name)
{

	if (name != NULL)
		fields_close(F);
}

/* Put what the parsed ${E} says. */
static void
put_entry(struct fields * F, const char * name, const struct entry * E)
{

	open_object(F, name);
	fields_hex(F, "index", E->index, INDEX_LEN);
	fields_u64(F, "version", E->version);
	fields_text(F, "policy", E->policy, E->policy_len);
	fields_hex(F, "commitment", E->commitment, HASH_LEN);
	close_object(F, name);
}

const char *
dump_value_entry(struct fields * F, const char * name, const uint8_t * p,
    size_t len)
{
	struct entry E;

	if (entry_parse(&E, p, len))
		return (RULE_ENTRY_MALFORMED);
	put_entry(F, name, &E);
	return (NULL);
}

const char *
dump_value_update(struct fields * F, const char * name, const uint8_t * p,
    size_t len)
{
	struct update U;

	if (update_parse(&U, p, len))
		return (RULE_UPDATE_MALFORMED);
	open_object(F, name);
	put_entry(F, "entry", &U.entry);
	fields_array(F, "signatures");
	for (size_t i = 0; i < U.nsigs; i++) {
		fields_open(F, NULL);
		fields_hex(F, "public_key", update_key(&U, i), SIGN_PK_LEN);
		fields_hex(F, "signature", update_sig(&U, i), SIGN_LEN);
		fields_close(F);
	}
	fields_close(F);
	close_object(F, name);
	return (NULL);
}

const char *
dump_value_profile(struct fields * F, const char * name, const uint8_t * p,
    size_t len)
{
	struct profile_app app;
	struct profile P;
	struct rbuf cursor;

	if (len > 0 && profile_parse(&P, p, len))
		return (RULE_PROFILE_MALFORMED);
	open_object(F, name);
	fields_u64(F, "erased", len == 0);
	if (len > 0) {
		fields_hex(F, "nonce", P.nonce, PROFILE_NONCE_LEN);
		fields_array(F, "apps");
		profile_start(&P, &cursor);
		while (profile_next(&cursor, &app)) {
			fields_open(F, NULL);
			fields_text(F, "app", app.app, app.app_len);
			fields_hex(F, "value", app.value, app.value_len);
			fields_close(F);
		}
		fields_close(F);
	}
	close_object(F, name);
	return (NULL);
}

const char *
dump_value_head(struct fields * F, const char * name, const uint8_t * p,
    size_t len)
{
	struct head H;

	if (head_parse(&H, p, len))
		return (RULE_HEAD_MALFORMED);
	open_object(F, name);
	fields_hex(F, "realm", H.realm, HASH_LEN);
	fields_u64(F, "epoch", H.epoch);
	fields_hex(F, "root", H.root, HASH_LEN);
	fields_time(F, "time", H.time_ms);
	fields_u64(F, "updates", H.updates);
	fields_hex(F, "list", H.list, HASH_LEN);
	fields_hex(F, "policy", H.policy, HASH_LEN);
	close_object(F, name);
	return (NULL);
}

const char *
dump_value_signature(struct fields * F, const char * name, const uint8_t * p,
    size_t len)
{
	struct signature S;

	if (signature_get(p, len, &S))
		return ("signature-malformed");
	open_object(F, name);
	fields_u64(F, "epoch", S.epoch);
	fields_hex(F, "key_id", S.key_id, VKEY_ID_LEN);
	fields_hex(F, "signature", S.sig, SIGN_LEN);
	close_object(F, name);
	return (NULL);
}

const char *
dump_value_ratification(struct fields * F, const char * name,
    const uint8_t * p, size_t len)
{
	struct signature_ratification S;

	if (signature_get_ratification(p, len, &S))
		return ("ratification-malformed");
	open_object(F, name);
	fields_u64(F, "epoch", S.epoch);
	fields_hex(F, "key_id", S.key_id, VKEY_ID_LEN);
	fields_seconds(F, "seconds", S.time_s);
	fields_hex(F, "signature", S.sig, SIGN_LEN);
	close_object(F, name);
	return (NULL);
}

const char *
dump_value_approval(struct fields * F, const char * name, const uint8_t * p,
    size_t len)
{
	struct proto_approval A;

	if (proto_approval_get(p, len, &A))
		return ("approval-malformed");
	open_object(F, name);
	fields_u64(F, "number", A.number);
	fields_hex(F, "key_id", A.key_id, VKEY_ID_LEN);
	fields_hex(F, "signature", A.sig, SIGN_LEN);
	fields_text(F, "policy", A.text, A.len);
	close_object(F, name);
	return (NULL);
}

const char *
dump_value_policy_row(struct fields * F, const uint8_t * p, size_t len)
{
	struct proto_policy P;

	if (proto_policy_get_row(0, p, len, &P))
		return ("policy-malformed");
	fields_u64(F, "number", P.number);
	fields_text(F, "policy", P.text, P.len);
	return (NULL);
}

const char *
dump_value_policy(struct fields * F, const uint8_t * p, size_t len)
{
	struct proto_policy P;

	if (proto_policy_get(p, len, &P))
		return ("policy-malformed");
	fields_u64(F, "epoch", P.epoch);
	fields_u64(F, "number", P.number);
	fields_text(F, "policy", P.text, P.len);
	return (NULL);
}

void
dump_value_tree(struct fields * F, struct rbuf * R)
{
	struct tree_root T;

	rows_get_tree(R, &T);
	fields_open(F, "tree");
	fields_u64(F, "id", T.id);
	fields_u64(F, "next_id", T.next_id);
	fields_hex(F, "hash", T.hash, TREE_HASH);
	fields_u64(F, "leaves", T.leaves);
	fields_close(F);
}

void
dump_value_range(struct fields * F, struct rbuf * R)
{
	struct merkle_range M;

	rows_get_range(R, &M);
	fields_open(F, "range");
	fields_u64(F, "size", M.size);
	fields_list(F, "hash");
	for (unsigned i = 0; i < M.n; i++)
		fields_hex(F, NULL, M.hash[i], HASH_LEN);
	fields_close(F);
	fields_close(F);
}

void
dump_value_u64(struct fields * F, const char * name, struct rbuf * R)
{

	fields_u64(F, name, rbuf_get_u64(R));
}

void
dump_value_time(struct fields * F, const char * name, struct rbuf * R)
{

	fields_time(F, name, rbuf_get_u64(R));
}

void
dump_value_seconds(struct fields * F, const char * name, struct rbuf * R)
{

	fields_seconds(F, name, rbuf_get_u64(R));
}

void
dump_value_hex(struct fields * F, const char * name, struct rbuf * R,
    size_t len)
{
	const uint8_t * p = rbuf_get_bytes(R, len);

	if (p != NULL)
		fields_hex(F, name, p, len);
}

void
dump_value_flag(struct fields * F, const char * name, struct rbuf * R)
{
	uint8_t x = rbuf_get_u8(R);

	if (x > 1)
		rbuf_fail(R);
	fields_u64(F, name, x);
}

void
dump_value_rule(struct fields * F, const char * name, struct rbuf * R)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	char rule[COMMON_RULE_MAX + 1];
	size_t len;
	const uint8_t * p = rbuf_get_var8(R, COMMON_RULE_MAX, &len);

	memcpy(rule, p == NULL ? (const uint8_t *)"" : p, len);
	rule[len] = '\0';
	if (strspn(rule, word) != len) {
		rbuf_fail(R);
		return;
	}
	fields_word(F, name, rule);
}

const char *
dump_value_end(const struct rbuf * R)
{

	if (rbuf_end(R) == 0)
		return (NULL);
	return (R->failed ? "value-malformed" : "value-trailing");
}
