#include "frame/frame.h"
#include "policy/policy.h"

#include "api_feed.h"
#include "api_hkp.h"
#include "api_page.h"
#include "httpd.h"

/* The largest frame as base64, in JSON. */
#define UPDATE_BODY_MAX	(FRAME_BODY_MAX / 3 * 4 + 4096)

const struct web_route httpd_routes[] = {
	{ "GET", "/", 0, 0, api_page },
	{ "GET", "/page/*", 0, 0, api_page },
	{ "GET", "/healthz", 0, WEB_CORS | WEB_FREE, api_healthz },
	{ "GET", "/metrics", 0, WEB_FREE, api_metrics },
	{ "GET", "/v1/status", 0, WEB_CORS, api_status },
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
	{ "POST", "/v1/update", UPDATE_BODY_MAX, 0, api_update },
	{ "GET", "/v1/checkpoint", 0, WEB_CORS, api_checkpoint },
	{ "GET", "/v1/checkpoint/*", 0, WEB_CORS, api_checkpoint },
	{ "GET", "/v1/epochs", 0, WEB_CORS, api_epochs },
	{ "GET", "/v1/consistency/*/*", 0, WEB_CORS, api_consistency },
	{ "GET", "/v1/openapi.json", 0, WEB_CORS, api_openapi },
	{ "GET", "/pks/lookup", 0, WEB_CORS, api_hkp_lookup },
	{ "POST", "/pks/add", HKP_ADD_MAX, WEB_CORS, api_hkp_add },
	{ "GET", "/.well-known/openpgpkey/policy", 0, WEB_CORS, api_wkd_direct_policy },
	{ "GET", "/.well-known/openpgpkey/*/policy", 0, WEB_CORS, api_wkd_advanced_policy },
	{ "GET", "/.well-known/openpgpkey/hu/*", 0, WEB_CORS, api_wkd_direct },
	{ "GET", "/.well-known/openpgpkey/*/hu/*", 0, WEB_CORS, api_wkd_advanced },
};

const size_t httpd_nroutes = sizeof(httpd_routes) / sizeof(httpd_routes[0]);
