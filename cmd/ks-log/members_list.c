#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/exits.h"
#include "codec/wbuf.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "frame/frame_call.h"
#include "frame/usock.h"

#include "logtool.h"
#include "members.h"

/* The line of STATUS that says that etcd is there. */
#define CONNECTED	"\netcd connected\n"

/* What is known of each member besides what etcd's list has. */
struct seen {
	int reachable;
	uint64_t size;
};

/* The value of the line ${name} of the ${len} bytes STATUS ${text}, as a number to ${base}. */
static uint64_t
line_of(const char * text, size_t len, const char * name, int base)
{
	const char * p = text, * end = text + len, * next;
	size_t n = strlen(name);
	char number[32];

	for (; p < end; p = next + 1) {
		if ((next = memchr(p, '\n', (size_t)(end - p))) == NULL)
			break;
		if ((size_t)(next - p) <= n || memcmp(p, name, n) != 0 ||
		    p[n] != ' ')
			continue;
		snprintf(number, sizeof(number), "%.*s",
		    (int)(next - p - (ptrdiff_t)n - 1), p + n + 1);
		return (strtoull(number, NULL, base));
	}
	return (0);
}

/* Ask the ks-logd of the socket ${path} for the member that it is beside. */
static void
ask_peer(const struct members * M, const char * path, struct seen * seen)
{
	struct wbuf W;
	struct frame F;
	const char * text;
	uint64_t id;
	size_t len;
	int fd;

	if ((fd = usock_connect(path)) == -1)
		return;
	wbuf_init(&W, FRAME_LEN_MAX + 4);
	if (frame_call(fd, COMMON_STATUS, 1, NULL, 0, MEMBERS_LOOK_MS, &W,
	    &F) == 0 && F.type == COMMON_STATUS_REPLY &&
	    common_get_status(F.body, F.len, &text, &len) == 0 &&
	    memmem(text, len, CONNECTED, sizeof(CONNECTED) - 1) != NULL) {
		id = line_of(text, len, "etcd_member", 16);
		for (size_t i = 0; i < M->n && id != 0; i++) {
			if (M->list[i].id != id)
				continue;
			seen[i].reachable = 1;
			seen[i].size = line_of(text, len, "etcd_size", 10);
		}
	}
	wbuf_free(&W);
	close(fd);
}

/* Ask the member ${i} itself; its URL may lead to another one. */
static void
ask_member(struct members * M, size_t i, struct seen * seen)
{
	struct etcd_options options = {
		M->list[i].client, M->config.etcd_ca, M->config.etcd_cert,
		M->config.etcd_key
	};
	struct etcd * own = M->etcd;

	if (etcd_url_check(options.url) != NULL ||
	    strcmp(options.url, M->config.etcd_url) == 0 ||
	    (*options.ca == '\0') != (strncmp(options.url, "http:", 5) == 0) ||
	    (M->etcd = etcd_open(M->L, &options)) == NULL)
		goto done;
	if (members_wait(M, etcd_status(M->etcd, MEMBERS_LOOK_MS,
	    members_answer, M)) == 0 && M->self == M->list[i].id) {
		seen[i].reachable = 1;
		seen[i].size = M->size;
	}
	etcd_close(M->etcd);

done:
	M->etcd = own;
}

static int
print_json(const struct etcd_member * E, const char * role,
    const struct seen * seen)
{
	char id[17], * text;
	json_t * J;
	int rc = 0;

	snprintf(id, sizeof(id), "%016jx", (uintmax_t)E->id);
	J = json_pack("{s:s,s:s,s:s,s:s,s:b,s:I}", "id", id, "name", E->name,
	    "peer", E->peer, "role", role, "reachable", seen->reachable, "size",
	    (json_int_t)seen->size);
	if (J == NULL || (text = json_dumps(J, JSON_COMPACT)) == NULL) {
		warnx("members: out of memory");
		rc = EXITS_TEMPORARY;
	} else {
		puts(text);
		free(text);
	}
	json_decref(J);
	return (rc);
}

static int
print(const struct members * M, uint64_t leader, const struct seen * seen)
{
	const struct etcd_member * E;
	const char * role;
	int rc = 0;

	for (size_t i = 0; i < M->n && rc == 0; i++) {
		E = &M->list[i];
		role = E->learner ? "learner" : E->id == leader ? "leader" :
		    "follower";
		if (M->T->json) {
			rc = print_json(E, role, &seen[i]);
			continue;
		}
		printf("%016jx %s %s %s %s %ju\n", (uintmax_t)E->id,
		    E->name[0] != '\0' ? E->name : "-", E->peer, role,
		    seen[i].reachable ? "yes" : "no", (uintmax_t)seen[i].size);
	}
	return (rc);
}

static int
list(struct members * M)
{
	struct seen seen[MEMBERS_MAX];
	uint64_t leader;
	int rc;

	if ((rc = members_get(M)) != 0)
		return (rc);
	memset(seen, 0, sizeof(seen));
	leader = M->leader;
	for (size_t i = 0; i < M->n; i++) {
		if (M->list[i].id == M->self)
			seen[i] = (struct seen){ 1, M->size };
	}
	for (unsigned i = 0; i < M->config.npeers; i++)
		ask_peer(M, M->config.peer[i], seen);
	for (size_t i = 0; i < M->n; i++) {
		if (!seen[i].reachable)
			ask_member(M, i, seen);
	}
	return (print(M, leader, seen));
}

int
logtool_members(const struct logtool * T)
{
	static struct members M;
	int rc;

	if ((rc = members_open(T, &M)) == 0)
		rc = list(&M);
	members_close(&M);
	return (rc);
}
