#include <string.h>

#include "page_files.h"

#define HTML	"text/html; charset=utf-8"
#define CSS	"text/css; charset=utf-8"
#define JS	"text/javascript; charset=utf-8"
#define SVG	"image/svg+xml"
#define TEXT	"text/plain; charset=utf-8"

/*
 * The assembler puts the very files of share/page into the program, so that they are
 * what they are there, and a program that was installed or copied needs to find
 * nothing.  The build runs in the top folder, where it has got libsodium from npm.
 */
#define BYTES(symbol, files)						\
	__asm__(".section .rodata\n"					\
	    "page_start_" #symbol ":\n"					\
	    files							\
	    "page_end_" #symbol ":\n"					\
	    ".byte 0\n"							\
	    ".previous\n");						\
	extern const char page_start_##symbol[]				\
	    __attribute__((visibility("hidden")));			\
	extern const char page_end_##symbol[]				\
	    __attribute__((visibility("hidden")))
#define FILE_OF(path)	".incbin \"" path "\"\n"
#define SODIUM(path)	FILE_OF("build/npm/node_modules/libsodium-sumo/" path)

/* Every file: its symbol, its name, its type, its bytes. */
#define FILES(X)							\
	X(index, "index.html", HTML, FILE_OF("share/page/index.html"))	\
	X(css, "page.css", CSS, FILE_OF("share/page/page.css"))		\
	X(icon, "icon.svg", SVG, FILE_OF("share/page/icon.svg"))	\
	X(page, "page.js", JS, FILE_OF("share/page/page.js"))		\
	X(api, "api.js", JS, FILE_OF("share/page/api.js"))		\
	X(board, "board.js", JS, FILE_OF("share/page/board.js"))	\
	X(bytes, "bytes.js", JS, FILE_OF("share/page/bytes.js"))	\
	X(crypto, "crypto.js", JS, FILE_OF("share/page/crypto.js"))	\
	X(dom, "dom.js", JS, FILE_OF("share/page/dom.js"))		\
	X(draw, "draw.js", JS, FILE_OF("share/page/draw.js"))		\
	X(live, "live.js", JS, FILE_OF("share/page/live.js"))		\
	X(log, "log.js", JS, FILE_OF("share/page/log.js"))		\
	X(lookup, "lookup.js", JS, FILE_OF("share/page/lookup.js"))	\
	X(memory, "memory.js", JS, FILE_OF("share/page/memory.js"))	\
	X(policy, "policy.js", JS, FILE_OF("share/page/policy.js"))	\
	X(proof, "proof.js", JS, FILE_OF("share/page/proof.js"))	\
	X(result, "result.js", JS, FILE_OF("share/page/result.js"))	\
	X(store, "store.js", JS, FILE_OF("share/page/store.js"))	\
	X(tree, "tree.js", JS, FILE_OF("share/page/tree.js"))		\
	X(trust, "trust.js", JS, FILE_OF("share/page/trust.js"))	\
	X(verify, "verify.js", JS, FILE_OF("share/page/verify.js"))	\
	X(sodium, "libsodium-sumo.mjs", JS,				\
	    SODIUM("dist/modules-sumo-esm/libsodium-sumo.mjs"))		\
	X(licences, "LICENSES", TEXT,					\
	    FILE_OF("share/page/LICENSES") SODIUM("LICENSE"))

#define DECLARE(symbol, name, type, files) BYTES(symbol, files);
FILES(DECLARE)

#define ENTRY(symbol, name, type, files)				\
	{ name, type, page_start_##symbol, page_end_##symbol },

static const struct page_file page_files[] = {
	FILES(ENTRY)
};

const struct page_file *
page_file_find(const char * name)
{

	for (size_t i = 0; i < sizeof(page_files) / sizeof(page_files[0]); i++)
		if (strcmp(page_files[i].name, name) == 0)
			return (&page_files[i]);
	return (NULL);
}
