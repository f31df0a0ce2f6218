#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "crypto/secret.h"

void *
secret_alloc(size_t len)
{
	void * p;

	/* Its allocator needs the page size that sodium_init looks up. */
	if (sodium_init() < 0 || (p = sodium_malloc(len)) == NULL) {
		errno = ENOMEM;
		return (NULL);
	}
	memset(p, 0, len);
	return (p);
}

void
secret_free(void * p)
{

	/* Wipes, and aborts if something wrote beyond the end. */
	sodium_free(p);
}
