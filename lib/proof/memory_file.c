#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "codec/decimal.h"
#include "codec/wbuf.h"

#include "proof/memory_file.h"

void
memory_file_format(struct wbuf * W, const char * realm,
    const struct memory_seen * seen, const char * note, size_t len)
{
	char root[BASE64_SIZE(HASH_LEN)];

	base64_encode(seen->root, HASH_LEN, root, sizeof(root));
	wbuf_printf(W, "ks-seen/v1\nrealm %s\nsize %ju\nroot %s\n\n", realm,
	    (uintmax_t)seen->size, root);
	wbuf_put_bytes(W, note, len);
}

/* Take a line from ${p}, which must be ${name} and something; NULL if not. */
static const char *
take(const char ** p, size_t * left, const char * name, size_t * len)
{
	const char * line = *p;
	const char * lf = *left == 0 ? NULL : memchr(line, '\n', *left);
	size_t n = strlen(name);

	if (lf == NULL || (size_t)(lf - line) < n ||
	    memcmp(line, name, n) != 0)
		return (NULL);
	*len = (size_t)(lf - line) - n;
	*p = lf + 1;
	*left -= (size_t)(lf + 1 - line);
	return (line + n);
}

int
memory_file_parse(const char * p, size_t left, const char * realm,
    struct memory_file * F)
{
	const char * value;
	size_t len, n;

	memset(F, 0, sizeof(*F));
	value = take(&p, &left, "ks-seen/v1", &len);
	if (value == NULL || len != 0)
		goto err0;
	value = take(&p, &left, "realm ", &len);
	if (value == NULL || len != strlen(realm) ||
	    memcmp(value, realm, len) != 0)
		goto err0;
	value = take(&p, &left, "size ", &len);
	if (value == NULL || decimal_parse(value, len, UINT64_MAX,
	    &F->seen.size) || F->seen.size == 0)
		goto err0;
	value = take(&p, &left, "root ", &len);
	if (value == NULL || base64_decode(value, len, F->seen.root, HASH_LEN,
	    &n) || n != HASH_LEN)
		goto err0;
	value = take(&p, &left, "", &len);
	if (value == NULL || len != 0 || left == 0)
		goto err0;
	if ((F->note = malloc(left)) == NULL)
		goto err0;
	memcpy(F->note, p, left);
	F->note_len = left;
	return (0);

err0:
	memset(F, 0, sizeof(*F));
	return (-1);
}

void
memory_file_free(struct memory_file * F)
{

	free(F->note);
	memset(F, 0, sizeof(*F));
}
