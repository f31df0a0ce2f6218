#include <openssl/evp.h>

#include "crypto/sha1.h"

int
sha1(const void * p, size_t len, uint8_t out[SHA1_LEN])
{

	return (EVP_Digest(p, len, out, NULL, EVP_sha1(), NULL) == 1 ? 0 : -1);
}
