#ifndef KS_LINK_LINK_H
#define KS_LINK_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "entry/limits.h"

struct realm;
struct wbuf;

/*
 * What is said at the start of a stream between two ks-link (PROTOCOL section
 * 14), and who may have what.  No I/O and no clock here.
 *
 *	hello := u16 length, u8 1, str8 realm, str8 service	who connects
 *	reply := u16 length, u8 1, str8 rule			who accepts
 *
 * The length is that of what follows it.  After a reply without a rule the bytes
 * of the service follow, both ways; after one with a rule, nothing.
 */
#define LINK_SERVICE_MAX	15	/* bytes of a service's name */
#define LINK_RULE_MAX		64	/* bytes of a rule */
#define LINK_GREETING_MAX	512	/* bytes of a hello or a reply */

struct link_hello {
	char realm[REALM_NAME_MAX + 1];
	char service[LINK_SERVICE_MAX + 1];
};

/**
 * link_put_hello(W, realm, service), link_put_reply(W, rule):
 * Append a hello with the strings ${realm} and ${service}, or a reply with the
 * string ${rule}, which is empty if the stream is accepted, to ${W}.
 */
void link_put_hello(struct wbuf *, const char *, const char *);
void link_put_reply(struct wbuf *, const char *);

/**
 * link_get_hello(p, len, hello, used), link_get_reply(p, len, rule, used):
 * Look for a whole hello, or reply, at the start of the ${len} bytes at ${p}.
 * Return 1, and fill in ${hello}, or ${rule} of LINK_RULE_MAX + 1 bytes, and the
 * bytes ${used} that it takes; 0 if more bytes are needed, of which there are
 * then less than LINK_GREETING_MAX; or -1 if it is malformed.
 */
int link_get_hello(const uint8_t *, size_t, struct link_hello *, size_t *);
int link_get_reply(const uint8_t *, size_t, char *, size_t *);

/**
 * link_judge_peer(realm, pin, not_before_s, not_after_s, now_s, who):
 * May somebody with the certificate of hash ${pin}, valid from ${not_before_s} to
 * ${not_after_s}, take part in ${realm} at the time ${now_s}?  Return NULL, or the
 * rule that forbids it; store in ${who} the number of his link line, or -1 if he
 * has none.
 */
const char * link_judge_peer(const struct realm *, const char *, int64_t,
    int64_t, int64_t, int *);

/**
 * link_judge_hello(realm, who, hello, path):
 * May the peer of link line ${who} of ${realm} have what ${hello} asks for?
 * Return NULL and store in ${path} the socket that serves it, below the directory
 * of the replica or verifier; or return the rule that forbids it.
 */
const char * link_judge_hello(const struct realm *, int,
    const struct link_hello *, const char **);

/**
 * link_advice(rule):
 * Return what the operator can do about ${rule}, for a line of the log; empty if
 * nothing is known.
 */
const char * link_advice(const char *);

#endif
