#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "template.h"

/* Largest RetryEpochInterval that is configured, in milliseconds. */
#define EPOCH_RETRY_MS	1000

/* Most bytes of the lines that are put into a template at one place. */
#define LINES_MAX	8192

/* The text of ${W} as a string, "" if it failed: the file then fails too. */
static const char *
text_of(struct wbuf * W)
{

	wbuf_put_u8(W, 0);
	return (wbuf_failed(W) ? "" : (const char *)W->data);
}

void
init_conf_engine(struct wbuf * W, const struct init_net * net, unsigned self,
    const char * engine)
{
	const struct init_host * H;

	if (strcmp(engine, "local") == 0)
		return;
	H = &net->host[self];
	wbuf_printf(W, "# What orders the log: see ks-logd(8).  The member of etcd"
	    " beside this replica runs\n# by etcd.conf.\nengine %s\nname %s\n"
	    "etcd_url https://%s\netcd_ca %s\netcd_cert %s\netcd_key %s\n",
	    engine, H->name, H->client, CONFIG_CERT_ETCD_CA,
	    CONFIG_CERT_ETCD_CLIENT, CONFIG_KEY_ETCD_CLIENT);
	if (net->n == 1)
		return;
	wbuf_printf(W, "\n# The log sockets of the other replicas, as ks-link"
	    " carries them.\n");
	for (unsigned i = 0; i < net->n; i++)
		if (i != self)
			wbuf_printf(W, "peer " CONFIG_SOCKET_LINK "-%s-log\n",
			    net->host[i].name);
}

/* The lines of ks-link: where it listens, and whom it goes to. */
static void
put_links(struct wbuf * W, const struct init_net * net, unsigned self)
{

	if (net == NULL) {
		wbuf_printf(W, "#link_listen 0.0.0.0:7001\n"
		    "#link replica2 log 192.0.2.2:7001\n");
		return;
	}
	wbuf_printf(W, "link_listen %s\n", net->host[self].link);
	for (unsigned i = 0; i < net->n; i++)
		if (i != self)
			wbuf_printf(W, "link %s log %s\n", net->host[i].name,
			    net->host[i].link);
}

void
init_conf_replica(struct wbuf * W, const struct init_plan * plan,
    const struct init_net * net, unsigned self, const char * engine)
{
	char min[24], max[24], retry[24], http[CONFIG_ADDRESS_MAX + 16];
	const char * listen = plan->http[plan->mode == INIT_MAKE ? self : 0];
	struct wbuf links, order;
	struct init_var vars[] = {
		{ "@EPOCH_MIN_MS@", min },
		{ "@EPOCH_MAX_MS@", max },
		{ "@EPOCH_RETRY_MS@", retry },
		{ "@LINKS@\n", NULL },
		{ "@ENGINE@\n", NULL },
		{ "@KEYIDS@", plan->keyids ? "yes" : "no" },
		{ "@HTTP@", http },
		{ NULL, NULL }
	};

	snprintf(min, sizeof(min), "%" PRIu64, plan->epoch_min_ms);
	snprintf(max, sizeof(max), "%" PRIu64, plan->epoch_max_ms);

	/* A retry interval above the other would be what epochs wait for. */
	snprintf(retry, sizeof(retry), "%" PRIu64, plan->epoch_min_ms == 0 ? 1 :
	    plan->epoch_min_ms < EPOCH_RETRY_MS ? plan->epoch_min_ms :
	    (uint64_t)EPOCH_RETRY_MS);
	snprintf(http, sizeof(http), "%shttp_listen %s", listen[0] != '\0' ? "" :
	    "#", listen[0] != '\0' ? listen : "127.0.0.1:8080");
	wbuf_init(&links, LINES_MAX);
	wbuf_init(&order, LINES_MAX);
	put_links(&links, net, self);
	if (strcmp(engine, "local") != 0)
		wbuf_printf(&order, "\n");
	init_conf_engine(&order, net, self, engine);
	vars[3].value = text_of(&links);
	vars[4].value = text_of(&order);
	init_template_put(W, INIT_TEMPLATE_REPLICA_CONF, vars);
	if (wbuf_failed(&links) || wbuf_failed(&order))
		wbuf_fail(W);
	wbuf_free(&links);
	wbuf_free(&order);
}

/* The URLs at which replicas are reached too, for who wants to follow those. */
static void
put_urls(struct wbuf * W, const struct init_plan * plan)
{
	struct config_address A;

	for (unsigned i = 0; i < plan->replicas; i++) {
		if (config_address_parse(plan->http[i], &A))
			continue;
		/* What listens at all addresses does not say at which it is reached. */
		if (strncmp(A.text, "0.0.0.0:", 8) != 0 &&
		    strncmp(A.text, "[::]:", 5) != 0)
			wbuf_printf(W, "#upstream http://%s\n", A.text);
	}
}

void
init_conf_verifier(struct wbuf * W, const struct init_plan * plan,
    const struct init_net * net, unsigned number)
{
	struct wbuf follow;
	struct init_var vars[] = {
		{ "@FOLLOW@\n", NULL },
		{ NULL, NULL }
	};

	wbuf_init(&follow, LINES_MAX);
	if (net == NULL)
		wbuf_printf(&follow, "upstream ../replica1/"
		    CONFIG_SOCKET_PUBLISH "\n");
	for (unsigned i = 0; net != NULL && i < net->n; i++)
		wbuf_printf(&follow, "upstream " CONFIG_SOCKET_LINK
		    "-%s-publish\n", net->host[(number - 1 + i) % net->n].name);
	for (unsigned i = 0; net != NULL && i < net->n; i++)
		wbuf_printf(&follow, "link %s publish %s\n", net->host[i].name,
		    net->host[i].link);
	put_urls(&follow, plan);
	vars[0].value = text_of(&follow);
	init_template_put(W, INIT_TEMPLATE_VERIFIER_CONF, vars);
	if (wbuf_failed(&follow))
		wbuf_fail(W);
	wbuf_free(&follow);
}
