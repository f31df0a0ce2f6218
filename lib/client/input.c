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

/* Read ${fd} to its end into ${W}; errno EFBIG beyond ${len_max} bytes. */
static int
read_all(int fd, size_t len_max, struct wbuf * W)
{
	uint8_t chunk[INPUT_CHUNK];
	ssize_t n;

	for (;;) {
		n = read(fd, chunk, sizeof(chunk));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return (n == 0 ? 0 : -1);
		if ((size_t)n > len_max - W->len) {
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

int
input_read(const char * path, size_t len_max, uint8_t ** buf, size_t * len)
{
	const int standard = path == NULL || strcmp(path, "-") == 0;
	struct wbuf W;
	int fd, e;

	if (standard)
		path = "standard input";
	wbuf_init(&W, len_max + 1);
	if ((fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)) == -1)
		goto err0;
	if (read_all(fd, len_max, &W))
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
		warnx("%s: longer than %zu bytes", path, len_max);
	else
		warn("%s", path);
	wbuf_free(&W);
	errno = e;
	return (-1);
}
