#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "web/web_impl.h"

/* Store in ${sa} the numeric address ${text}.  0, or -1. */
static int
parse(const char * text, struct sockaddr_storage * sa)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in sin = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, text, &sin.sin_addr) == 1)
		memcpy(sa, &sin, sizeof(sin));
	else if (inet_pton(AF_INET6, text, &sin6.sin6_addr) == 1)
		memcpy(sa, &sin6, sizeof(sin6));
	else
		return (-1);
	return (0);
}

int
web_peer_parse(const char * text, char peer[WEB_PEER_SIZE],
    uint8_t key[BUCKET_KEY_LEN])
{
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };

	if (parse(text, &sa))
		return (-1);
	web_peer_text(&sa, peer);
	bucket_key(&sa, key);
	return (0);
}

void
web_peer_text(const struct sockaddr_storage * sa, char text[WEB_PEER_SIZE])
{
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	text[0] = '\0';
	if (sa->ss_family == AF_INET) {
		memcpy(&sin, sa, sizeof(sin));
		inet_ntop(AF_INET, &sin.sin_addr, text, WEB_PEER_SIZE);
	} else if (sa->ss_family == AF_INET6) {
		memcpy(&sin6, sa, sizeof(sin6));
		if (IN6_IS_ADDR_V4MAPPED(&sin6.sin6_addr))
			inet_ntop(AF_INET, &sin6.sin6_addr.s6_addr[12], text,
			    WEB_PEER_SIZE);
		else
			inet_ntop(AF_INET6, &sin6.sin6_addr, text, WEB_PEER_SIZE);
	}
}

/* Keep the last header X-Forwarded-For: the proxy has added to it. */
static enum MHD_Result
take_forwarded(void * cookie, enum MHD_ValueKind kind, const char * name,
    const char * value)
{
	const char ** last = cookie;

	(void)kind;
	if (strcasecmp(name, "X-Forwarded-For") == 0 && value != NULL)
		*last = value;
	return (MHD_YES);
}

int
web_peer_among(char (* list)[WEB_PEER_SIZE], size_t n, const char * peer)
{

	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], peer) == 0)
			return (1);
	return (0);
}

void
web_peer_find(struct web_request * R)
{
	const char * last = NULL;
	char text[WEB_PEER_SIZE];

	web_peer_text(&R->conn->sa, R->peer);
	memcpy(R->key, R->conn->key, BUCKET_KEY_LEN);
	if (!R->conn->by_proxy)
		return;
	MHD_get_connection_values(R->mhd, MHD_HEADER_KIND, take_forwarded, &last);
	if (last == NULL)
		return;
	/* Who is not named by an address has not that of the proxy either. */
	if (target_forwarded(last, text, sizeof(text)) ||
	    web_peer_parse(text, R->peer, R->key))
		R->peer[0] = '\0';
}
