#include <string.h>

#include "codec/wbuf.h"

#include "openpgp/openpgp_impl.h"

void
openpgp_cert_put(struct wbuf * W, const struct openpgp_cert * C,
    const char * user)
{
	char address[USER_LEN_MAX + 1];
	struct openpgp_uid U = { 0 };
	const uint8_t * start;
	struct packet P;
	struct rbuf R;
	int keep = 1;

	rbuf_init(&R, C->data, C->len);
	while (R.len > 0) {
		start = R.data;
		if (packet_next(&R, &P))
			return;		/* cannot be: it was parsed */
		if (P.type == PACKET_USER_ID) {
			U.text = P.body;
			U.len = P.len;
			keep = user == NULL ||
			    (openpgp_uid_address(&U, address) == 0 &&
			    strcmp(address, user) == 0);
		} else if (P.type == PACKET_USER_ATTRIBUTE)
			keep = user == NULL;
		else if (P.type != PACKET_SIGNATURE)
			keep = 1;
		if (keep)
			wbuf_put_bytes(W, start, (size_t)(R.data - start));
	}
}

int
openpgp_cert_same(const struct openpgp_cert * C, const struct openpgp_cert * D)
{
	const struct openpgp_key * K = &C->keys[0], * L = &D->keys[0];

	return (K->fpr_len == L->fpr_len &&
	    memcmp(K->fpr, L->fpr, K->fpr_len) == 0);
}

/* The parts of a key, in their order. */
enum part { PRIMARY, DIRECT, REST };

/* Append the ${part} of ${C}. */
static void
put_part(struct wbuf * W, const struct openpgp_cert * C, enum part part)
{
	enum part at = PRIMARY;
	const uint8_t * start;
	struct packet P;
	struct rbuf R;

	rbuf_init(&R, C->data, C->len);
	while (R.len > 0) {
		start = R.data;
		if (packet_next(&R, &P))
			return;		/* cannot be: it was parsed */
		if (P.type != PACKET_PUBLIC_KEY)
			at = P.type == PACKET_SIGNATURE && at != REST ? DIRECT :
			    REST;
		if (at == part && (P.type == PACKET_PUBLIC_KEY ||
		    P.type == PACKET_SIGNATURE || P.type == PACKET_USER_ID ||
		    P.type == PACKET_PUBLIC_SUBKEY ||
		    P.type == PACKET_USER_ATTRIBUTE))
			wbuf_put_bytes(W, start, (size_t)(R.data - start));
	}
}

void
openpgp_merge(struct wbuf * W, const struct openpgp_cert * const * certs,
    size_t n)
{

	put_part(W, certs[0], PRIMARY);
	for (enum part part = DIRECT; part <= REST; part++)
		for (size_t i = 0; i < n; i++)
			put_part(W, certs[i], part);
}
