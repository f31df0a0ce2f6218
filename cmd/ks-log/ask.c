#include <err.h>
#include <errno.h>
#include <stdint.h>

#include "base/exits.h"
#include "codec/wbuf.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "frame/frame_call.h"

#include "logtool.h"

int
logtool_failed(const struct logtool * T)
{

	warn("%s", T->socket);
	return (EXITS_TEMPORARY);
}

int
logtool_broken(const struct logtool * T, const char * rule)
{

	warnx("%s: what it sent breaks the protocol: %s", T->socket, rule);
	return (EXITS_PERMANENT);
}

int
logtool_expect(const struct logtool * T, const struct frame * F,
    uint16_t reply)
{
	struct common_error E;

	if (F->type == reply)
		return (0);
	if (F->type != COMMON_ERROR)
		return (logtool_broken(T, "frame-type"));
	if (common_get_error(F->body, F->len, &E))
		return (logtool_broken(T, "error-malformed"));
	warnx("%s: %s%s%s", T->socket, E.rule, E.text[0] != '\0' ? ": " : "",
	    E.text);
	return (E.code == ERROR_UNAVAILABLE || E.code == ERROR_INTERNAL ?
	    EXITS_TEMPORARY : EXITS_PERMANENT);
}

int
logtool_ask(const struct logtool * T, uint16_t type, const void * body,
    size_t len, uint16_t reply, struct wbuf * W, struct frame * F)
{

	if (frame_call(T->fd, type, 1, body, len, LOGTOOL_TIMEOUT_MS, W, F))
		return (logtool_failed(T));
	return (logtool_expect(T, F, reply));
}
