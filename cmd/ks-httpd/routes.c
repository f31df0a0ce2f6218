#include "policy/policy.h"

#include "httpd.h"

const struct web_route httpd_routes[] = {
	{ "GET", "/v1/realm", 0, WEB_CORS, api_realm },
	{ "GET", "/v1/lookup", 0, WEB_CORS, api_lookup },
	{ "POST", "/v1/lookup", POLICY_LEN_MAX, WEB_CORS, api_lookup },
};

const size_t httpd_nroutes = sizeof(httpd_routes) / sizeof(httpd_routes[0]);
