#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/exits.h"
#include "codec/wbuf.h"
#include "daemon/conn.h"
#include "daemon/daemon.h"
#include "frame/common.h"
#include "jail/jail.h"
#include "proto/proto_httpd.h"
#include "realm/realm.h"

#include "httpd.h"
#include "rotation.h"

/* ks-httpd: what other people's software talks to, by HTTP. */

/* Most bytes of a certificate with its chain, and of its key. */
#define PEM_MAX	65536

/* The files that are read, and again on SIGHUP: the last two for HTTPS only. */
enum { REALM_FILE, CERT_FILE, KEY_FILE, NFILES };

/* Take the realm file of ${len} bytes.  0, or -1 after a line; all is then as before. */
static int
take_realm(struct httpd * H, uint8_t * text, size_t len)
{
	struct realm_error E;
	struct realm * realm;

	if (realm_parse((const char *)text, len, &realm, &E)) {
		if (E.rule == NULL)
			warnx("%s: out of memory", CONFIG_REALM);
		else
			warnx("%s:%u: %s", CONFIG_REALM, E.line, E.rule);
		return (-1);
	}
	if (H->realm != NULL && strcmp(H->realm->name, realm->name) != 0) {
		warnx("%s: of another realm, %s", CONFIG_REALM, realm->name);
		realm_free(realm);
		return (-1);
	}
	realm_free(H->realm);
	free(H->realm_text);
	H->realm = realm;
	H->realm_text = (char *)text;
	H->realm_len = len;
	return (0);
}

/* Read the files; each that is good counts.  0, or -1 after a line if one is not. */
static int
read_files(struct httpd * H)
{
	struct files_got got;
	int rc;

	rc = files_get(&H->files, &got);
	if (rc == 0 && H->config.ntls > 0)
		rc = web_certificate(got.data[CERT_FILE], got.len[CERT_FILE],
		    got.data[KEY_FILE], got.len[KEY_FILE]);
	if (rc == 0 && (rc = take_realm(H, got.data[REALM_FILE],
	    got.len[REALM_FILE])) == 0)
		got.data[REALM_FILE] = NULL;
	files_free(&H->files, &got);
	return (rc);
}

static int
status(void * cookie, struct wbuf * W)
{
	const struct httpd * H = cookie;
	char address[WEB_PEER_SIZE];

	for (unsigned i = 0; i < H->config.nlisten + H->config.ntls; i++) {
		web_address(H->web, (int)i, address);
		wbuf_printf(W, "%s %s\n", i < H->config.nlisten ? "http_listen" :
		    "https_listen", address);
	}
	wbuf_printf(W, "rotation %s\n", H->draining ? "draining" :
	    rotation_in() ? "in" : "out");
	counts_status(&H->counts, web_counts(H->web), W);
	return (0);
}

static int
on_config(void * cookie, struct daemon * D)
{
	struct httpd * H = cookie;

	H->daemon = D;
	H->loop = daemon_loop(D);
	if (config_http_read(CONFIG_FILE, &H->config))
		return (EXITS_PERMANENT);
	if (H->config.nlisten + H->config.ntls == 0) {
		warnx("%s: neither http_listen nor https_listen: nothing to do",
		    CONFIG_FILE);
		return (EXITS_PERMANENT);
	}

	const struct files_one file[NFILES] = {
		[REALM_FILE] = { CONFIG_REALM, REALM_FILE_MAX, 0 },
		[CERT_FILE] = { H->config.cert, PEM_MAX, 0 },
		[KEY_FILE] = { H->config.key, PEM_MAX, 1 },
	};

	if (files_start(&H->files, file, H->config.ntls > 0 ? NFILES : 1,
	    daemon_jailed(D)))
		return (EXITS_TEMPORARY);
	if (read_files(H))
		return (EXITS_PERMANENT);
	H->self = (struct watch_self){ "ks-httpd", status, H };
	if ((H->watch = watch_new(D, &H->self)) == NULL)
		return (EXITS_PERMANENT);
	if (!rotation_in())
		warnx("out of rotation, as there is a file %s", ROTATION_FILE);
	return (0);
}

static int
on_hangup(void * cookie)
{
	struct httpd * H = cookie;

	if (read_files(H))
		warnx("what is wrong stays as it was");
	else
		warnx("%s%s read anew", CONFIG_REALM, H->config.ntls > 0 ?
		    " and certificate" : "");
	return (0);
}

/* There is no database, so no table. */
static int
handle_dump(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct common_dump D;

	(void)cookie;
	if (common_get_dump(body, len, &D))
		return (conn_malformed(C, "dump-malformed"));
	return (conn_error(C, id, ERROR_NOT_FOUND, "table-unknown", "", 0));
}

static const char *
frame_name(uint16_t type)
{

	return (type == ROTATION_REPLY ? "ROTATION_REPLY" : NULL);
}

static void
served(void * cookie, const struct web_served * S)
{
	struct httpd * H = cookie;

	counts_served(&H->counts, S);
}

static const struct server_handler handlers[] = {
	{ COMMON_DUMP, "DUMP", 9, 9 + 2 * 65535, handle_dump },
	{ ROTATION, "ROTATION", 1, 1, rotation_serve },
};

static int
on_listen(void * cookie, struct daemon * D)
{
	struct httpd * H = cookie;
	const struct config_http * C = &H->config;

	H->server.path = CONFIG_SOCKET_HTTPD;
	H->server.mode = 0600;
	H->server.fd = -1;
	H->server.handlers = handlers;
	H->server.nhandlers = sizeof(handlers) / sizeof(handlers[0]);
	H->server.ctx = H;
	H->server.status = status;
	H->server.frame_name = frame_name;
	if (daemon_serve(D, &H->server) == NULL)
		return (-1);
	H->spec.routes = httpd_routes;
	H->spec.nroutes = httpd_nroutes;
	H->spec.ctx = H;
	H->spec.served = served;
	counts_init(&H->counts, httpd_routes, httpd_nroutes);
	H->spec.rate = (unsigned)C->rate;
	H->spec.conns = (unsigned)C->conns;
	H->spec.proxies = H->proxies;
	H->spec.nproxies = C->nproxies;
	for (unsigned i = 0; i < C->nproxies; i++)
		H->proxies[i] = C->proxy[i];
	H->spec.free = H->verifiers;
	H->spec.nfree = C->nverifiers;
	for (unsigned i = 0; i < C->nverifiers; i++)
		H->verifiers[i] = C->verifier[i];
	if ((H->web = web_new(H->loop, &H->spec)) == NULL)
		return (-1);
	for (unsigned i = 0; i < C->nlisten; i++)
		if (web_listen(H->web, &C->listen[i].sa, C->listen[i].len, 0) ==
		    -1)
			return (-1);
	for (unsigned i = 0; i < C->ntls; i++)
		if (web_listen(H->web, &C->tls[i].sa, C->tls[i].len, 1) == -1)
			return (-1);
	return (0);
}

static int
on_upstreams(void * cookie, struct daemon * D)
{
	struct httpd * H = cookie;

	H->publish = hop_new(D, CONFIG_SOCKET_PUBLISH);
	H->admit = hop_new(D, CONFIG_SOCKET_ADMIT);
	if (H->config.keyids &&
	    (H->keyids = hop_new(D, CONFIG_SOCKET_KEYIDS)) == NULL)
		return (-1);
	if (H->publish == NULL || H->admit == NULL)
		return (-1);
	return (watch_connect(H->watch) ? -1 : tail_start(&H->tail, D));
}

static int
on_jail(void * cookie, struct jail * J)
{

	(void)cookie;
	jail_add_dir(J, "run");
	return (0);
}

/* SIGUSR1 takes this replica out of rotation, SIGUSR2 back in. */
static int
on_user(void * cookie, int which)
{

	(void)cookie;

	/* That it cannot be was said, and is no reason to leave. */
	(void)rotation_set(which == 2);
	return (0);
}

static int
on_drain(void * cookie)
{
	struct httpd * H = cookie;

	H->draining = 1;
	web_drain(H->web);
	return (tail_drain(&H->tail));
}

static int
busy(void * cookie)
{
	const struct httpd * H = cookie;

	return (web_busy(H->web));
}

static void
on_free(void * cookie)
{
	struct httpd * H = cookie;

	web_free(H->web);
	tail_free(&H->tail);
	watch_free(H->watch);
	hop_free(H->publish);
	hop_free(H->admit);
	hop_free(H->keyids);
	realm_free(H->realm);
	free(H->realm_text);
	files_stop(&H->files);
}

int
main(int argc, char ** argv)
{
	static struct httpd H = { .files.fd = -1 };
	const struct daemon_spec spec = {
		.name = "ks-httpd",
		.ctx = &H,
		.config = on_config,
		.listen = on_listen,
		.upstreams = on_upstreams,
		.jail = on_jail,
		.user = on_user,
		.hangup = on_hangup,
		.drain = on_drain,
		.busy = busy,
		.free = on_free,
	};

	return (daemon_main(argc, argv, &spec));
}
