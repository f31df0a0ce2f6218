#ifndef KS_VERIFY_EVIDENCE_H
#define KS_VERIFY_EVIDENCE_H

#include <stddef.h>

struct realm;

/**
 * verify_evidence(text, len, realm, json):
 * Check the evidence in the ${len} bytes at ${text} against ${realm} and print
 * what it proves, as JSON if ${json} is nonzero.  Return the exit code: EXITS_OK
 * if misbehaviour is proven, EXITS_REFUSED after a line on standard error if not.
 */
int verify_evidence(const char *, size_t, const struct realm *, int);

#endif
