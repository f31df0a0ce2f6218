#include <err.h>
#include <string.h>

#include "base/base64.h"
#include "crypto/sign.h"
#include "crypto/vrf.h"
#include "fields/fields.h"
#include "note/keyfile.h"
#include "note/vkey.h"

#include "dump.h"
#include "dump_types.h"

/* Put the public half of a VRF key. */
static int
put_vrf(struct fields * F, const struct keyfile * K)
{
	char b64[BASE64_SIZE(VRF_PK_LEN)];
	struct vrf_key * vrf;

	if ((vrf = vrf_key_from_scalar(K->secret)) == NULL)
		return (-1);
	base64_encode(vrf->pk, VRF_PK_LEN, b64, sizeof(b64));
	fields_word(F, "kind", "vrf");
	fields_text(F, "name", K->name, strlen(K->name));
	fields_hex(F, "public_key", vrf->pk, VRF_PK_LEN);
	fields_word(F, "base64", b64);
	vrf_key_free(vrf);
	return (0);
}

/* Put the public half of a signing key. */
static int
put_sign(struct fields * F, const struct keyfile * K)
{
	const int cosign = K->kind == KEYFILE_COSIGN;
	char text[VKEY_TEXT_MAX + 1];
	struct sign_key * sign;
	struct vkey V;
	int rc;

	if ((sign = sign_key_from_seed(K->secret)) == NULL)
		return (-1);
	rc = vkey_make(&V, cosign ? VKEY_COSIGNATURE : VKEY_ED25519, K->name,
	    sign->pk);
	sign_key_free(sign);
	if (rc)
		return (-1);
	vkey_format(&V, text);
	fields_word(F, "kind", cosign ? "cosign" : "ed25519");
	fields_text(F, "name", V.name, strlen(V.name));
	fields_hex(F, "public_key", V.pk, SIGN_PK_LEN);
	fields_hex(F, "key_id", V.id, VKEY_ID_LEN);
	fields_text(F, "vkey", text, strlen(text));
	return (0);
}

int
dump_types_key(struct dump * D, const char * path)
{
	struct keyfile * K;
	int rc;

	if ((K = keyfile_read(path)) == NULL)
		return (-1);
	rc = K->kind == KEYFILE_VRF ? put_vrf(D->F, K) : put_sign(D->F, K);
	keyfile_free(K);
	if (rc) {
		warnx("%s: no public key belongs to this key", path);
		return (-1);
	}
	return (dump_print_object(D, "key", NULL, NULL, 0));
}
