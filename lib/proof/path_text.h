#ifndef KS_PROOF_PATH_TEXT_H
#define KS_PROOF_PATH_TEXT_H

struct lines;
struct tree_path;
struct wbuf;

/*
 * A path in the directory tree as text (PROTOCOL section 9): the line `found`,
 * then, after what a format puts in between, the lines from `other` or `path`
 * on.
 */

/**
 * path_text_put_found(W, kind), path_text_take_found(L):
 * The line `found` of the enum tree_kind ${kind}; the take returns it, or 0 and
 * ${L} fails.
 */
void path_text_put_found(struct wbuf *, unsigned);
unsigned path_text_take_found(struct lines *);

/**
 * path_text_put_place(W, path), path_text_take_place(L, path):
 * The line `other`, if the kind of ${path} is TREE_ABSENT_OTHER, the line `path`
 * and those of the siblings.  The take fills what was zero in ${path}, whose
 * kind is set; the value of a TREE_PRESENT is the caller's to set.
 */
void path_text_put_place(struct wbuf *, const struct tree_path *);
void path_text_take_place(struct lines *, struct tree_path *);

#endif
