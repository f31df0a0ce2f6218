#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/exits.h"
#include "client/tool.h"
#include "crypto/sign.h"
#include "crypto/vrf.h"
#include "note/keyfile.h"
#include "note/vkey.h"

#define USAGE	"[-hV] [-n NAME] [-o FILE]\n       ks-keygen -p FILE"

/* Print the public half of the key ${F} in the file ${path}. */
static int
print_public(const struct keyfile * F, const char * path)
{
	char text[VKEY_TEXT_MAX + 1], b64[BASE64_SIZE(VRF_PK_LEN)];
	struct sign_key * K;
	struct vrf_key * vrf;
	struct vkey V;
	int rc;

	if (F->kind == KEYFILE_VRF) {
		if ((vrf = vrf_key_from_scalar(F->secret)) == NULL) {
			warn("%s", path);
			return (-1);
		}
		base64_encode(vrf->pk, VRF_PK_LEN, b64, sizeof(b64));
		vrf_key_free(vrf);
		puts(b64);
		return (0);
	}
	if ((K = sign_key_from_seed(F->secret)) == NULL) {
		warn("%s", path);
		return (-1);
	}
	rc = vkey_make(&V, F->kind == KEYFILE_COSIGN ? VKEY_COSIGNATURE :
	    VKEY_ED25519, F->name, K->pk);
	sign_key_free(K);
	if (rc) {
		warnx("%s: no valid public key belongs to this key", path);
		return (-1);
	}
	vkey_format(&V, text);
	puts(text);
	return (0);
}

/* Print the public half of the key in the file ${path}. */
static int
show(const char * path)
{
	struct keyfile * F;
	int rc;

	if ((F = keyfile_read(path)) == NULL)
		return (EXITS_PERMANENT);
	rc = print_public(F, path);
	keyfile_free(F);
	return (rc ? EXITS_PERMANENT : EXITS_OK);
}

/* Make the new key ${name} in the new file ${path}, and print its public half. */
static int
generate(const char * name, const char * path)
{
	struct sign_key * K;
	int rc;

	if ((K = sign_key_generate()) == NULL) {
		warn("key");
		return (EXITS_TEMPORARY);
	}
	rc = keyfile_write(path, KEYFILE_ED25519, name, K->seed);
	sign_key_free(K);
	if (rc)
		return (EXITS_PERMANENT);

	/* From the file: what is printed is what the file will sign with. */
	return (show(path));
}

int
main(int argc, char ** argv)
{
	const char * name = NULL;
	const char * out = NULL;
	const char * show_path = NULL;
	int ch;

	while ((ch = getopt(argc, argv, "hVn:o:p:")) != -1) {
		switch (ch) {
		case 'h':
			return (tool_usage(USAGE, EXITS_OK));
		case 'V':
			return (tool_version());
		case 'n':
			name = optarg;
			break;
		case 'o':
			out = optarg;
			break;
		case 'p':
			show_path = optarg;
			break;
		default:
			return (tool_usage(USAGE, EXITS_USAGE));
		}
	}
	if (optind != argc || (show_path != NULL && (name != NULL || out != NULL)))
		return (tool_usage(USAGE, EXITS_USAGE));
	if (tool_start())
		return (EXITS_PERMANENT);
	if (show_path != NULL)
		return (tool_finish(show(show_path)));
	return (tool_finish(generate(name != NULL ? name : "ks-user",
	    out != NULL ? out : "ks.key")));
}
