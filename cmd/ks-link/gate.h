#ifndef KS_LINK_GATE_H
#define KS_LINK_GATE_H

#include "carrier.h"

/**
 * gate_new(M, to):
 * Listen on the Unix socket of the link line ${to}; on TCP, at link_listen of
 * ${M}, if ${to} is NULL.  Add the gate to ${M}.  Return 0, or -1 after a line on
 * standard error.
 */
int gate_new(struct carrier *, const struct config_link_to *);

/**
 * gate_update(M):
 * Watch those gates of ${M} for which there is room.  Return 0, or -1 if the
 * loop failed.
 */
int gate_update(struct carrier *);

/**
 * gate_close(M):
 * Close all gates of ${M} to new connections; forget none.
 */
void gate_close(struct carrier *);

/**
 * gate_free(M):
 * Close and free all gates of ${M}.
 */
void gate_free(struct carrier *);

/**
 * gate_address(G):
 * Return where ${G} listens, as text.
 */
const char * gate_address(const struct gate *);

/**
 * gate_news(G, rule):
 * Its last connection came to ${rule}, empty if it was carried.  Return nonzero
 * if that is another outcome than the one before: a peer that is down is told of
 * once, not at every try.
 */
int gate_news(struct gate *, const char *);

#endif
