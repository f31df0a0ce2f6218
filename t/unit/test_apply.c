#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "crypto/sign.h"
#include "crypto/vrf.h"
#include "entry/limits.h"
#include "entry/profile.h"
#include "entry/rule_names.h"
#include "entry/update.h"
#include "head/head.h"
#include "note/approval.h"
#include "note/checkpoint.h"
#include "policy/history.h"
#include "pool/pool.h"
#include "proto/log_entry.h"
#include "proto/policy.h"
#include "proto/proto_apply.h"
#include "proto/signature.h"
#include "realm/realm.h"
#include "stage/stage.h"
#include "store/rowkey.h"
#include "store/store.h"
#include "store/store_memory.h"
#include "store/view.h"

#include "../../cmd/ks-apply/apply_state.h"
#include "../../cmd/ks-apply/apply_step.h"
#include "../../cmd/ks-apply/apply_waiters.h"

#include "test.h"

/* A realm of three replicas and one verifier, and one state machine of it. */
#define REALM "example.org"
#define SIGNERS 4			/* three replicas, then the verifier */
#define ENTRIES_MAX 64

static struct sign_key * signer[SIGNERS], * owner;
static struct vkey vsigner[SIGNERS];
static struct realm * realm;
static struct pool * pool;

/* The log, as bytes, and what one replica has made of it. */
struct machine {
	struct store * store;
	struct stage * stage;
	struct apply_state state;
	struct wbuf entry[ENTRIES_MAX];	/* the log */
	uint64_t n;			/* entries in it */
	unsigned outcomes;		/* actions carried out */
	uint64_t needs;			/* commit that the last of them needed */
	uint8_t request;		/* makes request ids differ */
};

static int
act(void * cookie, const struct action * action, uint64_t needs)
{
	struct machine * M = (struct machine *)((char *)cookie -
	    offsetof(struct machine, state));

	(void)action;
	M->outcomes++;
	M->needs = needs;
	return (needs == store_number(M->store) ? 0 : -1);
}

static const struct stage_spec spec = { apply_prepare, apply_step,
	apply_state_finish, act };

static void
make_realm(void)
{
	static const char * const names[SIGNERS] = { REALM, REALM, REALM,
	    "v.example.net" };
	struct realm_error error;
	struct wbuf P, W;
	struct vrf_key * vrf = vrf_key_generate();
	struct realm R;
	uint8_t seed[SIGN_SEED_LEN];
	char text[VKEY_TEXT_MAX + 1];

	if (realm != NULL)
		return;
	wbuf_init(&P, 8192);
	wbuf_init(&W, REALM_FILE_MAX);
	for (unsigned i = 0; i < SIGNERS; i++) {
		memset(seed, (int)i + 1, sizeof(seed));
		signer[i] = sign_key_from_seed(seed);
		vkey_make(&vsigner[i], i < 3 ? VKEY_ED25519 : VKEY_COSIGNATURE,
		    names[i], signer[i]->pk);
		vkey_format(&vsigner[i], text);
		wbuf_printf(&P, "%s n%u %s\n", i < 3 ? "replica" : "witness",
		    i, text);
	}
	wbuf_printf(&P, "group all all n0 n1 n2 n3\nquorum all\n");
	memset(seed, 99, sizeof(seed));
	owner = sign_key_from_seed(seed);
	memset(&R, 0, sizeof(R));
	snprintf(R.name, sizeof(R.name), REALM);
	snprintf(R.registration, sizeof(R.registration), "open");
	vrf_public(vrf, R.vrf_pk);
	R.fresh_s = 3600;
	R.policy_text = (const char *)P.data;
	R.policy_len = P.len;
	realm_format(&W, &R);
	if (realm_parse((const char *)W.data, W.len, &realm, &error))
		abort();
	pool = pool_new(2);
	vrf_key_free(vrf);
	wbuf_free(&P);
	wbuf_free(&W);
}

/* Open ${M}'s state on its store, as a process that starts does. */
static int
machine_start(struct machine * M)
{

	M->stage = stage_new(&spec, &M->state, M->store);
	if (apply_state_open(&M->state, realm, stage_view(M->stage)) ||
	    view_commit(stage_view(M->stage), NULL))
		return (-1);
	M->state.pool = pool;
	return (0);
}

static void
machine_stop(struct machine * M)
{

	apply_state_free(&M->state);
	stage_free(M->stage);
}

static void
machine_new(struct machine * M)
{

	make_realm();
	memset(M, 0, sizeof(*M));
	M->store = store_open_memory();
	if (machine_start(M))
		abort();
}

static void
machine_free(struct machine * M)
{

	machine_stop(M);
	store_close(M->store);
	for (uint64_t i = 0; i < M->n; i++)
		wbuf_free(&M->entry[i]);
}

/* Append an entry to the log; its request id is ${request}, or a fresh one. */
static void
append(struct machine * M, uint8_t type, const void * body, size_t len,
    const void * erasable, size_t erasable_len, int request)
{
	uint8_t id[REQUEST_ID_LEN] = { 0 };
	struct log_entry E = { id, type, body, len, erasable, erasable_len };

	id[0] = (uint8_t)(request >= 0 ? request : ++M->request);
	wbuf_init(&M->entry[M->n], LOG_ENTRY_MAX);
	log_entry_put(&M->entry[M->n++], &E);
}

/* Step what the log has beyond the state, ${batch} entries at a time. */
static int
run(struct machine * M, size_t batch)
{
	struct stage_event events[ENTRIES_MAX];
	size_t n;

	while (M->state.index < M->n) {
		for (n = 0; n < batch && M->state.index + n < M->n; n++) {
			struct wbuf * W = &M->entry[M->state.index + n];

			events[n] = (struct stage_event){ M->state.index + n + 1,
			    0, W->data, W->len };
		}
		if (stage_run(M->stage, events, n))
			return (-1);
	}
	return (0);
}

/* The rule that refused the last entry; "" if it was accepted. */
static const char *
outcome(struct machine * M)
{
	static char rule[256];
	uint8_t key[ROWKEY_MAX];
	struct bytes row = { NULL, 0, 0 };
	struct rbuf R;
	const uint8_t * p;
	size_t len;
	int duplicate;

	if (run(M, 1) || store_get(M->store, key, rowkey_number(key,
	    APPLY_TABLE_OUTCOME, M->n), &row) != 0)
		return ("no outcome");
	rbuf_init(&R, row.data, row.len);
	rbuf_get_bytes(&R, REQUEST_ID_LEN);
	rbuf_get_u8(&R);
	duplicate = rbuf_get_u8(&R);
	p = rbuf_get_var8(&R, 255, &len);
	snprintf(rule, sizeof(rule), "%s%.*s", duplicate ? "duplicate" : "",
	    (int)len, (const char *)p);
	bytes_free(&row);
	return (rule);
}

/* Append an update of user ${who} to ${version}, signed by its owner. */
static void
append_update(struct machine * M, uint8_t who, uint64_t version, int request)
{
	static const struct profile_app app = { "ssh", 3,
	    (const uint8_t *)"key", 3 };
	uint8_t nonce[PROFILE_NONCE_LEN] = { who, (uint8_t)version };
	uint8_t index[INDEX_LEN], commitment[HASH_LEN];
	char text[VKEY_TEXT_MAX + 1], policy[ENTRY_POLICY_MAX];
	struct update_sig sig;
	struct entry E = { index, version, policy, 0, commitment };
	struct wbuf profile, entry, message, update;
	struct vkey V;

	wbuf_init(&profile, PROFILE_LEN_MAX);
	wbuf_init(&entry, ENTRY_LEN_MAX);
	wbuf_init(&message, 2 * ENTRY_LEN_MAX);
	wbuf_init(&update, LOG_ENTRY_MAX);
	memset(index, who, sizeof(index));
	vkey_make(&V, VKEY_ED25519, "owner", owner->pk);
	vkey_format(&V, text);
	snprintf(policy, sizeof(policy), "key me %s\nquorum me\n", text);
	E.policy_len = strlen(policy);
	profile_put(&profile, nonce, &app, 1);
	profile_commitment(commitment, profile.data, profile.len);
	entry_put(&entry, &E);
	update_message(&message, REALM, entry.data, entry.len);
	memcpy(sig.pk, owner->pk, SIGN_PK_LEN);
	sign_make(owner, message.data, message.len, sig.sig);
	update_put(&update, entry.data, entry.len, &sig, 1);
	append(M, LOG_ENTRY_UPDATE, update.data, update.len, profile.data,
	    profile.len, request);
	wbuf_free(&profile);
	wbuf_free(&entry);
	wbuf_free(&message);
	wbuf_free(&update);
}

/* Append a delimiter that is right but for what the arguments add. */
static void
append_delimiter(struct machine * M, int64_t epoch, int64_t time, int64_t base,
    uint8_t hash)
{
	struct log_entry_delimiter D;
	struct wbuf W;

	run(M, 1);
	D.epoch = M->state.closed + 1 + (uint64_t)epoch;
	D.time_ms = M->state.time_ms + (uint64_t)time;
	D.base = M->state.index + (uint64_t)base;
	memcpy(D.hash, M->state.log_hash, HASH_LEN);
	D.hash[5] ^= hash;
	wbuf_init(&W, 1024);
	log_entry_put_delimiter(&W, &D);
	append(M, LOG_ENTRY_DELIMITER, W.data, W.len, NULL, 0, -1);
	wbuf_free(&W);
}

static void
checkpoint_of(struct machine * M, uint64_t epoch, struct wbuf * text)
{
	uint8_t key[ROWKEY_MAX];
	struct bytes row = { NULL, 0, 0 };

	wbuf_init(text, CHECKPOINT_TEXT_MAX);
	run(M, 1);
	if (store_get(M->store, key, rowkey_number(key, APPLY_TABLE_EPOCH,
	    epoch), &row) == 0)
		checkpoint_text(REALM, epoch, row.data + HEAD_LEN, text);
	bytes_free(&row);
}

/* Append replica ${i}'s signature on ${epoch}, with a bit of it flipped by ${bad}. */
static void
append_signature(struct machine * M, unsigned i, uint64_t epoch, uint8_t bad)
{
	struct signature S;
	struct wbuf text, W;

	checkpoint_of(M, epoch, &text);
	S.epoch = epoch;
	memcpy(S.key_id, vsigner[i].id, VKEY_ID_LEN);
	checkpoint_sign(signer[i], (char *)text.data, text.len, S.sig);
	S.sig[7] ^= bad;
	wbuf_init(&W, 1024);
	signature_put(&W, &S);
	append(M, LOG_ENTRY_SIGNATURE, W.data, W.len, NULL, 0, -1);
	wbuf_free(&W);
	wbuf_free(&text);
}

static void
append_ratification(struct machine * M, unsigned i, uint64_t epoch, uint8_t bad)
{
	struct signature_ratification S;
	struct wbuf text, W;

	checkpoint_of(M, epoch, &text);
	S.epoch = epoch;
	S.time_s = 1234567;
	memcpy(S.key_id, vsigner[i].id, VKEY_ID_LEN);
	cosignature_sign(signer[i], S.time_s, (char *)text.data, text.len, S.sig);
	S.sig[7] ^= bad;
	wbuf_init(&W, 1024);
	signature_put_ratification(&W, &S);
	append(M, LOG_ENTRY_RATIFICATION, W.data, W.len, NULL, 0, -1);
	wbuf_free(&W);
	wbuf_free(&text);
}

/* A policy with the first ${n} replicas, one after ${first}, and the verifier. */
static const char *
policy_of(unsigned first, unsigned n)
{
	static char policies[8][POLICY_LEN_MAX];
	static unsigned turn;
	char * text = policies[turn++ % 8];
	char key[VKEY_TEXT_MAX + 1];
	struct wbuf W;

	wbuf_init(&W, POLICY_LEN_MAX);
	for (unsigned i = first; i < first + n; i++) {
		vkey_format(&vsigner[i], key);
		wbuf_printf(&W, "replica m%u %s\n", i, key);
	}
	vkey_format(&vsigner[3], key);
	wbuf_printf(&W, "witness w %s\nquorum m%u\n", key, first);
	snprintf(text, POLICY_LEN_MAX, "%.*s", (int)W.len, (char *)W.data);
	wbuf_free(&W);
	return (text);
}

/* Append the approval of ${text} as policy ${number} by signer ${i}; ${bad} is
 * or'ed into its signature. */
static void
append_approval(struct machine * M, unsigned i, uint64_t number,
    const char * text, uint8_t bad)
{
	struct proto_approval A = { .number = number, .text = text,
	    .len = strlen(text) };
	struct wbuf W;

	memcpy(A.key_id, vsigner[i].id, VKEY_ID_LEN);
	approval_sign(signer[i], REALM, number, text, A.len, A.sig);
	A.sig[7] ^= bad;
	wbuf_init(&W, LOG_ENTRY_MAX);
	proto_approval_put(&W, &A);
	append(M, LOG_ENTRY_APPROVAL, W.data, W.len, NULL, 0, -1);
	wbuf_free(&W);
}

/* Close the next epoch and let a majority sign it. */
static void
close_and_sign(struct machine * M)
{

	append_delimiter(M, 0, 10, 0, 0);
	append_signature(M, 0, M->state.closed + 1, 0);
	append_signature(M, 2, M->state.closed, 0);
}

#define REFUSED(M, rule) CHECK(strcmp(outcome(M), rule) == 0)
#define ACCEPTED(M) CHECK(strcmp(outcome(M), "") == 0)

static void
delimiters_are_checked(void)
{
	struct machine M;

	machine_new(&M);
	append_delimiter(&M, 1, 0, 0, 0);
	REFUSED(&M, RULE_DELIMITER_NOT_NEXT);
	append_delimiter(&M, 0, 0, 1, 0);
	REFUSED(&M, RULE_DELIMITER_BASE);
	append_delimiter(&M, 0, 0, 0, 1);
	REFUSED(&M, RULE_DELIMITER_LOG_HASH);
	CHECK(M.state.closed == 0);
	append_delimiter(&M, 0, 1000, 0, 0);
	ACCEPTED(&M);
	CHECK(M.state.closed == 1 && M.state.signed_epoch == 0);

	/* Nothing closes before the last epoch has its majority. */
	append_delimiter(&M, 0, 1000, 0, 0);
	REFUSED(&M, RULE_EPOCH_UNSIGNED);
	append_signature(&M, 0, 1, 0);
	append_delimiter(&M, 0, 1000, 0, 0);
	REFUSED(&M, RULE_EPOCH_UNSIGNED);
	append_signature(&M, 1, 1, 0);
	append_delimiter(&M, 0, -1, 0, 0);
	REFUSED(&M, RULE_DELIMITER_TIME);

	/* Its base must not be before the last delimiter. */
	append_delimiter(&M, 0, 0, -(int64_t)M.state.index, 0);
	REFUSED(&M, RULE_DELIMITER_BASE);
	append_delimiter(&M, 0, 0, 0, 0);
	ACCEPTED(&M);
	CHECK(M.state.closed == 2);
	machine_free(&M);
}

static void
signatures_are_checked(void)
{
	struct machine M;

	machine_new(&M);
	append_delimiter(&M, 0, 10, 0, 0);
	append_signature(&M, 0, 2, 0);
	REFUSED(&M, RULE_EPOCH_UNKNOWN);
	append_signature(&M, 0, 0, 0);
	REFUSED(&M, RULE_EPOCH_UNKNOWN);
	append_signature(&M, 3, 1, 0);
	REFUSED(&M, RULE_KEY_UNKNOWN);
	append_signature(&M, 0, 1, 1);
	REFUSED(&M, RULE_SIGNATURE_INVALID);
	append_ratification(&M, 3, 1, 0);
	REFUSED(&M, RULE_EPOCH_UNSIGNED);
	append_signature(&M, 0, 1, 0);
	ACCEPTED(&M);

	/* The same replica twice is not a majority of three. */
	append_signature(&M, 0, 1, 0);
	REFUSED(&M, RULE_SIGNATURE_REPEATED);
	CHECK(M.state.signed_epoch == 0);
	append_signature(&M, 1, 1, 0);
	ACCEPTED(&M);
	CHECK(M.state.signed_epoch == 1);
	append_signature(&M, 2, 1, 0);
	ACCEPTED(&M);
	machine_free(&M);
}

static void
ratifications_are_checked(void)
{
	struct machine M;

	machine_new(&M);
	close_and_sign(&M);
	append_ratification(&M, 3, UINT64_MAX, 0);
	REFUSED(&M, RULE_EPOCH_UNKNOWN);
	append_ratification(&M, 0, 1, 0);
	REFUSED(&M, RULE_KEY_UNKNOWN);
	append_ratification(&M, 3, 1, 1);
	REFUSED(&M, RULE_SIGNATURE_INVALID);
	append_ratification(&M, 3, 1, 0);
	ACCEPTED(&M);
	append_ratification(&M, 3, 1, 0);
	REFUSED(&M, RULE_SIGNATURE_REPEATED);
	machine_free(&M);
}

static void
a_repeated_request_happens_once(void)
{
	struct machine M;

	machine_new(&M);
	append_update(&M, 1, 0, 200);
	ACCEPTED(&M);
	append_update(&M, 1, 1, 200);
	REFUSED(&M, "duplicate");
	CHECK(M.outcomes == 1);
	append_update(&M, 1, 0, 201);
	REFUSED(&M, RULE_VERSION_MUST_RISE);
	append_update(&M, 1, 1, 201);
	REFUSED(&M, "duplicate");
	append_update(&M, 1, 7, 202);
	ACCEPTED(&M);
	CHECK(M.state.pending == 2 && M.state.duplicates == 2);
	CHECK(M.state.pending_bytes > 2 * (SIGN_PK_LEN + SIGN_LEN) &&
	    M.state.pending_bytes < M.entry[0].len + M.entry[4].len);
	M.state.pending_bytes = EPOCH_BYTES_MAX;
	append_update(&M, 1, 8, 203);
	REFUSED(&M, RULE_EPOCH_FULL);
	CHECK(M.outcomes == 4 && M.needs == store_number(M.store));
	machine_free(&M);
}

static int
count_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * val,
    size_t vlen)
{

	(void)key;
	(void)klen;
	(void)val;
	(void)vlen;
	++*(unsigned *)cookie;
	return (0);
}

/* The hash of the policy that the head of ${epoch} names. */
static int
names(struct machine * M, uint64_t epoch, const char * text)
{
	uint8_t key[ROWKEY_MAX], hash[HASH_LEN];
	struct bytes row = { NULL, 0, 0 };
	struct head H;
	int ok;

	head_policy(text, strlen(text), hash);
	ok = store_get(M->store, key, rowkey_number(key, APPLY_TABLE_EPOCH,
	    epoch), &row) == 0 && head_parse(&H, row.data, HEAD_LEN) == 0 &&
	    memcmp(H.policy, hash, HASH_LEN) == 0;
	bytes_free(&row);
	return (ok);
}

static void
approvals_are_checked(void)
{
	struct machine M;
	const char * first;
	const char * next;
	char unrelated[] = "quorum none\n";

	machine_new(&M);
	first = realm->policy_text;
	next = policy_of(0, 2);
	append_approval(&M, 0, 1, next, 0);
	REFUSED(&M, RULE_POLICY_NUMBER);
	append_approval(&M, 0, 3, next, 1);
	REFUSED(&M, RULE_POLICY_NUMBER);
	append_approval(&M, 3, 2, next, 1);
	REFUSED(&M, RULE_KEY_UNKNOWN);
	append_approval(&M, 0, 2, unrelated, 1);
	REFUSED(&M, RULE_SIGNATURE_INVALID);
	append_approval(&M, 0, 2, unrelated, 0);
	REFUSED(&M, RULE_POLICY_MALFORMED);
	append_approval(&M, 0, 2, "", 0);
	REFUSED(&M, RULE_POLICY_MALFORMED);
	append_approval(&M, 0, 2, first, 0);
	REFUSED(&M, RULE_POLICY_UNCHANGED);
	CHECK(M.state.chosen == 0 && M.outcomes == 7);
	append_approval(&M, 0, 2, next, 0);
	ACCEPTED(&M);

	/* The same key again is no majority, nor is another text. */
	append_approval(&M, 0, 2, next, 0);
	ACCEPTED(&M);
	append_approval(&M, 1, 2, policy_of(1, 2), 0);
	ACCEPTED(&M);
	CHECK(M.state.chosen == 0);

	/* A change of mind counts, as often as it comes. */
	append_approval(&M, 0, 2, policy_of(0, 3), 0);
	ACCEPTED(&M);
	append_approval(&M, 1, 2, next, 0);
	ACCEPTED(&M);
	CHECK(M.state.chosen == 0);
	append_approval(&M, 2, 2, next, 0);
	ACCEPTED(&M);
	CHECK(M.state.chosen == 2);

	/* Now it waits for its epoch, and nothing else is taken. */
	append_approval(&M, 0, 2, policy_of(0, 3), 0);
	REFUSED(&M, RULE_POLICY_NUMBER);
	append_approval(&M, 0, 3, policy_of(0, 3), 0);
	REFUSED(&M, RULE_POLICY_NUMBER);
	machine_free(&M);
}

/* Count the rows of the tables "approval" and "policy". */
static unsigned
count_table(struct machine * M, uint8_t table)
{
	const uint8_t to = (uint8_t)(table + 1);
	unsigned n = 0;

	store_scan(M->store, &table, 1, &to, 1, count_row, &n);
	return (n);
}

static void
a_policy_comes_into_force(void)
{
	const char * next;
	struct machine M;

	machine_new(&M);
	next = policy_of(0, 1);
	close_and_sign(&M);
	append_approval(&M, 2, 2, policy_of(0, 2), 0);
	append_approval(&M, 0, 2, next, 0);
	append_approval(&M, 1, 2, next, 0);
	CHECK(run(&M, 1) == 0 && M.state.chosen == 2);
	CHECK(count_table(&M, APPLY_TABLE_APPROVAL) == 0);

	/* It is kept over a restart, and only a delimiter that is right takes it. */
	machine_stop(&M);
	CHECK(machine_start(&M) == 0 && M.state.chosen == 2);
	append_delimiter(&M, 0, 10, 0, 1);
	REFUSED(&M, RULE_DELIMITER_LOG_HASH);
	CHECK(M.state.chosen == 2 && names(&M, 1, realm->policy_text));
	append_delimiter(&M, 0, 10, 0, 0);
	ACCEPTED(&M);
	CHECK(M.state.chosen == 0 && names(&M, 2, next));
	CHECK(count_table(&M, APPLY_TABLE_POLICY) == 2);
	CHECK(apply_state_policy(&M.state, 2)->number == 1);
	CHECK(apply_state_policy(&M.state, 3)->number == 2);

	/* The epoch that names it is signed and ratified under the old one. */
	append_signature(&M, 1, 2, 0);
	ACCEPTED(&M);
	CHECK(M.state.signed_epoch == 1);
	append_signature(&M, 2, 2, 0);
	ACCEPTED(&M);
	CHECK(M.state.signed_epoch == 2);

	/* From the next one on a majority of one is one, and others are nobody. */
	append_delimiter(&M, 0, 10, 0, 0);
	ACCEPTED(&M);
	CHECK(names(&M, 3, next));
	append_signature(&M, 1, 3, 0);
	REFUSED(&M, RULE_KEY_UNKNOWN);
	append_signature(&M, 0, 3, 0);
	ACCEPTED(&M);
	CHECK(M.state.signed_epoch == 3);
	append_signature(&M, 0, 2, 0);
	ACCEPTED(&M);
	append_ratification(&M, 3, 3, 0);
	ACCEPTED(&M);
	append_approval(&M, 1, 3, policy_of(0, 3), 0);
	REFUSED(&M, RULE_KEY_UNKNOWN);

	/* One of one is enough; what it was before may come back. */
	append_approval(&M, 0, 3, realm->policy_text, 0);
	ACCEPTED(&M);
	CHECK(M.state.chosen == 3);
	append_delimiter(&M, 0, 10, 0, 0);
	ACCEPTED(&M);
	CHECK(names(&M, 4, realm->policy_text));
	machine_stop(&M);
	CHECK(machine_start(&M) == 0);
	CHECK(apply_state_policy(&M.state, 4)->number == 2);
	CHECK(apply_state_policy(&M.state, 5)->number == 3);
	append_signature(&M, 1, 4, 0);
	REFUSED(&M, RULE_KEY_UNKNOWN);
	append_signature(&M, 0, 4, 0);
	ACCEPTED(&M);
	append_delimiter(&M, 0, 10, 0, 0);
	append_signature(&M, 1, 5, 0);
	ACCEPTED(&M);
	machine_free(&M);
}

/* The events: the policy just before the epoch that names it. */
static void
a_policy_is_told_before_its_epoch(void)
{
	struct bytes row = { NULL, 0, 0 };
	uint8_t key[ROWKEY_MAX];
	struct proto_policy P;
	struct machine M;
	const char * next;

	machine_new(&M);
	next = policy_of(0, 1);
	append_approval(&M, 0, 2, next, 0);
	append_approval(&M, 1, 2, next, 0);
	append_delimiter(&M, 0, 10, 0, 0);
	CHECK(run(&M, 64) == 0 && M.state.events == 2);
	CHECK(store_get(M.store, key, rowkey_number(key, APPLY_TABLE_EVENT, 1),
	    &row) == 0 && row.data[0] == EVENT_POLICY);
	CHECK(proto_policy_get(row.data + 1, row.len - 1, &P) == 0);
	CHECK(P.epoch == 2 && P.number == 2 && P.len == strlen(next) &&
	    memcmp(P.text, next, P.len) == 0);
	CHECK(store_get(M.store, key, rowkey_number(key, APPLY_TABLE_EVENT, 2),
	    &row) == 0 && row.data[0] == EVENT_EPOCH);
	bytes_free(&row);
	machine_free(&M);
}

/* Whatever comes out of the log is refused by name, and nothing stops. */
static void
garbage_is_refused(void)
{
	struct machine M;
	uint8_t junk[200];
	uint64_t events;

	machine_new(&M);
	memset(junk, 0xa5, sizeof(junk));
	for (uint8_t type = 0; type < 8; type++) {
		append(&M, type, junk, sizeof(junk), NULL, 0, -1);
		REFUSED(&M, type == LOG_ENTRY_UPDATE ? RULE_UPDATE_MALFORMED :
		    RULE_ENTRY_MALFORMED);
		append(&M, type, NULL, 0, junk, sizeof(junk), -1);
		CHECK(strcmp(outcome(&M), "") != 0);
	}
	events = M.state.events;
	CHECK(events == 0 && M.state.accepted == 0 && M.state.refused == 16);
	machine_free(&M);
}

/* A history with everything in it. */
static void
make_history(struct machine * M)
{

	append_update(M, 1, 0, -1);
	append_update(M, 2, 0, -1);
	close_and_sign(M);
	append_ratification(M, 3, 1, 0);
	append_update(M, 1, 1, -1);
	append_update(M, 1, 1, -1);
	append_update(M, 1, 2, -1);
	append_update(M, 3, 0, -1);
	append_approval(M, 0, 2, policy_of(0, 2), 0);
	append_approval(M, 1, 2, policy_of(1, 2), 0);
	close_and_sign(M);
	append_approval(M, 1, 2, policy_of(0, 2), 0);
	append_signature(M, 1, 1, 0);
	append_delimiter(M, 0, 10, 0, 0);
	append_signature(M, 1, 3, 0);
	append_signature(M, 2, 3, 0);
	append_approval(M, 1, 3, policy_of(0, 3), 0);
	append_update(M, 4, 0, -1);
	run(M, 1);
}

/* All rows of a store as one hash. */
static int
add_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{
	struct wbuf * W = cookie;

	wbuf_put_var32(W, key, klen);
	wbuf_put_var32(W, value, vlen);
	return (0);
}

static void
rows_of(struct store * S, struct wbuf * W)
{

	wbuf_init(W, 10000000);
	store_scan(S, NULL, 0, NULL, 0, add_row, W);
}

static void
replicas_agree(void)
{
	struct machine A, B;
	struct wbuf rows_a, rows_b;

	machine_new(&A);
	make_history(&A);
	CHECK(A.state.signed_epoch == 3 && A.state.tree.leaves == 3);
	CHECK(A.state.events == 21);
	rows_of(A.store, &rows_a);
	for (size_t batch = 2; batch <= A.n; batch += 3) {
		machine_new(&B);
		memcpy(B.entry, A.entry, sizeof(A.entry));
		B.n = A.n;
		CHECK(run(&B, batch) == 0);
		rows_of(B.store, &rows_b);
		CHECK(rows_a.len == rows_b.len &&
		    memcmp(rows_a.data, rows_b.data, rows_a.len) == 0);
		wbuf_free(&rows_b);
		B.n = 0;
		machine_free(&B);
	}
	wbuf_free(&rows_a);
	machine_free(&A);
}

static void
a_restart_goes_on(void)
{
	struct machine A, B;
	struct wbuf rows_a, rows_b;

	machine_new(&A);
	make_history(&A);
	rows_of(A.store, &rows_a);

	/* A commit that fails at any entry, then a start from what is durable. */
	for (unsigned fail = 1; fail <= A.n; fail++) {
		machine_new(&B);
		memcpy(B.entry, A.entry, sizeof(A.entry));
		B.n = A.n;
		store_memory_fail_commit(B.store, fail);
		CHECK(run(&B, 1) == -1);
		machine_stop(&B);
		store_memory_restart(B.store);
		CHECK(machine_start(&B) == 0);
		CHECK(B.state.index == fail - 1);
		CHECK(run(&B, 3) == 0);
		rows_of(B.store, &rows_b);
		CHECK(rows_a.len == rows_b.len &&
		    memcmp(rows_a.data, rows_b.data, rows_a.len) == 0);
		wbuf_free(&rows_b);
		B.n = 0;
		machine_free(&B);
	}
	wbuf_free(&rows_a);
	machine_free(&A);
}

static void
waiters_end(void)
{
	static const uint8_t a[REQUEST_ID_LEN] = { 2 }, b[REQUEST_ID_LEN] = { 1 };
	static char here, there;
	struct apply_waiters * S = apply_waiters_new(4);
	struct conn * one = (struct conn *)&here, * two = (struct conn *)&there;
	struct conn * C;
	uint32_t id;

	CHECK(S != NULL && apply_waiters_until(S) == UINT64_MAX);
	CHECK(apply_waiters_take_old(S, UINT64_MAX, &C, &id) == 0);
	CHECK(apply_waiters_add(S, a, one, 1, 100) == 0);
	CHECK(apply_waiters_add(S, b, one, 2, 100) == 0);
	CHECK(apply_waiters_add(S, a, two, 3, 200) == 0);
	CHECK(apply_waiters_add(S, b, two, 4, 300) == 0);
	CHECK(apply_waiters_add(S, b, two, 5, 300) == -1);

	/* In the order in which they came, whatever they wait for. */
	CHECK(apply_waiters_take_old(S, 99, &C, &id) == 0);
	CHECK(apply_waiters_take_old(S, 100, &C, &id) == 1);
	CHECK(C == one && id == 1);
	CHECK(apply_waiters_until(S) == 100);

	/* One who got his outcome, or is gone, does not wait any more. */
	CHECK(apply_waiters_take(S, b, &C, &id) == 1 && C == one && id == 2);
	CHECK(apply_waiters_until(S) == 200);
	CHECK(apply_waiters_take_old(S, 199, &C, &id) == 0);
	apply_waiters_gone(S, two);
	CHECK(apply_waiters_until(S) == UINT64_MAX && apply_waiters_count(S) == 0);
	CHECK(apply_waiters_add(S, a, one, 6, 400) == 0);
	apply_waiters_free(S);
}

/*
 * A row that cannot be read is not a row that is not there: whatever read fails,
 * nothing is made of it, and a start goes on to the same rows.
 */
static void
a_failed_read_is_no_absence(void)
{
	struct machine A, B;
	struct wbuf rows_a, rows_b;
	unsigned fail = 0;
	int failed;

	machine_new(&A);
	make_history(&A);
	rows_of(A.store, &rows_a);
	do {
		machine_new(&B);
		memcpy(B.entry, A.entry, sizeof(A.entry));
		B.n = A.n;
		store_memory_fail_read(B.store, ++fail);
		failed = run(&B, 3);
		CHECK((failed == 0) ==
		    (store_memory_fail_read(B.store, 0) != 0));
		machine_stop(&B);
		store_memory_restart(B.store);
		CHECK(machine_start(&B) == 0);
		CHECK(run(&B, 3) == 0);
		rows_of(B.store, &rows_b);
		CHECK(rows_a.len == rows_b.len &&
		    memcmp(rows_a.data, rows_b.data, rows_a.len) == 0);
		wbuf_free(&rows_b);
		B.n = 0;
		machine_free(&B);
	} while (failed);
	CHECK(fail > A.n);
	wbuf_free(&rows_a);
	machine_free(&A);
}

static void
an_epoch_is_one_flush(void)
{
	static const uint8_t tiles = TILES_TABLE;
	struct machine M;
	uint64_t before;
	unsigned n;

	machine_new(&M);
	for (uint64_t epoch = 0; epoch < 4; epoch++) {
		before = M.state.tree.next_id;
		for (uint64_t i = 0; i < 5; i++)
			append_update(&M, 1, 5 * epoch + i, -1);
		close_and_sign(&M);
		ACCEPTED(&M);

		/* One user is one tile: made once, and the last one is gone. */
		CHECK(M.state.tree.next_id == before + 1);
		n = 0;
		CHECK(store_scan(M.store, &tiles, 1, NULL, 0, count_row,
		    &n) == 0 && n == 1);
	}
	machine_free(&M);
}

static const struct test tests[] = {
	{ "who waits for an outcome that never comes is let go in time",
	    waiters_end },
	{ "a delimiter closes exactly the next epoch, after the majority of the "
	    "last, in time and on this log", delimiters_are_checked },
	{ "an epoch is signed by a majority of known replicas, each counted once",
	    signatures_are_checked },
	{ "a ratification counts only from a known verifier, valid, once, for an "
	    "epoch that is signed", ratifications_are_checked },
	{ "an approval counts only for the next policy, from a replica, valid, of "
	    "a text that is another policy", approvals_are_checked },
	{ "what a majority approves is in force from the epoch after the one that "
	    "names it", a_policy_comes_into_force },
	{ "a policy is told just before the epoch that names it",
	    a_policy_is_told_before_its_epoch },
	{ "a request that comes out of the log twice takes effect once",
	    a_repeated_request_happens_once },
	{ "garbage in the log is recorded as refused and stops nothing",
	    garbage_is_refused },
	{ "replicas that step the same log reach the same rows, however it is cut "
	    "into batches", replicas_agree },
	{ "a replica that stopped at any entry goes on to the same rows",
	    a_restart_goes_on },
	{ "a row that cannot be read is never taken for one that is not there",
	    a_failed_read_is_no_absence },
	{ "the tree is flushed once for an epoch, and what it replaced is deleted",
	    an_epoch_is_one_flush },
};
TESTS(tests)
