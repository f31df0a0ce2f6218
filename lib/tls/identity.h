#ifndef KS_TLS_IDENTITY_H
#define KS_TLS_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

/*
 * Who a process is to its peers over TLS: a key and a self-signed certificate.
 * Nobody issues certificates here: the realm file names, by its hash, the one
 * with which each peer comes.
 */

/* Bytes of a pin: "SHA256:" and the hash of the certificate in hex. */
#define IDENTITY_PIN_LEN	71

/* Most bytes of a key's file, or a certificate's. */
#define IDENTITY_FILE_MAX	16384

/* Seconds of a day, and of ten years. */
#define IDENTITY_BEFORE_S	86400
#define IDENTITY_LIFE_S		((int64_t)3652 * 86400)

struct identity {
	char * key;			/* PEM, in secret memory, no NUL */
	size_t key_len;
	char * cert;			/* PEM, no NUL */
	size_t cert_len;
	char pin[IDENTITY_PIN_LEN + 1];
	int64_t not_before_s;		/* since 1970 */
	int64_t not_after_s;
};

/**
 * identity_start(void):
 * Once, before any other function of lib/tls and before the jail: let the
 * library read its configuration, and keep keys in locked memory where the
 * system allows it.  Return 0, or -1 after a line on standard error.
 */
int identity_start(void);

/**
 * identity_make(name, not_before_s, not_after_s):
 * Return a new Ed25519 key with a certificate, for the string ${name} and valid
 * from ${not_before_s} to ${not_after_s}, seconds since 1970; for identity_free.
 * Or return NULL after a line on standard error.
 */
struct identity * identity_make(const char *, int64_t, int64_t);

/**
 * identity_make_now(name):
 * Do identity_make for ${name}, valid from IDENTITY_BEFORE_S before now, so that
 * a peer whose clock is late takes it, for IDENTITY_LIFE_S.
 */
struct identity * identity_make_now(const char *);

/**
 * identity_read(key_path, cert_path):
 * Return the identity in the files ${key_path}, of mode 0600, and ${cert_path};
 * for identity_free.  Or return NULL, with a line on standard error that names
 * the file and the rule: also if the key is not that of the certificate.
 */
struct identity * identity_read(const char *, const char *);

/**
 * identity_take(key, key_len, cert, cert_len, key_path, cert_path):
 * The same with the ${key_len} bytes ${key}, from secret_alloc, and the ${cert_len}
 * bytes ${cert}, from malloc, which are the identity's from now on, also if NULL
 * is returned; the paths are only for that line.
 */
struct identity * identity_take(char *, size_t, char *, size_t, const char *,
    const char *);

/**
 * identity_expiry(cert_path, not_after_s):
 * Store in ${not_after_s} the second since 1970 after which the certificate in
 * the file ${cert_path} is valid no more.  Return 0, or -1 after a line on
 * standard error that names the file and the rule.
 */
int identity_expiry(const char *, int64_t *);

/**
 * identity_write(I, key_path, cert_path):
 * Replace first the file ${key_path}, mode 0600, then ${cert_path}, mode 0644,
 * by those of ${I}.  Killed in between, identity_read refuses the pair.  Return
 * 0, or -1 after a line on standard error.
 */
int identity_write(const struct identity *, const char *, const char *);

/**
 * identity_free(I):
 * Wipe and free ${I}, which may be NULL.
 */
void identity_free(struct identity *);

#endif
