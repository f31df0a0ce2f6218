#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "log/etcd_impl.h"

/* Begins the line of STATUS with the ids of all members. */
#define IDS	"etcd_member_ids"

static int
on_members(void * ctx, struct etcd_reply * R)
{
	struct log_etcd * X = ctx;

	X->asking = NULL;
	if (R->why != NULL)
		return (0);
	X->nmembers = 0;
	while (X->nmembers < LOG_ETCD_MEMBERS_MAX &&
	    etcd_next_member(R, &X->members[X->nmembers]) == 1)
		X->nmembers++;
	return (0);
}

int
log_etcd_who_look(struct log_etcd * X, uint64_t now_ms)
{

	if (X->asking != NULL || now_ms - X->asked_ms < LOG_ETCD_MEMBERS_MS)
		return (0);
	X->asked_ms = now_ms;
	X->asking = etcd_members(X->etcd, LOG_ETCD_ASK_MS, on_members, X);
	return (X->asking != NULL ? 0 : -1);
}

/* The name of the member ${id}, or "-". */
static const char *
name_of(const struct log_etcd * X, uint64_t id)
{

	for (size_t i = 0; i < X->nmembers; i++) {
		if (X->members[i].id == id && X->members[i].name[0] != '\0')
			return (X->members[i].name);
	}
	return ("-");
}

void
log_etcd_who_status(const struct log_etcd * X, struct wbuf * W)
{

	wbuf_printf(W, "etcd_member %016jx\n", (uintmax_t)X->member);
	wbuf_printf(W, "etcd_leader %s\n", name_of(X, X->leader));
	wbuf_printf(W, "etcd_size %ju\n", (uintmax_t)X->size);
	wbuf_printf(W, "etcd_members");
	for (size_t i = 0; i < X->nmembers; i++)
		wbuf_printf(W, " %s", X->members[i].name[0] != '\0' ?
		    X->members[i].name : "-");
	wbuf_printf(W, X->nmembers > 0 ? "\n" IDS : " -\n" IDS " -");
	for (size_t i = 0; i < X->nmembers; i++)
		wbuf_printf(W, " %016jx", (uintmax_t)X->members[i].id);
	wbuf_printf(W, "\n");
}

int
log_etcd_who_wants(void * ctx)
{
	const struct log_etcd * X = ctx;

	return (X->state == LOG_ETCD_OPENING && X->nsaid > 0 && X->member != 0 &&
	    !X->removed);
}

void
log_etcd_who_told(void * ctx, const char * text, size_t len)
{
	struct log_etcd * X = ctx;
	const char * line, * end;
	char own[17];

	line = memmem(text, len, "\n" IDS " ", sizeof(IDS) + 1);
	if (line == NULL)
		return;
	line++;
	end = memchr(line, '\n', len - (size_t)(line - text));
	snprintf(own, sizeof(own), "%016jx", (uintmax_t)X->member);
	if (end == NULL || memmem(line, (size_t)(end - line), own, 16) != NULL)
		return;
	X->removed = 1;
	warnx("log: etcd at %s was removed from its cluster: let it join anew "
	    "(ks-log add), or write \"engine follow\"", X->options.etcd.url);
}
