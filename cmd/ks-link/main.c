#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exits.h"
#include "codec/wbuf.h"
#include "daemon/conn.h"
#include "daemon/daemon.h"
#include "frame/common.h"
#include "jail/jail.h"
#include "realm/realm.h"
#include "tls/identity.h"

#include "carry.h"
#include "gate.h"

/* Own options, beside those of every daemon. */
#define OPTIONS	"g:r:"

/* ks-link: carries streams between hosts, over TLS with pinned certificates. */

static int
on_config(void * cookie, struct daemon * D)
{
	static const struct files_one file[CARRIER_FILES] = {
		[CARRIER_REALM] = { CONFIG_REALM, REALM_FILE_MAX, 0 },
		[CARRIER_KEY] = { CONFIG_KEY_LINK, IDENTITY_FILE_MAX, 1 },
		[CARRIER_CERT] = { CONFIG_CERT_LINK, IDENTITY_FILE_MAX, 0 },
	};
	struct carrier * M = cookie;

	M->daemon = D;
	M->loop = daemon_loop(D);
	if (identity_start() || files_start(&M->files, file,
	    CARRIER_FILES, daemon_jailed(D)))
		return (EXITS_TEMPORARY);
	if (config_link_read(CONFIG_FILE, &M->config))
		return (EXITS_PERMANENT);
	return (carrier_open(M));
}

static int
on_hangup(void * cookie)
{

	return (carrier_reload(cookie));
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

static int
status(void * cookie, struct wbuf * W)
{
	const struct carrier * M = cookie;

	if (M->config.listen.text[0] != '\0')
		wbuf_printf(W, "listen %s\n", gate_address(M->gate[0]));
	wbuf_printf(W, "links %u\n", M->config.nlinks);
	wbuf_printf(W, "pin %s\n", M->self.identity->pin);
	wbuf_printf(W, "certificate_left_s %" PRId64 "\n",
	    M->self.identity->not_after_s - (int64_t)(clock_wall_ms() / 1000));
	wbuf_printf(W, "pending %u\n", carry_count(M, CARRY_PENDING, -1));
	wbuf_printf(W, "connections_in %u\n", carry_count(M, CARRY_IN, -1));
	wbuf_printf(W, "connections_out %u\n", carry_count(M, CARRY_OUT, -1));
	wbuf_printf(W, "opened %" PRIu64 "\n", M->opened);
	wbuf_printf(W, "refused %" PRIu64 "\n", M->refused);
	wbuf_printf(W, "bytes_in %" PRIu64 "\n", M->bytes_in);
	wbuf_printf(W, "bytes_out %" PRIu64 "\n", M->bytes_out);
	wbuf_printf(W, "reloads %" PRIu64 "\n", M->reloads);
	return (0);
}

static const struct server_handler handlers[] = {
	{ COMMON_DUMP, "DUMP", 9, 9 + 2 * 65535, handle_dump },
};

static int
on_listen(void * cookie, struct daemon * D)
{
	struct carrier * M = cookie;

	M->server.path = CONFIG_SOCKET_LINK;
	M->server.mode = 0600;
	M->server.fd = -1;
	M->server.handlers = handlers;
	M->server.nhandlers = sizeof(handlers) / sizeof(handlers[0]);
	M->server.ctx = M;
	M->server.status = status;
	if (daemon_serve(D, &M->server) == NULL)
		return (-1);
	if (M->config.listen.text[0] != '\0' && gate_new(M, NULL))
		return (-1);
	for (unsigned i = 0; i < M->config.nlinks; i++)
		if (gate_new(M, &M->config.link[i]))
			return (-1);
	return (0);
}

static int
on_jail(void * cookie, struct jail * J)
{
	const struct carrier * M = cookie;

	/* Who only listens makes no TCP socket any more. */
	J->tcp = M->config.nlinks > 0;
	jail_add_dir(J, "run");
	return (0);
}

static int
on_drain(void * cookie)
{
	struct carrier * M = cookie;

	gate_close(M);
	return (carry_drain(M));
}

static int
busy(void * cookie)
{
	const struct carrier * M = cookie;

	return (M->first != NULL);
}

static void
on_free(void * cookie)
{
	struct carrier * M = cookie;

	while (M->first != NULL)
		carry_free(M->first);
	gate_free(M);
	carrier_self_free(&M->self);
	files_stop(&M->files);
}

/* They are only here so that the skeleton knows them: main has looked for them. */
static int
on_option(void * cookie, int ch, const char * arg)
{

	(void)cookie;
	(void)ch;
	(void)arg;
	return (-1);
}

/* Is this "ks-link -d DIR -g NAME [-r ROLE]"?  Then store them. */
static int
asks_to_make(int argc, char ** argv, const char ** dir, const char ** name,
    const char ** role)
{
	int ch, others = 0;

	*dir = *name = *role = NULL;
	opterr = 0;
	while ((ch = getopt(argc, argv, "+d:l:R:JhVv" OPTIONS)) != -1) {
		if (ch == 'g')
			*name = optarg;
		else if (ch == 'd')
			*dir = optarg;
		else if (ch == 'r')
			*role = optarg;
		else if (ch != 'J' && ch != 'v')
			others++;
	}
	opterr = 1;
	return (*name != NULL && *dir != NULL && others == 0 && optind == argc);
}

int
main(int argc, char ** argv)
{
	static struct carrier M = { .files.fd = -1 };
	const struct daemon_spec spec = {
		.name = "ks-link",
		.usage = "\n       ks-link -d DIR -g NAME [-r ROLE]",
		.options = OPTIONS,
		.ctx = &M,
		.option = on_option,
		.config = on_config,
		.listen = on_listen,
		.jail = on_jail,
		.hangup = on_hangup,
		.drain = on_drain,
		.busy = busy,
		.free = on_free,
	};
	const char * dir, * name, * role;

	if (asks_to_make(argc, argv, &dir, &name, &role))
		return (carrier_make(dir, name, role));
	return (daemon_main(argc, argv, &spec));
}
