#ifndef KS_HTTPD_PAGE_FILES_H
#define KS_HTTPD_PAGE_FILES_H

#include <stddef.h>

/* A file of the page, which is built into the program. */
struct page_file {
	const char * name;	/* below /page/ */
	const char * type;
	const char * start;
	const char * end;
};

/**
 * page_file_find(name):
 * Return the file of the page with this name, or NULL if there is none.
 */
const struct page_file * page_file_find(const char *);

#endif
