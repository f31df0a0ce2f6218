#ifndef KS_OPENPGP_OPENPGP_IMPL_H
#define KS_OPENPGP_OPENPGP_IMPL_H

#include "codec/rbuf.h"
#include "openpgp/openpgp.h"

/* What only lib/openpgp's own files see. */

/* Types of packets (RFC 9580, section 5). */
enum {
	PACKET_SIGNATURE = 2,
	PACKET_SECRET_KEY = 5,
	PACKET_PUBLIC_KEY = 6,
	PACKET_SECRET_SUBKEY = 7,
	PACKET_USER_ID = 13,
	PACKET_PUBLIC_SUBKEY = 14,
	PACKET_USER_ATTRIBUTE = 17
};

/* Types of signatures (section 5.2.1). */
enum {
	SIG_CERT_FIRST = 0x10,		/* of a user id, four strengths */
	SIG_CERT_LAST = 0x13,
	SIG_BINDING = 0x18,		/* of a subkey */
	SIG_DIRECT = 0x1f,		/* of the primary key */
	SIG_KEY_REVOKED = 0x20,
	SIG_SUBKEY_REVOKED = 0x28,
	SIG_CERT_REVOKED = 0x30
};

/* One packet of a sequence. */
struct packet {
	unsigned type;
	const uint8_t * body;
	size_t len;
};

/* What a signature states. */
struct statement {
	unsigned type;
	uint64_t created;
	uint64_t expires;	/* 0: never */
	uint64_t key_life;	/* seconds from the key's creation; 0: for ever */
};

/**
 * packet_next(R, P):
 * Take the next packet of ${R} into ${P}.  Return 0, or -1 if there is none that
 * is whole and of a known length.
 */
int packet_next(struct rbuf *, struct packet *);

/**
 * key_parse(K, p, len):
 * Fill ${K} from the ${len} bytes at ${p}, the body of the packet of a key.
 * Return 0, or -1 if it is malformed or of an unknown version.
 */
int key_parse(struct openpgp_key *, const uint8_t *, size_t);

/**
 * signature_parse(S, K, p, len):
 * Fill ${S} from the ${len} bytes at ${p}, the body of a signature packet, if it
 * says that ${K} made it.  Return 0, or -1 if it says not, or says nothing that
 * we understand.
 */
int signature_parse(struct statement *, const struct openpgp_key *,
    const uint8_t *, size_t);

/**
 * dearmor(text, len, out, out_max, out_len):
 * Decode the blocks of public keys among the ${len} bytes at ${text}, one after
 * the other, into ${out}, and store their length in ${out_len}.  Return NULL, or a
 * sentence on what is wrong.
 */
const char * dearmor(const char *, size_t, uint8_t *, size_t, size_t *);

#endif
