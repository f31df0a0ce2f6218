#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "etcd/etcd.h"
#include "etcd/etcd_json.h"
#include "loop/loop.h"

#include "test.h"

#define PATIENCE_MS	10000
#define HEADER	"\"header\":{\"cluster_id\":\"18446744073709551615\"," \
		"\"member_id\":\"7\",\"revision\":\"12\"}"
#define EVENT(r, v)	"{\"kv\":{\"key\":\"aw==\",\"mod_revision\":\"" r \
			"\",\"value\":\"" v "\"}}"

/* What a callback was told last, and how often. */
static struct seen {
	unsigned n;
	int failed;
	int ended;
	uint64_t revision;
	uint64_t compacted;
	unsigned rows;
	uint64_t row_revision;
	char why[ETCD_WHY_MAX];
	struct etcd_request * cancel;
} seen;

static int
on_reply(void * ctx, struct etcd_reply * R)
{
	struct seen * S = ctx;
	struct etcd_row row;

	S->n++;
	S->failed = R->why != NULL;
	S->ended = R->ended;
	S->revision = R->revision;
	S->compacted = R->compacted;
	if (R->why != NULL)
		snprintf(S->why, sizeof(S->why), "%s", R->why);
	while (etcd_next(R, &row) == 1) {
		S->rows++;
		S->row_revision = row.revision;
	}
	etcd_cancel(S->cancel);
	S->cancel = NULL;
	return (0);
}

static void
answers_are_read_exactly_or_refused(void)
{
	static const struct {
		enum etcd_kind kind;
		const char * text;
		const char * why;	/* NULL: read */
	} cases[] = {
		{ ETCD_PUT, "{" HEADER "}", NULL },
		{ ETCD_PUT, "{\"header\":{}}", NULL },
		{ ETCD_PUT, "{}", "the answer is not etcd's" },
		{ ETCD_PUT, "[]", "the answer is not etcd's" },
		{ ETCD_PUT, "", "the answer is not etcd's" },
		{ ETCD_PUT, "{" HEADER, "the answer is not etcd's" },
		{ ETCD_PUT, "{" HEADER "}x", "the answer is not etcd's" },
		{ ETCD_PUT, "{\"header\":7}", "the answer is not etcd's" },
		{ ETCD_PUT, "{\"header\":{\"revision\":\"1x\"}}",
		    "the answer is not etcd's" },
		{ ETCD_PUT, "{\"header\":{\"revision\":-1}}",
		    "the answer is not etcd's" },
		{ ETCD_PUT, "{\"header\":{\"revision\":\"18446744073709551616\"}}",
		    "the answer is not etcd's" },
		{ ETCD_PUT, "{\"header\":{\"revision\":\"\"}}",
		    "the answer is not etcd's" },
		{ ETCD_PUT, "{\"error\":\"a\\nb\\u00e9\",\"code\":14}", "a?b??" },
		{ ETCD_RANGE, "{" HEADER ",\"kvs\":[]}", NULL },
		{ ETCD_RANGE, "{" HEADER ",\"kvs\":{}}",
		    "the answer is not etcd's" },
		{ ETCD_WATCH, "{\"result\":{" HEADER ",\"created\":true}}", NULL },
		{ ETCD_WATCH, "{" HEADER "}", "the answer is not etcd's" },
		{ ETCD_WATCH, "{\"error\":{\"message\":\"gone\"}}", "gone" },
		{ ETCD_WATCH, "{\"result\":{" HEADER ",\"canceled\":true}}",
		    "the watch was cancelled" },
		{ ETCD_WATCH, "{\"result\":{" HEADER
		    ",\"canceled\":true,\"compact_revision\":\"9\"}}", NULL },
		{ ETCD_CREATE, "{" HEADER ",\"succeeded\":true}", NULL },
		{ ETCD_DELETE, "{" HEADER ",\"deleted\":\"2\"}", NULL },
		{ ETCD_MEMBERS, "{" HEADER ",\"members\":[]}", NULL },
		{ ETCD_MEMBERS, "{" HEADER ",\"members\":7}",
		    "the answer is not etcd's" },
		{ ETCD_MEMBERS, "{\"error\":\"etcdserver: unhealthy cluster\"}",
		    "etcdserver: unhealthy cluster" },
		{ ETCD_MOVE, "{}", NULL },
		{ ETCD_MOVE, "[]", "the answer is not etcd's" },
		{ ETCD_STATUS, "{" HEADER ",\"leader\":\"7\",\"errors\":7}", NULL },
		{ ETCD_STATUS, "{" HEADER ",\"leader\":[]}",
		    "the answer is not etcd's" },
	};
	struct etcd_answer A;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		etcd_json_answer(&A, cases[i].kind, cases[i].text,
		    strlen(cases[i].text));
		CHECK((A.reply.why == NULL) == (cases[i].why == NULL));
		if (cases[i].why != NULL)
			CHECK(strcmp(A.reply.why, cases[i].why) == 0);
		etcd_json_free(&A);
	}
	/* Cut anywhere, or with a bit turned, it is read or refused; no more. */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];
		size_t len = strlen(cases[i].text);

		for (size_t k = 0; k < 8 * len; k++) {
			memcpy(text, cases[i].text, len);
			text[k / 8] ^= (char)(1 << k % 8);
			etcd_json_answer(&A, cases[i].kind, text, len);
			etcd_json_free(&A);
			etcd_json_answer(&A, cases[i].kind, text, k / 8);
			CHECK(A.reply.why != NULL || cases[i].why != NULL);
			etcd_json_free(&A);
		}
	}
}

static void
alarms_and_numbers_are_told(void)
{
	static const char status[] = "{" HEADER ",\"leader\":\"7\","
	    "\"dbSizeInUse\":\"4096\",\"errors\":[\"memberID:7 alarm:NOSPACE \"]}";
	static const char full[] = "{\"error\":\"etcdserver: mvcc: database space "
	    "exceeded\",\"code\":8}";
	struct etcd_answer A;

	etcd_json_answer(&A, ETCD_STATUS, status, sizeof(status) - 1);
	CHECK(A.reply.why == NULL && A.reply.no_space && A.reply.leader == 7);
	CHECK(A.reply.in_use == 4096 && A.reply.cluster == UINT64_MAX);
	CHECK(A.reply.member == 7 && A.reply.revision == 12);
	etcd_json_free(&A);
	etcd_json_answer(&A, ETCD_PUT, full, sizeof(full) - 1);
	CHECK(A.reply.why != NULL && A.reply.no_space);
	etcd_json_free(&A);
}

static void
rows_are_decoded_one_by_one(void)
{
	static const char good[] = "{\"result\":{" HEADER ",\"events\":["
	    EVENT("3", "aGk=") ",{\"type\":\"DELETE\",\"kv\":{\"key\":\"aw==\","
	    "\"mod_revision\":\"4\"}}]}}";
	static const char * const bad[] = {
		"{\"result\":{" HEADER ",\"events\":[" EVENT("3", "aGk") "]}}",
		"{\"result\":{" HEADER ",\"events\":[" EVENT("x", "aGk=") "]}}",
		"{\"result\":{" HEADER ",\"events\":[{}]}}",
		"{\"result\":{" HEADER ",\"events\":[7]}}",
	};
	struct etcd_answer A;
	struct etcd_row row;

	etcd_json_answer(&A, ETCD_WATCH, good, sizeof(good) - 1);
	CHECK(A.reply.why == NULL && A.reply.n == 2);
	CHECK(etcd_next(&A.reply, &row) == 1 && row.revision == 3);
	CHECK(row.value_len == 2 && memcmp(row.value, "hi", 2) == 0);
	CHECK(row.key_len == 1 && row.key[0] == 'k' && !row.deleted);
	CHECK(etcd_next(&A.reply, &row) == 1 && row.revision == 4);
	CHECK(row.deleted && row.value_len == 0);
	CHECK(etcd_next(&A.reply, &row) == 0);
	etcd_json_free(&A);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		etcd_json_answer(&A, ETCD_WATCH, bad[i], strlen(bad[i]));
		CHECK(A.reply.why == NULL && etcd_next(&A.reply, &row) == -1);
		etcd_json_free(&A);
	}
}

static void
members_are_told(void)
{
	static const char text[] = "{" HEADER ",\"members\":["
	    "{\"ID\":\"18446744073709551615\",\"name\":\"a\",\"peerURLs\":"
	    "[\"http://p\"],\"clientURLs\":[\"http://c\"]},"
	    "{\"ID\":\"2\",\"name\":\"b\\n \\u00e9\",\"isLearner\":true},"
	    "{\"ID\":\"3x\"}]}";
	struct etcd_answer A;
	struct etcd_member M;

	etcd_json_answer(&A, ETCD_MEMBERS, text, sizeof(text) - 1);
	CHECK(A.reply.why == NULL && A.reply.n == 3);
	CHECK(etcd_next_member(&A.reply, &M) == 1 && M.id == UINT64_MAX);
	CHECK(strcmp(M.name, "a") == 0 && strcmp(M.peer, "http://p") == 0);
	CHECK(strcmp(M.client, "http://c") == 0 && !M.learner);
	CHECK(etcd_next_member(&A.reply, &M) == 1 && M.id == 2 && M.learner);
	CHECK(strcmp(M.name, "b????") == 0 && M.peer[0] == '\0');
	CHECK(etcd_next_member(&A.reply, &M) == -1);
	CHECK(etcd_next_member(&A.reply, &M) == 0);
	etcd_json_free(&A);
}

static void
requests_are_etcds(void)
{
	struct wbuf W;

	wbuf_init(&W, 4096);
	etcd_json_put(&W, "k", (const uint8_t *)"hi", 2);
	etcd_json_range(&W, "k/", 1, 1);
	etcd_json_range(&W, "k", 0, 0);
	etcd_json_watch(&W, "k", UINT64_MAX);
	etcd_json_compact(&W, 5);
	etcd_json_create(&W, "k", "l", (const uint8_t *)"hi", 2);
	etcd_json_delete(&W, "k");
	etcd_json_member_add(&W, "http://\"");
	etcd_json_id(&W, "ID", UINT64_MAX);
	wbuf_put_u8(&W, 0);
	CHECK(wbuf_failed(&W) == 0);
	CHECK(strcmp((char *)W.data,
	    "{\"key\":\"aw==\",\"value\":\"aGk=\"}"
	    "{\"key\":\"ay8=\",\"range_end\":\"azA=\",\"limit\":\"256\","
	    "\"keys_only\":false}"
	    "{\"key\":\"aw==\",\"limit\":\"256\",\"keys_only\":true}"
	    "{\"create_request\":{\"key\":\"aw==\",\"start_revision\":"
	    "\"18446744073709551615\",\"fragment\":true}}"
	    "{\"revision\":\"5\"}"
	    "{\"compare\":[{\"target\":\"VERSION\",\"result\":\"EQUAL\","
	    "\"version\":\"0\",\"key\":\"aw==\"},{\"target\":\"VERSION\","
	    "\"result\":\"EQUAL\",\"version\":\"0\",\"key\":\"bA==\"}],"
	    "\"success\":[{\"request_put\":{\"key\":\"aw==\",\"value\":\"aGk=\"}}]}"
	    "{\"key\":\"aw==\"}"
	    "{\"peerURLs\":[\"http://\\\"\"],\"isLearner\":true}"
	    "{\"ID\":\"18446744073709551615\"}") == 0);
	wbuf_free(&W);
}

static void
urls_are_local_or_encrypted(void)
{
	static const char * const good[] = {
		"https://127.0.0.1:2379", "https://192.0.2.1", "https://[2001:db8::1]:1",
		"https://localhost:1", "http://127.0.0.1:1", "http://[::1]:1",
		"http://localhost:1", "http://localhost"
	};
	static const char * const bad[] = {
		"", "http://", "https://", "http://192.0.2.1:1", "ftp://127.0.0.1",
		"http://127.0.0.10:1", "http://localhost.example:1",
		"https://etcd.example", "https://127.0.0.1:1/x", "https://a@127.0.0.1",
		"http://127.0.0.1@192.0.2.1", "https://127.0.0.1:1?x", "127.0.0.1:1",
		"https://localhostx", "file:///etc/passwd", "https://127.0.0.1 "
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(etcd_url_check(good[i]) == NULL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(etcd_url_check(bad[i]) != NULL);
}

/* A child that answers one connection with ${text}, ${step} bytes at a time, then
 * ${pad} bytes of "x"; its port in ${port}. */
static pid_t
serve(const char * text, size_t step, size_t pad, unsigned * port)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) }
	};
	socklen_t salen = sizeof(sa);
	char buf[4096];
	size_t len = strlen(text);
	int fd = socket(AF_INET, SOCK_STREAM, 0), c;
	pid_t pid;

	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)&sa, &salen))
		return (-1);
	*port = ntohs(sa.sin_port);
	if ((pid = fork()) != 0) {
		close(fd);
		return (pid);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	if ((c = accept(fd, NULL, NULL)) == -1 || read(c, buf, sizeof(buf)) <= 0)
		_exit(1);
	for (size_t i = 0; i < len; i += step) {
		if (write(c, &text[i], len - i < step ? len - i : step) == -1)
			_exit(1);
		if (step < 64)
			nanosleep(&(struct timespec){ 0, 100000 }, NULL);
	}
	memset(buf, 'x', sizeof(buf));
	for (size_t i = 0; i < pad; i += sizeof(buf)) {
		if (write(c, buf, sizeof(buf)) == -1)
			_exit(1);
	}
	_exit(0);
}

/* Ask for ${kind} of a server that gives ${text}; until the request is gone. */
static int
ask(enum etcd_kind kind, const char * text, size_t step, size_t pad, int cancel)
{
	uint64_t end = clock_mono_ms() + PATIENCE_MS;
	struct etcd_options options = { NULL, "", "", "" };
	struct loop * L = loop_new();
	struct etcd_request * R;
	struct etcd * E;
	unsigned port = 0;
	char url[64];
	int rc = -1;
	pid_t pid = serve(text, step, pad, &port);

	memset(&seen, 0, sizeof(seen));
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
	options.url = url;
	if (pid == -1 || L == NULL || (E = etcd_open(L, &options)) == NULL)
		return (-1);
	R = kind == ETCD_WATCH ? etcd_watch(E, "k", 1, on_reply, &seen) :
	    etcd_put(E, "k", (const uint8_t *)"v", 1, 5000, on_reply, &seen);
	seen.cancel = cancel ? R : NULL;
	while (R != NULL && !seen.ended && (!cancel || seen.n == 0)) {
		if (loop_turn(L, 20) || clock_mono_ms() > end)
			goto done;
	}
	rc = 0;
done:
	etcd_close(E);
	loop_free(L);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return (rc);
}

#define OK_HTTP		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define CHUNKED		OK_HTTP "Transfer-Encoding: chunked\r\n\r\n"
#define LINE1		"{\"result\":{" HEADER ",\"created\":true}}\n"
#define LINE2		"{\"result\":{" HEADER ",\"events\":[" EVENT("3", "aGk=") "," \
			EVENT("4", "aGk=") "]}}\n"

static void
a_watch_may_come_in_any_pieces(void)
{
	static const char whole[] = OK_HTTP "\r\n" LINE1 LINE2 LINE1 LINE2
	    "{\"result\":{" HEADER ",\"canceled\":true,\"compact_revision\":\"9\"}}\n";

	for (size_t step = 1; step < sizeof(whole); step = 1 + 3 * step) {
		CHECK(ask(ETCD_WATCH, whole, step, 0, 0) == 0);
		CHECK(seen.n == 5 && seen.rows == 4 && seen.row_revision == 4);
		CHECK(!seen.failed && seen.ended && seen.compacted == 9);
	}
	/* In one piece, cancelled by its own callback: not told again. */
	CHECK(ask(ETCD_WATCH, whole, sizeof(whole), 0, 1) == 0);
	CHECK(seen.n == 1 && !seen.failed);
}

static void
what_is_no_answer_fails(void)
{
	static const struct { const char * text, * why; } cases[] = {
		{ OK_HTTP "\r\nhello", "HTTP status 200" },
		{ OK_HTTP "\r\n", "HTTP status 200" },
		{ OK_HTTP "Content-Length: 90\r\n\r\n{", NULL },
		{ "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}", "the answer is not etcd's" },
		{ "HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\nNot found", "HTTP status 404" },
		{ "HTTP/1.1 400 No\r\nContent-Length: 15\r\n\r\n{\"error\":\"full\"", NULL },
		{ "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
		    "Content-Length: 0\r\n\r\n", "HTTP status 302" },
		{ "SSH-2.0-OpenSSH\r\n", NULL },
		{ "\r\n", NULL }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK(ask(ETCD_PUT, cases[i].text, 4096, 0, 0) == 0);
		CHECK(seen.n == 1 && seen.failed && seen.ended);
		CHECK(cases[i].why == NULL || strcmp(seen.why, cases[i].why) == 0);
	}
	CHECK(ask(ETCD_PUT, OK_HTTP "\r\n{" HEADER "}", 3, 0, 0) == 0);
	CHECK(seen.n == 1 && !seen.failed && seen.revision == 12);
}

static void
an_answer_is_bounded(void)
{

	CHECK(ask(ETCD_WATCH, OK_HTTP "\r\n" LINE1, 4096,
	    ETCD_ANSWER_MAX + 65536, 0) == 0);
	CHECK(seen.n == 2 && seen.failed);
	CHECK(strcmp(seen.why, "the answer is too long") == 0);
	CHECK(ask(ETCD_PUT, OK_HTTP "\r\n{", 4096, ETCD_ANSWER_MAX + 65536,
	    0) == 0);
	CHECK(seen.failed && strcmp(seen.why, "the answer is too long") == 0);
	/* Chunks of a malformed length. */
	CHECK(ask(ETCD_WATCH, CHUNKED "zz\r\n", 4096, 0, 0) == 0 && seen.failed);
}

static const struct test tests[] = {
	{ "answers are read exactly, or refused", answers_are_read_exactly_or_refused },
	{ "alarms and 64-bit numbers are told", alarms_and_numbers_are_told },
	{ "rows are decoded one by one, or refused", rows_are_decoded_one_by_one },
	{ "members are told, and their names cannot harm", members_are_told },
	{ "requests are in etcd's form", requests_are_etcds },
	{ "a URL is numeric, and this host's or encrypted", urls_are_local_or_encrypted },
	{ "a watch may come in any pieces, and be cancelled from its callback",
	    a_watch_may_come_in_any_pieces },
	{ "what is no answer of etcd's fails; a redirect is not followed",
	    what_is_no_answer_fails },
	{ "an answer has a bound", an_answer_is_bounded }
};

TESTS(tests)
