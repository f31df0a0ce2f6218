#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/exits.h"
#include "evidence/evidence.h"
#include "policy/policy.h"
#include "realm/realm.h"

#include "verify_evidence.h"

/* What the lists of those who signed are called: of one note, or of two. */
static const char * const signed_name[EVIDENCE_NOTES_MAX] = {
	"signed", "signed-other"
};

/* Print the name of a key without what could move a terminal's cursor. */
static void
print_name(const char * name)
{

	for (; *name != '\0'; name++)
		putchar(*name >= 0x20 && *name <= 0x7e ? *name : '?');
	putchar('\n');
}

static void
print_text(const struct evidence_verdict * V, const struct realm * realm)
{

	printf("misbehaviour proven\nrealm %s\nrule %s\nepoch %" PRIu64 "\n",
	    realm->name, V->rule, V->epoch);
	for (unsigned n = 0; n < V->notes; n++)
		for (unsigned i = 0; i < policy_keys(V->policy); i++)
			if (V->quorum[n].satisfied[i] &&
			    policy_key(V->policy, i)->kind == POLICY_REPLICA) {
				printf("%s ", signed_name[n]);
				print_name(policy_key(V->policy, i)->name);
			}
}

/* The names of the replicas that signed a note; "?" for one that is not UTF-8. */
static json_t *
json_signed(const struct quorum * Q, const struct policy * policy)
{
	json_t * list = json_array(), * name;

	for (unsigned i = 0; i < policy_keys(policy); i++) {
		if (!Q->satisfied[i] ||
		    policy_key(policy, i)->kind != POLICY_REPLICA)
			continue;
		name = json_string(policy_key(policy, i)->name);
		if (json_array_append_new(list, name != NULL ? name :
		    json_string("?"))) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static int
print_json(const struct evidence_verdict * V, const struct realm * realm)
{
	char epoch[24];
	json_t * all;
	int bad;

	/* A number that JSON integers do not hold is a string of its digits. */
	snprintf(epoch, sizeof(epoch), "%" PRIu64, V->epoch);
	all = json_pack("{s:s,s:s,s:s,s:o}", "misbehaviour", "proven", "realm",
	    realm->name, "rule", V->rule, "epoch", V->epoch <= INT64_MAX ?
	    json_integer((json_int_t)V->epoch) : json_string(epoch));
	bad = all == NULL;
	for (unsigned n = 0; n < V->notes; n++)
		bad |= json_object_set_new(all, signed_name[n],
		    json_signed(&V->quorum[n], V->policy));
	if (!bad)
		bad = json_dumpf(all, stdout,
		    JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(all);
	return (bad ? -1 : 0);
}

int
verify_evidence(const char * text, size_t len, const struct realm * realm,
    int json)
{
	struct evidence_verdict V;
	int code = EXITS_OK;

	if (evidence_verify(text, len, realm, &V)) {
		warnx("out of memory");
		code = EXITS_TEMPORARY;
	} else if (V.rule == NULL) {
		warnx("evidence: nothing is proven: %s", V.why);
		code = EXITS_REFUSED;
	} else if (!json) {
		print_text(&V, realm);
	} else if (print_json(&V, realm)) {
		warnx("out of memory");
		code = EXITS_TEMPORARY;
	}
	evidence_free(&V);
	return (code);
}
