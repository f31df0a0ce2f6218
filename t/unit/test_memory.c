#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain/chain.h"
#include "codec/wbuf.h"
#include "merkle/merkle.h"
#include "proof/memory.h"
#include "proof/memory_file.h"

#include "test.h"

#define SIZES	9	/* of the log */

static const struct chain none;

static uint8_t leaf[SIZES][HASH_LEN];

static void
make_log(void)
{

	for (unsigned i = 0; i < SIZES; i++)
		merkle_leaf_hash(&i, sizeof(i), leaf[i]);
}

/* The hash of any complete subtree, from the leaves. */
static int
subtree(void * cookie, uint8_t level, uint64_t index, uint8_t * hash)
{
	struct merkle_range R;

	(void)cookie;
	merkle_range_init(&R);
	for (uint64_t i = index << level; i < (index + 1) << level; i++)
		merkle_range_append(&R, leaf[i], NULL, NULL);
	merkle_range_root(&R, hash);
	return (0);
}

static void
log_root(uint64_t size, uint8_t * root)
{
	struct merkle_range R;

	if (merkle_range_load(&R, size, subtree, NULL))
		abort();
	merkle_range_root(&R, root);
}

static void
remembers(void)
{
	struct memory_seen a, b;
	uint8_t proof[MERKLE_DEPTH_MAX][HASH_LEN];
	const uint8_t (* hashes)[HASH_LEN] = (const uint8_t (*)[HASH_LEN])proof;
	unsigned n;

	make_log();
	for (a.size = 1; a.size <= SIZES; a.size++) {
		log_root(a.size, a.root);
		for (b.size = a.size + 1; b.size <= SIZES; b.size++) {
			log_root(b.size, b.root);
			CHECK(memory_check(&a, &b, NULL, 0) ==
			    MEMORY_PROOF_NEEDED);
			CHECK(merkle_consistency(a.size, b.size, subtree, NULL,
			    proof, &n) == 0);
			CHECK(memory_check(&a, &b, hashes, n) == MEMORY_OK);
			CHECK(memory_check(&b, &a, hashes, n) ==
			    MEMORY_STEP_BACK);
			b.root[0] ^= 1;
			CHECK(memory_check(&a, &b, hashes, n) == MEMORY_FORK);
		}
		b = a;
		CHECK(memory_check(&a, &b, NULL, 0) == MEMORY_OK);
		b.root[31] ^= 1;
		CHECK(memory_check(&a, &b, NULL, 0) == MEMORY_FORK);
		b.size = 0;
		CHECK(memory_check(&b, &a, NULL, 0) == MEMORY_OK);
	}
	CHECK(strcmp(memory_rule(MEMORY_FORK), RULE_FORK) == 0);
	CHECK(strcmp(memory_rule(MEMORY_STEP_BACK), RULE_STEP_BACK) == 0);
	CHECK(memory_rule(MEMORY_OK) == NULL);
}

/* Any note that a proof may hold: lines of unknown keys are no reason to fail. */
static void
longest_note(void)
{
	static char note[PROOF_LEN_MAX];
	struct memory_seen seen = { 5, { 1, 2, 3 } };
	struct memory * M;
	size_t len;

	CHECK(setenv("KS_STATE_DIR", test_dir(), 1) == 0);
	memset(note, 'x', sizeof(note));
	CHECK((M = memory_open("example.org")) != NULL);
	CHECK(memory_save(M, &seen, &none, note, sizeof(note)) == 0);
	memory_close(M);
	CHECK((M = memory_open("example.org")) != NULL);
	CHECK(memory_seen(M)->size == 5);
	CHECK(memory_note(M, &len) != NULL && len == sizeof(note));
	memory_close(M);
}

static void
kept(void)
{
	char dir[256], path[300];
	struct memory_seen seen = { 5, { 1, 2, 3 } };
	struct memory * M;
	struct stat st;
	const char * note;
	size_t len;

	/* Folders that are missing are made, for the owner alone. */
	snprintf(dir, sizeof(dir), "%s/a/b", test_dir());
	CHECK(setenv("KS_STATE_DIR", dir, 1) == 0);
	CHECK((M = memory_open("example.org/x y")) != NULL);
	CHECK(memory_seen(M)->size == 0);
	CHECK(memory_note(M, &len) == NULL && len == 0);
	CHECK(memory_save(M, &seen, &none, "a note\n", 7) == 0);
	CHECK(memory_seen(M)->size == 5);
	memory_close(M);
	CHECK(stat(dir, &st) == 0 && (st.st_mode & 0777) == 0700);

	/* Another program finds it; another realm finds nothing. */
	CHECK((M = memory_open("example.org/x y")) != NULL);
	CHECK(memory_seen(M)->size == 5);
	CHECK(memcmp(memory_seen(M)->root, seen.root, HASH_LEN) == 0);
	note = memory_note(M, &len);
	CHECK(len == 7 && memcmp(note, "a note\n", 7) == 0);
	memory_close(M);
	CHECK((M = memory_open("example.net")) != NULL);
	CHECK(memory_seen(M)->size == 0);
	memory_close(M);

	/* In places of the system's choosing, where none is named. */
	CHECK(unsetenv("KS_STATE_DIR") == 0);
	CHECK(setenv("HOME", "/h", 1) == 0);
	CHECK(setenv("XDG_STATE_HOME", "/x", 1) == 0);
	CHECK(memory_dir(path, sizeof(path)) == 0);
	CHECK(strcmp(path, "/x/ks") == 0);
	CHECK(unsetenv("XDG_STATE_HOME") == 0);
	CHECK(memory_dir(path, sizeof(path)) == 0);
	CHECK(strcmp(path, "/h/.local/state/ks") == 0);
}

/* Damage is an error, never a first visit. */
static void
damaged(void)
{
	struct memory_seen seen = { 7, { 1 } };
	struct memory_file F;
	struct wbuf W, again;

	wbuf_init(&W, MEMORY_FILE_MAX);
	wbuf_init(&again, MEMORY_FILE_MAX);
	memory_file_format(&W, "r", &seen, &none, "n\n", 2);
	CHECK(memory_file_parse((char *)W.data, W.len, "r", &F) == 0);
	memory_file_free(&F);
	CHECK(memory_file_parse((char *)W.data, W.len, "q", &F) == -1);
	for (size_t i = 0; i + 2 <= W.len; i++) {
		uint8_t was = W.data[i];

		if (i + 2 < W.len)
			CHECK(memory_file_parse((char *)W.data, i, "r",
			    &F) == -1);
		for (unsigned x = 0; x < 256; x++) {
			W.data[i] = (uint8_t)x;
			if (memory_file_parse((char *)W.data, W.len, "r", &F))
				continue;
			wbuf_reset(&again);
			memory_file_format(&again, "r", &F.seen, &F.chain,
			    F.note, F.note_len);
			memory_file_free(&F);
			CHECK(again.len == W.len && memcmp(again.data, W.data,
			    W.len) == 0);
		}
		W.data[i] = was;
	}
	wbuf_free(&W);
	wbuf_free(&again);
}

static void
damaged_on_disk(void)
{
	char path[512], cmd[64] = "x";
	struct memory_seen seen = { 7, { 1 } };
	struct memory * M;
	int fd, err;

	CHECK(setenv("KS_STATE_DIR", test_dir(), 1) == 0);
	CHECK((M = memory_open("r")) != NULL);
	CHECK(memory_save(M, &seen, &none, "n\n", 2) == 0);
	memory_close(M);
	CHECK(memory_dir(path, sizeof(path)) == 0);
	snprintf(path + strlen(path), 100, "/seen-454349e422f05297191ead13e21d3d"
	    "b520e5abef52055e4964b82fb213f593a1");
	CHECK((fd = open(path, O_WRONLY)) != -1);
	CHECK(write(fd, cmd, 1) == 1);
	close(fd);

	/* What it says of that on standard error is not for the test's log. */
	CHECK((err = dup(2)) != -1 && freopen("/dev/null", "w", stderr));
	M = memory_open("r");
	fflush(stderr);
	dup2(err, 2);
	close(err);
	CHECK(M == NULL);
}

/* Two programs that each add one to the size lose nothing. */
static void
locks(void)
{
	struct memory_seen seen = { 1, { 0 } };
	struct memory * M;
	int status;
	pid_t pid;

	CHECK(setenv("KS_STATE_DIR", test_dir(), 1) == 0);
	CHECK((pid = fork()) != -1);
	for (unsigned i = 0; i < 20; i++) {
		if ((M = memory_open("r")) == NULL)
			_exit(1);
		seen.size = memory_seen(M)->size + 1;
		if (memory_save(M, &seen, &none, "n\n", 2))
			_exit(1);
		memory_close(M);
	}
	if (pid == 0)
		_exit(0);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK((M = memory_open("r")) != NULL);
	CHECK(memory_seen(M)->size == 40);
	memory_close(M);
}

static const struct test tests[] = {
	{ "what was seen refuses forks and steps back", remembers },
	{ "what was accepted is found again, realm by realm", kept },
	{ "the longest note that a proof may hold is kept", longest_note },
	{ "a file that is damaged is refused", damaged },
	{ "a damaged file is not taken for a first visit", damaged_on_disk },
	{ "two programs at once do not overwrite each other", locks },
};
TESTS(tests)
