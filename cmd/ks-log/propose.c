#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/exits.h"
#include "client/input.h"
#include "codec/wbuf.h"
#include "frame/frame.h"
#include "proto/proto_log.h"

#include "logtool.h"

static const struct {
	const char * name;
	enum log_entry_type type;
} types[] = {
	{ "update", LOG_ENTRY_UPDATE },
	{ "delimiter", LOG_ENTRY_DELIMITER },
	{ "signature", LOG_ENTRY_SIGNATURE },
	{ "ratification", LOG_ENTRY_RATIFICATION },
	{ "approval", LOG_ENTRY_APPROVAL }
};

int
logtool_type(const char * name)
{

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, name) == 0)
			return (types[i].type);
	}
	return (-1);
}

const char *
logtool_type_name(uint8_t type)
{

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i].type == type)
			return (types[i].name);
	}
	return (NULL);
}

/* Propose the ${len} bytes at ${entry} and print the index. */
static int
propose(const struct logtool * T, const uint8_t * entry, size_t len)
{
	struct wbuf W;
	struct frame F;
	uint64_t index;
	int rc;

	wbuf_init(&W, FRAME_LEN_MAX + 4);
	if ((rc = logtool_ask(T, LOG_PROPOSE, entry, len, LOG_PROPOSED, &W,
	    &F)) != 0)
		goto done;
	if (proto_log_get_proposed(F.body, F.len, &index))
		rc = logtool_broken(T, "proposed-malformed");
	else
		printf("%ju\n", (uintmax_t)index);

done:
	wbuf_free(&W);
	return (rc);
}

/* Propose the ${len} bytes at ${body} in a new log entry. */
static int
propose_body(const struct logtool * T, const uint8_t * body, size_t len)
{
	uint8_t id[REQUEST_ID_LEN];
	struct log_entry E = {
		.request_id = id, .type = (uint8_t)T->type, .body = body,
		.body_len = len, .erasable = (const uint8_t *)""
	};
	struct wbuf W;
	int rc = EXITS_PERMANENT;

	randombytes_buf(id, sizeof(id));
	wbuf_init(&W, LOG_ENTRY_MAX);
	log_entry_put(&W, &E);
	if (wbuf_failed(&W))
		warnx("propose: the body is too long for a log entry");
	else
		rc = propose(T, W.data, W.len);
	wbuf_free(&W);
	return (rc);
}

int
logtool_propose(const struct logtool * T)
{
	uint8_t * input;
	size_t len;
	int rc;

	/* What is too long for an entry but fits a frame is for ks-logd to refuse. */
	if (input_read(T->nargs > 0 ? T->args[0] : NULL, FRAME_BODY_MAX, &input,
	    &len))
		return (EXITS_PERMANENT);
	if (T->type == -1)
		rc = propose(T, input, len);
	else
		rc = propose_body(T, input, len);
	free(input);
	return (rc);
}
