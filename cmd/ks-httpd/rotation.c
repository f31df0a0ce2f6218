#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "base/file.h"
#include "daemon/conn.h"
#include "frame/common.h"
#include "proto/proto_httpd.h"

#include "rotation.h"

int
rotation_in(void)
{

	return (access(ROTATION_FILE, F_OK) != 0);
}

int
rotation_set(int in)
{
	static const uint8_t nothing[1];

	if (in == rotation_in())
		return (0);
	if (!in && file_write_new(ROTATION_FILE, 0600, nothing, 0) &&
	    errno != EEXIST)
		return (-1);
	if (in && unlink(ROTATION_FILE) && errno != ENOENT) {
		warn("%s", ROTATION_FILE);
		return (-1);
	}
	warnx(in ? "back in rotation" : "out of rotation");
	return (0);
}

int
rotation_serve(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	enum proto_httpd_want want;

	(void)cookie;
	if (proto_httpd_get_rotation(body, len, &want))
		return (conn_malformed(C, "frame-malformed"));
	if (want != ROTATION_SHOW && rotation_set(want == ROTATION_IN))
		return (conn_error(C, id, ERROR_INTERNAL, "internal",
		    "the file " ROTATION_FILE " cannot be changed", 0));
	proto_httpd_put_rotation_reply(conn_begin(C, ROTATION_REPLY, id),
	    rotation_in());
	return (conn_end(C, 0));
}
