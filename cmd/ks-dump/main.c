#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/exits.h"
#include "client/tool.h"
#include "fields/fields.h"

#include "dump.h"
#include "dump_rows.h"
#include "dump_types.h"

#define USAGE	"[-hjV] [-P PROGRAM] DIR|SOCKET [TABLE [FROM [TO]]]\n" \
		"       ks-dump [-j] [-T TYPE] FILE"

/* Is there a kind of file called ${name}? */
static int
type_known(const char * name)
{

	if (strcmp(name, "key") == 0)
		return (1);
	for (const struct dump_type * T = dump_types; T->name != NULL; T++)
		if (strcmp(name, T->name) == 0)
			return (1);
	return (0);
}

/* Take "apply/entry" apart: the program before the table. */
static int
take_table(struct dump * D, char * table)
{
	const struct dump_program * P;
	char * slash = strchr(table, '/');

	D->table = table;
	if (slash == NULL)
		return (0);
	*slash = '\0';
	D->table = slash + 1;
	if ((P = dump_rows_program(table)) == NULL ||
	    (D->program != NULL && D->program != P)) {
		warnx("%s: no such program, or not that of -P", table);
		return (-1);
	}
	D->program = P;
	return (0);
}

int
main(int argc, char ** argv)
{
	struct dump D;
	int ch, code;

	memset(&D, 0, sizeof(D));
	while ((ch = getopt(argc, argv, "hjP:T:V")) != -1) {
		switch (ch) {
		case 'h':
			return (tool_usage(USAGE, EXITS_OK));
		case 'j':
			D.json = 1;
			break;
		case 'P':
			if ((D.program = dump_rows_program(optarg)) == NULL)
				errx(EXITS_USAGE, "%s: no program that stores "
				    "rows", optarg);
			break;
		case 'T':
			if (!type_known(D.type = optarg))
				errx(EXITS_USAGE, "%s: no kind of file", optarg);
			break;
		case 'V':
			return (tool_version());
		default:
			return (tool_usage(USAGE, EXITS_USAGE));
		}
	}
	argc -= optind;
	argv += optind;
	if (argc < 1 || argc > 4 || (argc > 1 && take_table(&D, argv[1])))
		return (tool_usage(USAGE, EXITS_USAGE));
	D.from = argc > 2 ? argv[2] : NULL;
	D.to = argc > 3 ? argv[3] : NULL;
	if (tool_start())
		return (EXITS_PERMANENT);
	if ((D.F = fields_new(D.json)) == NULL) {
		warn("starting");
		return (EXITS_TEMPORARY);
	}
	code = dump_path(&D, argv[0]);
	fields_free(D.F);
	if (code == EXITS_USAGE)
		fprintf(stderr, "usage: ks-dump " USAGE "\n");
	return (tool_finish(code));
}
