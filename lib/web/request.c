#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/clock.h"
#include "base/panic.h"
#include "codec/decimal.h"
#include "loop/loop.h"

#include "web/web_impl.h"

/* A body that is refused is read on so far, so that the answer is seen. */
#define EXCESS_MAX	8388608

/* Why a body is not kept. */
enum { TOO_LARGE = 1, NO_ROOM };

void *
web_request_new(void * cookie, const char * uri, struct MHD_Connection * mhd)
{
	const union MHD_ConnectionInfo * info;
	struct web * W = cookie;
	struct web_request * R;

	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	if ((R = calloc(1, sizeof(*R))) == NULL)
		return (NULL);
	R->W = W;
	R->conn = info->socket_context;
	R->mhd = mhd;
	R->begun_ns = clock_mono_ns();
	wbuf_init(&R->body, 0);
	wbuf_init(&R->out, SIZE_MAX);
	R->text = strdup(uri);
	R->uri = strdup(uri);
	if (R->text == NULL || R->uri == NULL) {
		free(R->text);
		free(R->uri);
		free(R);
		return (NULL);
	}
	R->uri[strcspn(R->uri, "?")] = '\0';
	R->why = target_parse(R->text, &R->target);
	R->conn->R = R;
	W->active++;
	W->counts.requests++;
	return (R);
}

static void
refuse_body(struct web_request * R)
{

	web_error(R, 413, "refused", "body-too-large",
	    "the body is larger than this path takes");
}

static enum MHD_Result
count_length(void * cookie, enum MHD_ValueKind kind, const char * name,
    const char * value)
{
	unsigned * n = cookie;

	(void)kind;
	(void)value;
	*n += strcasecmp(name, "Content-Length") == 0 ||
	    strcasecmp(name, "Transfer-Encoding") == 0;
	return (MHD_YES);
}

/* Do the headers of ${R} say in two ways where it ends?  A proxy may take the other. */
static int
is_ambiguous(const struct web_request * R)
{
	unsigned n = 0;

	MHD_get_connection_values(R->mhd, MHD_HEADER_KIND, count_length, &n);
	return (n > 1);
}

/* Is ${R}, whose headers are there, to be heard?  If not it is answered. */
static void
judge(struct web_request * R, const char * method)
{
	struct web * W = R->W;
	const char * length;
	uint64_t wait_ms, len = UINT64_MAX;

	strlcpy(R->method, method, sizeof(R->method));
	web_peer_find(R);
	R->last = is_ambiguous(R);
	if (R->why == NULL)
		R->route = target_route(W->spec->routes, W->spec->nroutes,
		    method, &R->target, R->allow, sizeof(R->allow));
	if ((R->route == NULL || (R->route->flags & WEB_FREE) == 0) &&
	    !web_peer_among(W->free, W->spec->nfree, R->peer) &&
	    (wait_ms = buckets_take(W->buckets, R->key, clock_mono_ms())) > 0) {
		R->retry_s = (unsigned)((wait_ms + 999) / 1000);
		W->counts.limited++;
		web_error(R, 429, "unavailable", "too-many-requests",
		    "your address has made too many requests in a short time");
		return;
	}
	if (R->why != NULL) {
		web_error(R, 400, "malformed", "argument-malformed", R->why);
		return;
	}
	if (R->last) {
		web_error(R, 400, "malformed", "body-malformed",
		    "the length of the body is told in two ways");
		return;
	}
	if (R->route == NULL && R->allow[0] != '\0') {
		web_error(R, 405, "malformed", "method-not-allowed",
		    "this path has no such method");
		return;
	}
	if (R->route == NULL) {
		web_error(R, 404, "not-found", "path-unknown",
		    "there is nothing at this path");
		return;
	}
	length = web_header(R, "Content-Length");
	if (length != NULL && (decimal_parse(length, strlen(length), UINT64_MAX,
	    &len) || len > R->route->body_max)) {
		R->too_large = TOO_LARGE;
		/* Who sends without asking hears nothing before he is done. */
		if (len > R->route->body_max + EXCESS_MAX ||
		    web_header(R, "Expect") != NULL)
			refuse_body(R);
	}
	R->body.len_max = R->route->body_max + 1;
}

/* Keep the ${len} bytes of body at ${data}.  -1: it is too much even to skip. */
static int
take_body(struct web_request * R, const char * data, size_t len)
{
	struct web * W = R->W;

	R->body_held += len;
	if (R->too_large == 0) {
		if (R->body_held > R->route->body_max)
			R->too_large = TOO_LARGE;
		else if (W->bodies + len > WEB_BODIES_MAX)
			R->too_large = NO_ROOM;
	}
	if (R->too_large != 0) {
		W->bodies -= R->body_kept;
		R->body_kept = 0;
		wbuf_free(&R->body);
	} else {
		W->bodies += len;
		R->body_kept += len;
		wbuf_put_bytes(&R->body, data, len);
	}
	return (R->body_held > R->route->body_max + EXCESS_MAX ? -1 : 0);
}

/* Is there no place for ${R} among those that wait? */
static int
is_crowded(const struct web_request * R)
{
	const struct web * W = R->W;
	unsigned n = 0;

	if (W->counts.waiting < WEB_WAITING_MAX / 4)
		return (0);
	for (const struct web_conn * C = W->first; C != NULL; C = C->next)
		n += C->R != NULL && C->R->suspended &&
		    memcmp(C->R->key, R->key, BUCKET_KEY_LEN) == 0;
	return (n >= WEB_WAITING_PEER_MAX ||
	    W->counts.waiting >= WEB_WAITING_MAX);
}

/* All of ${R} is there: let it be answered. */
static void
ask(struct web_request * R)
{
	struct web * W = R->W;

	R->asked = 1;
	R->asked_ms = clock_mono_ms();
	if (R->too_large == TOO_LARGE) {
		refuse_body(R);
		return;
	}
	if (R->too_large != 0 || is_crowded(R)) {
		web_error(R, 503, "unavailable", "too-many-waiting",
		    "too many requests are being dealt with");
		return;
	}
	wbuf_put_u8(&R->body, 0);
	if (wbuf_failed(&R->body) || R->route->handle(W->spec->ctx, R))
		if (R->response == NULL && !R->streamed)
			web_error(R, 500, "internal", "out-of-memory",
			    "this server has no memory for it");
}

/* Will a body follow the headers of ${R}? */
static int
has_body(const struct web_request * R)
{
	const char * length = web_header(R, "Content-Length");

	return (web_header(R, "Transfer-Encoding") != NULL ||
	    (length != NULL && strcmp(length, "0") != 0));
}

enum MHD_Result
web_request_go(void * cookie, struct MHD_Connection * mhd, const char * url,
    const char * method, const char * version, const char * data, size_t * len,
    void ** slot)
{
	struct web_request * R = *slot;
	struct web * W = cookie;

	(void)mhd;
	(void)url;
	(void)version;
	if (R == NULL || W->stopping || R->abandoned)
		return (MHD_NO);
	R->inside = 1;
	if (!R->seen) {
		R->seen = 1;
		judge(R, method);
		/* Answered before its body has come, the connection must end. */
		if (R->response == NULL || !has_body(R)) {
			R->inside = 0;
			return (MHD_YES);
		}
	}
	if (R->response == NULL && *len > 0) {
		R->inside = 0;
		if (take_body(R, data, *len))
			return (MHD_NO);
		*len = 0;
		return (MHD_YES);
	}
	if (R->response == NULL && !R->asked)
		ask(R);
	R->inside = 0;
	if (R->response != NULL)
		return (web_answer_queue(R));
	/* There was no memory for an answer. */
	if (R->abandoned)
		return (MHD_NO);
	R->suspended = 1;
	W->counts.waiting++;
	MHD_suspend_connection(R->mhd);
	return (MHD_YES);
}

void
web_request_resume(struct web_request * R)
{

	if (!R->suspended)
		return;
	R->suspended = 0;
	R->W->counts.waiting--;
	MHD_resume_connection(R->mhd);
	loop_deferred_set(R->W->kick);
}

/* Tell who works on ${R} that it need not. */
static void
tell_gone(struct web_request * R)
{
	void (* gone)(void *) = R->gone;

	R->gone = NULL;
	if (gone != NULL)
		gone(R->gone_ctx);
}

void
web_request_abandon(struct web_request * R)
{

	R->abandoned = R->aborted = 1;
	tell_gone(R);
	web_conn_shut(R->conn);
	web_request_resume(R);
}

void
web_request_end(struct web_request * R)
{
	struct web * W = R->W;
	struct web_served S;

	tell_gone(R);
	if (R->response != NULL)
		MHD_destroy_response(R->response);
	S.route = R->route;
	S.status = R->queued ? R->status : 0;
	S.took_ns = clock_mono_ns() - R->begun_ns;
	if (W->spec->served != NULL)
		W->spec->served(W->spec->ctx, &S);
	W->active--;
	W->bodies -= R->body_kept;
	web_conn_rest(R->conn);
	wbuf_free(&R->body);
	wbuf_free(&R->out);
	free(R->text);
	free(R->uri);
	free(R);
}

void
web_request_over(void * cookie, struct MHD_Connection * mhd, void ** slot,
    enum MHD_RequestTerminationCode how)
{
	struct web_request * R = *slot;

	(void)cookie;
	if (R == NULL)
		return;
	*slot = NULL;
	if (how == MHD_REQUEST_TERMINATED_COMPLETED_OK)
		MHD_set_connection_option(mhd, MHD_CONNECTION_OPTION_TIMEOUT,
		    (unsigned)WEB_IDLE_S);
	web_request_end(R);
}
