#include <err.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/exits.h"
#include "base/file.h"
#include "client/client.h"
#include "client/client_check.h"
#include "client/setup.h"
#include "entry/user.h"
#include "note/keyfile.h"
#include "policy/policy.h"
#include "realm/realm.h"

#include "compose.h"
#include "confirm.h"
#include "edit.h"
#include "job.h"
#include "submit.h"

/* Longest wait for the quorum of the first lookup: then what is there counts. */
#define FIRST_WAIT_MS	10000

/* What one run holds. */
struct run {
	const struct job * J;
	char user[USER_LEN_MAX + 1];
	struct setup setup;
	struct edit edit;
	struct keyfile * keys[UPDATE_SIGS_MAX];
	size_t nkeys;
	struct wbuf policy;		/* empty: the current one is kept */
	struct client_check check;
	struct client_check_answer before;
	struct wbuf profile;
	struct wbuf update;
	uint64_t deadline_ms;
};

/* Read the keys, all of them before anything is asked. */
static int
read_keys(struct run * R)
{

	for (size_t i = 0; i < R->J->nkeys; i++) {
		if ((R->keys[i] = keyfile_read_kind(R->J->keys[i],
		    KEYFILE_ED25519)) == NULL)
			return (EXITS_PERMANENT);
		R->nkeys++;
	}
	return (EXITS_OK);
}

/* Read the new policy, if one was given. */
static int
read_policy(struct run * R)
{
	struct policy_error error;
	struct policy * P;
	uint8_t * text;
	size_t len;
	int rc;

	if (R->J->policy == NULL)
		return (EXITS_OK);
	if (file_read(R->J->policy, ENTRY_POLICY_MAX, &text, &len))
		return (EXITS_PERMANENT);
	rc = policy_parse((const char *)text, len, POLICY_FOR_UPDATE, &P,
	    &error);
	if (rc)
		warnx("%s:%u: %s", R->J->policy, error.line,
		    error.rule != NULL ? error.rule : "out of memory");
	else
		policy_free(P);
	wbuf_put_bytes(&R->policy, text, len);
	free(text);
	return (rc || wbuf_failed(&R->policy) ? EXITS_PERMANENT : EXITS_OK);
}

/* All that is to be read and checked before a server is asked. */
static int
prepare(struct run * R)
{
	const struct job * J = R->J;
	int code;

	if (user_normalise(R->user, J->user, strlen(J->user))) {
		client_check_say(J->user, RULE_USER_MALFORMED);
		return (EXITS_PERMANENT);
	}
	for (size_t i = 0; i < J->nchanges; i++)
		if ((code = edit_add(&R->edit, J->changes[i], J->keep)) != 0)
			return (code);
	if (setup_realm(&R->setup, J->realm, J->quorum) ||
	    setup_servers(&R->setup, J->realm, J->servers, J->nservers,
	    J->ca))
		return (EXITS_PERMANENT);
	client_set_deadline(R->setup.client, R->deadline_ms);
	if ((code = read_keys(R)) != EXITS_OK)
		return (code);
	R->check.client = R->setup.client;
	R->check.realm = R->setup.realm;
	R->check.policy = R->setup.policy;
	R->check.policy_text = R->setup.policy_text;
	R->check.policy_len = R->setup.policy_len;
	R->check.user = R->user;
	return (read_policy(R));
}

/* Look up what the directory says of the user now. */
static int
look_up(struct run * R)
{
	uint64_t left;
	unsigned attempt = 0;
	int code;

	R->check.quiet = 1;
	do {
		client_check_free(&R->before);
		left = confirm_left_ms(R->deadline_ms);
		R->check.wait_ms = left < FIRST_WAIT_MS ? left : FIRST_WAIT_MS;
		code = client_check_lookup(&R->check, &R->before);
	} while (code == EXITS_TEMPORARY &&
	    submit_pause(attempt++, R->deadline_ms) == 0);
	if (code == EXITS_TEMPORARY)
		(void)client_say(R->setup.client, CLIENT_UNAVAILABLE, R->user);

	/*
	 * Version and policy of what is verified but too old, or not yet
	 * ratified, will do: the servers check again.  Applications to be signed
	 * anew will not.
	 */
	return (code == EXITS_UNMET && !R->J->keep ? EXITS_OK : code);
}

/* Make the new profile. */
static int
make_profile(struct run * R)
{
	const struct proof_verdict * V = &R->before.V;
	const int keep = R->J->keep && V->found == TREE_PRESENT;
	uint8_t nonce[PROFILE_NONCE_LEN];

	if (keep && V->erased) {
		warnx("%s: the profile was erased: give all applications,"
		    " without -a", R->user);
		return (EXITS_PERMANENT);
	}
	randombytes_buf(nonce, sizeof(nonce));
	if (edit_apply(&R->edit, keep ? &V->profile : NULL, nonce,
	    &R->profile)) {
		warnx("%s: the profile would have more than %d applications or"
		    " %d bytes", R->user, PROFILE_APPS_MAX, PROFILE_LEN_MAX);
		return (EXITS_PERMANENT);
	}
	return (EXITS_OK);
}

/* Compose and sign the update. */
static int
make_update(struct run * R)
{
	const struct proof_verdict * V = &R->before.V;
	struct compose C = {
		.realm = R->setup.realm->name, .index = V->index,
		.current = V->found == TREE_PRESENT ? &V->entry : NULL,
		.profile = R->profile.data, .profile_len = R->profile.len,
		.keys = R->keys, .nkeys = R->nkeys
	};
	const char * rule;

	if (C.current == NULL && R->policy.len == 0 &&
	    compose_policy(R->keys[0], &R->policy)) {
		warnx("%s: no policy can be made of this key", R->J->keys[0]);
		return (EXITS_PERMANENT);
	}
	if (R->policy.len > 0) {
		C.policy = (const char *)R->policy.data;
		C.policy_len = R->policy.len;
	}
	if (compose_update(&C, &R->update, &rule)) {
		warnx("%s: the update cannot be made: out of memory, a key"
		    " given twice, or no higher version", R->user);
		return (EXITS_PERMANENT);
	}
	if (rule != NULL) {
		warnx("%s: refused: %s: %s", R->user, rule, rule_text(rule));
		return (EXITS_PERMANENT);
	}
	return (EXITS_OK);
}

/* Send the update and wait until it is seen. */
static int
send_update(struct run * R)
{
	const struct submit S = {
		.client = R->setup.client, .user = R->user,
		.update = R->update.data, .update_len = R->update.len,
		.profile = R->profile.data, .profile_len = R->profile.len,
		.deadline_ms = R->deadline_ms
	};
	uint64_t epoch;
	int code;

	if ((code = submit_update(&S, &epoch)) != EXITS_OK)
		return (code);
	R->check.epoch_min = epoch;
	return (confirm_update(&R->check, R->update.data, R->update.len,
	    R->deadline_ms, R->J->out));
}

static int
steps(struct run * R)
{
	static int (* const step[])(struct run *) = {
		prepare, look_up, make_profile, make_update, send_update
	};
	int code = EXITS_OK;

	for (size_t i = 0; i < sizeof(step) / sizeof(step[0]); i++)
		if ((code = step[i](R)) != EXITS_OK)
			break;
	return (code);
}

int
job_run(const struct job * J)
{
	struct run * R;
	int code;

	if ((R = calloc(1, sizeof(*R))) == NULL) {
		warn("%s", J->user);
		return (EXITS_TEMPORARY);
	}
	R->J = J;
	R->deadline_ms = clock_mono_ms() + J->timeout_ms;
	wbuf_init(&R->policy, ENTRY_POLICY_MAX);
	wbuf_init(&R->profile, PROFILE_LEN_MAX);
	wbuf_init(&R->update, UPDATE_LEN_MAX);
	code = steps(R);
	client_check_free(&R->before);
	wbuf_free(&R->update);
	wbuf_free(&R->profile);
	wbuf_free(&R->policy);
	for (size_t i = 0; i < R->nkeys; i++)
		keyfile_free(R->keys[i]);
	edit_free(&R->edit);
	setup_free(&R->setup);
	free(R);
	return (code);
}
