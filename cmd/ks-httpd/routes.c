#include "policy/policy.h"

#include "api_feed.h"
#include "api_page.h"
#include "httpd.h"

const struct web_route httpd_routes[] = {
	{ "GET", "/", 0, 0, api_page },
	{ "GET", "/page/*", 0, 0, api_page },
	{ "GET", "/v1/realm", 0, WEB_CORS, api_realm },
	{ "GET", "/v1/lookup", 0, WEB_CORS, api_lookup },
	{ "POST", "/v1/lookup", POLICY_LEN_MAX, WEB_CORS, api_lookup },
	{ "GET", "/v1/outcome/*", 0, WEB_CORS, api_outcome },
	{ "GET", "/v1/history", 0, WEB_CORS, api_history },
	{ "GET", "/v1/feed/*", 0, WEB_CORS, api_feed },
	{ "GET", "/v1/tail", 0, WEB_CORS, api_tail },
	{ "GET", "/v1/ratifications/*", 0, WEB_CORS, api_ratifications },
	{ "POST", "/v1/ratify", API_RATIFY_MAX, 0, api_ratify },
	{ "POST", "/v1/cosignature/*", API_COSIGNATURE_MAX, 0, api_cosignature },
};

const size_t httpd_nroutes = sizeof(httpd_routes) / sizeof(httpd_routes[0]);
