#include "policy/quorum.h"

#include "realm_text.h"

/* How old a proof may be, in seconds: a day. */
#define FRESH_S	86400

static void
put_servers(struct wbuf * W, const struct init_plan * plan,
    enum init_place place, unsigned number)
{

	for (unsigned i = 1; i <= plan->replicas; i++) {
		if (place == INIT_TOP)
			wbuf_printf(W, "server unix:replica%u/run\n", i);
		else if (place == INIT_REPLICA && i == number)
			wbuf_printf(W, "server unix:run\n");
		else
			wbuf_printf(W, "server unix:../replica%u/run\n", i);
	}
}

/* A group of the members WORD1 to WORDn of which a majority counts. */
static void
put_group(struct wbuf * W, const char * group, const char * word, unsigned n)
{

	wbuf_printf(W, "group %s %u", group, quorum_majority(n));
	for (unsigned i = 1; i <= n; i++)
		wbuf_printf(W, " %s%u", word, i);
	wbuf_printf(W, "\n");
}

void
init_realm_text(struct wbuf * W, const struct init_plan * plan,
    const struct init_public * public, enum init_place place, unsigned number)
{

	wbuf_printf(W, "ks-realm/v1\n"
	    "# The public file of this realm: what its clients and verifiers need.\n"
	    "# They must get it from somebody they trust: it is what they trust.\n"
	    "realm %s\nnonce %s\nvrf %s\nfresh %d\nregistration open\n",
	    plan->realm, public->nonce, public->vrf, FRESH_S);
	put_servers(W, plan, place, number);
	for (unsigned i = 0; i < plan->replicas; i++)
		wbuf_printf(W, "link replica%u %s\n", i + 1,
		    public->replica_pin[i]);
	for (unsigned i = 0; i < plan->verifiers; i++)
		wbuf_printf(W, "link verifier%u %s\n", i + 1,
		    public->verifier_pin[i]);
	wbuf_printf(W, "policy\n");
	for (unsigned i = 0; i < plan->replicas; i++)
		wbuf_printf(W, "replica replica%u %s\n", i + 1,
		    public->replica[i]);
	for (unsigned i = 0; i < plan->verifiers; i++)
		wbuf_printf(W, "witness verifier%u %s\n", i + 1,
		    public->verifier[i]);
	put_group(W, "replicas", "replica", plan->replicas);
	if (plan->verifiers == 0) {
		wbuf_printf(W, "quorum replicas\n");
		return;
	}
	put_group(W, "verifiers", "verifier", plan->verifiers);
	wbuf_printf(W, "group realm all replicas verifiers\nquorum realm\n");
}
