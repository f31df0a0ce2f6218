#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "codec/wbuf.h"
#include "proof/lines.h"

#include "proof/memory_file.h"

void
memory_file_format(struct wbuf * W, const char * realm,
    const struct memory_seen * seen, const struct chain * chain,
    const char * note, size_t len)
{
	char root[BASE64_SIZE(HASH_LEN)];

	base64_encode(seen->root, HASH_LEN, root, sizeof(root));
	wbuf_printf(W, "ks-seen/v1\nrealm %s\nsize %ju\nroot %s\n", realm,
	    (uintmax_t)seen->size, root);
	if (chain->n > 0)
		chain_put(W, chain);
	wbuf_printf(W, "\n");
	wbuf_put_bytes(W, note, len);
}

/* Take the lines up to the note; nonzero: they are not those of the file. */
static int
take_start(struct lines * L, const char * realm, struct memory_file * F)
{
	const char * name;
	size_t len;

	lines_exact(L, "ks-seen/v1");
	name = lines_named(L, "realm ", &len);
	if (len != strlen(realm) || memcmp(name, realm, len) != 0)
		return (-1);
	F->seen.size = lines_number(L, "size ", UINT64_MAX);
	lines_base64(L, "root ", F->seen.root, HASH_LEN);
	if (L->failed || F->seen.size == 0 || L->len == 0)
		return (-1);
	if (L->p[0] != '\n' && (chain_take(L, realm, &F->chain) ||
	    F->chain.n == 0))
		return (-1);
	lines_exact(L, "");
	return (L->failed || L->len == 0 ? -1 : 0);
}

int
memory_file_parse(const char * p, size_t left, const char * realm,
    struct memory_file * F)
{
	struct lines L;

	memset(F, 0, sizeof(*F));
	lines_init(&L, p, left);
	if (take_start(&L, realm, F))
		goto err0;
	if ((F->note = malloc(L.len)) == NULL)
		goto err0;
	memcpy(F->note, L.p, L.len);
	F->note_len = L.len;
	return (0);

err0:
	memory_file_free(F);
	return (-1);
}

void
memory_file_free(struct memory_file * F)
{

	chain_free(&F->chain);
	free(F->note);
	memset(F, 0, sizeof(*F));
}
