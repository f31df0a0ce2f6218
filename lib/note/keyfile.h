#ifndef KS_NOTE_KEYFILE_H
#define KS_NOTE_KEYFILE_H

#include <stdint.h>

#include "note/vkey.h"

/*
 * A secret key in a file, mode 0600, one line of text:
 *
 *	ks-secret-key/v1 KIND NAME BASE64
 *
 * KIND is "ed25519" (BASE64 is a seed; signs notes), "cosign" (a seed; signs
 * cosignatures) or "vrf" (a scalar); NAME is a key name.
 */
#define KEYFILE_SECRET_LEN	32	/* a seed or a scalar */

enum keyfile_kind {
	KEYFILE_ED25519,
	KEYFILE_COSIGN,
	KEYFILE_VRF
};

struct keyfile {
	enum keyfile_kind kind;
	char name[VKEY_NAME_MAX + 1];
	uint8_t secret[KEYFILE_SECRET_LEN];
};

/**
 * keyfile_write(path, kind, name, secret):
 * Write the key of ${kind} with the string ${name} and the bytes ${secret} to
 * the new file ${path}, mode 0600.  Return 0, or -1 with a line on standard
 * error and errno: EEXIST if there is anything at ${path}, EINVAL if ${name} is
 * no key name, or that of the call that failed.
 */
int keyfile_write(const char *, enum keyfile_kind, const char *,
    const uint8_t[KEYFILE_SECRET_LEN]);

/**
 * keyfile_read(path):
 * Return the key in the file ${path}, in secret memory, for keyfile_free.  Or
 * return NULL with a line on standard error that names the file and the rule,
 * and errno: EPERM if group or others have any right on the file, EINVAL if its
 * content is no secret key, or that of the call that failed.
 */
struct keyfile * keyfile_read(const char *);

/**
 * keyfile_read_kind(path, kind):
 * As keyfile_read, and refuse a key of another kind than ${kind} with EINVAL.
 */
struct keyfile * keyfile_read_kind(const char *, enum keyfile_kind);

/**
 * keyfile_free(F):
 * Wipe and free ${F}, which may be NULL.
 */
void keyfile_free(struct keyfile *);

#endif
