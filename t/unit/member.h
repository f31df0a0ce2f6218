#ifndef KS_T_MEMBER_H
#define KS_T_MEMBER_H

/**
 * member_url(void):
 * Return the URL of a real etcd of one member on loopback, started at the first
 * call and killed when the test program ends; or NULL, with a line that says so, if
 * there is none: share/install-deps installs it.
 */
const char * member_url(void);

/**
 * member_forget(void):
 * Kill it: the next member_url starts one of a new, empty cluster, at the same URL.
 */
void member_forget(void);

#endif
