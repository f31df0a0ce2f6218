#ifndef KS_HTTPD_API_PAGE_H
#define KS_HTTPD_API_PAGE_H

struct web_request;

/**
 * api_page(ctx, R):
 * GET / and /page/NAME: the page, from the program itself.
 */
int api_page(void *, struct web_request *);

#endif
