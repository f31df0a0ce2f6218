#include <ctype.h>
#include <string.h>

#include "base/hex.h"
#include "entry/user.h"

#include "hkp/hkp.h"

/* Hexadecimal digits of a short key id, which many keys share on purpose. */
#define SHORT_DIGITS	8

static int
refuse(struct hkp_error * E, unsigned status, const char * rule,
    const char * text)
{

	E->status = status;
	E->code = status == 400 ? "malformed" :
	    status == 404 ? "not-found" : "refused";
	E->rule = rule;
	E->text = text;
	return (-1);
}

static int
get_op(struct hkp_query * Q, const char * op, struct hkp_error * E)
{
	static const struct {
		const char * name;
		enum hkp_op op;
	} ops[] = {
		{ "get", HKP_GET },
		{ "index", HKP_INDEX },
		{ "vindex", HKP_VINDEX },
		{ "stats", HKP_STATS }
	};

	if (op == NULL || op[0] == '\0')
		return (refuse(E, 400, HKP_SEARCH_MALFORMED,
		    "there is no op: get, index, vindex or stats"));
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (strcasecmp(op, ops[i].name) == 0) {
			Q->op = ops[i].op;
			return (0);
		}
	return (refuse(E, 501, HKP_SEARCH_UNSUPPORTED,
	    "the operations are get, index, vindex and stats"));
}

/* Is ${word} among the ${list}, which is separated by commas? */
static int
has_word(const char * list, const char * word)
{
	size_t len;

	for (; list != NULL && *list != '\0'; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (len == strlen(word) && strncasecmp(list, word, len) == 0)
			return (1);
	}
	return (0);
}

/* Hexadecimal digits behind 0x; 1 if they are there, 0 if not, -1 refused. */
static int
get_id(struct hkp_query * Q, const char * search, struct hkp_error * E)
{
	char digits[2 * OPENPGP_FPR_MAX + 1];
	size_t n;

	if (search[0] != '0' || (search[1] != 'x' && search[1] != 'X'))
		return (0);
	n = strlen(search += 2);
	if (n > 2 * OPENPGP_FPR_MAX)
		return (refuse(E, 400, HKP_SEARCH_MALFORMED,
		    "a fingerprint has 40 or 64 digits, a key id 16"));
	for (size_t i = 0; i <= n; i++)
		digits[i] = (char)tolower((unsigned char)search[i]);
	if (hex_decode(digits, n, Q->id, sizeof(Q->id), &Q->id_len))
		return (refuse(E, 400, HKP_SEARCH_MALFORMED,
		    "behind 0x are pairs of hexadecimal digits only"));
	if (n == SHORT_DIGITS)
		return (refuse(E, 501, HKP_SEARCH_UNSUPPORTED,
		    "a short key id is no name: ask by fingerprint"));
	if (n != 16 && n != 40 && n != 64)
		return (refuse(E, 400, HKP_SEARCH_MALFORMED,
		    "a fingerprint has 40 or 64 digits, a key id 16"));
	return (1);
}

static int
get_search(struct hkp_query * Q, const char * search, struct hkp_error * E)
{
	struct openpgp_uid U = { 0 };
	int rc;

	if (search == NULL || search[0] == '\0')
		return (refuse(E, 400, HKP_SEARCH_MALFORMED,
		    "there is no search"));
	if ((rc = get_id(Q, search, E)) != 0)
		return (rc == 1 ? 0 : -1);

	/* An address as it may stand in a user id: `Name <address>` too. */
	U.text = (const uint8_t *)search;
	U.len = strlen(search);
	if (openpgp_uid_address(&U, Q->user) == 0)
		return (0);
	if (strchr(search, '@') != NULL)
		return (refuse(E, 400, HKP_SEARCH_MALFORMED,
		    "this is not an address"));
	return (refuse(E, 501, HKP_SEARCH_UNSUPPORTED,
	    "keys are found by a whole address, a fingerprint or a key id; nobody"
	    " can list who is here"));
}

int
hkp_query(struct hkp_query * Q, const struct hkp_args * A,
    struct hkp_error * E)
{

	memset(Q, 0, sizeof(*Q));
	if (get_op(Q, A->op, E))
		return (-1);
	Q->mr = has_word(A->options, "mr");
	Q->exact = A->exact != NULL && strcasecmp(A->exact, "on") == 0;
	if (Q->op == HKP_STATS)
		return (0);
	return (get_search(Q, A->search, E));
}
