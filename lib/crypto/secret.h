#ifndef KS_CRYPTO_SECRET_H
#define KS_CRYPTO_SECRET_H

#include <stddef.h>

/**
 * secret_alloc(len):
 * Return ${len} zeroed bytes that are kept out of swap and core dumps where the
 * system allows it, between guard pages, or NULL (ENOMEM).  It takes several
 * pages, so it is for keys, not for every buffer.
 */
void * secret_alloc(size_t);

/**
 * secret_free(p):
 * Wipe and free ${p}, which came from secret_alloc or is NULL.
 */
void secret_free(void *);

#endif
