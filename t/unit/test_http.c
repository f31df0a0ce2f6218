#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "entry/rule_names.h"
#include "http/http.h"
#include "http/http_url.h"
#include "codec/wbuf.h"
#include "loop/loop.h"

#include "test.h"

/* A server that says what each path stands for, one connection at a time. */
static struct canned {
	pid_t pid;
	int port;
	char url[64];
} canned;

#define BIG	200000

static const struct {
	const char * path;
	const char * answer;
} answers[] = {
	{ "/good", "HTTP/1.1 200 OK\r\nContent-Type: Text/Plain; charset=utf-8\r\n"
	    "Ks-Cursor: 12-ab\r\nContent-Length: 4\r\n\r\ngood" },
	{ "/rule", "HTTP/1.1 422 No\r\nKs-Rule: version-must-rise\r\n"
	    "Content-Length: 3\r\nRetry-After: 7\r\n\r\nno\n" },
	{ "/strange", "HTTP/1.1 422 No\r\nKs-Rule: not \033[1m a rule\r\n"
	    "Ks-Cursor: \033\r\nContent-Type: \001\r\nContent-Length: 0\r\n\r\n" },
	{ "/interim", "HTTP/1.1 103 Early\r\nKs-Rule: early\r\n\r\n"
	    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx" },
	{ "/short", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ngood" },
	{ "/declared", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" },
	{ "/chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n8\r\n12345678\r\n0\r\n\r\n" },
	{ "/trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n0\r\nKs-Rule: late\r\n\r\n" },
	{ "/here", "HTTP/1.1 302 Go\r\nLocation: /good\r\nContent-Length: 4\r\n"
	    "\r\nmove" },
	{ "/round", "HTTP/1.1 302 Go\r\nLocation: /round\r\nContent-Length: 0\r\n"
	    "\r\n" },
	{ "/away", "HTTP/1.1 301 Go\r\nLocation: http://127.0.0.2:1/\r\n"
	    "Content-Length: 0\r\n\r\n" },
	{ "/port", "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/good\r\n"
	    "Content-Length: 0\r\n\r\n" },
	{ "/secure", "HTTP/1.1 308 Go\r\nLocation: https://127.0.0.1/\r\n"
	    "Content-Length: 0\r\n\r\n" },
	{ "/file", "HTTP/1.1 301 Go\r\nLocation: file:///etc/passwd\r\n"
	    "Content-Length: 0\r\n\r\n" },
	{ "/other", "HTTP/1.1 303 Go\r\nLocation: /good\r\nContent-Length: 0\r\n"
	    "\r\n" },
	{ "/rubbish", "SSH-2.0-OpenSSH\r\n\r\n" },
};

static void
say(int fd, const char * p, size_t len)
{
	ssize_t n;

	while (len > 0 && (n = send(fd, p, len, MSG_NOSIGNAL)) > 0) {
		p += n;
		len -= (size_t)n;
	}
}

/* Endless header lines, an error without end, or a big body. */
static int
say_much(int fd, const char * path)
{
	static char line[1001];

	memset(line, 'a', sizeof(line));
	memcpy(line, "X: ", 3);
	memcpy(line + 998, "\r\n", 2);
	if (strcmp(path, "/big") == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n", 43);
		for (int i = 0; i < BIG / 1000; i++)
			say(fd, line, 1000);
		return (1);
	}
	if (strcmp(path, "/headers") == 0)
		say(fd, "HTTP/1.1 200 OK\r\n", 17);
	else if (strcmp(path, "/header") == 0)
		say(fd, "HTTP/1.1 200 OK\r\nX: ", 20);
	else if (strcmp(path, "/error") == 0)
		say(fd, "HTTP/1.1 500 Oh\r\nContent-Length: 9999999\r\n\r\n", 44);
	else
		return (0);
	for (int i = 0; i < 2000; i++)
		say(fd, line, strcmp(path, "/header") == 0 ? 998 : 1000);
	return (1);
}

static void
serve_one(int fd)
{
	char buf[8192], path[64];
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(buf) - 1 &&
	    (n = recv(fd, buf + len, sizeof(buf) - 1 - len, 0)) > 0) {
		len += (size_t)n;
		buf[len] = '\0';
		if (strstr(buf, "\r\n\r\n") != NULL)
			break;
	}
	buf[len] = '\0';
	if (sscanf(buf, "%*s %63s", path) != 1 || say_much(fd, path))
		return;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (strcmp(path, answers[i].path) == 0)
			say(fd, answers[i].answer, strlen(answers[i].answer));
	/* A trickle without end, and silence. */
	if (strcmp(path, "/trickle") == 0) {
		say(fd, "HTTP/1.1 200 OK\r\n\r\n", 19);
		while (send(fd, "x", 1, MSG_NOSIGNAL) == 1)
			poll(NULL, 0, 20);
	} else if (strcmp(path, "/silence") == 0) {
		(void)recv(fd, buf, sizeof(buf), 0);
	}
}

static int
canned_start(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd, s;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((s = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    bind(s, (struct sockaddr *)&sin, sizeof(sin)) || listen(s, 16) ||
	    getsockname(s, (struct sockaddr *)&sin, &len))
		return (-1);
	canned.port = ntohs(sin.sin_port);
	snprintf(canned.url, sizeof(canned.url), "http://127.0.0.1:%d",
	    canned.port);
	if ((canned.pid = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while ((fd = accept(s, NULL, NULL)) != -1) {
			serve_one(fd);
			close(fd);
		}
		_exit(0);
	}
	close(s);
	return (canned.pid == -1 ? -1 : 0);
}

static void
canned_stop(void)
{

	kill(canned.pid, SIGKILL);
	waitpid(canned.pid, NULL, 0);
}

/* Ask for ${path} by http_poll; ${R} is what came, its body in ${body}. */
static int
get(const char * path, size_t answer_max, uint64_t timeout_ms,
    struct http_result * R, char body[64])
{
	char url[128];
	struct http_request Q = { .url = url, .answer_max = answer_max,
	    .timeout_ms = timeout_ms };
	struct http_call * X;
	struct http * H;
	int rc = -1;

	snprintf(url, sizeof(url), "%s%s", canned.url, path);
	if ((H = http_new(NULL, NULL)) == NULL)
		return (-1);
	if ((X = http_start(H, &Q)) != NULL) {
		while (http_result(X) == NULL && http_poll(H, NULL, 0, 1000) == 0)
			;
		if (http_result(X) != NULL) {
			*R = *http_result(X);
			snprintf(body, 64, "%.*s", (int)R->len,
			    (const char *)R->body);
			rc = 0;
		}
	}
	http_end(X);
	http_free(H);
	return (rc);
}

static void
answered(void)
{
	struct http_result R;
	char body[64];

	CHECK(canned_start() == 0);
	CHECK(get("/good", 4, 9000, &R, body) == 0 && R.end == HTTP_ANSWERED);
	CHECK(R.status == 200 && R.len == 4 && strcmp(body, "good") == 0);
	CHECK(strcmp(R.type, "text/plain") == 0 && R.sent);
	CHECK(strcmp(R.cursor, "12-ab") == 0 && R.rule[0] == '\0');
	CHECK(get("/rule", 0, 9000, &R, body) == 0 && R.end == HTTP_ANSWERED);
	CHECK(R.status == 422 && strcmp(R.rule, "version-must-rise") == 0);
	CHECK(R.retry_after_s == 7 && strcmp(body, "no\n") == 0);
	CHECK(get("/strange", 4, 9000, &R, body) == 0 && R.status == 422);
	CHECK(R.rule[0] == '\0' && R.cursor[0] == '\0' && R.type[0] == '\0');
	CHECK(get("/interim", 4, 9000, &R, body) == 0 && R.status == 200);
	CHECK(R.rule[0] == '\0' && strcmp(body, "x") == 0);
	CHECK(get("/trailer", 4, 9000, &R, body) == 0 && R.status == 200);
	CHECK(R.rule[0] == '\0' && strcmp(body, "abc") == 0);
	CHECK(get("/error", 4, 9000, &R, body) == 0 && R.status == 500);
	CHECK(R.end == HTTP_ANSWERED && R.len == HTTP_ERROR_BODY_MAX);
	CHECK(get("/big", BIG, 9000, &R, body) == 0 && R.len == BIG);
	canned_stop();
}

static void
redirected(void)
{
	static const char * const elsewhere[] = {
		"/away", "/port", "/secure", "/file", "/round"
	};
	struct http_result R;
	char body[64];

	CHECK(canned_start() == 0);
	CHECK(get("/here", 4, 9000, &R, body) == 0 && R.status == 200);
	CHECK(R.len == 4 && strcmp(body, "good") == 0);
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		CHECK(get(elsewhere[i], 4, 9000, &R, body) == 0);
		CHECK(R.end == HTTP_REJECTED && R.len == 0 && R.sent);
		CHECK(strcmp(R.rule, RULE_REDIRECT_ELSEWHERE) == 0);
	}
	CHECK(get("/other", 4, 9000, &R, body) == 0 && R.status == 303);
	canned_stop();
}

static void
bounded(void)
{
	static const char * const large[] = {
		"/declared", "/chunked", "/headers", "/header", "/trickle", "/big"
	};
	struct http_result R;
	char body[64];

	CHECK(canned_start() == 0);
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		CHECK(get(large[i], 10, 9000, &R, body) == 0);
		CHECK(R.end == HTTP_REJECTED && R.len == 0);
		CHECK(strcmp(R.rule, RULE_ANSWER_TOO_LARGE) == 0);
	}
	CHECK(get("/chunked", 11, 9000, &R, body) == 0 && R.len == 11);
	canned_stop();
}

static void
failed(void)
{
	static const char * const away[] = { "/short", "/trickle", "/silence" };
	struct http_result R;
	char body[64];

	CHECK(canned_start() == 0);
	for (size_t i = 0; i < sizeof(away) / sizeof(away[0]); i++) {
		CHECK(get(away[i], BIG, 500, &R, body) == 0);
		CHECK(R.end == HTTP_FAILED && R.why[0] != '\0' && R.sent);
		CHECK(R.rule[0] == '\0' && R.len == 0);
	}
	CHECK(get("/rubbish", BIG, 9000, &R, body) == 0);
	CHECK(R.end == HTTP_REJECTED);
	CHECK(strcmp(R.rule, RULE_NOT_A_KEYSERVER) == 0);
	canned_stop();
	CHECK(get("/good", BIG, 9000, &R, body) == 0 && R.end == HTTP_FAILED);
	CHECK(!R.sent && R.status == 0);
}

/* On a loop, in pieces: */
static struct {
	struct loop * L;
	struct http_call * X;
	size_t got;
	unsigned full;		/* how often there was no room */
	int room;
	int ended;
	struct http_result R;
} P;

static enum http_take
on_piece(void * ctx, const uint8_t * p, size_t len)
{

	(void)ctx;
	if (!P.room) {
		P.full++;
		return (HTTP_FULL);
	}
	P.room = 0;
	P.got += len;
	return (memchr(p, '\0', len) != NULL ? HTTP_BAD : HTTP_TAKEN);
}

static int
on_done(void * ctx, const struct http_result * R)
{

	(void)ctx;
	P.ended = 1;
	P.R = *R;
	http_end(P.X);
	return (0);
}

static void
in_pieces(void)
{
	char url[128];
	struct http_request Q = { .url = url, .answer_max = BIG,
	    .timeout_ms = 60000, .stall_ms = 60000, .piece = on_piece,
	    .done = on_done };
	struct http * H;
	unsigned full;

	CHECK(canned_start() == 0);
	memset(&P, 0, sizeof(P));
	CHECK((P.L = loop_new()) != NULL);
	CHECK((H = http_new(P.L, NULL)) != NULL);
	snprintf(url, sizeof(url), "%s/big", canned.url);
	CHECK((P.X = http_start(H, &Q)) != NULL);
	url[0] = '\0';
	while (!P.ended) {
		full = P.full;
		while (!P.ended && P.full == full)
			CHECK(loop_turn(P.L, 1000) == 0);
		if (P.ended)
			break;
		/* Without room nothing goes on. */
		for (int i = 0; i < 3; i++)
			CHECK(loop_turn(P.L, 1) == 0);
		CHECK(P.full == full + 1 && !P.ended);
		P.room = 1;
		http_resume(P.X);
	}
	CHECK(P.R.end == HTTP_ANSWERED && P.R.status == 200);
	CHECK(P.R.len == 0 && P.got == BIG && P.full > 3);

	/* One that is ended in between says no more. */
	P.ended = 0;
	snprintf(url, sizeof(url), "%s/silence", canned.url);
	CHECK((P.X = http_start(H, &Q)) != NULL);
	for (int i = 0; i < 3; i++)
		CHECK(loop_turn(P.L, 10) == 0);
	http_end(P.X);
	CHECK(loop_turn(P.L, 10) == 0 && !P.ended);
	http_free(H);
	loop_free(P.L);
	canned_stop();
}

static void
with_others(void)
{
	char url[128];
	struct http_request Q = { .url = url, .answer_max = 9,
	    .timeout_ms = 60000 };
	struct http_call * X;
	struct pollfd fd;
	struct http * H;
	uint64_t until;
	int pair[2];

	CHECK(canned_start() == 0 && pipe(pair) == 0);
	CHECK((H = http_new(NULL, NULL)) != NULL);
	snprintf(url, sizeof(url), "%s/silence", canned.url);
	CHECK((X = http_start(H, &Q)) != NULL);
	fd.fd = pair[0];
	fd.events = POLLIN;
	CHECK(write(pair[1], "x", 1) == 1);
	until = clock_mono_ms() + 30000;
	for (int i = 0; i < 100; i++)
		CHECK(http_poll(H, &fd, 1, 20000) == 0);
	CHECK(clock_mono_ms() < until && http_result(X) == NULL);
	http_end(X);
	http_free(H);
	close(pair[0]);
	close(pair[1]);
	canned_stop();
}

static void
urls(void)
{
	static const char * const good[] = {
		"http://a", "https://keys.example.org", "http://127.0.0.1:80/",
		"https://[::1]:8443/a/b", "http://a_b-c.example:65535/x%20y"
	};
	static const char * const bad[] = {
		"", "http:/a", "HTTP://a", "ftp://a", "http://", "http:///x",
		"http://a:0", "http://a:", "http://a:65536", "http://a:080",
		"http://u@a", "http://u:p@a/", "http://a?x", "http://a/?x",
		"http://a#x", "http://a/#x", "http://a b", "http://a/ b",
		"http://[::1", "http://[]", "http://[::1]x", "http://-a",
		"http://a\nb", "http://\303\244"
	};
	char text[2048];
	struct wbuf W;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(http_url_check(good[i]) == NULL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(http_url_check(bad[i]) != NULL);
	memset(text, 'a', sizeof(text));
	memcpy(text, "http://", 7);
	text[HTTP_URL_MAX] = '\0';
	CHECK(http_url_check(text) == NULL);
	text[HTTP_URL_MAX] = 'a';
	text[HTTP_URL_MAX + 1] = '\0';
	CHECK(http_url_check(text) != NULL);

	CHECK(http_url_same("http://a", "http://A:80/x"));
	CHECK(http_url_same("https://a:443/y?z", "https://a/x"));
	CHECK(!http_url_same("http://a", "https://a"));
	CHECK(!http_url_same("http://a:80", "http://a:81"));
	CHECK(!http_url_same("http://a", "http://a.b"));
	CHECK(!http_url_same("http://a", "http://a@b"));
	CHECK(!http_url_same("http://a", "\\\\a"));

	wbuf_init(&W, 1000);
	http_url_put(&W, "http://a/b//", "/v1/x?y=");
	http_url_arg(&W, "a b&c=d/\303\244~");
	wbuf_put_u8(&W, 0);
	CHECK(wbuf_failed(&W) == 0 && strcmp((char *)W.data,
	    "http://a/b/v1/x?y=a%20b%26c%3Dd%2F%C3%A4~") == 0);
	wbuf_free(&W);
}

static void
authorities(void)
{
	char path[256];
	FILE * f;

	CHECK(http_new(NULL, "/nonexistent/ca.pem") == NULL);
	snprintf(path, sizeof(path), "%s/ca.pem", test_dir());
	CHECK((f = fopen(path, "w")) != NULL);
	fputs("no certificate\n", f);
	fclose(f);
	CHECK(http_new(NULL, path) == NULL);
}

static const struct test tests[] = {
	{ "URLs of servers are checked, compared and put together", urls },
	{ "an answer is told, with the headers that matter", answered },
	{ "a redirect is followed on the same server only", redirected },
	{ "what is larger than allowed is broken off", bounded },
	{ "what does not come, or not whole, is no answer", failed },
	{ "on a loop a body comes in pieces, as there is room", in_pieces },
	{ "other descriptors are waited for as well", with_others },
	{ "a file of authorities must hold certificates", authorities },
};
TESTS(tests)
