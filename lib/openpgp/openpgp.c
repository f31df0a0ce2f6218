#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "entry/user.h"

#include "openpgp/openpgp_impl.h"

/* Where in a value the parser is, and what the next signature is about. */
struct place {
	struct openpgp * O;
	struct openpgp_cert * cert;	/* NULL: before the first */
	struct openpgp_key * subkey;	/* one of these three, or none */
	struct openpgp_uid * uid;
	int direct;

	/* Of the primary key, what its newest self-signature says. */
	uint64_t life_said;
};

static struct openpgp_key *
new_key(struct place * X, const struct packet * P, const char ** why)
{
	struct openpgp * O = X->O;
	struct openpgp_key * K = &O->keys[O->nkeys];

	if (O->nkeys == OPENPGP_KEYS_MAX) {
		*why = "there are too many keys in it";
		return (NULL);
	}
	if (key_parse(K, P->body, P->len)) {
		/* A subkey of a kind to come is nobody's loss. */
		if (P->type == PACKET_PUBLIC_KEY)
			*why = "its primary key is malformed, or of an unknown version";
		return (NULL);
	}
	O->nkeys++;
	return (K);
}

static const char *
begin_cert(struct place * X, const struct packet * P, const uint8_t * start)
{
	struct openpgp * O = X->O;
	struct openpgp_cert * C;
	const char * why = NULL;

	if (O->ncerts == OPENPGP_CERTS_MAX)
		return ("there are too many keys in it");
	C = &O->certs[O->ncerts];
	C->data = start;
	C->uids = &O->uids[O->nuids];
	if ((C->keys = new_key(X, P, &why)) == NULL)
		return (why);
	C->nkeys = 1;
	O->ncerts++;
	X->cert = C;
	X->direct = 1;
	X->life_said = 0;
	return (NULL);
}

static const char *
add_uid(struct place * X, const struct packet * P)
{
	struct openpgp * O = X->O;

	if (O->nuids == OPENPGP_UIDS_MAX)
		return ("there are too many user ids in it");
	X->uid = &O->uids[O->nuids++];
	X->uid->text = P->body;
	X->uid->len = P->len;
	X->cert->nuids++;
	return (NULL);
}

/* The primary key's end of life, by the newest statement on it. */
static void
primary_life(struct place * X, const struct statement * S)
{
	struct openpgp_key * K = &X->O->keys[X->cert->keys - X->O->keys];

	if (S->created < X->life_said)
		return;
	X->life_said = S->created;
	K->expires = S->key_life != 0 ? K->created + S->key_life : 0;
}

static void
apply_to_uid(struct place * X, const struct statement * S)
{
	struct openpgp_uid * U = X->uid;

	if (S->created < U->created)
		return;
	if (S->type == SIG_CERT_REVOKED)
		U->revoked = 1;
	else if (S->type >= SIG_CERT_FIRST && S->type <= SIG_CERT_LAST) {
		U->revoked = 0;
		U->expires = S->expires;
		primary_life(X, S);
	} else
		return;
	U->created = S->created;
}

/* A subkey's revocation stands whatever else is said of it. */
static void
apply_to_subkey(struct place * X, const struct statement * S)
{
	struct openpgp_key * K = X->subkey;

	if (S->type == SIG_SUBKEY_REVOKED)
		K->revoked = 1;
	else if (S->type == SIG_BINDING)
		K->expires = S->key_life != 0 ? K->created + S->key_life : 0;
}

static void
add_signature(struct place * X, const struct packet * P)
{
	struct openpgp_key * primary =
	    &X->O->keys[X->cert->keys - X->O->keys];
	struct statement S;

	if (signature_parse(&S, primary, P->body, P->len))
		return;
	if (S.type == SIG_KEY_REVOKED)
		primary->revoked = 1;
	else if (X->uid != NULL)
		apply_to_uid(X, &S);
	else if (X->subkey != NULL)
		apply_to_subkey(X, &S);
	else if (X->direct && S.type == SIG_DIRECT)
		primary_life(X, &S);
}

/* Take one packet, which begins at ${start}.  NULL, or what is wrong. */
static const char *
take(struct place * X, const struct packet * P, const uint8_t * start)
{
	const char * why = NULL;

	if (P->type == PACKET_SECRET_KEY || P->type == PACKET_SECRET_SUBKEY)
		return ("it is a secret key");
	if (P->type == PACKET_SIGNATURE) {
		if (X->cert == NULL)
			return ("it does not begin with a key");
		add_signature(X, P);
		return (NULL);
	}
	X->uid = NULL;
	X->subkey = NULL;
	X->direct = 0;
	if (P->type == PACKET_PUBLIC_KEY)
		return (begin_cert(X, P, start));
	if (X->cert == NULL)
		return ("it does not begin with a key");
	if (P->type == PACKET_USER_ID)
		return (add_uid(X, P));
	if (P->type == PACKET_PUBLIC_SUBKEY &&
	    (X->subkey = new_key(X, P, &why)) != NULL)
		X->cert->nkeys++;
	return (why);
}

/* All packets of the copy in ${O}. */
static const char *
parse(struct openpgp * O)
{
	struct place X = { .O = O };
	const uint8_t * start;
	const char * why;
	struct packet P;
	struct rbuf R;

	rbuf_init(&R, O->data, O->len);
	while (R.len > 0) {
		start = R.data;
		if (packet_next(&R, &P))
			return (X.cert == NULL ? "it is no OpenPGP key" :
			    "a packet in it is malformed or cut off");
		if ((why = take(&X, &P, start)) != NULL)
			return (why);
		X.cert->len = (size_t)(R.data - X.cert->data);
	}
	return (O->ncerts > 0 ? NULL : "it is empty");
}

int
openpgp_parse(struct openpgp ** OP, const uint8_t * p, size_t len,
    const char ** why)
{
	struct openpgp * O;

	*why = NULL;
	if (len > OPENPGP_LEN_MAX) {
		*why = "it is too long";
		goto err0;
	}
	if ((O = calloc(1, sizeof(*O))) == NULL)
		goto err0;
	if ((O->data = malloc(len + 1)) == NULL)
		goto err1;

	/* A packet begins with the top bit set, which no armor does. */
	if (len > 0 && (p[0] & 0x80) == 0)
		*why = dearmor((const char *)p, len, O->data, len, &O->len);
	else {
		memcpy(O->data, p, len);
		O->len = len;
	}
	if (*why != NULL || (*why = parse(O)) != NULL)
		goto err1;
	*OP = O;
	return (0);

err1:
	openpgp_free(O);
err0:
	return (-1);
}

void
openpgp_free(struct openpgp * O)
{

	if (O == NULL)
		return;
	free(O->data);
	free(O);
}

int
openpgp_uid_address(const struct openpgp_uid * U, char * user)
{
	const uint8_t * from = U->text, * to = U->text + U->len;

	/* `Name (comment) <address>`, or nothing but the address. */
	while (to > from && to[-1] == ' ')
		to--;
	if (to > from && to[-1] == '>') {
		to--;
		from = memrchr(U->text, '<', (size_t)(to - U->text));
		if (from == NULL)
			return (-1);
		from++;
	}
	if (memchr(from, '@', (size_t)(to - from)) == NULL ||
	    memchr(from, '<', (size_t)(to - from)) != NULL)
		return (-1);
	return (user_normalise(user, (const char *)from, (size_t)(to - from)));
}

int
openpgp_cert_has(const struct openpgp_cert * C, const uint8_t * id, size_t len)
{
	const struct openpgp_key * K;

	for (size_t i = 0; i < C->nkeys; i++) {
		K = &C->keys[i];
		if (len == K->fpr_len && memcmp(id, K->fpr, len) == 0)
			return (1);
		if ((len == OPENPGP_KEYID_LEN || len == 4) &&
		    memcmp(id, &K->keyid[OPENPGP_KEYID_LEN - len], len) == 0)
			return (1);
	}
	return (0);
}

int
openpgp_cert_names(const struct openpgp_cert * C, const char * user)
{
	char address[USER_LEN_MAX + 1];

	for (size_t i = 0; i < C->nuids; i++)
		if (!C->uids[i].revoked &&
		    openpgp_uid_address(&C->uids[i], address) == 0 &&
		    strcmp(address, user) == 0)
			return (1);
	return (0);
}
