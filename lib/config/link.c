#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "config/config.h"

/* Store ${port} and the numeric ${host} in ${A}. */
static int
make_address(const char * host, int v6, uint16_t port,
    struct config_address * A)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in sin = { .sin_family = AF_INET };

	if (v6) {
		sin6.sin6_port = htons(port);
		if (inet_pton(AF_INET6, host, &sin6.sin6_addr) != 1)
			return (-1);
		memcpy(&A->sa, &sin6, sizeof(sin6));
		A->len = sizeof(sin6);
		return (0);
	}
	sin.sin_port = htons(port);
	if (inet_pton(AF_INET, host, &sin.sin_addr) != 1)
		return (-1);
	memcpy(&A->sa, &sin, sizeof(sin));
	A->len = sizeof(sin);
	return (0);
}

int
config_address_parse(const char * text, struct config_address * A)
{
	char host[CONFIG_ADDRESS_MAX + 1];
	const int v6 = text[0] == '[';
	const char * why;
	char * colon;
	long long port;
	size_t n;

	memset(A, 0, sizeof(*A));
	if (strlcpy(host, &text[v6], sizeof(host)) >= sizeof(host) ||
	    (colon = strrchr(host, ':')) == NULL)
		return (-1);
	*colon++ = '\0';
	if (strspn(colon, "0123456789") != strlen(colon))
		return (-1);
	port = strtonum(colon, 0, 65535, &why);
	if (why != NULL)
		return (-1);
	n = strlen(host);
	if (v6) {
		if (n == 0 || host[n - 1] != ']')
			return (-1);
		host[n - 1] = '\0';
	}
	if (make_address(host, v6, (uint16_t)port, A))
		return (-1);
	strlcpy(A->text, text, sizeof(A->text));
	return (0);
}

/* Take the next word of ${p}, of at most ${size} - 1 bytes; return what follows. */
static const char *
take_word(const char * p, char * word, size_t size)
{
	size_t n = strcspn(p, " \t");

	word[0] = '\0';
	if (n < size) {
		memcpy(word, p, n);
		word[n] = '\0';
	}
	return (p + n + strspn(p + n, " \t"));
}

const char *
config_link_parse(const char * text, struct config_link_to * to)
{
	char address[CONFIG_ADDRESS_MAX + 1];
	const char * p = text;
	int n;

	memset(to, 0, sizeof(*to));
	p = take_word(p, to->peer, sizeof(to->peer));
	p = take_word(p, to->service, sizeof(to->service));
	p = take_word(p, address, sizeof(address));
	if (to->peer[0] == '\0' || to->service[0] == '\0' ||
	    address[0] == '\0' || *p != '\0')
		return ("it is NAME SERVICE ADDRESS:PORT");

	/* It becomes part of a file's name. */
	if (to->peer[0] == '.' || strspn(to->peer, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != strlen(to->peer))
		return ("NAME is of letters, digits, '.', '_' and '-'");
	if (strcmp(to->service, "log") != 0 &&
	    strcmp(to->service, "publish") != 0 &&
	    strcmp(to->service, "admit") != 0)
		return ("SERVICE is log, publish or admit");
	if (config_address_parse(address, &to->address) ||
	    strrchr(address, ':')[1] == '0')
		return ("ADDRESS:PORT is numeric, an IPv6 address in brackets");
	n = snprintf(to->socket, sizeof(to->socket), "%s-%s-%s",
	    CONFIG_SOCKET_LINK, to->peer, to->service);
	if (n < 0 || (size_t)n >= sizeof(to->socket))
		return ("NAME is too long");
	return (NULL);
}
