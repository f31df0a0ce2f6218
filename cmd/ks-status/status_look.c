#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "ask/ask.h"
#include "health/look.h"

#include "status_look.h"

/* Ask ${P} at the socket ${path}.  Return 0, or -1 if memory ran out. */
static int
ask_one(struct health_program * P, const char * path, uint64_t timeout_ms)
{
	struct ask A;
	const char * text;
	size_t len;
	int rc;

	if (ask_open(&A, path, timeout_ms)) {
		health_look_silent(P, strerror(errno));
		return (0);
	}
	if ((rc = ask_status(&A, &text, &len)) == 0)
		rc = health_look_answer(P, text, len);
	else {
		health_look_silent(P, rc == 1 ? A.error.rule : strerror(errno));
		rc = 0;
	}
	ask_close(&A);
	return (rc);
}

int
status_look_ask(struct health_look * L, const char * dir, uint64_t timeout_ms)
{
	char path[PATH_MAX];
	int len, n = 0;

	health_look_free(L);
	for (size_t i = 0; i < L->n; i++) {
		len = snprintf(path, sizeof(path), "%s/%s", dir,
		    L->program[i].socket);
		if (len < 0 || (size_t)len >= sizeof(path)) {
			health_look_silent(&L->program[i],
			    strerror(ENAMETOOLONG));
			continue;
		}
		if (ask_one(&L->program[i], path, timeout_ms))
			return (-1);
		n += L->program[i].up;
	}
	return (n);
}
