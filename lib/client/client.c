#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "client/server_url.h"
#include "codec/wbuf.h"
#include "entry/rule_names.h"
#include "frame/frame.h"
#include "frame/frame_call.h"
#include "frame/usock.h"
#include "head/head.h"
#include "proto/proto_admit.h"
#include "proto/proto_publish.h"

#include "client/client.h"

/* Longest path of a Unix socket's address. */
#define SOCKET_PATH_MAX	107

/* The request id of every frame: a connection carries one question. */
#define CALL_ID	1

struct client {
	unsigned n;
	unsigned first;		/* the server that is asked first */
	char dirs[CLIENT_SERVERS_MAX][SERVER_URL_DIR_MAX + 1];
	struct wbuf reply;	/* holds the last reply */
	struct common_error error;
	int error_server;	/* -1: none */
	int in_doubt;
};

/* One question, and how its answer is recognised. */
struct question {
	const char * socket;	/* in the server's directory */
	uint16_t type;
	uint16_t reply;		/* type of the answer */
	uint64_t timeout_ms;
};

struct client *
client_new(void)
{
	struct client * C;

	if ((C = calloc(1, sizeof(*C))) == NULL)
		return (NULL);
	wbuf_init(&C->reply, FRAME_LEN_MAX + 4);
	C->error_server = -1;
	return (C);
}

void
client_free(struct client * C)
{

	if (C == NULL)
		return;
	wbuf_free(&C->reply);
	free(C);
}

int
client_add(struct client * C, const char * url, const char * base)
{
	const char * why;

	if (C->n == CLIENT_SERVERS_MAX) {
		warnx("%s: more than %d servers", url, CLIENT_SERVERS_MAX);
		return (-1);
	}
	if (server_url_dir(url, base, C->dirs[C->n], &why)) {
		warnx("%s: %s", url, why);
		return (-1);
	}
	C->n++;
	return (0);
}

unsigned
client_servers(const struct client * C)
{

	return (C->n);
}

const struct common_error *
client_error(const struct client * C)
{

	return (&C->error);
}

const char *
client_error_server(const struct client * C)
{

	return (C->error_server < 0 ? NULL : C->dirs[C->error_server]);
}

int
client_in_doubt(const struct client * C)
{

	return (C->in_doubt);
}

static void
set_error(struct client * C, int server, uint16_t code, const char * rule,
    const char * text)
{

	C->error_server = server;
	C->error.code = code;
	strlcpy(C->error.rule, rule, sizeof(C->error.rule));
	strlcpy(C->error.text, text, sizeof(C->error.text));
}

/* Connect to the socket ${name} in ${dir}. */
static int
connect_in(const char * dir, const char * name)
{
	char path[SERVER_URL_DIR_MAX + 32];
	int dirfd, fd, e;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (strlen(path) <= SOCKET_PATH_MAX)
		return (usock_connect(path));

	/* An address has no room for it: name the directory by a descriptor. */
	if ((dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC)) == -1)
		return (-1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name);
	fd = usock_connect(path);
	e = errno;
	close(dirfd);
	errno = e;
	return (fd);
}

/* What the reply ${F} of ${server} to ${Q} amounts to. */
static enum client_outcome
judge(struct client * C, unsigned server, const struct question * Q,
    const struct frame * F)
{
	struct common_error E;

	if (F->type == Q->reply)
		return (CLIENT_OK);
	if (F->type != COMMON_ERROR || common_get_error(F->body, F->len, &E)) {
		set_error(C, (int)server, ERROR_INTERNAL, "",
		    "the server does not keep to the protocol");
		return (CLIENT_UNAVAILABLE);
	}
	set_error(C, (int)server, E.code, E.rule, E.text);
	if (E.code == ERROR_UNAVAILABLE || E.code == ERROR_INTERNAL)
		return (CLIENT_UNAVAILABLE);
	C->in_doubt = 0;
	return (CLIENT_REFUSED);
}

/* Put ${Q} with the ${body} to one server; the answer is then in ${F}. */
static enum client_outcome
ask_one(struct client * C, unsigned server, const struct question * Q,
    const struct wbuf * body, struct frame * F)
{
	int fd;

	if ((fd = connect_in(C->dirs[server], Q->socket)) == -1) {
		set_error(C, (int)server, ERROR_UNAVAILABLE, "",
		    strerror(errno));
		return (CLIENT_UNAVAILABLE);
	}
	C->in_doubt = 1;
	if (frame_call(fd, Q->type, CALL_ID, body->data, body->len,
	    Q->timeout_ms, &C->reply, F)) {
		set_error(C, (int)server, ERROR_UNAVAILABLE, "",
		    strerror(errno));
		close(fd);
		return (CLIENT_UNAVAILABLE);
	}
	close(fd);
	return (judge(C, server, Q, F));
}

/* Put ${Q} to one server after the other until one answers or refuses. */
static enum client_outcome
ask(struct client * C, const struct question * Q, const struct wbuf * body,
    struct frame * F)
{
	enum client_outcome outcome = CLIENT_UNAVAILABLE;
	int doubt = 0;
	unsigned server;

	C->in_doubt = 0;
	if (wbuf_failed(body)) {
		set_error(C, -1, ERROR_MALFORMED, "",
		    "the question is too long to be sent");
		return (CLIENT_REFUSED);
	}
	set_error(C, -1, ERROR_UNAVAILABLE, "", "there is no server to ask");
	for (unsigned i = 0; i < C->n; i++) {
		server = (C->first + i) % C->n;
		C->in_doubt = 0;
		outcome = ask_one(C, server, Q, body, F);
		doubt |= C->in_doubt && outcome == CLIENT_UNAVAILABLE;
		if (outcome != CLIENT_UNAVAILABLE) {
			C->first = server;
			break;
		}
	}
	C->in_doubt = doubt;
	return (outcome);
}

/* The answer was of the right type but malformed. */
static enum client_outcome
malformed(struct client * C)
{

	set_error(C, (int)C->first, ERROR_INTERNAL, "",
	    "the server sent a malformed answer");
	return (CLIENT_UNAVAILABLE);
}

/* Give the caller a copy of the ${len} bytes at ${p}, with a NUL. */
static enum client_outcome
hand_over(struct client * C, const void * p, size_t len, char ** copy,
    size_t * copy_len)
{

	if ((*copy = malloc(len + 1)) == NULL) {
		set_error(C, -1, ERROR_UNAVAILABLE, "", "out of memory");
		return (CLIENT_UNAVAILABLE);
	}
	memcpy(*copy, p, len);
	(*copy)[len] = '\0';
	*copy_len = len;
	return (CLIENT_OK);
}

enum client_outcome
client_lookup(struct client * C, const struct client_lookup * L, char ** proof,
    size_t * len)
{
	struct proto_publish_lookup P = {
		.epoch = L->epoch, .epoch_min = L->epoch_min, .user = L->user,
		.user_len = strlen(L->user), .policy = L->policy,
		.policy_len = L->policy_len
	};
	struct question Q = { "publish", LOOKUP, LOOKUP_PROOF, 0 };
	enum client_outcome outcome;
	struct frame F;
	struct wbuf body;
	const char * text;
	size_t text_len;

	P.wait_ms = L->wait_ms > LOOKUP_WAIT_MAX_MS ? LOOKUP_WAIT_MAX_MS :
	    (uint32_t)L->wait_ms;
	Q.timeout_ms = P.wait_ms + CLIENT_TIMEOUT_MS;
	wbuf_init(&body, FRAME_BODY_MAX);
	proto_publish_put_lookup(&body, &P);
	outcome = ask(C, &Q, &body, &F);
	wbuf_free(&body);
	if (outcome != CLIENT_OK)
		return (outcome);
	if (proto_publish_get_proof(F.body, F.len, &text, &text_len))
		return (malformed(C));
	return (hand_over(C, text, text_len, proof, len));
}

enum client_outcome
client_consistency(struct client * C, uint64_t m, uint64_t n,
    uint8_t proof[MERKLE_DEPTH_MAX][HASH_LEN], unsigned * count)
{
	const struct question Q = { "publish", CONSISTENCY, CONSISTENCY_REPLY,
	    CLIENT_TIMEOUT_MS };
	enum client_outcome outcome;
	struct frame F;
	struct wbuf body;

	wbuf_init(&body, FRAME_BODY_MAX);
	proto_publish_put_consistency(&body, m, n);
	outcome = ask(C, &Q, &body, &F);
	wbuf_free(&body);
	if (outcome != CLIENT_OK)
		return (outcome);
	if (proto_publish_get_consistency_reply(F.body, F.len, proof, count))
		return (malformed(C));
	return (CLIENT_OK);
}

enum client_outcome
client_update(struct client * C, const struct client_update * U,
    uint64_t timeout_ms, uint64_t * epoch)
{
	const struct proto_admit_update P = {
		.request_id = U->request_id, .user = U->user,
		.user_len = strlen(U->user), .update = U->update,
		.update_len = U->update_len, .profile = U->profile,
		.profile_len = U->profile_len
	};
	const struct question Q = { "admit", UPDATE, UPDATE_ACCEPTED,
	    timeout_ms };
	enum client_outcome outcome;
	struct frame F;
	struct wbuf body;

	wbuf_init(&body, FRAME_BODY_MAX);
	proto_admit_put_update(&body, &P);
	outcome = ask(C, &Q, &body, &F);
	wbuf_free(&body);
	if (outcome != CLIENT_OK)
		return (outcome);
	if (proto_admit_get_accepted(F.body, F.len, epoch))
		return (malformed(C));
	return (CLIENT_OK);
}
