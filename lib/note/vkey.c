#include <string.h>

#include "base/hex.h"
#include "base/panic.h"
#include "crypto/hash.h"
#include "note/utf8.h"
#include "note/vkey.h"

int
vkey_name_valid(const char * name, size_t len)
{
	uint32_t c;
	size_t n;

	if (len == 0 || len > VKEY_NAME_MAX)
		return (-1);
	while (len > 0) {
		if ((n = utf8_next(name, len, &c)) == 0)
			return (-1);
		if (c < 0x20 || c == '+' || utf8_is_space(c))
			return (-1);
		name += n;
		len -= n;
	}
	return (0);
}

/* Compute the identifier of ${V} from the rest of it. */
static void
identify(struct vkey * V)
{
	struct hash_sha256 H;
	uint8_t digest[HASH_LEN];

	hash_sha256_init(&H);
	hash_sha256_update(&H, V->name, strlen(V->name));
	hash_sha256_update(&H, "\n", 1);
	hash_sha256_update(&H, &V->type, 1);
	hash_sha256_update(&H, V->pk, SIGN_PK_LEN);
	hash_sha256_final(&H, digest);
	memcpy(V->id, digest, VKEY_ID_LEN);
}

/* Return 0 if ${type} is one of enum vkey_type, or -1. */
static int
type_valid(uint8_t type)
{

	return (type == VKEY_ED25519 || type == VKEY_COSIGNATURE ? 0 : -1);
}

int
vkey_make(struct vkey * V, uint8_t type, const char * name,
    const uint8_t pk[SIGN_PK_LEN])
{
	size_t len = strlen(name);

	if (vkey_name_valid(name, len) || type_valid(type) || sign_pk_valid(pk))
		return (-1);
	memset(V, 0, sizeof(*V));
	memcpy(V->name, name, len);
	V->type = type;
	memcpy(V->pk, pk, SIGN_PK_LEN);
	identify(V);
	return (0);
}

/* Take the name and the identifier from ${text}; store where the key starts. */
static const char *
parse_front(struct vkey * V, const char * text, size_t len, size_t * keypos)
{
	const char * plus;
	size_t namelen, n;

	if ((plus = memchr(text, '+', len)) == NULL)
		return ("verifier key: no '+' after the name");
	namelen = (size_t)(plus - text);
	if (vkey_name_valid(text, namelen))
		return ("verifier key: not a key name");
	memcpy(V->name, text, namelen);
	len -= namelen + 1;
	if (len < 2 * VKEY_ID_LEN + 1 || plus[1 + 2 * VKEY_ID_LEN] != '+' ||
	    hex_decode(&plus[1], 2 * VKEY_ID_LEN, V->id, VKEY_ID_LEN, &n))
		return ("verifier key: not an identifier of 8 digits");
	*keypos = namelen + 1 + 2 * VKEY_ID_LEN + 1;
	return (NULL);
}

int
vkey_parse(struct vkey * V, const char * text, size_t len, const char ** rule)
{
	uint8_t key[1 + SIGN_PK_LEN], id[VKEY_ID_LEN];
	size_t pos, n;

	memset(V, 0, sizeof(*V));
	if ((*rule = parse_front(V, text, len, &pos)) != NULL)
		goto err0;
	if (base64_decode(&text[pos], len - pos, key, sizeof(key), &n) ||
	    n == 0) {
		*rule = "verifier key: not canonical base64 of 33 bytes";
		goto err0;
	}
	if (type_valid(key[0])) {
		*rule = "verifier key: not of type 01 or 04";
		goto err0;
	}
	if (n != sizeof(key)) {
		*rule = "verifier key: not canonical base64 of 33 bytes";
		goto err0;
	}
	V->type = key[0];
	memcpy(V->pk, &key[1], SIGN_PK_LEN);
	memcpy(id, V->id, VKEY_ID_LEN);
	identify(V);
	if (memcmp(id, V->id, VKEY_ID_LEN)) {
		*rule = "verifier key: identifier is not that of the key";
		goto err0;
	}
	if (sign_pk_valid(V->pk)) {
		*rule = "verifier key: not a point of the prime-order group";
		goto err0;
	}
	return (0);

err0:
	return (-1);
}

void
vkey_format(const struct vkey * V, char text[VKEY_TEXT_MAX + 1])
{
	uint8_t key[1 + SIGN_PK_LEN];
	char id[HEX_SIZE(VKEY_ID_LEN)], b64[BASE64_SIZE(sizeof(key))];
	size_t n;

	key[0] = V->type;
	memcpy(&key[1], V->pk, SIGN_PK_LEN);
	PANIC_UNLESS(hex_encode(V->id, VKEY_ID_LEN, id, sizeof(id)) == 0);
	PANIC_UNLESS(base64_encode(key, sizeof(key), b64, sizeof(b64)) == 0);
	n = (size_t)snprintf(text, VKEY_TEXT_MAX + 1, "%s+%s+%s", V->name, id,
	    b64);
	PANIC_UNLESS(n <= VKEY_TEXT_MAX);
}
