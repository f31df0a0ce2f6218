#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../cmd/ks-update/submit.h"
#include "base/clock.h"
#include "base/exits.h"
#include "base/file.h"
#include "client/client.h"
#include "client/client_check.h"
#include "client/remember.h"
#include "evidence/evidence.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "frame/frame_call.h"
#include "frame/usock.h"
#include "proto/proto_admit.h"
#include "proto/proto_publish.h"

#include "test.h"
#include "test_proof.h"

/*
 * A server that answers as it is told: a thread on the sockets of a directory.
 */
enum behaviour { HONEST, ERROR_AWAY, ERROR_REFUSAL, HANGS_UP, TALKS_NONSENSE };

static struct {
	char dir[256], url[300];
	int fd[2];		/* publish, admit */
	pthread_t thread[2];
	enum behaviour behaviour;
	struct wish wish;	/* what a lookup is answered from */
	unsigned hang_ups;	/* so many answers are lost first */
	int forge;		/* nonzero: a wrong consistency proof */
	int chain;		/* nonzero: of the eras of the world */
	uint64_t epoch_min;	/* of the last lookup */
	unsigned asked;		/* requests so far */
	uint8_t request_id[2][REQUEST_ID_LEN];	/* of the last two updates */
} server;

static void
put_error(struct wbuf * W, uint32_t id, enum error_code code, const char * rule)
{
	const size_t mark = frame_begin(W, COMMON_ERROR, id);

	common_put_error(W, code, rule, "as it was told");
	frame_end(W, mark);
}

/* Put the links up to the checkpoint into ${P}, for who knows the first policy. */
static void
put_chain(struct proof * P, const struct proto_publish_lookup * L,
    struct wbuf note[ERAS])
{

	if (memcmp(L->known, world.realm->policy_hash, HASH_LEN) != 0)
		abort();
	for (unsigned i = 1; i < ERAS; i++)
		if (eras[i].named <= server.wish.size)
			make_link(&P->chain.link[P->chain.n++], i, 31, &note[i]);
}

static void
answer_lookup(struct wbuf * W, const struct frame * F)
{
	struct wbuf note[ERAS] = { { 0 } };
	struct proto_publish_lookup L;
	struct wbuf text;
	struct proof P;
	size_t mark;

	if (proto_publish_get_lookup(F->body, F->len, &L))
		abort();
	server.epoch_min = L.epoch_min;
	if (L.epoch_min > server.wish.size) {
		put_error(W, F->id, ERROR_UNAVAILABLE,
		    RULE_EPOCH_NOT_PUBLISHED);
		return;
	}
	make_proof(&P, &server.wish);
	if (server.chain)
		put_chain(&P, &L, note);
	wbuf_init(&text, PROOF_LEN_MAX);
	proof_format(&text, &P);
	mark = frame_begin(W, LOOKUP_PROOF, F->id);
	proto_publish_put_proof(W, (char *)text.data, text.len);
	frame_end(W, mark);
	wbuf_free(&text);
	wbuf_free(&server.wish.note);
	for (unsigned i = 0; i < ERAS; i++)
		wbuf_free(&note[i]);
}

static void
answer_consistency(struct wbuf * W, const struct frame * F)
{
	uint8_t proof[MERKLE_DEPTH_MAX][HASH_LEN];
	uint64_t m, n;
	unsigned count;
	size_t mark;

	if (proto_publish_get_consistency(F->body, F->len, &m, &n) ||
	    merkle_consistency(m, n, subtree, NULL, proof, &count))
		abort();
	if (server.forge)
		proof[0][0] ^= 1;
	mark = frame_begin(W, CONSISTENCY_REPLY, F->id);
	proto_publish_put_consistency_reply(W, proof, count);
	frame_end(W, mark);
}

static void
answer_update(struct wbuf * W, const struct frame * F)
{
	struct proto_admit_update U;
	size_t mark;

	if (proto_admit_get_update(F->body, F->len, &U))
		abort();
	memcpy(server.request_id[0], server.request_id[1], REQUEST_ID_LEN);
	memcpy(server.request_id[1], U.request_id, REQUEST_ID_LEN);
	mark = frame_begin(W, UPDATE_ACCEPTED, F->id);
	proto_admit_put_accepted(W, 5);
	frame_end(W, mark);
}

/* Append the answer to ${F} to ${W}. */
static void
answer(struct wbuf * W, const struct frame * F)
{

	server.asked++;
	if (server.behaviour == ERROR_AWAY)
		put_error(W, F->id, ERROR_UNAVAILABLE, "epoch-not-published");
	else if (server.behaviour == ERROR_REFUSAL)
		put_error(W, F->id, ERROR_REFUSED, "version-must-rise");
	else if (server.behaviour == TALKS_NONSENSE)
		frame_put(W, LOOKUP_PROOF, F->id, "x", 1);
	else if (F->type == LOOKUP)
		answer_lookup(W, F);
	else if (F->type == CONSISTENCY)
		answer_consistency(W, F);
	else if (F->type == UPDATE)
		answer_update(W, F);
}

static void *
serve(void * cookie)
{
	const int listener = *(int *)cookie;
	struct wbuf in, out;
	struct frame F;
	int fd;

	wbuf_init(&in, FRAME_LEN_MAX + 4);
	wbuf_init(&out, FRAME_LEN_MAX + 4);
	while ((fd = accept(listener, NULL, NULL)) != -1) {
		while (frame_recv(fd, &in, &F, 60000) == 0) {
			wbuf_reset(&out);
			answer(&out, &F);
			if (server.hang_ups > 0 && server.hang_ups-- > 0)
				break;
			if (server.behaviour == HANGS_UP || send(fd, out.data,
			    out.len, MSG_NOSIGNAL) != (ssize_t)out.len)
				break;
		}
		close(fd);
	}
	wbuf_free(&in);
	wbuf_free(&out);
	return (NULL);
}

/* Listen on the socket ${name} in ${dir}, blocking, for a plain accept. */
static int
listen_at(const char * dir, const char * name)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((fd = usock_listen(path, 0600)) == -1 ||
	    fcntl(fd, F_SETFL, 0) == -1)
		abort();
	return (fd);
}

static void
start_server(void)
{

	if (server.dir[0] != '\0')
		return;
	snprintf(server.dir, sizeof(server.dir), "%s", test_dir());
	snprintf(server.url, sizeof(server.url), "unix:%s", server.dir);
	for (unsigned i = 0; i < 2; i++) {
		server.fd[i] = listen_at(server.dir, i == 0 ? "publish" :
		    "admit");
		if (pthread_create(&server.thread[i], NULL, serve,
		    &server.fd[i]))
			abort();
	}
}

/* A fresh client of the server, who remembers nothing, and an honest server. */
static struct client *
start(void)
{
	struct client * C;

	make_world();
	start_server();
	server.behaviour = HONEST;
	server.forge = 0;
	server.chain = 0;
	server.asked = 0;
	wish_init(&server.wish, ALICE);
	world.realm->fresh_s = REALM_FRESH_MAX_S;
	setenv("KS_STATE_DIR", test_dir(), 1);
	if ((C = client_new()) == NULL || client_add(C, server.url, NULL))
		abort();
	return (C);
}

/* A policy of the client's own; NULL: none. */
static struct policy * own;

/* Look alice up at ${epoch}; the exit code. */
static int
look_up(struct client * C, uint64_t epoch)
{
	struct client_check Q = { .client = C, .realm = world.realm,
	    .policy = own, .user = "alice@example.org", .epoch = epoch };
	struct client_check_answer A;
	int code;

	code = client_check_lookup(&Q, &A);
	client_check_free(&A);
	return (code);
}

/* Serve the state at the end of ${epoch}. */
static void
serve_epoch(uint64_t epoch)
{

	server.wish.epoch = server.wish.size = epoch;
}

/* What is remembered. */
static uint64_t
remembered(void)
{
	uint64_t size;

	if (remember_size(world.realm, &size))
		abort();
	return (size);
}

/* How many evidence files there are; the content of the last is in ${text}. */
static unsigned
evidence(char * text, size_t size)
{
	const char * state = getenv("KS_STATE_DIR");
	struct dirent * entry;
	unsigned n = 0;
	char path[512];
	uint8_t * buf;
	size_t len;
	DIR * D;

	if ((D = opendir(state)) == NULL)
		abort();
	while ((entry = readdir(D)) != NULL) {
		if (strncmp(entry->d_name, "evidence-", 9) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", state, entry->d_name);
		if (file_read(path, size - 1, &buf, &len))
			abort();
		memcpy(text, buf, len + 1);
		free(buf);
		n++;
	}
	closedir(D);
	return (n);
}

static void
remembers(void)
{
	struct client * C = start();

	CHECK(remembered() == 0);
	serve_epoch(2);
	CHECK(look_up(C, 0) == EXITS_OK && remembered() == 2);
	CHECK(look_up(C, 0) == EXITS_OK && remembered() == 2);
	serve_epoch(5);
	CHECK(look_up(C, 0) == EXITS_OK && remembered() == 5);

	/* The server was asked not to go back. */
	CHECK(server.epoch_min == 2);

	/* A past epoch, under an old checkpoint, is consistent and no step. */
	serve_epoch(3);
	CHECK(look_up(C, 3) == EXITS_OK && remembered() == 5);
	client_free(C);
}

static void
steps_back(void)
{
	struct client * C = start();
	static char text[65536];

	serve_epoch(5);
	CHECK(look_up(C, 0) == EXITS_OK && remembered() == 5);
	serve_epoch(4);
	CHECK(look_up(C, 0) == EXITS_REFUSED && remembered() == 5);
	CHECK(evidence(text, sizeof(text)) == 1);
	CHECK(strncmp(text, "ks-checkpoints/v1\nrealm example.org\n"
	    "rule step-back\npolicies 0\nfirst ", 68) == 0);
	CHECK(strstr(text, "\nexample.org\n5\n") != NULL);
	CHECK(strstr(text, "\nexample.org\n4\n") != NULL);
	client_free(C);
}

/* Two histories that two verifiers vouched for, and no majority of replicas. */
static void
foreign_fork(void)
{
	struct client * C = start();
	struct policy_error error;
	struct evidence_verdict V;
	static char text[65536];
	char vkey[VKEY_TEXT_MAX + 1], policy[1024];

	vkey_format(&world.vwitness[0], vkey);
	snprintf(policy, sizeof(policy), "witness w %s\nquorum w\n", vkey);
	if (policy_parse(policy, strlen(policy), POLICY_FOR_REALM, &own, &error))
		abort();
	server.wish.signers = 8;
	CHECK(look_up(C, 0) == EXITS_OK && remembered() == 5);
	world.head[4][103] ^= 1;	/* updates */
	CHECK(look_up(C, 0) == EXITS_REFUSED);
	world.head[4][103] ^= 1;
	CHECK(evidence(text, sizeof(text)) == 1);
	CHECK(strncmp(text, "ks-checkpoints/v1\nrealm example.org\nrule fork\n",
	    46) == 0);

	/* With the replicas' signatures on both it is evidence. */
	server.wish.signers = 8 | 7;
	setenv("KS_STATE_DIR", test_dir(), 1);
	CHECK(look_up(C, 0) == EXITS_OK && remembered() == 5);
	world.head[4][103] ^= 1;
	CHECK(look_up(C, 0) == EXITS_REFUSED);
	world.head[4][103] ^= 1;
	CHECK(evidence(text, sizeof(text)) == 1);
	CHECK(evidence_verify(text, strlen(text), world.realm, &V) == 0);
	evidence_free(&V);
	CHECK(V.why == NULL && strcmp(V.rule, RULE_FORK) == 0);
	policy_free(own);
	own = NULL;
	client_free(C);
}

static void
forks(void)
{
	struct client * C;
	static char text[65536];
	uint8_t kept[HEAD_LEN];
	struct evidence_verdict V;

	/* Two checkpoints of one size. */
	C = start();
	memcpy(kept, world.head[4], HEAD_LEN);
	CHECK(look_up(C, 0) == EXITS_OK && remembered() == 5);
	world.head[4][103] ^= 1;	/* updates */
	CHECK(look_up(C, 0) == EXITS_REFUSED);
	memcpy(world.head[4], kept, HEAD_LEN);
	CHECK(evidence(text, sizeof(text)) == 1);
	CHECK(evidence_verify(text, strlen(text), world.realm, &V) == 0);
	evidence_free(&V);
	CHECK(V.why == NULL && strcmp(V.rule, RULE_FORK) == 0 && V.epoch == 5);
	CHECK(look_up(C, 0) == EXITS_OK);
	client_free(C);

	/* A longer log that does not begin with what was seen. */
	C = start();
	serve_epoch(3);
	CHECK(look_up(C, 0) == EXITS_OK && remembered() == 3);
	memcpy(kept, world.head[1], HEAD_LEN);
	world.head[1][103] ^= 1;
	serve_epoch(5);
	CHECK(look_up(C, 0) == EXITS_REFUSED && remembered() == 3);
	memcpy(world.head[1], kept, HEAD_LEN);
	CHECK(evidence(text, sizeof(text)) == 1);

	/* A past epoch of another history, too. */
	CHECK(look_up(C, 0) == EXITS_OK && remembered() == 5);
	world.head[1][103] ^= 1;
	serve_epoch(3);
	CHECK(look_up(C, 3) == EXITS_REFUSED);
	memcpy(world.head[1], kept, HEAD_LEN);

	/* A proof that does not prove it. */
	unsetenv("KS_STATE_DIR");
	setenv("KS_STATE_DIR", test_dir(), 1);
	CHECK(look_up(C, 0) == EXITS_OK && remembered() == 3);
	serve_epoch(5);
	server.forge = 1;
	CHECK(look_up(C, 0) == EXITS_REFUSED && remembered() == 3);
	client_free(C);
}

static void
insufficient(void)
{
	struct client * C = start();

	/* The quorum is not met: nothing is remembered. */
	server.wish.signers = 7;
	CHECK(look_up(C, 0) == EXITS_UNMET && remembered() == 0);
	server.wish.signers = 0;
	CHECK(look_up(C, 0) == EXITS_REFUSED && remembered() == 0);
	server.wish.signers = 31;

	/* An older head under the newest checkpoint is not what is. */
	server.wish.epoch = 3;
	CHECK(look_up(C, 0) == EXITS_UNMET);
	CHECK(look_up(C, 3) == EXITS_OK);
	CHECK(look_up(C, 4) == EXITS_REFUSED);

	/* Old; and about somebody else. */
	serve_epoch(5);
	world.realm->fresh_s = 1;
	CHECK(look_up(C, 0) == EXITS_UNMET);
	CHECK(look_up(C, 5) == EXITS_OK);
	server.wish.signers = 7;
	CHECK(look_up(C, 5) == EXITS_UNMET);
	server.wish.signers = 31;
	world.realm->fresh_s = REALM_FRESH_MAX_S;
	server.wish.who = NOBODY_EMPTY;
	CHECK(look_up(C, 0) == EXITS_REFUSED);
	client_free(C);
}

static void
several_servers(void)
{
	struct client * C = start();
	char nobody[300];
	char * proof;
	size_t len;
	struct client_lookup L = { .user = "alice@example.org",
		.known = world.realm->policy_hash };

	/* One that is away is passed over; that which answered is kept to. */
	snprintf(nobody, sizeof(nobody), "unix:%s/nobody", server.dir);
	client_free(C);
	CHECK((C = client_new()) != NULL);
	CHECK(client_lookup(C, &L, &proof, &len) == CLIENT_UNAVAILABLE);
	CHECK(client_add(C, nobody, NULL) == 0);
	CHECK(client_lookup(C, &L, &proof, &len) == CLIENT_UNAVAILABLE);
	CHECK(strcmp(client_error_server(C), nobody + 5) == 0);
	CHECK(client_add(C, server.url, NULL) == 0);
	CHECK(client_servers(C) == 2);
	CHECK(client_lookup(C, &L, &proof, &len) == CLIENT_OK);
	CHECK(len == strlen(proof) && strncmp(proof, "ks-proof/v1\n", 12) == 0);
	free(proof);

	/* What is no answer is none; a refusal is one. */
	server.behaviour = HANGS_UP;
	CHECK(client_lookup(C, &L, &proof, &len) == CLIENT_UNAVAILABLE);
	server.behaviour = TALKS_NONSENSE;
	CHECK(client_lookup(C, &L, &proof, &len) == CLIENT_UNAVAILABLE);
	server.behaviour = ERROR_AWAY;
	CHECK(client_lookup(C, &L, &proof, &len) == CLIENT_UNAVAILABLE);
	server.behaviour = ERROR_REFUSAL;
	server.asked = 0;
	CHECK(client_lookup(C, &L, &proof, &len) == CLIENT_REFUSED);
	CHECK(strcmp(client_error(C)->rule, "version-must-rise") == 0);
	CHECK(server.asked == 1);
	client_free(C);
}

static void
updates(void)
{
	struct client_update U = { .user = "a", .update = (const uint8_t *)"u",
	    .update_len = 1, .profile = (const uint8_t *)"p", .profile_len = 1 };
	struct client * C = start();
	uint64_t epoch;

	CHECK(client_update(C, &U, 5000, &epoch) == CLIENT_OK && epoch == 5);

	/* Lost on the way back: it may have taken effect.  Never sent: not. */
	server.behaviour = HANGS_UP;
	CHECK(client_update(C, &U, 5000, &epoch) == CLIENT_UNAVAILABLE);
	CHECK(client_in_doubt(C));
	CHECK(client_add(C, "unix:/nonexistent", NULL) == 0);
	CHECK(client_update(C, &U, 5000, &epoch) == CLIENT_UNAVAILABLE);
	CHECK(client_in_doubt(C));
	server.behaviour = ERROR_REFUSAL;
	CHECK(client_update(C, &U, 5000, &epoch) == CLIENT_REFUSED);
	CHECK(!client_in_doubt(C));
	client_free(C);
	CHECK((C = client_new()) != NULL);
	CHECK(client_add(C, "unix:/nonexistent", NULL) == 0);
	CHECK(client_update(C, &U, 5000, &epoch) == CLIENT_UNAVAILABLE);
	CHECK(!client_in_doubt(C));
	client_free(C);
}

static void
sent_again(void)
{
	struct submit S = { .user = "a", .update = (const uint8_t *)"u",
	    .update_len = 1, .profile = (const uint8_t *)"p", .profile_len = 1 };
	uint64_t epoch = 0;

	/* The same request id, so that it takes effect once. */
	S.client = start();
	S.deadline_ms = clock_mono_ms() + 20000;
	server.hang_ups = 1;
	CHECK(submit_update(&S, &epoch) == EXITS_OK && epoch == 5);
	CHECK(server.asked == 2);
	CHECK(memcmp(server.request_id[0], server.request_id[1],
	    REQUEST_ID_LEN) == 0);
	CHECK(submit_update(&S, &epoch) == EXITS_OK);
	CHECK(memcmp(server.request_id[0], server.request_id[1],
	    REQUEST_ID_LEN) != 0);

	/* Refused as too old: by itself, or because it had come through. */
	server.behaviour = ERROR_REFUSAL;
	CHECK(submit_update(&S, &epoch) == EXITS_PERMANENT);
	server.hang_ups = 1;
	CHECK(submit_update(&S, &epoch) == EXITS_OK && epoch == 0);

	/* Nobody answers: until the time is over, and no longer. */
	server.behaviour = ERROR_AWAY;
	S.deadline_ms = clock_mono_ms() + 300;
	server.asked = 0;
	CHECK(submit_update(&S, &epoch) == EXITS_TEMPORARY);
	CHECK(server.asked >= 2 && clock_mono_ms() >= S.deadline_ms);
	client_free(S.client);
}

static void
long_paths(void)
{
	struct client * C = start();
	char dir[900], link[700], url[1000];
	size_t len;

	/* A directory whose path no socket address holds. */
	len = (size_t)snprintf(link, sizeof(link), "%s/", test_dir());
	memset(link + len, 'l', 200);
	link[len + 200] = '\0';
	snprintf(dir, sizeof(dir), "%s", server.dir);
	CHECK(symlink(dir, link) == 0);
	snprintf(url, sizeof(url), "unix:%s", link);
	client_free(C);
	CHECK((C = client_new()) != NULL);
	CHECK(client_add(C, url, NULL) == 0);
	CHECK(look_up(C, 0) == EXITS_OK);
	client_free(C);
}

/* What a client remembers, and accuses of, while the realm's policy changes. */
static void
across_policies(void)
{
	static char text[262144];
	struct evidence_verdict V;
	struct client * C;
	char * at;

	make_eras();
	C = start();
	server.chain = 1;
	for (uint64_t e = 1; e <= EPOCHS; e++) {
		serve_epoch(e);
		CHECK(look_up(C, 0) == EXITS_OK && remembered() == e);
	}
	CHECK(look_up(C, 2) == EXITS_REFUSED);	/* it is of epoch 5 */
	serve_epoch(4);
	CHECK(look_up(C, 0) == EXITS_REFUSED);
	CHECK(evidence(text, sizeof(text)) == 1);
	CHECK(strncmp(text, "ks-checkpoints/v1\n", 18) == 0);

	/* With the chain that came with either checkpoint. */
	at = strstr(text, "\nrule step-back\npolicies 2\npolicy ");
	CHECK(at != NULL && (at = strstr(at, "\nfirst ")) != NULL);
	CHECK(strstr(at, "\npolicies 2\npolicy ") != NULL);
	client_free(C);

	/* Older, and of another history from a change of the policy on. */
	C = start();
	server.chain = 1;
	CHECK(look_up(C, 0) == EXITS_OK && remembered() == EPOCHS);
	world.head[3][103] ^= 1;	/* updates */
	serve_epoch(4);
	CHECK(look_up(C, 0) == EXITS_REFUSED);
	world.head[3][103] ^= 1;
	CHECK(evidence(text, sizeof(text)) == 1);
	CHECK(evidence_verify(text, strlen(text), world.realm, &V) == 0);
	CHECK(V.why == NULL && strcmp(V.rule, RULE_FORK) == 0 && V.epoch == 4);
	evidence_free(&V);
	client_free(C);

	/* A fork under the newest policy; and in the very epoch that names it. */
	for (uint64_t e = EPOCHS; e >= 4; e--) {
		C = start();
		server.chain = 1;
		serve_epoch(e);
		CHECK(look_up(C, 0) == EXITS_OK && remembered() == e);
		world.head[e - 1][103] ^= 1;	/* updates */
		CHECK(look_up(C, 0) == EXITS_REFUSED && remembered() == e);
		world.head[e - 1][103] ^= 1;
		CHECK(evidence(text, sizeof(text)) == 1);
		CHECK(evidence_verify(text, strlen(text), world.realm,
		    &V) == 0);
		CHECK(V.why == NULL && strcmp(V.rule, RULE_FORK) == 0);
		CHECK(V.epoch == e && policy_replicas(V.policy) ==
		    (e == EPOCHS ? 2 : 1));
		evidence_free(&V);
		client_free(C);
	}
}

static const struct test tests[] = {
	{ "a client remembers the newest checkpoint it accepted", remembers },
	{ "a step back is refused, and both checkpoints are kept", steps_back },
	{ "a fork is refused, and both checkpoints are kept", forks },
	{ "only what the realm's replicas signed is called evidence",
	    foreign_fork },
	{ "what is not enough is told from what is wrong", insufficient },
	{ "one server after the other is asked until one speaks", several_servers },
	{ "whether an update may have been received is known", updates },
	{ "an update is sent again as the same request", sent_again },
	{ "a server's directory may have a long path", long_paths },

	/* Last, as it gives the realm other heads. */
	{ "a client remembers and accuses across changes of the realm's policy",
	    across_policies },
};
TESTS(tests)
