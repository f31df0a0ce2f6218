#include <sys/file.h>
#include <sys/stat.h>

#include <bsd/string.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/hex.h"
#include "codec/wbuf.h"
#include "head/head.h"
#include "proof/memory_file.h"

#include "proof/memory.h"

struct memory {
	struct memory_file file;
	char realm[MEMORY_FILE_REALM_MAX + 1];
	char path[PATH_MAX];
	int lock;		/* file descriptor that holds the lock */
};

int
memory_dir(char * path, size_t size)
{
	static const struct {
		const char * variable;
		const char * suffix;
	} places[] = {
		{ "KS_STATE_DIR", "" },
		{ "XDG_STATE_HOME", "/ks" },
		{ "HOME", "/.local/state/ks" }
	};
	const char * base;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		base = getenv(places[i].variable);

		/* A relative $XDG_STATE_HOME is to be ignored, by its page. */
		if (base == NULL || base[0] == '\0' ||
		    (i > 0 && base[0] != '/'))
			continue;
		if (strlcpy(path, base, size) < size &&
		    strlcat(path, places[i].suffix, size) < size)
			return (0);
		warnx("%s: %s", base, strerror(ENAMETOOLONG));
		return (-1);
	}
	warnx("none of KS_STATE_DIR, XDG_STATE_HOME and HOME is set");
	return (-1);
}

/* Make the folder ${path} and what is missing above it, mode 0700. */
static int
make_dirs(char * path)
{

	for (char * p = path + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) && errno != EEXIST) {
			warn("%s", path);
			return (-1);
		}
		*p = c;
		if (c == '\0')
			return (0);
	}
}

/*
 * Open and lock the lock file beside ${M}->path.  It is never removed: who
 * waits for it would hold a lock on a file that nobody else sees.
 */
static int
lock(struct memory * M)
{
	char path[PATH_MAX];

	if (strlcpy(path, M->path, sizeof(path)) >= sizeof(path) ||
	    strlcat(path, ".lock", sizeof(path)) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		goto err0;
	}
	if ((M->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1)
		goto err0;
	while (flock(M->lock, LOCK_EX))
		if (errno != EINTR)
			goto err1;
	return (0);

err1:
	close(M->lock);
err0:
	warn("%s", path);
	return (-1);
}

/* Read the file of ${M}; one that is not there is a client's first visit. */
static int
load(struct memory * M)
{
	uint8_t * text;
	size_t len;
	int bad;

	if (access(M->path, F_OK) && errno == ENOENT)
		return (0);
	if (file_read(M->path, MEMORY_FILE_MAX, &text, &len))
		return (-1);
	bad = memory_file_parse((const char *)text, len, M->realm, &M->file);
	if (bad)
		warnx("%s: not a ks-seen/v1 file of %s", M->path, M->realm);
	free(text);
	return (bad);
}

struct memory *
memory_open(const char * realm)
{
	struct memory * M;
	uint8_t hash[HASH_LEN];
	char name[HEX_SIZE(HASH_LEN)];

	if ((M = calloc(1, sizeof(*M))) == NULL) {
		warn("%s", realm);
		goto err0;
	}
	if (strlcpy(M->realm, realm, sizeof(M->realm)) >= sizeof(M->realm)) {
		warnx("%s: %s", realm, strerror(ENAMETOOLONG));
		goto err1;
	}
	if (memory_dir(M->path, sizeof(M->path)) || make_dirs(M->path))
		goto err1;

	/* A realm's name may hold what a file's name may not. */
	head_realm(realm, hash);
	hex_encode(hash, sizeof(hash), name, sizeof(name));
	if (strlcat(M->path, "/seen-", sizeof(M->path)) >= sizeof(M->path) ||
	    strlcat(M->path, name, sizeof(M->path)) >= sizeof(M->path)) {
		warnx("%s: %s", M->path, strerror(ENAMETOOLONG));
		goto err1;
	}
	if (lock(M))
		goto err1;
	if (load(M))
		goto err2;
	return (M);

err2:
	close(M->lock);
err1:
	memory_file_free(&M->file);
	free(M);
err0:
	return (NULL);
}

const struct memory_seen *
memory_seen(const struct memory * M)
{

	return (&M->file.seen);
}

const char *
memory_note(const struct memory * M, size_t * len)
{

	*len = M->file.note_len;
	return (M->file.note);
}

const struct chain *
memory_chain(const struct memory * M)
{

	return (&M->file.chain);
}

int
memory_save(struct memory * M, const struct memory_seen * now,
    const struct chain * chain, const char * note, size_t len)
{
	struct memory_file file;
	struct wbuf W;

	wbuf_init(&W, MEMORY_FILE_MAX);
	memory_file_format(&W, M->realm, now, chain, note, len);
	if (wbuf_failed(&W) ||
	    memory_file_parse((const char *)W.data, W.len, M->realm, &file)) {
		warnx("%s: cannot be held in memory", M->path);
		goto err0;
	}
	if (file_write_atomic(M->path, 0600, W.data, W.len))
		goto err1;
	memory_file_free(&M->file);
	M->file = file;
	wbuf_free(&W);
	return (0);

err1:
	memory_file_free(&file);
err0:
	wbuf_free(&W);
	return (-1);
}

void
memory_close(struct memory * M)
{

	if (M == NULL)
		return;
	close(M->lock);
	memory_file_free(&M->file);
	free(M);
}
