#include <sys/stat.h>

#include <err.h>
#include <string.h>

#include "base/exits.h"

#include "dump.h"

int
dump_path(struct dump * D, const char * path)
{
	struct stat sb;
	int code;

	memset(&sb, 0, sizeof(sb));
	if (strcmp(path, "-") != 0 && stat(path, &sb)) {
		warn("%s", path);
		return (EXITS_PERMANENT);
	}
	if (S_ISDIR(sb.st_mode) || S_ISSOCK(sb.st_mode)) {
		if (D->type != NULL) {
			warnx("%s: -T is for files", path);
			return (EXITS_USAGE);
		}
		code = S_ISDIR(sb.st_mode) ? dump_dir(D, path) :
		    dump_socket(D, path);
	} else {
		if (D->table != NULL || D->program != NULL) {
			warnx("%s: a file has no tables", path);
			return (EXITS_USAGE);
		}
		code = dump_file(D, path);
	}
	return (code == EXITS_OK && D->corrupt > 0 ? EXITS_REFUSED : code);
}
