#ifndef KS_HEALTH_EXPORT_H
#define KS_HEALTH_EXPORT_H

struct health_look;
struct health_summary;
struct policy;
struct wbuf;

/**
 * health_export(W, L, S, policy):
 * Append to ${W}, in the text format of Prometheus, what the daemons in ${L} answered and
 * what it amounts to, ${S}.  Keys are named as in ${policy}, which may be NULL.
 * Failures are those of ${W}.
 */
void health_export(struct wbuf *, const struct health_look *,
    const struct health_summary *, const struct policy *);

#endif
