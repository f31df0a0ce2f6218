#ifndef KS_STATUS_STATUS_PRINT_H
#define KS_STATUS_STATUS_PRINT_H

struct status_certs;
struct health_look;
struct health_summary;

/**
 * status_print(L, C, S, json):
 * Print the answers ${L}, the certificates ${C} and what they amount to, ${S}, on
 * standard output, as text or, if ${json} is nonzero, as one JSON object.  Return 0, or -1 after a
 * line on standard error if memory ran out.
 */
int status_print(const struct health_look *, const struct status_certs *,
    const struct health_summary *, int);

#endif
