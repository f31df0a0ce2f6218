#ifndef KS_HTTP_MULTI_H
#define KS_HTTP_MULTI_H

#include <curl/curl.h>

struct loop;

/*
 * The transfers of libcurl on the event loop.  What comes of them is only noted while
 * curl runs, and told after it, as nobody may be told from inside curl.
 */
struct multi;

/* What a multi calls back, with its cookie. */
struct multi_spec {
	/* The transfer with the CURLOPT_PRIVATE ${private} is over, with ${code}: note it. */
	void (* over)(void * private, CURLcode code);
	/* Curl has run: tell what came.  0, or -1 if the program cannot go on.  It may begin
	 * and end transfers, but not free the multi. */
	int (* after)(void * ctx);
};

/**
 * multi_new(L, spec, ctx):
 * Return curl's transfers on the event loop ${L}, or if that is NULL for who polls by
 * himself; ${spec}, which must stay, is called back with ${ctx}.  Return NULL if memory
 * is short.
 */
struct multi * multi_new(struct loop *, const struct multi_spec *, void *);

/**
 * multi_free(M):
 * Free ${M}, from which all transfers must have been removed.  NULL is fine.
 */
void multi_free(struct multi *);

/**
 * multi_curl(M):
 * Return curl's own handle, to add transfers to and remove them from.
 */
CURLM * multi_curl(struct multi *);

/**
 * multi_run(M):
 * Let curl do on the event loop what is due, and tell.  Return 0, or -1 (reported) if
 * that failed.
 */
int multi_run(struct multi *);

/**
 * multi_ran(M):
 * Curl has run without the event loop: tell.  Return as multi_run.
 */
int multi_ran(struct multi *);

#endif
