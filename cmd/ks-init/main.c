#include <signal.h>
#include <stddef.h>

#include "base/exits.h"
#include "client/tool.h"
#include "tls/identity.h"

#include "build.h"
#include "convert.h"
#include "init_tree.h"
#include "join.h"
#include "net.h"
#include "options.h"
#include "plan.h"
#include "renew.h"

/* ks-init: makes a realm, and what its replicas need later. */

static int
make(const struct init_plan * plan)
{
	const struct init_net * net = NULL;
	int code = EXITS_PERMANENT;
	struct init_net hosts;
	struct init_tree T;

	if (plan->replicas > 1 || plan->addresses != NULL) {
		if (init_net_make(&hosts, plan->replicas, plan->addresses,
		    plan->base))
			return (EXITS_PERMANENT);
		net = &hosts;
	}
	if (init_tree_begin(&T, plan->dir))
		return (EXITS_PERMANENT);
	if (init_build(&T, plan, net) == 0 && init_tree_commit(&T) == 0)
		code = EXITS_OK;
	init_tree_end(&T);
	return (code);
}

static int
run(const struct init_plan * plan)
{

	switch (plan->mode) {
	case INIT_RENEW:
		return (init_renew(plan->from, plan->ca_dir));
	case INIT_JOIN:
		return (init_join(plan));
	case INIT_CONVERT:
		return (init_convert(plan));
	case INIT_MAKE:
		break;
	}
	return (make(plan));
}

int
main(int argc, char ** argv)
{
	struct init_plan plan;
	sigset_t all, old;
	int code;

	if ((code = init_options(argc, argv, &plan)) != -1)
		return (code);
	if (tool_start() || identity_start())
		return (EXITS_PERMANENT);

	/* A signal waits until what was begun is whole, or gone again. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	code = run(&plan);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return (tool_finish(code));
}
