#ifndef KS_INIT_FOLDER_H
#define KS_INIT_FOLDER_H

#include "config/config.h"

#include "init_tree.h"
#include "plan.h"

/* Room for the name of a folder and a slash. */
#define INIT_AT_SIZE	(CONFIG_PEER_MAX + 2)

/* The folder of a replica or a verifier that is being made. */
struct init_folder {
	const struct init_tree * T;
	enum init_place place;		/* INIT_REPLICA or INIT_VERIFIER */
	char name[CONFIG_PEER_MAX + 1];	/* such as replica1 */
	char at[INIT_AT_SIZE];		/* "NAME/", or "" if ${T} is it */
};

/**
 * init_folder_make(F, T, place, number):
 * Make ${F} that of the replica or verifier (${place}) ${number} in ${T}, with
 * the folders that hold its keys and its state.  Return 0, or -1 after a line on
 * standard error.
 */
int init_folder_make(struct init_folder *, const struct init_tree *,
    enum init_place, unsigned);

/**
 * init_folder_fill(F):
 * Make in ${F}, which is there, the folders that hold its keys and its state.
 * Return 0, or -1 after a line on standard error.
 */
int init_folder_fill(const struct init_folder *);

/**
 * init_folder_sign_key(F, realm, vkey):
 * Make a new key with which ${F} signs in the realm with the string ${realm};
 * store its public half in ${vkey}, with room for VKEY_TEXT_MAX + 1 bytes.
 * Return 0, or -1 after a line on standard error.
 */
int init_folder_sign_key(const struct init_folder *, const char *, char *);

/**
 * init_folder_vrf_key(F, realm, secret):
 * Write the ${secret} of the VRF of the realm with the string ${realm} for ${F}.
 * Return 0, or -1 after a line on standard error.
 */
int init_folder_vrf_key(const struct init_folder *, const char *,
    const uint8_t *);

/**
 * init_folder_link_key(F, pin):
 * Make the key with which the ks-link of ${F} goes to its peers, and its
 * certificate, whose pin is stored in ${pin}, with room for IDENTITY_PIN_LEN + 1
 * bytes.  Return 0, or -1 after a line on standard error.
 */
int init_folder_link_key(const struct init_folder *, char *);

#endif
