#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/client.h"
#include "codec/wbuf.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "frame/frame_call.h"
#include "frame/usock.h"
#include "proto/proto_publish.h"

#include "test.h"

/* A publisher, a thread, of a user with the versions epoch / 10 in the epochs 10, 20, ... */
static struct {
	char url[300];
	int fd;
	pthread_t thread;
	uint32_t versions;	/* how many there are */
	uint32_t extra;		/* that it tells besides what was asked for */
	uint64_t missing;	/* epoch of which it refuses a lookup; 0: none */
	int backwards;		/* it tells of an epoch before the one asked for */
} publisher;

static void
answer_history(struct wbuf * W, const struct frame * F)
{
	struct proto_publish_version list[64];
	struct proto_publish_history H;
	uint64_t next = 0;
	uint32_t n = 0;
	size_t mark;

	if (proto_publish_get_history(F->body, F->len, &H) ||
	    H.user_len != 3 || memcmp(H.user, "ada", 3) != 0)
		abort();
	for (uint64_t i = 1; i <= publisher.versions; i++) {
		if (10 * i < H.from_epoch && !publisher.backwards)
			continue;
		if (n == H.max + publisher.extra) {
			next = 10 * i;
			break;
		}
		list[n++] = (struct proto_publish_version){ 10 * i, i };
	}
	mark = frame_begin(W, HISTORY_REPLY, F->id);
	proto_publish_put_versions(W, next, list, n);
	frame_end(W, mark);
}

static void
answer(struct wbuf * W, const struct frame * F)
{
	struct proto_publish_lookup L;
	char proof[32];
	size_t mark;

	if (F->type == HISTORY) {
		answer_history(W, F);
		return;
	}
	if (F->type != LOOKUP || proto_publish_get_lookup(F->body, F->len, &L))
		abort();
	if (L.epoch == publisher.missing) {
		mark = frame_begin(W, COMMON_ERROR, F->id);
		common_put_error(W, ERROR_REFUSED, "policy-unknown", "none");
	} else {
		snprintf(proof, sizeof(proof), "proof %d", (int)L.epoch);
		mark = frame_begin(W, LOOKUP_PROOF, F->id);
		proto_publish_put_proof(W, proof, strlen(proof));
	}
	frame_end(W, mark);
}

static void *
serve(void * cookie)
{
	struct wbuf in, out;
	struct frame F;
	int fd;

	(void)cookie;
	wbuf_init(&in, FRAME_LEN_MAX + 4);
	wbuf_init(&out, FRAME_LEN_MAX + 4);
	while ((fd = accept(publisher.fd, NULL, NULL)) != -1) {
		while (frame_recv(fd, &in, &F, 60000) == 0) {
			wbuf_reset(&out);
			answer(&out, &F);
			if (send(fd, out.data, out.len, MSG_NOSIGNAL) !=
			    (ssize_t)out.len)
				break;
		}
		close(fd);
	}
	return (NULL);
}

static struct client *
start(uint32_t versions)
{
	struct client * C;
	char path[512];

	if (publisher.url[0] == '\0') {
		snprintf(publisher.url, sizeof(publisher.url), "unix:%s",
		    test_dir());
		snprintf(path, sizeof(path), "%s/publish", publisher.url + 5);
		if ((publisher.fd = usock_listen(path, 0600)) == -1 ||
		    fcntl(publisher.fd, F_SETFL, 0) == -1 ||
		    pthread_create(&publisher.thread, NULL, serve, NULL))
			abort();
	}
	publisher.versions = versions;
	publisher.extra = 0;
	publisher.missing = 0;
	publisher.backwards = 0;
	if ((C = client_new()) == NULL || client_add(C, publisher.url, NULL))
		abort();
	return (C);
}

static const uint8_t known[HASH_LEN];

static struct client_history_ask
ask(uint64_t from, unsigned max)
{

	return ((struct client_history_ask){ .user = "ada", .from_epoch = from,
	    .max = max, .known = known });
}

static void
pages(void)
{
	struct client * C = start(5);
	struct client_history_ask A = ask(0, 2);
	struct client_history H;
	char want[32];
	unsigned seen = 0;

	do {
		CHECK(client_history(C, &A, &H) == CLIENT_OK);
		for (unsigned i = 0; i < H.n; i++) {
			seen++;
			CHECK(H.versions[i].epoch == 10 * seen);
			CHECK(H.versions[i].version == seen);
			snprintf(want, sizeof(want), "proof %u", 10 * seen);
			CHECK(strcmp(H.versions[i].proof, want) == 0);
			CHECK(H.versions[i].proof_len == strlen(want));
		}
		A.from_epoch = H.next_epoch;
		client_history_free(&H);
	} while (A.from_epoch > 0);
	CHECK(seen == 5);
	A = ask(51, 16);
	CHECK(client_history(C, &A, &H) == CLIENT_OK && H.n == 0);
	client_history_free(&H);
	client_free(C);
}

static void
lies(void)
{
	struct client * C = start(5);
	struct client_history_ask A = ask(20, 2);
	struct client_history H;

	/* More than was asked for, or before what was asked for. */
	publisher.extra = 1;
	CHECK(client_history(C, &A, &H) == CLIENT_UNAVAILABLE && H.n == 0);
	publisher.extra = 0;
	publisher.backwards = 1;
	CHECK(client_history(C, &A, &H) == CLIENT_UNAVAILABLE && H.n == 0);
	publisher.backwards = 0;

	/* No proof of the second one: there is no answer. */
	publisher.missing = 30;
	CHECK(client_history(C, &A, &H) == CLIENT_REFUSED && H.n == 0);
	CHECK(strcmp(client_error(C)->rule, "policy-unknown") == 0);
	client_free(C);
}

static void
too_many(void)
{
	struct client * C = start(1);
	struct client_history_ask A = ask(0, CLIENT_HISTORY_MAX + 1);
	struct client_history H;

	CHECK(client_history(C, &A, &H) == CLIENT_REFUSED && H.n == 0);
	A.max = 0;
	CHECK(client_history(C, &A, &H) == CLIENT_REFUSED && H.n == 0);
	client_free(C);
}

static const struct test tests[] = {
	{ "a history comes by pages, each version with its proof", pages },
	{ "what does not fit the question, or lacks a proof, is no history", lies },
	{ "no more than a page is asked for", too_many },
};

TESTS(tests)
