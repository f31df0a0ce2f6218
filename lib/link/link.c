#include <string.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "config/config.h"
#include "entry/user.h"
#include "realm/realm.h"

#include "link/link.h"

#define VERSION	1

/* What can be had, where it is served, and to whom it is given. */
static const struct service {
	const char * name;
	const char * path;
	unsigned roles;		/* of enum realm_role */
} services[] = {
	{ "log", CONFIG_SOCKET_LOG, REALM_ROLE_REPLICA },
	{ "publish", CONFIG_SOCKET_PUBLISH, REALM_ROLE_REPLICA |
	    REALM_ROLE_VERIFIER | REALM_ROLE_EDGE },
	{ "admit", CONFIG_SOCKET_ADMIT, REALM_ROLE_REPLICA | REALM_ROLE_EDGE },
};

static const struct advice {
	const char * rule;
	const char * text;
} advices[] = {
	{ "peer-unknown", "no link line of realm.conf has this certificate" },
	{ "peer-mismatch", "realm.conf has this certificate for another name" },
	{ "certificate-expired", "the peer must make a new one with ks-link -g,"
	    " and its new line must go into every realm.conf" },
	{ "certificate-not-yet", "it is not valid yet: is a clock wrong?" },
	{ "realm-mismatch", "the peer is of another realm" },
	{ "service-unknown", "there are log, publish and admit" },
	{ "service-refused", "log is for replicas, publish for all, admit for"
	    " replicas and edges" },
};

/* Append the length and the version, later a string or two, then end. */
static size_t
begin(struct wbuf * W)
{
	size_t mark = W->len;

	wbuf_put_u16(W, 0);
	wbuf_put_u8(W, VERSION);
	return (mark);
}

static void
end(struct wbuf * W, size_t mark)
{
	size_t len;

	if (wbuf_failed(W))
		return;
	len = W->len - mark - 2;
	W->data[mark] = (uint8_t)(len >> 8);
	W->data[mark + 1] = (uint8_t)len;
}

void
link_put_hello(struct wbuf * W, const char * realm, const char * service)
{
	size_t mark = begin(W);

	wbuf_put_str8(W, realm);
	wbuf_put_str8(W, service);
	end(W, mark);
}

void
link_put_reply(struct wbuf * W, const char * rule)
{
	size_t mark = begin(W);

	wbuf_put_str8(W, rule);
	end(W, mark);
}

/* Begin to decode what is whole at ${p} as ${R}; 1, 0 or -1 as the header says. */
static int
open_greeting(struct rbuf * R, const uint8_t * p, size_t len, size_t * used)
{
	size_t n;

	if (len < 2)
		return (0);
	n = (size_t)p[0] << 8 | p[1];
	if (n + 2 > LINK_GREETING_MAX)
		return (-1);
	if (len - 2 < n)
		return (0);
	rbuf_init(R, p + 2, n);
	*used = n + 2;
	return (rbuf_get_u8(R) == VERSION ? 1 : -1);
}

/* Is each of the ${len} bytes at ${p} one of a word: a to z, 0 to 9, '-'? */
static int
is_word(const uint8_t * p, size_t len)
{

	for (size_t i = 0; i < len; i++)
		if (!((p[i] >= 'a' && p[i] <= 'z') ||
		    (p[i] >= '0' && p[i] <= '9') || p[i] == '-'))
			return (0);
	return (1);
}

int
link_get_hello(const uint8_t * p, size_t len, struct link_hello * hello,
    size_t * used)
{
	const uint8_t * realm, * service;
	size_t realm_len, service_len;
	struct rbuf R;
	int rc;

	if ((rc = open_greeting(&R, p, len, used)) != 1)
		return (rc);
	realm = rbuf_get_var8(&R, REALM_NAME_MAX, &realm_len);
	service = rbuf_get_var8(&R, LINK_SERVICE_MAX, &service_len);
	if (rbuf_end(&R) || service_len == 0 || !is_word(service, service_len) ||
	    !user_realm_ok((const char *)realm, realm_len))
		return (-1);
	memset(hello, 0, sizeof(*hello));
	memcpy(hello->realm, realm, realm_len);
	memcpy(hello->service, service, service_len);
	return (1);
}

int
link_get_reply(const uint8_t * p, size_t len, char * rule, size_t * used)
{
	const uint8_t * word;
	struct rbuf R;
	size_t n;
	int rc;

	if ((rc = open_greeting(&R, p, len, used)) != 1)
		return (rc);
	word = rbuf_get_var8(&R, LINK_RULE_MAX, &n);
	if (rbuf_end(&R) || !is_word(word, n))
		return (-1);
	memcpy(rule, word, n);
	rule[n] = '\0';
	return (1);
}

const char *
link_judge_peer(const struct realm * realm, const char * pin,
    int64_t not_before_s, int64_t not_after_s, int64_t now_s, int * who)
{

	if ((*who = realm_find_pin(realm, pin)) == -1)
		return ("peer-unknown");
	if (now_s < not_before_s)
		return ("certificate-not-yet");
	if (now_s > not_after_s)
		return ("certificate-expired");
	return (NULL);
}

const char *
link_judge_hello(const struct realm * realm, int who,
    const struct link_hello * hello, const char ** path)
{
	const enum realm_role role = realm_link_role(realm, (unsigned)who);

	if (strcmp(hello->realm, realm->name) != 0)
		return ("realm-mismatch");
	for (size_t k = 0; k < sizeof(services) / sizeof(services[0]); k++) {
		if (strcmp(services[k].name, hello->service) != 0)
			continue;
		if (!(services[k].roles & role))
			return ("service-refused");
		*path = services[k].path;
		return (NULL);
	}
	return ("service-unknown");
}

const char *
link_advice(const char * rule)
{

	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (strcmp(advices[i].rule, rule) == 0)
			return (advices[i].text);
	return ("");
}
