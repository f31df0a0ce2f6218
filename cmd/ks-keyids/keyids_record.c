#include <err.h>
#include <stdint.h>
#include <string.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "entry/profile.h"
#include "entry/user.h"

#include "keyids_record.h"

/* The application of a profile whose value is a key. */
#define APP "pgp"

int
keyids_id_pad(uint8_t id[KEYIDS_ID_LEN], const uint8_t * p, size_t len)
{

	if (len != KEYIDS_FPR_LEN && len != KEYIDS_FPR_LONG_LEN &&
	    len != KEYIDS_KEYID_LEN)
		return (-1);
	memset(id, 0, KEYIDS_ID_LEN);
	memcpy(id, p, len);
	return (0);
}

const struct keyids_id *
keyids_record_find(const struct keyids_record * R,
    const uint8_t id[KEYIDS_ID_LEN])
{

	for (unsigned i = 0; i < R->nids; i++)
		if (memcmp(R->id[i].id, id, KEYIDS_ID_LEN) == 0)
			return (&R->id[i]);
	return (NULL);
}

/* Add an id, unless it is there; who has it as primary key has it as that. */
static void
add_id(struct keyids_record * R, const uint8_t * p, size_t len, int subkey,
    uint64_t epoch)
{
	uint8_t id[KEYIDS_ID_LEN];
	unsigned i;

	if (keyids_id_pad(id, p, len))
		return;
	for (i = 0; i < R->nids; i++)
		if (memcmp(R->id[i].id, id, KEYIDS_ID_LEN) == 0)
			break;
	if (i == KEYIDS_IDS_MAX)
		return;
	if (i == R->nids) {
		R->nids++;
		memcpy(R->id[i].id, id, KEYIDS_ID_LEN);
		R->id[i].subkey = 1;
		R->id[i].since = epoch;
	}
	if (!subkey)
		R->id[i].subkey = 0;
}

static void
add_address(struct keyids_record * R, const struct openpgp_uid * U)
{
	char * address = R->address[R->naddresses];

	if (R->naddresses == KEYIDS_ADDRESSES_MAX || U->revoked ||
	    openpgp_uid_address(U, address))
		return;
	for (unsigned i = 0; i < R->naddresses; i++)
		if (strcmp(R->address[i], address) == 0)
			return;
	R->naddresses++;
}

static void
add_cert(struct keyids_record * R, const struct openpgp_cert * C,
    uint64_t epoch)
{

	for (size_t i = 0; i < C->nuids; i++)
		add_address(R, &C->uids[i]);
	for (size_t i = 0; i < C->nkeys; i++) {
		const struct openpgp_key * K = &C->keys[i];

		add_id(R, K->fpr, K->fpr_len, i > 0, epoch);
		add_id(R, K->keyid, OPENPGP_KEYID_LEN, i > 0, epoch);
	}
}

int
keyids_record_read(struct keyids_record * R, const uint8_t * p, size_t len,
    uint64_t epoch)
{
	struct profile_app app;
	struct openpgp * O;
	struct profile P;
	const char * why;

	R->nids = R->naddresses = 0;
	if (len == 0 || profile_parse(&P, p, len) ||
	    !profile_find(&P, APP, &app))
		return (1);
	if (openpgp_parse(&O, app.value, app.value_len, &why)) {
		if (why != NULL)
			return (2);
		warnx("out of memory");
		return (-1);
	}
	for (size_t i = 0; i < O->ncerts; i++)
		add_cert(R, &O->certs[i], epoch);
	openpgp_free(O);

	/* An id that leads to no address is of no use to anybody. */
	if (R->naddresses == 0)
		R->nids = 0;
	return (0);
}

void
keyids_record_put(const struct keyids_record * R, struct wbuf * W)
{

	wbuf_put_u8(W, (uint8_t)R->naddresses);
	for (unsigned i = 0; i < R->naddresses; i++)
		wbuf_put_str8(W, R->address[i]);
	wbuf_put_u16(W, (uint16_t)R->nids);
	for (unsigned i = 0; i < R->nids; i++) {
		wbuf_put_bytes(W, R->id[i].id, KEYIDS_ID_LEN);
		wbuf_put_u8(W, R->id[i].subkey);
		wbuf_put_u64(W, R->id[i].since);
	}
}

int
keyids_record_get(struct keyids_record * R, const uint8_t * p, size_t len)
{
	struct rbuf B;
	const char * address;
	size_t n;

	rbuf_init(&B, p, len);
	if ((R->naddresses = rbuf_get_u8(&B)) > KEYIDS_ADDRESSES_MAX)
		return (-1);
	for (unsigned i = 0; i < R->naddresses; i++) {
		address = (const char *)rbuf_get_var8(&B, USER_LEN_MAX, &n);
		if (B.failed || !user_is_normal(address, n))
			return (-1);
		memcpy(R->address[i], address, n);
		R->address[i][n] = '\0';
	}
	if ((R->nids = rbuf_get_u16(&B)) > KEYIDS_IDS_MAX)
		return (-1);
	for (unsigned i = 0; i < R->nids; i++) {
		rbuf_copy(&B, R->id[i].id, KEYIDS_ID_LEN);
		R->id[i].subkey = rbuf_get_u8(&B);
		R->id[i].since = rbuf_get_u64(&B);
		if (R->id[i].subkey > 1)
			return (-1);
	}
	return (rbuf_end(&B));
}
