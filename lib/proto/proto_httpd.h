#ifndef KS_PROTO_PROTO_HTTPD_H
#define KS_PROTO_PROTO_HTTPD_H

#include <stddef.h>
#include <stdint.h>

struct wbuf;

/*
 * The frames of the socket `httpd` (PROTOCOL section 11).  A put appends a body
 * to a buffer, a get decodes a whole body: 0, or -1 if it is malformed.
 */
enum proto_httpd_type {
	ROTATION = 0x0601,
	ROTATION_REPLY = 0x0602
};

/* What is asked of the rotation. */
enum proto_httpd_want {
	ROTATION_SHOW = 0,	/* nothing: tell */
	ROTATION_IN = 1,
	ROTATION_OUT = 2
};

/**
 * proto_httpd_put_rotation(W, want), proto_httpd_get_rotation(body, len, want):
 * ROTATION: be in or out of rotation from now on, or tell.
 */
void proto_httpd_put_rotation(struct wbuf *, enum proto_httpd_want);
int proto_httpd_get_rotation(const uint8_t *, size_t, enum proto_httpd_want *);

/**
 * proto_httpd_put_rotation_reply(W, in),
 * proto_httpd_get_rotation_reply(body, len, in):
 * ROTATION_REPLY: whether it is in rotation (1) or out (0).
 */
void proto_httpd_put_rotation_reply(struct wbuf *, int);
int proto_httpd_get_rotation_reply(const uint8_t *, size_t, int *);

#endif
