#ifndef KS_INIT_RENEW_H
#define KS_INIT_RENEW_H

/**
 * init_renew(dir, ca_dir):
 * Make anew the keys and certificates of the etcd member in the replica's folder
 * ${dir} and of its client, with the authority in ${ca_dir}, or, if that is NULL,
 * beside it; and print what is to be done.  Return the exit code, after a line on
 * standard error unless it is 0.
 */
int init_renew(const char *, const char *);

#endif
