#ifndef KS_CLIENT_REPORT_H
#define KS_CLIENT_REPORT_H

#include "proof/proof.h"

struct wbuf;

/*
 * What ks-lookup and ks-verify say of a proof that verified.
 */
struct report {
	const char * realm;
	const char * user;		/* normalised */
	const struct proof_verdict * V;
};

/**
 * report_text(W, R):
 * Append to ${W} the lines `user USER`, `found present|absent`, `epoch N`,
 * `version N` (if present), `time T` or `time none`, `signed REPLICA` for each
 * that has signed, `ratified VERIFIER T` for each that has, and if present `app
 * NAME LENGTH` for each application, or `profile erased`.
 */
void report_text(struct wbuf *, const struct report *);

/**
 * report_json(W, R):
 * Append to ${W} the same as a JSON object, and a newline.  Return 0, or -1 if
 * memory ran out.
 */
int report_json(struct wbuf *, const struct report *);

/**
 * report_code(V):
 * Return the exit code that the verified ${V} stands for: EXITS_OK,
 * EXITS_ABSENT, or EXITS_UNMET if it breaks a rule.
 */
int report_code(const struct proof_verdict *);

#endif
