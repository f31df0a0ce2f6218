#include <stddef.h>

#include "web/web.h"

#include "api_page.h"
#include "page_files.h"

/*
 * What the page may do: run its own files and WebAssembly, ask this server, and no
 * more.  Nothing inline, nothing from elsewhere, nothing that makes markup of text;
 * nobody frames it.
 */
#define POLICY								\
	"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "	\
	"style-src 'self'; img-src 'self'; connect-src 'self'; "	\
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "	\
	"require-trusted-types-for 'script'; trusted-types 'none'"

int
api_page(void * cookie, struct web_request * R)
{
	static const char * const headers[] = {
		"Content-Security-Policy", POLICY,
		"Cross-Origin-Resource-Policy", "same-origin",
		NULL
	};
	const char * name = web_segment(R, 1);
	const struct page_file * F;

	(void)cookie;
	if (web_args_only(R, ""))
		return (0);
	F = page_file_find(name != NULL ? name : "index.html");
	if (F == NULL) {
		web_error(R, 404, "not-found", "not-found",
		    "the page has no such file");
		return (0);
	}
	web_answer(R, &(struct web_answer){ .type = F->type, .body = F->start,
	    .len = (size_t)(F->end - F->start), .cache = WEB_NO_CACHE,
	    .headers = headers });
	return (0);
}
