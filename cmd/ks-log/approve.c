#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/exits.h"
#include "base/hex.h"
#include "client/input.h"
#include "codec/wbuf.h"
#include "config/config.h"
#include "crypto/sign.h"
#include "entry/limits.h"
#include "entry/rule_names.h"
#include "frame/frame.h"
#include "note/approval.h"
#include "note/keyfile.h"
#include "policy/history.h"
#include "policy/quorum.h"
#include "proto/log_entry.h"
#include "proto/proto_log.h"
#include "realm/realm.h"

#include "logtool.h"
#include "policies.h"

/* How a whole realm file begins: its policy is taken out of it. */
#define REALM_LABEL	"ks-realm/v1\n"

/* The policy to be approved; ${text} points into ${input} or ${file}. */
struct wanted {
	const char * name;		/* of its file, for messages */
	uint8_t * input;
	struct realm * file;
	const char * text;
	size_t len;
	uint8_t hash[HASH_LEN];
};

/* Take the policy out of the realm file of ${len} bytes that was read. */
static int
take_realm(struct wanted * W, size_t len, const struct realm * realm)
{
	struct realm_error error;

	if (realm_parse((const char *)W->input, len, &W->file, &error)) {
		W->file = NULL;
		warnx("%s:%u: %s", W->name, error.line,
		    error.rule == NULL ? "out of memory" : error.rule);
		return (error.rule == NULL ? EXITS_TEMPORARY : EXITS_PERMANENT);
	}
	if (strcmp(W->file->name, realm->name) != 0) {
		warnx("%s: of the realm %s, not %s", W->name, W->file->name,
		    realm->name);
		return (EXITS_PERMANENT);
	}
	W->text = W->file->policy_text;
	W->len = W->file->policy_len;
	return (0);
}

/* Read the policy in the file ${path}; it must be one of ${realm}. */
static int
read_wanted(struct wanted * W, const char * path, const struct realm * realm)
{
	struct policy_error error;
	struct policy * P;
	size_t len;
	int rc;

	W->name = path;
	if (input_read_labelled(path, POLICY_LEN_MAX, REALM_LABEL,
	    REALM_FILE_MAX, &W->input, &len))
		return (EXITS_PERMANENT);
	W->text = (const char *)W->input;
	W->len = len;
	if (len >= strlen(REALM_LABEL) &&
	    memcmp(W->input, REALM_LABEL, strlen(REALM_LABEL)) == 0 &&
	    (rc = take_realm(W, len, realm)) != 0)
		return (rc);
	if (policy_parse_realm(W->text, W->len, realm->name, &P, &error)) {
		if (error.rule == NULL) {
			warnx("out of memory");
			return (EXITS_TEMPORARY);
		}
		warnx("%s:%u: " RULE_POLICY_MALFORMED ": %s", path, error.line,
		    error.rule);
		return (EXITS_PERMANENT);
	}
	policy_free(P);
	hash_sha256(W->text, W->len, W->hash);
	return (0);
}

/* Make the body of the approval of ${P} by the key of this replica. */
static int
put_approval(const struct logtool * T, const char * realm,
    const struct proto_policy * P, struct wbuf * W)
{
	char path[CONFIG_PATH_MAX + 1];
	struct proto_approval A = { .number = P->number, .text = P->text,
	    .len = P->len };
	struct sign_key * K = NULL;
	struct keyfile * file;
	struct vkey vkey;
	int n, rc = EXITS_PERMANENT;

	n = snprintf(path, sizeof(path), "%s/%s", T->dir, CONFIG_KEY_SIGN);
	if (n < 0 || (size_t)n >= sizeof(path) ||
	    (file = keyfile_read_kind(path, KEYFILE_ED25519)) == NULL)
		return (EXITS_PERMANENT);
	if ((K = sign_key_from_seed(file->secret)) == NULL) {
		warn("%s", path);
		rc = EXITS_TEMPORARY;
	} else if (vkey_make(&vkey, VKEY_ED25519, realm, K->pk)) {
		warnx("%s: no key that a replica can have", path);
	} else {
		memcpy(A.key_id, vkey.id, VKEY_ID_LEN);
		approval_sign(K, realm, A.number, A.text, A.len, A.sig);
		proto_approval_put(W, &A);
		rc = wbuf_failed(W) ? EXITS_TEMPORARY : 0;
	}
	sign_key_free(K);
	keyfile_free(file);
	return (rc);
}

/* Bring the approval in ${body} into the log under ${id}. */
static int
propose(const struct logtool * T, const struct wbuf * body, const uint8_t * id)
{
	const struct log_entry E = {
		.request_id = id, .type = LOG_ENTRY_APPROVAL,
		.body = body->data, .body_len = body->len,
		.erasable = (const uint8_t *)""
	};
	struct wbuf entry, W;
	struct frame F;
	int rc = EXITS_TEMPORARY;

	wbuf_init(&entry, LOG_ENTRY_MAX);
	wbuf_init(&W, FRAME_LEN_MAX + 4);
	log_entry_put(&entry, &E);
	if (wbuf_failed(&entry))
		warnx("out of memory");
	else
		rc = logtool_ask(T, LOG_PROPOSE, entry.data, entry.len,
		    LOG_PROPOSED, &W, &F);
	wbuf_free(&W);
	wbuf_free(&entry);
	return (rc);
}

/* How many of the replicas approve ${P} by what was read after it was accepted. */
static unsigned
count(const struct policies * S, const struct proto_policy * P, unsigned majority)
{
	const struct policy_era * era = policy_history_after(S->history,
	    P->number - 1);
	const struct proto_policy * next = &S->chosen.policy;
	unsigned n = 0;

	/* Once it was chosen, what it took to choose it is all that is known. */
	if (era != NULL)
		return (era->len == P->len &&
		    memcmp(era->text, P->text, P->len) == 0 ? majority : 0);
	if (next->number == P->number)
		return (next->len == P->len &&
		    memcmp(next->text, P->text, P->len) == 0 ? majority : 0);
	for (unsigned i = 0; i < S->napprovals; i++) {
		next = &S->approval[i].policy;
		n += next->number == P->number && next->len == P->len &&
		    memcmp(next->text, P->text, P->len) == 0;
	}
	return (n);
}

/* Approve ${W} as the policy after the one in force. */
static int
approve(struct policies * S, const struct wanted * W)
{
	const struct policy_era * now = policy_history_newest(S->history);
	const unsigned majority = quorum_majority(policy_replicas(now->policy));
	const struct proto_policy P = { 0, now->number + 1, W->text, W->len };
	char hex[HEX_SIZE(HASH_LEN)];
	uint8_t id[REQUEST_ID_LEN];
	struct wbuf body;
	int rc;

	randombytes_buf(id, sizeof(id));
	wbuf_init(&body, LOG_ENTRY_MAX);
	if ((rc = put_approval(S->T, S->realm->name, &P, &body)) == 0)
		rc = propose(S->T, &body, id);
	wbuf_free(&body);
	if (rc != 0 || (rc = policies_outcome(S, id)) != 0 ||
	    (rc = policies_read(S)) != 0)
		return (rc);
	hex_encode(W->hash, HASH_LEN, hex, sizeof(hex));
	printf("approved %ju %s %u of %u\n", (uintmax_t)P.number, hex,
	    count(S, &P, majority), majority);
	return (EXITS_OK);
}

int
logtool_approve(const struct logtool * T)
{
	struct wanted W = { .name = NULL };
	struct policies S;
	int rc;

	if ((rc = policies_begin(&S, T)) == 0 &&
	    (rc = read_wanted(&W, T->args[0], S.realm)) == 0 &&
	    (rc = policies_read(&S)) == 0)
		rc = approve(&S, &W);
	policies_end(&S);
	realm_free(W.file);
	free(W.input);
	return (rc);
}
