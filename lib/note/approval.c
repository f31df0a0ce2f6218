#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/panic.h"
#include "crypto/hash.h"
#include "entry/limits.h"

#include "note/approval.h"

#define LABEL	"ks/policy/v1"

/* Four lines: label, realm, number, hash. */
#define MSG_MAX	(sizeof(LABEL) + REALM_NAME_MAX + 1 + 20 + 1 +		\
		 BASE64_LEN(HASH_LEN) + 1 + 1)

/* Build the message; return its length. */
static size_t
message(const char * realm, uint64_t number, const char * policy, size_t len,
    char msg[MSG_MAX])
{
	char hash[BASE64_SIZE(HASH_LEN)];
	uint8_t digest[HASH_LEN];
	int n;

	PANIC_UNLESS(strlen(realm) <= REALM_NAME_MAX);
	hash_sha256(policy, len, digest);
	base64_encode(digest, HASH_LEN, hash, sizeof(hash));
	n = snprintf(msg, MSG_MAX, LABEL "\n%s\n%" PRIu64 "\n%s\n", realm,
	    number, hash);
	PANIC_UNLESS(n > 0 && (size_t)n < MSG_MAX);
	return ((size_t)n);
}

void
approval_sign(const struct sign_key * K, const char * realm, uint64_t number,
    const char * policy, size_t len, uint8_t sig[SIGN_LEN])
{
	char msg[MSG_MAX];

	sign_make(K, msg, message(realm, number, policy, len, msg), sig);
}

int
approval_verify(const uint8_t pk[SIGN_PK_LEN], const char * realm,
    uint64_t number, const char * policy, size_t len,
    const uint8_t sig[SIGN_LEN])
{
	char msg[MSG_MAX];

	return (sign_verify(pk, msg, message(realm, number, policy, len, msg),
	    sig));
}
