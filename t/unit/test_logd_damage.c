#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "frame/frame.h"
#include "frame/frame_call.h"
#include "frame/usock.h"
#include "log/committed.h"
#include "proto/proto_log.h"
#include "store/bytes.h"
#include "store/rowkey.h"
#include "store/store.h"
#include "store/view.h"

#include "log_entries.h"
#include "test.h"

/* ks-logd itself, on a log that a disk changed where nobody looks at the start. */

#define REALM		"example.org"
#define DIR		"realm/replica1"
#define ENTRIES		2000
#define DAMAGED		1200
#define KEY_LEN		9
#define PATIENCE_MS	30000

/* Start a program of ours with its standard error in "err". */
static pid_t
start(const char * bin, const char * name, char * const * argv)
{
	char path[4096];
	pid_t pid;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", bin, name);
	if ((pid = fork()) != 0)
		return (pid);
	fd = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	execv(path, argv);
	_exit(127);
}

/* How it ended. */
static int
end(pid_t pid)
{
	int status;

	if (pid == -1 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return (-1);
	return (WEXITSTATUS(status));
}

/* Make the log in DIR, and turn a bit of the request id in a row of its middle. */
static int
make_log(void)
{
	static const struct store_options options = { .cache_len = 8 << 20 };
	uint8_t entry[1024], key[ROWKEY_MAX];
	struct bytes val = { NULL, 0, 0 };
	struct committed * C;
	struct store * S;
	struct view * V;
	uint64_t index;
	int bad = 0;

	if (store_open(DIR "/data/log", &options, &S) ||
	    committed_open(S, REALM, &C))
		return (-1);
	for (uint32_t i = 1; i <= ENTRIES; i++)
		bad |= committed_put(C, entry, entries_make(i,
		    entries_body_len(i), entry), &index);
	bad |= committed_commit(C);
	committed_close(C);
	rowkey_number(key, COMMITTED_TABLE, DAMAGED);
	V = view_open(S);
	bad |= store_get(S, key, KEY_LEN, &val);
	val.data[HASH_LEN] ^= 1;
	bad |= view_put(V, key, KEY_LEN, val.data, val.len);
	bad |= view_commit(V, NULL);
	view_close(V);
	bytes_free(&val);
	store_close(S);
	return (bad);
}

/* Follow the log until it ends; return the last index that came. */
static uint64_t
follow_all(void)
{
	uint64_t end_ms = clock_mono_ms() + PATIENCE_MS, last = 0;
	struct proto_log_entries E;
	struct wbuf ask, W;
	struct frame F;
	int fd;

	while ((fd = usock_connect(DIR "/run/log")) == -1) {
		if (clock_mono_ms() > end_ms)
			return (0);
	}
	wbuf_init(&ask, 8);
	wbuf_init(&W, FRAME_LEN_MAX + 4);
	proto_log_put_follow(&ask, 1);
	if (frame_send(fd, LOG_FOLLOW, 1, ask.data, ask.len, PATIENCE_MS) == 0) {
		while (frame_recv(fd, &W, &F, PATIENCE_MS) == 0 &&
		    F.type == LOG_ENTRIES &&
		    proto_log_get_entries(F.body, F.len, &E) == 0)
			last = E.first + E.n - 1;
	}
	wbuf_free(&ask);
	wbuf_free(&W);
	close(fd);
	return (last);
}

static void
nothing_is_served_past_damage(void)
{
	char * const init[] = { (char[]){ "ks-init" },
	    (char[]){ "realm" }, (char[]){ REALM }, NULL };
	char * const logd[] = { (char[]){ "ks-logd" }, (char[]){ "-J" },
	    (char[]){ "-d" }, (char[]){ DIR }, NULL };
	const char * env = getenv("KS_BIN");
	char bin[4096], err[4096] = "";
	uint64_t last;
	pid_t pid;
	FILE * f;

	CHECK(realpath(env != NULL ? env : "build/bin", bin) != NULL);
	CHECK(chdir(test_dir()) == 0);
	CHECK(end(start(bin, "ks-init", init)) == 0);
	CHECK(make_log() == 0);
	/* Again and again: nothing gets better by a start. */
	for (int i = 0; i < 2; i++) {
		pid = start(bin, "ks-logd", logd);
		last = follow_all();
		CHECK(end(pid) == 100);
		CHECK(last < DAMAGED);
		CHECK((f = fopen("err", "r")) != NULL);
		err[fread(err, 1, sizeof(err) - 1, f)] = '\0';
		fclose(f);
		CHECK(strstr(err, "log: entry 1200 is damaged") != NULL);
		CHECK(strchr(err, '\n') == strrchr(err, '\n'));
	}
}

static const struct test tests[] = {
	{ "nothing is served past a damaged entry: its index, one line, exit 100",
	    nothing_is_served_past_damage }
};

TESTS(tests)
