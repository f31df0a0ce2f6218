#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "codec/decimal.h"
#include "note/utf8.h"
#include "note/vkey.h"
#include "policy/policy.h"

#include "health/keys.h"
#include "health/look.h"

/* Characters of a key id in hex. */
#define ID_LEN	((size_t)2 * VKEY_ID_LEN)

/* Is ${name}, of any bytes, one that may be shown? */
static int
is_plain(const char * name)
{
	size_t n, len = strlen(name);
	uint32_t c;

	for (; len > 0; name += n, len -= n)
		if ((n = utf8_next(name, len, &c)) == 0 || c < 0x20 || c == 0x7f)
			return (0);
	return (1);
}

/* The name of the key with this ${id} in hex, or NULL. */
static const char *
name_of(const struct policy * policy, const char * id)
{
	char hex[HEX_SIZE(VKEY_ID_LEN)];
	const struct policy_key * K;

	for (unsigned i = 0; policy != NULL && i < policy_keys(policy); i++) {
		K = policy_key(policy, i);
		if (hex_encode(K->vkey.id, VKEY_ID_LEN, hex, sizeof(hex)) == 0 &&
		    strcmp(hex, id) == 0)
			return (is_plain(K->name) ? K->name : NULL);
	}
	return (NULL);
}

/* If ${line} is ${prefix} and a key id: store that, and the number.  Return 1 or 0. */
static int
key_line(const struct health_line * line, const char * prefix, char id[9],
    uint64_t * x)
{
	const size_t n = strlen(prefix);

	if (line->name_len != n + ID_LEN || memcmp(line->name, prefix, n) != 0 ||
	    decimal_parse(line->value, line->value_len, UINT64_MAX, x))
		return (0);
	memcpy(id, line->name + n, ID_LEN);
	id[ID_LEN] = '\0';
	return (1);
}

/* Take the lines ${prefix}ID and ${lag}ID of ${P} into ${keys}; return how many. */
static size_t
take(const struct health_program * P, const struct policy * policy,
    const char * prefix, const char * lag, struct health_key * keys)
{
	struct health_line line;
	struct health_key key;
	size_t pos = 0, n = 0;
	uint64_t x;

	while (n < HEALTH_KEYS_MAX && health_look_line(P, &pos, &line)) {
		if (key_line(&line, prefix, key.id, &x)) {
			keys[n] = key;
			keys[n].epoch = x;
			keys[n].lag = 0;
			keys[n].name = name_of(policy, keys[n].id);
			if (keys[n].name == NULL)
				keys[n].name = keys[n].id;
			n++;
		} else if (n > 0 && key_line(&line, lag, key.id, &x) &&
		    strcmp(key.id, keys[n - 1].id) == 0)
			keys[n - 1].lag = x;
	}
	return (n);
}

void
health_keys(const struct health_look * L, const struct policy * policy,
    struct health_keys * K)
{
	const struct health_program * P = health_look_find(L, "ks-publish");

	K->nreplicas = K->nverifiers = 0;
	if (P == NULL || !P->up)
		return;
	K->nreplicas = take(P, policy, "signed_", "signed_lag_", K->replicas);
	K->nverifiers = take(P, policy, "ratified_", "ratified_lag_",
	    K->verifiers);
}

/* Add ${n} refusals by the rule in ${line} to ${R}, of which there are ${have}. */
static size_t
add(struct health_refusals * R, size_t have, const char * rule, size_t len,
    uint64_t n)
{
	char name[sizeof(R->rule)];
	size_t i = 0;

	if (len == 0 || len >= sizeof(name))
		return (have);
	for (size_t k = 0; k < len; k++)
		name[k] = rule[k] == '_' ? '-' : rule[k];
	name[len] = '\0';
	while (i < have && strcmp(R[i].rule, name) != 0)
		i++;
	if (i == HEALTH_RULES_MAX)
		return (have);
	if (i == have) {
		memcpy(R[i].rule, name, len + 1);
		R[i].n = 0;
		have++;
	}
	R[i].n += n;
	return (have);
}

size_t
health_refusals(const struct health_look * L, struct health_refusals * R)
{
	const size_t prefix = strlen("refused_");
	struct health_line line;
	size_t pos, have = 0;
	uint64_t x;

	for (size_t i = 0; i < L->n; i++) {
		pos = 0;
		while (health_look_line(&L->program[i], &pos, &line))
			if (line.name_len > prefix &&
			    memcmp(line.name, "refused_", prefix) == 0 &&
			    decimal_parse(line.value, line.value_len, UINT64_MAX,
			    &x) == 0)
				have = add(R, have, line.name + prefix,
				    line.name_len - prefix, x);
	}
	return (have);
}
