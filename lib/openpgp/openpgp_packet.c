#include "openpgp/openpgp_impl.h"

/* Lengths of the new format: what the first byte says. */
#define LEN_ONE_MAX	191	/* itself */
#define LEN_TWO_MAX	223	/* two bytes, from 192 on */
#define LEN_FOUR	255	/* four bytes follow */

/* The length in the new format; partial ones are for data, never for keys. */
static size_t
new_length(struct rbuf * R)
{
	size_t first = rbuf_get_u8(R);

	if (first <= LEN_ONE_MAX)
		return (first);
	if (first <= LEN_TWO_MAX)
		return (((first - LEN_ONE_MAX - 1) << 8) + rbuf_get_u8(R) +
		    LEN_ONE_MAX + 1);
	if (first != LEN_FOUR)
		rbuf_fail(R);
	return (rbuf_get_u32(R));
}

/* In the old one, of the type ${kind}; 3 would be "up to the end". */
static size_t
old_length(struct rbuf * R, unsigned kind)
{

	switch (kind) {
	case 0:
		return (rbuf_get_u8(R));
	case 1:
		return (rbuf_get_u16(R));
	case 2:
		return (rbuf_get_u32(R));
	default:
		rbuf_fail(R);
		return (0);
	}
}

int
packet_next(struct rbuf * R, struct packet * P)
{
	uint8_t tag = rbuf_get_u8(R);

	if ((tag & 0x80) == 0)
		rbuf_fail(R);
	if (tag & 0x40) {
		P->type = tag & 0x3f;
		P->len = new_length(R);
	} else {
		P->type = (tag >> 2) & 0x0f;
		P->len = old_length(R, tag & 3);
	}
	if (P->type == 0)
		rbuf_fail(R);
	P->body = rbuf_get_bytes(R, P->len);
	return (R->failed ? -1 : 0);
}
