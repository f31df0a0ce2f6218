#ifndef KS_INIT_INIT_TREE_H
#define KS_INIT_INIT_TREE_H

#include <sys/types.h>

#include <stddef.h>

#include "codec/wbuf.h"

/*
 * The tree that is being made: a new directory beside the one asked for, which
 * takes its name in one step at the end.  Each function reports its failure and
 * returns 0 or -1.
 */
struct init_tree {
	char * path;		/* of what is being made */
	char * final;		/* of what it will be */
	int there;		/* it was made before */
};

/* Longest path of a file in the tree. */
#define INIT_PATH_MAX	4095

/**
 * init_tree_begin(T, dir):
 * Make a new empty directory beside ${dir} for ${T}.  ${dir} must be a name for
 * which nothing is there, or an empty directory.
 */
int init_tree_begin(struct init_tree *, const char *);

/**
 * init_tree_open(T, dir):
 * Make ${T} the directory ${dir} that is there: its files are replaced one by one,
 * what a directory holds stays, and init_tree_end removes nothing.
 */
int init_tree_open(struct init_tree *, const char *);

/**
 * init_tree_path(T, path, fmt, ...):
 * Store in ${path}, which has room for INIT_PATH_MAX + 1 bytes, the path of
 * ${fmt}... in ${T}.
 */
int init_tree_path(const struct init_tree *, char *, const char *, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * init_tree_mkdir(T, mode, fmt, ...):
 * Make the directory ${fmt}... in ${T}, with ${mode} whatever the umask.
 */
int init_tree_mkdir(const struct init_tree *, mode_t, const char *, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * init_tree_write(T, mode, W, fmt, ...):
 * Write the content of ${W} to the file ${fmt}... in ${T}, which must be new unless
 * ${T} was opened, with ${mode}; and reset ${W}, for the next file.
 */
int init_tree_write(const struct init_tree *, mode_t, struct wbuf *,
    const char *, ...) __attribute__((format(printf, 4, 5)));

/**
 * init_tree_commit(T):
 * Make all of ${T} durable and give it its name; nothing that came there
 * meanwhile is replaced.
 */
int init_tree_commit(struct init_tree *);

/**
 * init_tree_end(T):
 * Free ${T}, and unless it was opened or committed remove all of it.
 */
void init_tree_end(struct init_tree *);

#endif
