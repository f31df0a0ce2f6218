#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "codec/wbuf.h"
#include "health/export.h"
#include "health/judge.h"
#include "health/keys.h"
#include "health/look.h"
#include "metrics/prometheus.h"
#include "policy/policy.h"
#include "realm/realm.h"

#include "counts.h"
#include "httpd.h"
#include "rotation.h"
#include "watch.h"

/* Longest answer of /metrics: some hundred lines for each daemon and route. */
#define METRICS_LEN_MAX	((size_t)4 * 1024 * 1024)

/* Lines of /healthz: what keeps it out of rotation, reasons and warnings. */
#define HEALTH_LEN_MAX	((size_t)64 * 1024)

/* A request that waits until the daemons have answered. */
struct job {
	struct httpd * H;
	struct web_request * R;
	void (* answer)(struct httpd *, struct web_request *);
	struct watch_wait wait;
};

static void
on_told(void * cookie)
{
	struct job * J = cookie;

	J->answer(J->H, J->R);
	free(J);
}

static void
on_gone(void * cookie)
{
	struct job * J = cookie;

	watch_forget(&J->wait);
	free(J);
}

/* Let ${answer} answer ${R} when the answers of the daemons are young. */
static int
when_looked(struct httpd * H, struct web_request * R,
    void (* answer)(struct httpd *, struct web_request *))
{
	struct job * J;

	if ((J = malloc(sizeof(*J))) == NULL)
		return (-1);
	J->H = H;
	J->R = R;
	J->answer = answer;
	if (watch_want(H->watch, &J->wait, on_told, J)) {
		free(J);
		answer(H, R);
		return (0);
	}
	web_on_gone(R, on_gone, J);
	return (0);
}

/* -- /metrics ----------------------------------------------------------- */

/* Answer ${R} with what is in ${W}, which is freed. */
static void
answer_buffer(struct web_request * R, unsigned status, const char * type,
    int vary, struct wbuf * W)
{

	if (wbuf_failed(W))
		web_error(R, 500, "internal", "out-of-memory",
		    "this server has no memory for it");
	else
		web_answer(R, &(struct web_answer){ .status = status,
		    .type = type, .body = W->data, .len = W->len, .vary = vary });
	wbuf_free(W);
}

static void
answer_metrics(struct httpd * H, struct web_request * R)
{
	struct wbuf W;

	wbuf_init(&W, METRICS_LEN_MAX);
	prometheus_family(&W, "ks_info", "gauge", "What is asked.");
	prometheus_sample(&W, "ks_info", (prometheus_labels){ "realm",
	    H->realm->name, "version", KS_VERSION, NULL }, 1);
	prometheus_family(&W, "ks_in_rotation", "gauge",
	    "Whether nobody took this replica out of rotation.");
	prometheus_sample(&W, "ks_in_rotation", NULL, (uint64_t)rotation_in());
	health_export(&W, watch_look(H->watch), watch_summary(H->watch),
	    H->realm->policy);
	counts_export(&H->counts, web_counts(H->web), &W);
	answer_buffer(R, 200, PROMETHEUS_TYPE, 0, &W);
}

/* May ${R} see what is for operators only? */
static int
is_admin(const struct httpd * H, const struct web_request * R)
{

	for (unsigned i = 0; i < H->config.nadmins; i++)
		if (strcmp(H->config.admin[i], web_peer(R)) == 0)
			return (1);
	return (0);
}

int
api_metrics(void * cookie, struct web_request * R)
{
	struct httpd * H = cookie;

	if (web_args_only(R, ""))
		return (0);
	if (!is_admin(H, R)) {
		web_error(R, 403, "refused", "admin-only",
		    "only the addresses in the lines http_admin may see this");
		return (0);
	}
	return (when_looked(H, R, answer_metrics));
}

/* -- /healthz ----------------------------------------------------------- */

/* Whether requests should come here: "in", "out", or "draining". */
static const char *
rotation(const struct httpd * H)
{

	return (H->draining ? "draining" : rotation_in() ? "in" : "out");
}

/* How many of ${n} lines were kept. */
static size_t
kept(size_t n)
{

	return (n < HEALTH_REASONS_MAX ? n : HEALTH_REASONS_MAX);
}

static json_t *
lines_json(const char (* lines)[HEALTH_REASON_SIZE], size_t n)
{
	json_t * J = json_array();

	for (size_t i = 0; i < kept(n); i++)
		if (json_array_append_new(J, json_string(lines[i]))) {
			json_decref(J);
			return (NULL);
		}
	return (J);
}

static void
answer_health_json(struct httpd * H, struct web_request * R, unsigned status)
{
	const struct health_summary * S = watch_summary(H->watch);
	char * text = NULL;
	struct wbuf W;
	json_t * J;

	J = json_pack("{s:b,s:s,s:o,s:o}", "healthy", S->healthy, "rotation",
	    rotation(H), "reasons", lines_json(S->reasons, S->nreasons),
	    "warnings", lines_json(S->warnings, S->nwarnings));
	if (J != NULL)
		text = json_dumps(J, JSON_COMPACT);
	json_decref(J);
	wbuf_init(&W, HEALTH_LEN_MAX);
	if (text == NULL)
		wbuf_fail(&W);
	else
		wbuf_printf(&W, "%s\n", text);
	free(text);
	answer_buffer(R, status, "application/json", 1, &W);
}

static void
answer_health(struct httpd * H, struct web_request * R)
{
	const struct health_summary * S = watch_summary(H->watch);
	const int in = !H->draining && rotation_in();
	const unsigned status = S->healthy && in ? 200 : 503;
	struct wbuf W;

	if (web_wants_json(R)) {
		answer_health_json(H, R, status);
		return;
	}
	wbuf_init(&W, HEALTH_LEN_MAX);
	if (status == 200)
		wbuf_printf(&W, "healthy\n");
	if (!in)
		wbuf_printf(&W, "%s\n", H->draining ? "draining" :
		    "out of rotation");
	for (size_t i = 0; i < kept(S->nreasons); i++)
		wbuf_printf(&W, "%s\n", S->reasons[i]);
	if (S->nreasons > HEALTH_REASONS_MAX)
		wbuf_printf(&W, "and more\n");
	for (size_t i = 0; i < kept(S->nwarnings); i++)
		wbuf_printf(&W, "warning: %s\n", S->warnings[i]);
	answer_buffer(R, status, NULL, 1, &W);
}

int
api_healthz(void * cookie, struct web_request * R)
{

	if (web_args_only(R, ""))
		return (0);
	return (when_looked(cookie, R, answer_health));
}

/* -- /v1/status --------------------------------------------------------- */

/* Put the number ${x}, unless nobody told it. */
static int
put_number(json_t * J, const char * name, uint64_t x)
{

	if (x == HEALTH_UNKNOWN)
		return (0);
	return (json_object_set_new(J, name, json_integer((json_int_t)x)));
}

static json_t *
keys_json(const struct health_key * keys, size_t n, const char * did)
{
	json_t * J = json_array();

	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(J, json_pack("{s:s,s:s,s:I,s:I}",
		    "name", keys[i].name, "key_id", keys[i].id, did,
		    (json_int_t)keys[i].epoch, "lag",
		    (json_int_t)keys[i].lag))) {
			json_decref(J);
			return (NULL);
		}
	return (J);
}

static json_t *
refusals_json(const struct health_look * L)
{
	static struct health_refusals rules[HEALTH_RULES_MAX];
	const size_t n = health_refusals(L, rules);
	json_t * J = json_object();

	for (size_t i = 0; i < n; i++)
		if (put_number(J, rules[i].rule, rules[i].n)) {
			json_decref(J);
			return (NULL);
		}
	return (J);
}

/* No more of each daemon than anybody may know. */
static json_t *
stages_json(const struct health_look * L, const struct health_summary * S)
{
	const char * name;
	json_t * J = json_array(), * one;

	for (size_t i = 0; i < L->n; i++) {
		name = L->program[i].name;
		one = json_pack("{s:s,s:b}", "name", name, "up",
		    L->program[i].up);
		if (put_number(one, "lag", strcmp(name, "ks-apply") == 0 ?
		    S->lag_apply : strcmp(name, "ks-sign") == 0 ? S->lag_sign :
		    strcmp(name, "ks-publish") == 0 ? S->lag_publish :
		    HEALTH_UNKNOWN) || json_array_append_new(J, one)) {
			json_decref(J);
			return (NULL);
		}
	}
	return (J);
}

static void
answer_status(struct httpd * H, struct web_request * R)
{
	const struct health_look * L = watch_look(H->watch);
	const struct health_summary * S = watch_summary(H->watch);
	static struct health_keys K;
	json_t * J;

	health_keys(L, H->realm->policy, &K);
	J = json_pack("{s:s,s:b,s:s,s:I,s:o,s:o,s:o,s:o,s:o}", "realm",
	    H->realm->name, "healthy", S->healthy, "rotation", rotation(H),
	    "signed", (json_int_t)(S->signed_epoch == HEALTH_UNKNOWN ? 0 :
	    S->signed_epoch), "reasons", lines_json(S->reasons, S->nreasons),
	    "replicas", keys_json(K.replicas, K.nreplicas, "signed"),
	    "verifiers", keys_json(K.verifiers, K.nverifiers, "ratified"),
	    "refusals", refusals_json(L), "stages", stages_json(L, S));
	if (J != NULL && (put_number(J, "epoch", S->closed) ||
	    put_number(J, "time_ms", S->time_ms) ||
	    put_number(J, "users", S->users) ||
	    put_number(J, "pending", S->pending))) {
		json_decref(J);
		J = NULL;
	}
	httpd_json(R, WEB_NO_STORE, J);
}

int
api_status(void * cookie, struct web_request * R)
{

	if (web_args_only(R, ""))
		return (0);
	return (when_looked(cookie, R, answer_status));
}
