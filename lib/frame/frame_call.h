#ifndef KS_FRAME_FRAME_CALL_H
#define KS_FRAME_FRAME_CALL_H

#include <stddef.h>
#include <stdint.h>

struct frame;
struct wbuf;

/*
 * The blocking side of the protocol, for tools.  Every function here works on a
 * blocking or nonblocking Unix stream socket, never raises SIGPIPE, and fails
 * with errno: ETIMEDOUT when its time is up, ECONNRESET when the peer went
 * away, EMSGSIZE when there is more than a frame may hold, EPROTO when what
 * came is no frame.
 */

/**
 * frame_send(fd, type, id, body, len, timeout_ms):
 * Write one frame of ${type} and ${id} with the ${len} bytes at ${body} to
 * ${fd} within ${timeout_ms} milliseconds.  Return 0, or -1 with errno.
 */
int frame_send(int, uint16_t, uint32_t, const void *, size_t, uint64_t);

/**
 * frame_recv(fd, W, F, timeout_ms):
 * Read the next frame from ${fd}, and not a byte more, within ${timeout_ms}
 * milliseconds into ${W}, which is reset first and must allow FRAME_LEN_MAX + 4
 * bytes; ${F} points into ${W}.  Return 0, or -1 with errno.
 */
int frame_recv(int, struct wbuf *, struct frame *, uint64_t);

/**
 * frame_call(fd, type, id, body, len, timeout_ms, W, F):
 * Do frame_send, then frame_recv until the frame that answers ${id} is in ${W}
 * and ${F}, all within ${timeout_ms} milliseconds.  Frames with other ids are
 * skipped, but for an ERROR with id 0, which is about the connection and ends
 * it.  Return 0, or -1 with errno.  ${F} may well be an ERROR.
 */
int frame_call(int, uint16_t, uint32_t, const void *, size_t, uint64_t,
    struct wbuf *, struct frame *);

#endif
