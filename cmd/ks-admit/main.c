#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/exits.h"
#include "config/config.h"
#include "crypto/sign.h"
#include "crypto/vrf.h"
#include "daemon/daemon.h"
#include "entry/limits.h"
#include "jail/jail.h"
#include "note/keyfile.h"
#include "pool/pool.h"
#include "realm/realm.h"

#include "admit.h"

/* Read the VRF key and check that it is the realm's. */
static int
read_key(struct admit * M)
{
	struct keyfile * F;
	uint8_t pk[VRF_PK_LEN];

	if ((F = keyfile_read_kind(CONFIG_KEY_VRF, KEYFILE_VRF)) == NULL)
		return (EXITS_PERMANENT);
	M->key = vrf_key_from_scalar(F->secret);
	keyfile_free(F);
	if (M->key == NULL) {
		warn("%s", CONFIG_KEY_VRF);
		return (EXITS_PERMANENT);
	}
	vrf_public(M->key, pk);
	if (memcmp(pk, M->realm->vrf_pk, VRF_PK_LEN) != 0) {
		warnx("%s: not the VRF key of the realm", CONFIG_KEY_VRF);
		return (EXITS_PERMANENT);
	}
	return (0);
}

static int
on_config(void * cookie, struct daemon * D)
{
	struct admit * M = cookie;

	(void)D;
	if (sign_self_test()) {
		warnx("libsodium fails the self-test of Ed25519");
		return (EXITS_PERMANENT);
	}
	if ((M->realm = realm_read(CONFIG_REALM)) == NULL)
		return (EXITS_PERMANENT);
	if (!admit_check_known(M->realm->registration)) {
		warnx("%s: registration %s: no such way to prove an address",
		    CONFIG_REALM, M->realm->registration);
		return (EXITS_PERMANENT);
	}
	if ((M->arrived = calloc(ADMIT_OPEN_MAX, sizeof(*M->arrived))) == NULL) {
		warn("starting");
		return (EXITS_TEMPORARY);
	}
	return (read_key(M));
}

static int
on_listen(void * cookie, struct daemon * D)
{
	struct admit * M = cookie;

	admit_serve_spec(M);
	return (daemon_serve(D, &M->server) == NULL ? -1 : 0);
}

static int
on_upstreams(void * cookie, struct daemon * D)
{

	return (admit_flow_start(cookie, D));
}

static int
on_jail(void * cookie, struct jail * J)
{

	(void)cookie;
	jail_add_dir(J, "run");
	return (0);
}

/* Threads start in the jail, as Landlock binds those that are yet to come. */
static int
on_ready(void * cookie, struct daemon * D)
{
	struct admit * M = cookie;

	(void)D;
	if ((M->pool = pool_new(0)) == NULL) {
		warn("threads");
		return (EXITS_TEMPORARY);
	}
	return (0);
}

static void
on_free(void * cookie)
{
	struct admit * M = cookie;

	admit_open_free(&M->open);
	admit_flow_free(M);
	pool_free(M->pool);
	free(M->arrived);
	vrf_key_free(M->key);
	realm_free(M->realm);
	wbuf_free(&M->body);
}

int
main(int argc, char ** argv)
{
	static struct admit M;
	const struct daemon_spec spec = {
		.name = "ks-admit",
		.usage = "",
		.ctx = &M,
		.config = on_config,
		.listen = on_listen,
		.upstreams = on_upstreams,
		.jail = on_jail,
		.ready = on_ready,
		.batch = admit_serve_batch,
		.drain = admit_serve_drain,
		.free = on_free,
	};

	admit_open_init(&M.open);
	wbuf_init(&M.body, LOG_ENTRY_MAX);
	return (daemon_main(argc, argv, &spec));
}
