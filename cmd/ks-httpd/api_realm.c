#include <string.h>

#include <jansson.h>

#include "base/base64.h"
#include "realm/realm.h"

#include "httpd.h"

/* The JSON that says ${realm}, or NULL. */
static json_t *
realm_json(const struct realm * realm)
{
	char nonce[BASE64_SIZE(REALM_NONCE_LEN)], vrf[BASE64_SIZE(VRF_PK_LEN)];
	json_t * J, * servers;

	base64_encode(realm->nonce, sizeof(realm->nonce), nonce, sizeof(nonce));
	base64_encode(realm->vrf_pk, sizeof(realm->vrf_pk), vrf, sizeof(vrf));
	if ((servers = json_array()) == NULL)
		return (NULL);
	for (unsigned i = 0; i < realm->nservers; i++)
		(void)json_array_append_new(servers,
		    json_string(realm->server[i]));
	J = json_pack("{s:s,s:s,s:s,s:I,s:s,s:o,s:s%}", "realm", realm->name,
	    "nonce", nonce, "vrf", vrf, "fresh", (json_int_t)realm->fresh_s,
	    "registration", realm->registration, "servers", servers,
	    "policy", realm->policy_text, realm->policy_len);
	return (J);
}

int
api_realm(void * cookie, struct web_request * R)
{
	const struct httpd * H = cookie;

	if (web_args_only(R, ""))
		return (0);
	if (web_wants_json(R))
		httpd_json(R, WEB_NO_CACHE, realm_json(H->realm));
	else
		web_answer(R, &(struct web_answer){ .body = H->realm_text,
		    .len = H->realm_len, .cache = WEB_NO_CACHE, .vary = 1 });
	return (0);
}
