#include <err.h>
#include <errno.h>
#include <string.h>

#include "base/base64.h"
#include "base/file.h"
#include "crypto/secret.h"
#include "note/keyfile.h"

static const char magic[] = "ks-secret-key/v1 ";

static const char * const kinds[] = {
	[KEYFILE_ED25519] = "ed25519",
	[KEYFILE_COSIGN] = "cosign",
	[KEYFILE_VRF] = "vrf"
};
#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))
#define KIND_TEXT_MAX	7	/* longest of them */

#define SECRET_B64_LEN	BASE64_LEN(KEYFILE_SECRET_LEN)

/* Longest content of a file: its one line. */
#define TEXT_MAX	(sizeof(magic) - 1 + KIND_TEXT_MAX + 1 +	\
			 VKEY_NAME_MAX + 1 + SECRET_B64_LEN + 1)

/* What writing needs: as secret as the key, so in secret memory too. */
struct line {
	char b64[SECRET_B64_LEN + 1];
	char text[TEXT_MAX + 1];
};

int
keyfile_write(const char * path, enum keyfile_kind kind, const char * name,
    const uint8_t secret[KEYFILE_SECRET_LEN])
{
	struct line * L;
	int n, e;

	if (vkey_name_valid(name, strlen(name))) {
		warnx("%s: %s: not a key name", path, name);
		errno = EINVAL;
		goto err0;
	}

	if ((L = secret_alloc(sizeof(*L))) == NULL) {
		warn("%s", path);
		goto err0;
	}
	(void)base64_encode(secret, KEYFILE_SECRET_LEN, L->b64, sizeof(L->b64));
	n = snprintf(L->text, sizeof(L->text), "%s%s %s %s\n", magic,
	    kinds[kind], name, L->b64);
	if (file_write_new(path, 0600, (const uint8_t *)L->text, (size_t)n))
		goto err1;
	secret_free(L);
	return (0);

err1:
	e = errno;
	secret_free(L);
	errno = e;
err0:
	return (-1);
}

/* Find the kind that the ${len} bytes at ${p} name. */
static int
parse_kind(const char * p, size_t len, enum keyfile_kind * kind)
{
	size_t i;

	for (i = 0; i < KINDS; i++) {
		if (strlen(kinds[i]) == len && memcmp(kinds[i], p, len) == 0) {
			*kind = (enum keyfile_kind)i;
			return (0);
		}
	}
	return (-1);
}

/* Parse the ${len} bytes at ${p} into ${F}; return the rule broken, or NULL. */
static const char *
parse(struct keyfile * F, const char * p, size_t len)
{
	const char * space;
	size_t n;

	if (len < sizeof(magic) - 1 || memcmp(p, magic, sizeof(magic) - 1))
		return ("not a secret key (ks-secret-key/v1)");
	p += sizeof(magic) - 1;
	len -= sizeof(magic) - 1;
	if ((space = memchr(p, ' ', len)) == NULL ||
	    parse_kind(p, (size_t)(space - p), &F->kind))
		return ("secret key: unknown kind");
	len -= (size_t)(space - p) + 1;
	p = space + 1;
	if ((space = memchr(p, ' ', len)) == NULL ||
	    vkey_name_valid(p, (size_t)(space - p)))
		return ("secret key: not a key name");
	memcpy(F->name, p, (size_t)(space - p));
	len -= (size_t)(space - p) + 1;
	p = space + 1;
	if (len != SECRET_B64_LEN + 1 || p[SECRET_B64_LEN] != '\n' ||
	    base64_decode(p, SECRET_B64_LEN, F->secret, KEYFILE_SECRET_LEN,
	    &n) || n != KEYFILE_SECRET_LEN)
		return ("secret key: not one line that ends in canonical base64"
		    " of 32 bytes");
	return (NULL);
}

struct keyfile *
keyfile_read(const char * path)
{
	struct keyfile * F;
	const char * rule;
	uint8_t * text;
	size_t len;
	int e;

	if ((F = secret_alloc(sizeof(*F))) == NULL ||
	    (text = secret_alloc(TEXT_MAX)) == NULL) {
		warn("%s", path);
		goto err0;
	}
	if (file_read_secret(path, text, TEXT_MAX, &len))
		goto err1;
	if ((rule = parse(F, (const char *)text, len)) != NULL) {
		warnx("%s: %s", path, rule);
		errno = EINVAL;
		goto err1;
	}
	secret_free(text);
	return (F);

err1:
	e = errno;
	secret_free(text);
	errno = e;
err0:
	e = errno;
	secret_free(F);
	errno = e;
	return (NULL);
}

struct keyfile *
keyfile_read_kind(const char * path, enum keyfile_kind kind)
{
	struct keyfile * F;

	if ((F = keyfile_read(path)) == NULL)
		return (NULL);
	if (F->kind != kind) {
		warnx("%s: a key of kind %s, not %s", path, kinds[F->kind],
		    kinds[kind]);
		keyfile_free(F);
		errno = EINVAL;
		return (NULL);
	}
	return (F);
}

void
keyfile_free(struct keyfile * F)
{

	secret_free(F);
}
