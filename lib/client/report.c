#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/base64.h"
#include "base/exits.h"
#include "client/instant.h"
#include "codec/wbuf.h"
#include "policy/policy.h"

#include "client/report.h"

int
report_code(const struct proof_verdict * V)
{

	if (V->rule != NULL)
		return (EXITS_UNMET);
	return (V->found == TREE_PRESENT ? EXITS_OK : EXITS_ABSENT);
}

/*
 * Append ${text}, which comes from others, without what could move a terminal's
 * cursor: the control characters U+0080 to U+009F, as no name here has others.
 */
static void
put_safe(struct wbuf * W, const char * text)
{
	const uint8_t * p = (const uint8_t *)text;

	for (; *p != '\0'; p++) {
		if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) {
			wbuf_put_u8(W, '?');
			p++;
		} else {
			wbuf_put_u8(W, *p);
		}
	}
}

/* Store the text of the time ${V} is of; 0 if it is known. */
static int
time_of(const struct proof_verdict * V, char text[INSTANT_SIZE])
{

	if (V->time_ms == 0)
		return (-1);
	instant_format(V->time_ms, text);
	return (0);
}

/* The text of the time at which key ${i} has cosigned. */
static void
key_time(const struct proof_verdict * V, unsigned i, char text[INSTANT_SIZE])
{
	const uint64_t s = V->quorum.time_s[i];

	instant_format(s > INSTANT_MAX_MS / 1000 ? INSTANT_MAX_MS : s * 1000,
	    text);
}

/* Has key ${i}, of this ${kind}, signed? */
static int
has_signed(const struct report * R, unsigned i, enum policy_kind kind)
{

	return (R->V->quorum.satisfied[i] &&
	    policy_key(R->V->policy, i)->kind == kind);
}

static void
text_signatures(struct wbuf * W, const struct report * R)
{
	char text[INSTANT_SIZE];

	for (unsigned i = 0; i < policy_keys(R->V->policy); i++) {
		if (!has_signed(R, i, POLICY_REPLICA))
			continue;
		wbuf_printf(W, "signed ");
		put_safe(W, policy_key(R->V->policy, i)->name);
		wbuf_printf(W, "\n");
	}
	for (unsigned i = 0; i < policy_keys(R->V->policy); i++) {
		if (!has_signed(R, i, POLICY_WITNESS))
			continue;
		key_time(R->V, i, text);
		wbuf_printf(W, "ratified ");
		put_safe(W, policy_key(R->V->policy, i)->name);
		wbuf_printf(W, " %s\n", text);
	}
}

void
report_text(struct wbuf * W, const struct report * R)
{
	const struct proof_verdict * V = R->V;
	const int present = V->found == TREE_PRESENT;
	struct profile_app app;
	char text[INSTANT_SIZE];
	struct rbuf cursor;

	wbuf_printf(W, "user ");
	put_safe(W, R->user);
	wbuf_printf(W, "\nfound %s\nepoch %" PRIu64 "\n",
	    present ? "present" : "absent", V->head.epoch);
	if (present)
		wbuf_printf(W, "version %" PRIu64 "\n", V->entry.version);
	wbuf_printf(W, "time %s\n", time_of(V, text) ? "none" : text);
	text_signatures(W, R);
	if (present && V->erased)
		wbuf_printf(W, "profile erased\n");
	if (!present || V->erased)
		return;
	profile_start(&V->profile, &cursor);
	while (profile_next(&cursor, &app))
		wbuf_printf(W, "app %.*s %zu\n", (int)app.app_len, app.app,
		    app.value_len);
}

/* A string of the ${len} bytes at ${p}, which need not be UTF-8. */
static json_t *
json_text(const char * p, size_t len)
{
	json_t * string = json_stringn(p, len);
	char * copy;

	if (string != NULL || (copy = malloc(len + 1)) == NULL)
		return (string);
	for (size_t i = 0; i < len; i++)
		copy[i] = (uint8_t)p[i] < 0x80 ? p[i] : '?';
	string = json_stringn(copy, len);
	free(copy);
	return (string);
}

/* A number; one that JSON integers do not hold is a string of its digits. */
static json_t *
json_number(uint64_t x)
{
	char text[24];

	if (x <= INT64_MAX)
		return (json_integer((json_int_t)x));
	snprintf(text, sizeof(text), "%" PRIu64, x);
	return (json_string(text));
}

/* The name of key ${i}. */
static json_t *
json_key_name(const struct report * R, unsigned i)
{
	const char * name = policy_key(R->V->policy, i)->name;

	return (json_text(name, strlen(name)));
}

/* The values of the profile in base64, by application. */
static json_t *
json_apps(const struct proof_verdict * V)
{
	json_t * apps = json_object();
	char name[APP_LEN_MAX + 1];
	struct profile_app app;
	struct rbuf cursor;
	char * b64;

	profile_start(&V->profile, &cursor);
	while (apps != NULL && profile_next(&cursor, &app)) {
		memcpy(name, app.app, app.app_len);
		name[app.app_len] = '\0';
		if ((b64 = malloc(BASE64_SIZE(app.value_len))) == NULL)
			goto err0;
		base64_encode(app.value, app.value_len, b64,
		    BASE64_SIZE(app.value_len));
		if (json_object_set_new(apps, name, json_string(b64))) {
			free(b64);
			goto err0;
		}
		free(b64);
	}
	return (apps);

err0:
	json_decref(apps);
	return (NULL);
}

/* The names of the replicas that have signed. */
static json_t *
json_signed(const struct report * R)
{
	json_t * list = json_array();

	for (unsigned i = 0; list != NULL && i < policy_keys(R->V->policy); i++) {
		if (!has_signed(R, i, POLICY_REPLICA))
			continue;
		if (json_array_append_new(list, json_key_name(R, i))) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

/* The names of the verifiers that have ratified, and when. */
static json_t *
json_ratified(const struct report * R)
{
	json_t * list = json_array();
	char text[INSTANT_SIZE];

	for (unsigned i = 0; list != NULL && i < policy_keys(R->V->policy); i++) {
		if (!has_signed(R, i, POLICY_WITNESS))
			continue;
		key_time(R->V, i, text);
		if (json_array_append_new(list, json_pack("{s:o,s:s}",
		    "name", json_key_name(R, i), "time", text))) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

/* The whole object, or NULL. */
static json_t *
json_report(const struct report * R)
{
	const struct proof_verdict * V = R->V;
	const int present = V->found == TREE_PRESENT;
	char text[INSTANT_SIZE];
	json_t * all;
	int bad;

	if ((all = json_pack("{s:s,s:s,s:s,s:s?,s:b,s:b,s:o,s:o}",
	    "realm", R->realm, "user", R->user,
	    "found", present ? "present" : "absent", "rule", V->rule,
	    "quorum", V->met, "fresh", V->fresh,
	    "epoch", json_number(V->head.epoch),
	    "checkpoint", json_number(V->checkpoint.size))) == NULL)
		return (NULL);
	bad = json_object_set_new(all, "time", time_of(V, text) ? json_null() :
	    json_string(text));
	bad |= json_object_set_new(all, "signed", json_signed(R));
	bad |= json_object_set_new(all, "ratified", json_ratified(R));
	if (present) {
		bad |= json_object_set_new(all, "version",
		    json_number(V->entry.version));
		bad |= json_object_set_new(all, "policy",
		    json_text(V->entry.policy, V->entry.policy_len));
		bad |= json_object_set_new(all, "apps", V->erased ?
		    json_null() : json_apps(V));
	}
	if (bad) {
		json_decref(all);
		return (NULL);
	}
	return (all);
}

int
report_json(struct wbuf * W, const struct report * R)
{
	json_t * all;
	char * text;

	if ((all = json_report(R)) == NULL)
		return (-1);
	text = json_dumps(all, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(all);
	if (text == NULL)
		return (-1);
	wbuf_put_bytes(W, text, strlen(text));
	wbuf_put_u8(W, '\n');
	free(text);
	return (0);
}
