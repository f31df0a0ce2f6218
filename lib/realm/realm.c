#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "codec/decimal.h"
#include "codec/wbuf.h"
#include "entry/user.h"
#include "head/head.h"
#include "policy/policy.h"

#include "realm/realm.h"

#define FIRST_LINE	"ks-realm/v1"
#define PIN_WORD	"SHA256:"

/* The roles that a link line can state. */
static const struct {
	const char * word;
	enum realm_role role;
} roles[] = {
	{ "replica", REALM_ROLE_REPLICA },
	{ "verifier", REALM_ROLE_VERIFIER },
	{ "edge", REALM_ROLE_EDGE },
};
#define NROLES	(sizeof(roles) / sizeof(roles[0]))

/* Each of these parses the value of one line; return the rule broken, or NULL. */

static const char *
parse_name(struct realm * realm, const char * p, size_t len)
{

	if (!user_realm_ok(p, len))
		return ("a realm's name is 1 to 128 printable ASCII characters"
		    " other than space and '+'");
	memcpy(realm->name, p, len);
	return (NULL);
}

static const char *
parse_nonce(struct realm * realm, const char * p, size_t len)
{
	size_t n;

	if (base64_decode(p, len, realm->nonce, REALM_NONCE_LEN, &n) ||
	    n != REALM_NONCE_LEN)
		return ("a nonce is 16 bytes in base64");
	return (NULL);
}

static const char *
parse_vrf(struct realm * realm, const char * p, size_t len)
{
	size_t n;

	if (base64_decode(p, len, realm->vrf_pk, VRF_PK_LEN, &n) ||
	    n != VRF_PK_LEN || vrf_pk_valid(realm->vrf_pk))
		return ("a VRF key is a valid ristretto255 element in base64");
	return (NULL);
}

static const char *
parse_fresh(struct realm * realm, const char * p, size_t len)
{

	if (decimal_parse(p, len, REALM_FRESH_MAX_S, &realm->fresh_s) ||
	    realm->fresh_s == 0)
		return ("fresh is a number of seconds, from 1 to ten years");
	return (NULL);
}

static const char *
parse_registration(struct realm * realm, const char * p, size_t len)
{
	int bad = len == 0 || len > REALM_REGISTRATION_MAX;

	for (size_t i = 0; !bad && i < len; i++)
		bad = !((p[i] >= 'a' && p[i] <= 'z') ||
		    (p[i] >= '0' && p[i] <= '9') || p[i] == '-');
	if (bad)
		return ("registration is a word of a-z, 0-9 and '-'");
	memcpy(realm->registration, p, len);
	return (NULL);
}

static const char *
parse_server(struct realm * realm, const char * p, size_t len)
{
	static const char * const schemes[] = {
		"unix:", "http://", "https://"
	};
	size_t n = 0;

	if (realm->nservers == REALM_SERVERS_MAX)
		return ("there are at most 8 servers");
	if (len > REALM_SERVER_LEN_MAX)
		return ("a server's URL has at most 1023 bytes");
	for (size_t i = 0; i < len; i++)
		if (p[i] <= ' ' || p[i] > '~')
			return ("a server's URL is printable ASCII"
			    " without spaces");
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		n = strlen(schemes[i]);
		if (len > n && memcmp(p, schemes[i], n) == 0)
			break;
		n = 0;
	}
	if (n == 0)
		return ("a server is unix:DIR, http://... or https://...");
	memcpy(realm->server[realm->nservers++], p, len);
	return (NULL);
}

/* NAME PIN [ROLE]; whether NAME is in the policy shows when that is there. */
static const char *
parse_link(struct realm * realm, const char * p, size_t len)
{
	struct realm_link * link = &realm->link[realm->nlinks];
	const char * space = memchr(p, ' ', len);
	size_t n = space == NULL ? len : (size_t)(space - p);
	const char * pin = p + n + 1, * role;

	if (realm->nlinks == REALM_LINKS_MAX)
		return ("there are at most 64 links");
	if (space == NULL || n == 0 || n > POLICY_NAME_MAX ||
	    memchr(p, '\0', n) != NULL)
		return ("a link is a name and a certificate's hash");
	len -= n + 1;
	role = memchr(pin, ' ', len);
	if (!realm_pin_ok(pin, role == NULL ? len : (size_t)(role - pin)))
		return ("a certificate's hash is SHA256: and 64 digits 0-9 a-f");
	link->role = REALM_ROLE_POLICY;
	if (role != NULL && (link->role = realm_role_parse(role + 1,
	    len - REALM_PIN_LEN - 1)) == REALM_ROLE_POLICY)
		return ("a link's role is replica, verifier or edge");
	memcpy(link->name, p, n);
	memcpy(link->pin, pin, REALM_PIN_LEN);
	if (realm_find_link(realm, link->name) != -1)
		return ("a second link line of this name");
	if (realm_find_pin(realm, link->pin) != -1)
		return ("a second link line with this certificate");
	realm->nlinks++;
	return (NULL);
}

/* The lines that there are. */
static const struct {
	const char * name;
	const char * (* parse)(struct realm *, const char *, size_t);
	int many;		/* nonzero: any number of times, also none */
	const char * repeated;
	const char * missing;
} lines[] = {
	{ "realm", parse_name, 0, "a second realm line", "no realm line" },
	{ "nonce", parse_nonce, 0, "a second nonce line", "no nonce line" },
	{ "vrf", parse_vrf, 0, "a second vrf line", "no vrf line" },
	{ "fresh", parse_fresh, 0, "a second fresh line", "no fresh line" },
	{ "registration", parse_registration, 0, "a second registration line",
	    "no registration line" },
	{ "server", parse_server, 1, NULL, NULL },
	{ "link", parse_link, 1, NULL, NULL },
};
#define NLINES	(sizeof(lines) / sizeof(lines[0]))

/* Parse line ${number}, NAME VALUE; ${seen} tells which there were. */
static const char *
parse_line(struct realm * realm, int * seen, unsigned number, const char * p,
    size_t len)
{
	const char * space = memchr(p, ' ', len);
	size_t n = space == NULL ? len : (size_t)(space - p);

	if (len == 0 || p[0] == '#')
		return (NULL);
	for (size_t i = 0; i < NLINES; i++) {
		if (strlen(lines[i].name) != n ||
		    memcmp(lines[i].name, p, n) != 0)
			continue;
		if (space == NULL)
			return ("a line is a name, one space, a value");
		if (seen[i]++ && !lines[i].many)
			return (lines[i].repeated);
		if (lines[i].parse == parse_link &&
		    realm->nlinks < REALM_LINKS_MAX)
			realm->link[realm->nlinks].line = number;
		return (lines[i].parse(realm, space + 1, len - n - 1));
	}
	return ("no line has this name");
}

/* Take the realm policy, the ${len} bytes at ${p} after line ${error}->line. */
static int
take_policy(struct realm * realm, const char * p, size_t len,
    struct realm_error * error)
{
	struct policy_error why;

	error->rule = NULL;
	if ((realm->own = malloc(len + 1)) == NULL)
		return (-1);
	memcpy(realm->own, p, len);
	realm->own[len] = '\0';
	realm->policy_text = realm->own;
	realm->policy_len = len;
	if (policy_parse_realm(p, len, realm->name, &realm->policy, &why)) {
		error->line = why.line == 0 ? 0 : error->line + why.line;
		error->rule = why.rule;
		return (-1);
	}
	error->rule = "a link without a role names nobody in the policy";
	for (unsigned i = 0; i < realm->nlinks; i++) {
		error->line = realm->link[i].line;
		if (realm_link_role(realm, i) == REALM_ROLE_POLICY)
			return (-1);
	}
	head_policy(p, len, realm->policy_hash);
	head_realm(realm->name, realm->realm_hash);
	return (0);
}

/* Parse all lines into the zeroed ${realm}. */
static int
parse_all(struct realm * realm, const char * p, size_t len,
    struct realm_error * error)
{
	int seen[NLINES] = { 0 };
	const char * lf;
	size_t n;

	for (error->line = 1;; error->line++) {
		error->rule = "no policy line";
		if ((lf = memchr(p, '\n', len)) == NULL)
			return (-1);
		n = (size_t)(lf - p);
		error->rule = "the first line is not " FIRST_LINE;
		if (error->line == 1) {
			if (n != strlen(FIRST_LINE) ||
			    memcmp(p, FIRST_LINE, n) != 0)
				return (-1);
		} else if (n == strlen("policy") &&
		    memcmp(p, "policy", n) == 0) {
			break;
		} else if ((error->rule = parse_line(realm, seen, error->line,
		    p, n)) != NULL) {
			return (-1);
		}
		p += n + 1;
		len -= n + 1;
	}
	for (size_t i = 0; i < NLINES; i++) {
		error->rule = lines[i].missing;
		if (!seen[i] && !lines[i].many)
			return (-1);
	}
	return (take_policy(realm, p + n + 1, len - n - 1, error));
}

int
realm_parse(const char * text, size_t len, struct realm ** realm,
    struct realm_error * error)
{

	*realm = NULL;
	error->line = 0;
	error->rule = "a realm file has at most 65536 bytes";
	if (len > REALM_FILE_MAX)
		goto err0;
	error->rule = NULL;
	if ((*realm = calloc(1, sizeof(**realm))) == NULL)
		goto err0;
	if (parse_all(*realm, text, len, error))
		goto err1;
	return (0);

err1:
	realm_free(*realm);
	*realm = NULL;
err0:
	return (-1);
}

void
realm_format(struct wbuf * W, const struct realm * realm)
{
	char nonce[BASE64_SIZE(REALM_NONCE_LEN)];
	char vrf[BASE64_SIZE(VRF_PK_LEN)];

	base64_encode(realm->nonce, REALM_NONCE_LEN, nonce, sizeof(nonce));
	base64_encode(realm->vrf_pk, VRF_PK_LEN, vrf, sizeof(vrf));
	wbuf_printf(W, "%s\nrealm %s\nnonce %s\nvrf %s\nfresh %ju\n"
	    "registration %s\n", FIRST_LINE, realm->name, nonce, vrf,
	    (uintmax_t)realm->fresh_s, realm->registration);
	for (unsigned i = 0; i < realm->nservers; i++)
		wbuf_printf(W, "server %s\n", realm->server[i]);
	for (unsigned i = 0; i < realm->nlinks; i++)
		wbuf_printf(W, "link %s %s%s%s\n", realm->link[i].name,
		    realm->link[i].pin,
		    realm->link[i].role != REALM_ROLE_POLICY ? " " : "",
		    realm_role_word(realm->link[i].role));
	wbuf_printf(W, "policy\n");
	wbuf_put_bytes(W, realm->policy_text, realm->policy_len);
}

enum realm_role
realm_link_role(const struct realm * realm, unsigned i)
{
	const struct realm_link * link = &realm->link[i];
	int k;

	if (link->role != REALM_ROLE_POLICY)
		return (link->role);
	if ((k = policy_find_name(realm->policy, link->name)) == -1)
		return (REALM_ROLE_POLICY);
	return (policy_key(realm->policy, (unsigned)k)->kind ==
	    POLICY_REPLICA ? REALM_ROLE_REPLICA : REALM_ROLE_VERIFIER);
}

enum realm_role
realm_role_parse(const char * p, size_t len)
{

	for (size_t i = 0; i < NROLES; i++)
		if (strlen(roles[i].word) == len &&
		    memcmp(roles[i].word, p, len) == 0)
			return (roles[i].role);
	return (REALM_ROLE_POLICY);
}

const char *
realm_role_word(enum realm_role role)
{

	for (size_t i = 0; i < NROLES; i++)
		if (roles[i].role == role)
			return (roles[i].word);
	return ("");
}

int
realm_pin_ok(const char * p, size_t len)
{
	const size_t n = strlen(PIN_WORD);

	if (len != REALM_PIN_LEN || memcmp(p, PIN_WORD, n) != 0)
		return (0);
	for (size_t i = n; i < len; i++)
		if (!((p[i] >= '0' && p[i] <= '9') ||
		    (p[i] >= 'a' && p[i] <= 'f')))
			return (0);
	return (1);
}

int
realm_find_pin(const struct realm * realm, const char * pin)
{

	for (unsigned i = 0; i < realm->nlinks; i++)
		if (strcmp(realm->link[i].pin, pin) == 0)
			return ((int)i);
	return (-1);
}

int
realm_find_link(const struct realm * realm, const char * name)
{

	for (unsigned i = 0; i < realm->nlinks; i++)
		if (strcmp(realm->link[i].name, name) == 0)
			return ((int)i);
	return (-1);
}

void
realm_free(struct realm * realm)
{

	if (realm == NULL)
		return;
	policy_free(realm->policy);
	free(realm->own);
	free(realm);
}
