#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/base64.h"
#include "base/hex.h"
#include "codec/wbuf.h"
#include "entry/limits.h"
#include "proto/proto_admit.h"

#include "proto/update_json.h"

/* The fields of a JSON update that are base64. */
enum { FIELD_UPDATE, FIELD_PROFILE, FIELD_REGISTRATION, FIELDS };

/* Store in ${p} and ${len} the base64 text ${J}.  0, or -1. */
static int
take_base64(const json_t * J, uint8_t ** p, size_t * len)
{
	const size_t n = json_string_length(J);

	if (!json_is_string(J) || (*p = malloc(n + 1)) == NULL)
		return (-1);
	return (base64_decode(json_string_value(J), n, *p, n, len));
}

/* Append the body of the UPDATE that the JSON object ${J} says.  0, or -1. */
static int
put_object(struct wbuf * W, json_t * J)
{
	static const char * const name[FIELDS] = { "update", "profile",
		"registration" };
	struct proto_admit_update U;
	uint8_t id[REQUEST_ID_LEN], * p[FIELDS] = { NULL };
	size_t len[FIELDS] = { 0 }, n, known = 2;
	const char * hex;
	int rc = -1;

	hex = json_string_value(json_object_get(J, "request_id"));
	U.user = json_string_value(json_object_get(J, "user"));
	if (hex == NULL || U.user == NULL || hex_decode(hex, strlen(hex), id,
	    sizeof(id), &n) || n != sizeof(id))
		return (-1);
	for (unsigned i = 0; i < FIELDS; i++) {
		const json_t * field = json_object_get(J, name[i]);

		if (field == NULL && i == FIELD_REGISTRATION)
			continue;
		known++;
		if (take_base64(field, &p[i], &len[i]))
			goto done;
	}
	/* An unknown field is not passed over: it may matter to who sent it. */
	if (json_object_size(J) != known)
		goto done;
	U.request_id = id;
	U.user_len = json_string_length(json_object_get(J, "user"));
	U.update = p[FIELD_UPDATE];
	U.update_len = len[FIELD_UPDATE];
	U.profile = p[FIELD_PROFILE];
	U.profile_len = len[FIELD_PROFILE];
	U.registration = p[FIELD_REGISTRATION];
	U.registration_len = len[FIELD_REGISTRATION];
	proto_admit_put_update(W, &U);
	rc = wbuf_failed(W);
done:
	for (unsigned i = 0; i < FIELDS; i++)
		free(p[i]);
	return (rc);
}

int
update_json_read(const char * text, size_t len, struct wbuf * W)
{
	json_t * J = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	int rc = -1;

	if (json_is_object(J))
		rc = put_object(W, J);
	json_decref(J);
	return (rc);
}
