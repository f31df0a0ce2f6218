#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/wbuf.h"

#include "client/input.h"

/* Bytes asked for at a time. */
#define INPUT_CHUNK	16384

/* How much may be read. */
struct limit {
	size_t len_max;
	const char * label;		/* what starts with it may be longer */
	size_t label_len_max;
};

/* How long may what starts as ${W} does be? */
static size_t
limit_of(const struct limit * M, const struct wbuf * W)
{
	size_t n = strlen(M->label);

	return (W->len >= n && n > 0 && memcmp(W->data, M->label, n) == 0 ?
	    M->label_len_max : M->len_max);
}

/* Read ${fd} to its end into ${W}; errno EFBIG beyond ${M}. */
static int
read_all(int fd, const struct limit * M, struct wbuf * W)
{
	uint8_t chunk[INPUT_CHUNK];
	ssize_t n;

	for (;;) {
		n = read(fd, chunk, sizeof(chunk));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return (n == 0 ? 0 : -1);
		if ((size_t)n > limit_of(M, W) - W->len) {
			errno = EFBIG;
			return (-1);
		}
		wbuf_put_bytes(W, chunk, (size_t)n);
		if (wbuf_failed(W)) {
			errno = ENOMEM;
			return (-1);
		}
	}
}

static int
input_limited(const char * path, const struct limit * M, uint8_t ** buf,
    size_t * len)
{
	const int standard = path == NULL || strcmp(path, "-") == 0;
	struct wbuf W;
	int fd, e;

	if (standard)
		path = "standard input";
	wbuf_init(&W, M->label_len_max + 1);
	if ((fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)) == -1)
		goto err0;
	if (read_all(fd, M, &W))
		goto err1;
	*len = W.len;
	wbuf_put_u8(&W, 0);
	if ((*buf = wbuf_steal(&W, &(size_t){0})) == NULL) {
		errno = ENOMEM;
		goto err1;
	}
	if (!standard)
		close(fd);
	return (0);

err1:
	e = errno;
	if (!standard)
		close(fd);
	errno = e;
err0:
	e = errno;
	if (e == EFBIG)
		warnx("%s: longer than %zu bytes", path, limit_of(M, &W));
	else
		warn("%s", path);
	wbuf_free(&W);
	errno = e;
	return (-1);
}

int
input_read(const char * path, size_t len_max, uint8_t ** buf, size_t * len)
{
	const struct limit M = { len_max, "", len_max };

	return (input_limited(path, &M, buf, len));
}

int
input_read_labelled(const char * path, size_t len_max, const char * label,
    size_t label_len_max, uint8_t ** buf, size_t * len)
{
	const struct limit M = { len_max, label, label_len_max };

	return (input_limited(path, &M, buf, len));
}
