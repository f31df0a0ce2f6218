#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exits.h"
#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "store/store.h"
#include "store/view.h"

#include "test.h"

/* How often the committing child is killed. */
#define KILLS		20

/* Longest life of a child after its first acknowledgement. */
#define KILL_AFTER_MAX_MS	60

/* Files of a process that is refused more: some batches fit, not many. */
#define REFUSE_LEN	(1024 * 1024)

/* More batches than a child commits before it is stopped from outside. */
#define BATCHES_MAX	50000

/* Flipped bytes, each in a page of its own. */
#define FLIPS		24
#define PAGE_LEN	4096

/* A small cache and frequent checkpoints, so that all of it happens here. */
static const struct store_options options = { 256 * 1024, 512 * 1024 };

/* How many rows batch ${i} has, and how long their values are. */
static uint32_t
batch_rows(uint32_t i)
{

	return (1 + i % 37);
}

static size_t
batch_len(uint32_t i)
{

	return (i % 5 == 0 ? 3000 : 40 + i % 300);
}

/* Commit batch ${i}; its rows are spread, and it updates one counter. */
static int
batch_commit(struct view * V, uint32_t i)
{
	uint8_t val[3000];
	struct wbuf k;
	int rc = 0;

	memset(val, (int)(i & 0xff), sizeof(val));
	wbuf_init(&k, STORE_KEY_MAX);
	for (uint32_t j = 0; j < batch_rows(i); j++) {
		wbuf_reset(&k);
		wbuf_put_u8(&k, 'r');
		wbuf_put_u32(&k, j);
		wbuf_put_u32(&k, i);
		rc |= view_put(V, k.data, k.len, val, batch_len(i));
	}
	wbuf_reset(&k);
	wbuf_put_u32(&k, i);
	rc |= view_put(V, "n", 1, k.data, k.len);
	wbuf_free(&k);
	return (rc ? -1 : view_commit(V, NULL));
}

/* Counts the rows of every batch that a database holds. */
struct tally {
	uint32_t * rows;	/* by batch */
	uint32_t max;		/* the last batch that the counter knows */
	int bad;
};

static int
tally_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * val,
    size_t vlen)
{
	struct tally * t = cookie;
	struct rbuf R;
	uint32_t i, j;

	rbuf_init(&R, key + 1, klen - 1);
	j = rbuf_get_u32(&R);
	i = rbuf_get_u32(&R);
	t->bad |= rbuf_end(&R) != 0 || i < 1 || i > t->max ||
	    j >= batch_rows(i) || vlen != batch_len(i);
	for (size_t n = 0; n < vlen && !t->bad; n++)
		t->bad |= val[n] != (i & 0xff);
	if (!t->bad)
		t->rows[i]++;
	return (t->bad);
}

/*
 * Check that ${S} holds batches 1 to some number whole and nothing else; store
 * the number in ${max}.  Return 0; 1 if it does not; or -1 if a read failed.
 */
static int
whole(struct store * S, uint32_t * max)
{
	struct tally t = { 0 };
	struct bytes b = { 0 };
	struct rbuf R;
	int rc;

	if ((rc = store_get(S, "n", 1, &b)) == -1)
		goto done;
	if (rc == 0) {
		rbuf_init(&R, b.data, b.len);
		t.max = rbuf_get_u32(&R);
	}
	t.rows = calloc(t.max + 1, sizeof(*t.rows));
	if ((rc = store_scan(S, "r", 1, "s", 1, tally_row, &t)) == -1)
		goto done;
	for (uint32_t i = 1; i <= t.max; i++)
		t.bad |= t.rows[i] != batch_rows(i);
	*max = t.max;
	rc = t.bad;

done:
	free(t.rows);
	bytes_free(&b);
	return (rc);
}

/* In a child: commit batches from ${first} on and tell ${fd} of each. */
static void __attribute__((noreturn))
commit_for_ever(const char * dir, uint32_t first, int fd)
{
	struct store * S;
	struct view * V;

	if (store_open(dir, &options, &S) || (V = view_open(S)) == NULL)
		_exit(1);
	for (uint32_t i = first; i < BATCHES_MAX; i++) {
		if (batch_commit(V, i))
			_exit(EXITS_TEMPORARY);
		if (write(fd, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
	_exit(EXITS_OK);
}

/* Fork a child as above; store the pipe's other end in ${fd}. */
static pid_t
start_child(const char * dir, uint32_t first, int * fd, void (* before)(void))
{
	int pipe_fd[2];
	pid_t pid;

	if (pipe(pipe_fd))
		return (-1);
	if ((pid = fork()) == 0) {
		close(pipe_fd[0]);
		if (before != NULL)
			before();
		commit_for_ever(dir, first, pipe_fd[1]);
	}
	close(pipe_fd[1]);
	*fd = pipe_fd[0];
	return (pid);
}

static void
killed_while_committing(void)
{
	const char * dir = test_dir();
	struct store * S;
	struct pollfd p = { .events = POLLIN };
	uint32_t ack = 0, n, max = 0;
	pid_t pid;

	srandom((unsigned int)clock_mono_ns());
	for (int round = 0; round < KILLS; round++) {
		pid = start_child(dir, max + 1, &p.fd, NULL);
		CHECK(pid > 0);

		/* A third of them die while they open, maybe recover. */
		if (round % 3 != 0)
			CHECK(poll(&p, 1, 20000) == 1);
		poll(NULL, 0, (int)(random() % KILL_AFTER_MAX_MS));
		kill(pid, SIGKILL);
		CHECK(waitpid(pid, NULL, 0) == pid);
		while (read(p.fd, &n, sizeof(n)) == sizeof(n))
			ack = n;
		close(p.fd);

		CHECK(store_open(dir, &options, &S) == 0);
		CHECK(whole(S, &max) == 0);
		store_close(S);
		if (max != ack && max != ack + 1)
			printf("# acknowledged %" PRIu32 ", found %" PRIu32 "\n",
			    ack, max);
		CHECK(max == ack || max == ack + 1);
		ack = max;
	}
	printf("# %" PRIu32 " batches in %d lives\n", max, KILLS);
	CHECK(max > KILLS);
}

/* Standard error goes to this file of the running test. */
static char stderr_path[128];

static void
keep_stderr(void)
{
	int fd = open(stderr_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	dup2(fd, STDERR_FILENO);
	close(fd);
}

/* Whether what was kept is one line that holds ${text}. */
static int
said(const char * text)
{
	char buf[1024] = "";
	FILE * f = fopen(stderr_path, "r");
	size_t len;

	if (f == NULL)
		return (0);
	len = fread(buf, 1, sizeof(buf) - 1, f);
	fclose(f);
	if (len > 0 && strstr(buf, text) != NULL &&
	    strchr(buf, '\n') == &buf[len - 1])
		return (1);
	printf("# said: %s\n", buf);
	return (0);
}

/* The disk refuses to let any file grow beyond REFUSE_LEN. */
static void
refuse_growth(void)
{
	struct rlimit limit = { REFUSE_LEN, REFUSE_LEN };

	keep_stderr();
	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit))
		_exit(1);
}

static void
refused_write(void)
{
	const char * dir = test_dir();
	struct store * S;
	uint32_t ack = 0, n, max;
	int fd, status;
	pid_t pid;

	snprintf(stderr_path, sizeof(stderr_path), "%s/stderr", test_dir());
	pid = start_child(dir, 1, &fd, refuse_growth);
	CHECK(pid > 0);
	while (read(fd, &n, sizeof(n)) == sizeof(n))
		ack = n;
	close(fd);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXITS_TEMPORARY);
	CHECK(said("File too large"));

	/* Exactly what was acknowledged, and the next start goes on with it. */
	CHECK(store_open(dir, &options, &S) == 0);
	CHECK(whole(S, &max) == 0);
	CHECK(ack > 10 && max == ack);
	store_close(S);
}

static void
second_opener(void)
{
	const char * dir = test_dir();
	struct store * S, * T;
	int status;
	pid_t pid;

	snprintf(stderr_path, sizeof(stderr_path), "%s/stderr", test_dir());
	CHECK(store_open(dir, &options, &S) == 0);
	if ((pid = fork()) == 0) {
		keep_stderr();
		_exit(store_open(dir, &options, &T) == 1 ? 42 : 1);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	CHECK(said("another process owns it"));

	/* Nor may the same process open it twice. */
	CHECK(store_open(dir, &options, &T) == 1);
	store_close(S);
	CHECK(store_open(dir, &options, &S) == 0);
	store_close(S);
}

/* In a child: read all of a damaged database; 0: whole, 2: refused, 3: wrong. */
static int
read_damaged(const char * dir, uint32_t want)
{
	struct store * S;
	uint32_t max = 0;
	int rc;

	keep_stderr();
	if (store_open(dir, &options, &S))
		return (2);
	rc = whole(S, &max);
	if (rc == -1)
		return (store_dead(S) && store_get(S, "n", 1, NULL) == -1 ? 2 : 3);
	return (rc == 0 && max == want ? 0 : 3);
}

/* Flip bit ${bit} of the byte at ${offset} in ${path}; twice makes it whole. */
static int
flip(const char * path, off_t offset, int bit)
{
	int fd = open(path, O_RDWR);
	uint8_t byte;
	int rc;

	if (fd == -1)
		return (-1);
	rc = pread(fd, &byte, 1, offset) == 1 ? 0 : -1;
	byte ^= (uint8_t)(1 << bit);
	if (rc == 0)
		rc = pwrite(fd, &byte, 1, offset) == 1 ? 0 : -1;
	close(fd);
	return (rc);
}

static void
flipped_byte(void)
{
	const char * dir = test_dir();
	char path[128];
	struct stat st;
	struct store * S;
	struct view * V;
	uint32_t batches = 150;
	int status, refused = 0;
	off_t at, pages;
	pid_t pid;

	snprintf(stderr_path, sizeof(stderr_path), "%s/stderr", test_dir());
	snprintf(path, sizeof(path), "%s/data.db", dir);
	CHECK(store_open(dir, &options, &S) == 0 && (V = view_open(S)) != NULL);
	for (uint32_t i = 1; i <= batches; i++)
		CHECK(batch_commit(V, i) == 0);
	view_close(V);
	store_close(S);
	CHECK(stat(path, &st) == 0);
	pages = st.st_size / PAGE_LEN;
	CHECK(pages > FLIPS);

	/* The first page, the last, and others between. */
	for (int i = 0; i < FLIPS; i++) {
		at = (pages - 1) * i / (FLIPS - 1) * PAGE_LEN +
		    random() % PAGE_LEN;
		CHECK(flip(path, at, i % 8) == 0);
		if ((pid = fork()) == 0)
			_exit(read_damaged(dir, batches));
		CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
		if (WEXITSTATUS(status) == 2) {
			refused++;
			CHECK(said(i == 0 ? dir : "corrupt page"));
		} else
			CHECK(WEXITSTATUS(status) == 0);

		/* The child had no reason to write that page. */
		CHECK(flip(path, at, i % 8) == 0);
	}
	printf("# %d of %d refused\n", refused, FLIPS);
	CHECK(refused > FLIPS / 2);
}

static void
nothing_there(void)
{
	const char * dir = test_dir();
	char path[128];
	struct store * S;
	struct stat st;

	snprintf(path, sizeof(path), "%s/new", dir);
	CHECK(store_exists(path) == 0 && store_exists(dir) == 0);
	CHECK(store_open(path, NULL, &S) == 0);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0700);
	CHECK(store_exists(path) == 1);
	store_close(S);
	snprintf(path, sizeof(path), "%s/new/data.db", dir);
	CHECK(store_open(path, NULL, &S) == -1);
	snprintf(path, sizeof(path), "%s/not/there", dir);
	CHECK(store_open(path, NULL, &S) == -1 && store_exists(path) == 0);
}

static const struct test tests[] = {
	{ "kill -9 loses nothing acknowledged and leaves no part of a batch",
	    killed_while_committing },
	{ "a write that the disk refused is never acknowledged", refused_write },
	{ "a directory has one owner", second_opener },
	{ "a flipped byte is an error, never wrong data or absence", flipped_byte },
	{ "a directory is made, privately, where there is none", nothing_there },
};
TESTS(tests)
