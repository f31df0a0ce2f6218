#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "frame/frame_call.h"
#include "frame/usock.h"

#include "ask/ask.h"

int
ask_open(struct ask * A, const char * path, uint64_t timeout_ms)
{

	memset(A, 0, sizeof(*A));
	A->path = path;
	A->timeout_ms = timeout_ms;
	if ((A->fd = usock_connect(path)) == -1)
		return (-1);
	wbuf_init(&A->in, FRAME_LEN_MAX + 4);
	return (0);
}

void
ask_close(struct ask * A)
{

	close(A->fd);
	wbuf_free(&A->in);
}

int
ask_call(struct ask * A, uint16_t type, const void * body, size_t len,
    uint16_t want, struct frame * F)
{

	if (frame_call(A->fd, type, ++A->id, body, len, A->timeout_ms, &A->in,
	    F))
		return (-1);
	if (F->type == want && F->id == A->id)
		return (0);
	if (F->type == COMMON_ERROR &&
	    common_get_error(F->body, F->len, &A->error) == 0)
		return (1);
	errno = EPROTO;
	return (-1);
}

int
ask_status(struct ask * A, const char ** text, size_t * len)
{
	struct frame F;
	int rc;

	if ((rc = ask_call(A, COMMON_STATUS, NULL, 0, COMMON_STATUS_REPLY,
	    &F)) != 0)
		return (rc);
	if (common_get_status(F.body, F.len, text, len) == 0)
		return (0);
	errno = EPROTO;
	return (-1);
}

int
ask_status_value(const char * text, size_t len, const char * name,
    const char ** value, size_t * value_len)
{
	const size_t n = strlen(name);
	const char * lf;

	while (len > 0) {
		if ((lf = memchr(text, '\n', len)) == NULL)
			return (0);
		if ((size_t)(lf - text) > n && memcmp(text, name, n) == 0 &&
		    text[n] == ' ') {
			*value = text + n + 1;
			*value_len = (size_t)(lf - *value);
			return (1);
		}
		len -= (size_t)(lf - text) + 1;
		text = lf + 1;
	}
	return (0);
}
