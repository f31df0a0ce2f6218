#include <err.h>
#include <stdlib.h>

#include <bsd/string.h>
#include <tls.h>

#include "tls/tstream.h"

struct tstream {
	struct tls * ctx;
};

struct tstream_server {
	struct tls * ctx;
};

/* Return the settings of one side, with the key of ${I}; or NULL. */
static struct tls_config *
make_config(const struct identity * I)
{
	struct tls_config * config;

	if ((config = tls_config_new()) == NULL)
		return (NULL);
	if (tls_config_set_protocols(config, TLS_PROTOCOL_TLSv1_3) ||
	    tls_config_set_keypair_mem(config, (const uint8_t *)I->cert,
	    I->cert_len, (const uint8_t *)I->key, I->key_len)) {
		tls_config_free(config);
		return (NULL);
	}

	/* No authority issued it and no name is meant: the caller has a pin. */
	tls_config_insecure_noverifycert(config);
	tls_config_insecure_noverifyname(config);
	tls_config_insecure_noverifytime(config);
	return (config);
}

/* The library has its own form of the key now: wipe this copy. */
static void
drop_config(struct tls_config * config)
{

	tls_config_clear_keys(config);
	tls_config_free(config);
}

struct tstream_server *
tstream_server_new(const struct identity * I)
{
	struct tstream_server * S;
	struct tls_config * config;

	if ((S = calloc(1, sizeof(*S))) == NULL)
		goto err0;
	if ((config = make_config(I)) == NULL)
		goto err1;
	tls_config_verify_client(config);
	if ((S->ctx = tls_server()) == NULL || tls_configure(S->ctx, config))
		goto err2;
	drop_config(config);
	return (S);

err2:
	warnx("TLS: %s", S->ctx != NULL && tls_error(S->ctx) != NULL ?
	    tls_error(S->ctx) : "out of memory");
	tls_free(S->ctx);
	drop_config(config);
	free(S);
	return (NULL);
err1:
	free(S);
err0:
	warnx("TLS: out of memory");
	return (NULL);
}

void
tstream_server_free(struct tstream_server * S)
{

	if (S == NULL)
		return;
	tls_free(S->ctx);
	free(S);
}

struct tstream *
tstream_accept(struct tstream_server * S, int fd)
{
	struct tstream * T;

	if ((T = calloc(1, sizeof(*T))) == NULL)
		return (NULL);
	if (tls_accept_socket(S->ctx, &T->ctx, fd)) {
		free(T);
		return (NULL);
	}
	return (T);
}

struct tstream *
tstream_connect(const struct identity * I, int fd)
{
	struct tstream * T;
	struct tls_config * config;

	if ((T = calloc(1, sizeof(*T))) == NULL)
		goto err0;
	if ((config = make_config(I)) == NULL)
		goto err1;
	/* The key is taken at tls_connect, not before. */
	if ((T->ctx = tls_client()) == NULL || tls_configure(T->ctx, config) ||
	    tls_connect_socket(T->ctx, fd, NULL))
		goto err2;
	drop_config(config);
	return (T);

err2:
	tls_free(T->ctx);
	drop_config(config);
err1:
	free(T);
err0:
	return (NULL);
}

/* What the library returns, as the header says it. */
static ssize_t
result(ssize_t n)
{

	if (n >= 0)
		return (n);
	if (n == TLS_WANT_POLLIN)
		return (TSTREAM_WANT_READ);
	if (n == TLS_WANT_POLLOUT)
		return (TSTREAM_WANT_WRITE);
	return (TSTREAM_FAILED);
}

int
tstream_handshake(struct tstream * T)
{

	return ((int)result(tls_handshake(T->ctx)));
}

int
tstream_peer(struct tstream * T, struct tstream_peer * peer)
{
	const char * hash = tls_peer_cert_hash(T->ctx);

	if (!tls_peer_cert_provided(T->ctx) || hash == NULL ||
	    strlcpy(peer->pin, hash, sizeof(peer->pin)) != IDENTITY_PIN_LEN)
		return (-1);
	peer->not_before_s = (int64_t)tls_peer_cert_notbefore(T->ctx);
	peer->not_after_s = (int64_t)tls_peer_cert_notafter(T->ctx);
	return (peer->not_before_s == -1 || peer->not_after_s == -1 ? -1 : 0);
}

ssize_t
tstream_read(struct tstream * T, void * p, size_t len)
{

	return (result(tls_read(T->ctx, p, len)));
}

ssize_t
tstream_write(struct tstream * T, const void * p, size_t len)
{

	return (result(tls_write(T->ctx, p, len)));
}

int
tstream_shutdown(struct tstream * T)
{

	return ((int)result(tls_close(T->ctx)));
}

const char *
tstream_error(struct tstream * T)
{
	const char * error = tls_error(T->ctx);

	return (error != NULL ? error : "the connection ended");
}

void
tstream_free(struct tstream * T)
{

	if (T == NULL)
		return;
	tls_free(T->ctx);
	free(T);
}
