#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"

/* Move the next of the list ${p} to ${one}.  Return what is left, or NULL. */
static const char *
next_one(const char * p, char one[CONFIG_ADDRESS_MAX + 1])
{
	size_t len = strcspn(p, ",");

	if (len > CONFIG_ADDRESS_MAX)
		len = CONFIG_ADDRESS_MAX;
	memcpy(one, p, len);
	one[len] = '\0';
	p += strcspn(p, ",");
	return (*p == ',' ? p + 1 : NULL);
}

/* Store ${one} with a port that is ${more} higher (0 stays so) in ${address}. */
static int
count_up(const char * one, unsigned more, char address[CONFIG_ADDRESS_MAX + 1])
{
	const size_t host = (size_t)(strrchr(one, ':') - one);
	const unsigned long port = strtoul(&one[host + 1], NULL, 10);
	int n;

	if (port + more > UINT16_MAX) {
		warnx("-H %s: there are not so many ports", one);
		return (-1);
	}
	n = snprintf(address, CONFIG_ADDRESS_MAX + 1, "%.*s:%lu", (int)host,
	    one, port == 0 ? 0 : port + more);
	return (n > 0 && n <= CONFIG_ADDRESS_MAX ? 0 : -1);
}

int
init_http(struct init_plan * plan, const char * text)
{
	const unsigned n = plan->mode == INIT_MAKE ? plan->replicas : 1;
	const int same_host = plan->addresses == NULL;
	char one[CONFIG_ADDRESS_MAX + 1];
	struct config_address A;
	const char * p = text;
	unsigned i;

	for (i = 0; i < n && p != NULL; i++) {
		p = next_one(p, one);
		if (config_address_parse(one, &A)) {
			warnx("-H %s: not a numeric ADDRESS:PORT", one);
			return (-1);
		}
		if (count_up(one, 0, plan->http[i]))
			return (-1);
	}
	if (i == 1 && p == NULL)
		for (; i < n; i++)
			if (count_up(one, same_host ? i : 0, plan->http[i]))
				return (-1);
	if (i == n && p == NULL)
		return (0);
	warnx("-H %s: not one address, nor %u, separated by commas: one a replica",
	    text, n);
	return (-1);
}
