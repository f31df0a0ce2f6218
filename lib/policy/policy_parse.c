#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "policy/policy_impl.h"

/* A policy that is being read. */
struct reader {
	struct policy * P;
	unsigned kinds;		/* what is allowed */
	int have_quorum;
};

/* Take the next item off ${line}, ended by a NUL; NULL if there is none. */
static char *
item(char ** line)
{
	char * start;
	char * end;

	start = *line + strspn(*line, " \t");
	if (*start == '\0')
		return (NULL);
	end = start + strcspn(start, " \t");
	*line = end + (*end != '\0');
	*end = '\0';
	return (start);
}

/* What ${name} stands for on the lines so far. */
static int
find(const struct policy * P, const char * name)
{
	unsigned i;
	int k;

	if ((k = policy_find_name(P, name)) >= 0)
		return (NODE_KEY(k));
	for (i = 0; i < P->ngroups; i++) {
		if (strcmp(P->groups[i].name, name) == 0)
			return (NODE_GROUP(i));
	}
	return (NODE_NONE);
}

/* Return the rule that forbids to define ${name}, or NULL. */
static const char *
check_name(const struct policy * P, const char * name)
{

	if (name == NULL)
		return ("a name is missing");
	if (strlen(name) > POLICY_NAME_MAX)
		return ("name longer than 255 bytes");
	if (strcmp(name, "none") == 0)
		return ("the name \"none\" is reserved");
	if (find(P, name) != NODE_NONE)
		return ("name defined twice");
	return (NULL);
}

/* Return the rule that forbids ${V} for ${kind} beside the keys so far. */
static const char *
check_vkey(const struct policy * P, enum policy_kind kind,
    const struct vkey * V)
{
	unsigned i;

	if (kind == POLICY_WITNESS && V->type != VKEY_COSIGNATURE)
		return ("a witness has a key of type 04");
	if (kind != POLICY_WITNESS && V->type != VKEY_ED25519)
		return ("a replica or key has a key of type 01");
	if (policy_find_pk(P, V->pk) >= 0)
		return ("public key listed twice");
	for (i = 0; i < P->nkeys; i++) {
		if (memcmp(P->keys[i].vkey.id, V->id, VKEY_ID_LEN) == 0)
			return ("two keys with the same identifier");
	}
	return (NULL);
}

/* A line that defines a key of ${kind}. */
static const char *
read_key(struct reader * R, enum policy_kind kind, char * line)
{
	struct policy * P = R->P;
	struct policy_key * key;
	const char * rule;
	const char * vkey;

	if (P->nkeys == POLICY_KEYS_MAX)
		return ("more than 64 keys");
	key = &P->keys[P->nkeys];
	key->kind = kind;
	key->name = item(&line);
	if ((rule = check_name(P, key->name)) != NULL)
		return (rule);
	if ((vkey = item(&line)) == NULL)
		return ("a verifier key is missing");
	if (vkey_parse(&key->vkey, vkey, strlen(vkey), &rule))
		return (rule);
	if ((rule = check_vkey(P, kind, &key->vkey)) != NULL)
		return (rule);
	key->url = kind == POLICY_KEY ? NULL : item(&line);
	if (key->url != NULL && strlen(key->url) > POLICY_URL_MAX)
		return ("URL longer than 255 bytes");
	if (item(&line) != NULL)
		return ("too many items on the line");
	P->key_parent[P->nkeys++] = NODE_NONE;
	return (NULL);
}

static const char *
read_replica(struct reader * R, char * line)
{

	return (read_key(R, POLICY_REPLICA, line));
}

static const char *
read_witness(struct reader * R, char * line)
{

	return (read_key(R, POLICY_WITNESS, line));
}

static const char *
read_user_key(struct reader * R, char * line)
{

	return (read_key(R, POLICY_KEY, line));
}

static const char *
read_log(struct reader * R, char * line)
{

	(void)R;
	(void)line;
	return ("log lines are not used here: list the replicas");
}

/*
 * Parse the threshold ${text} of a group of ${n} members into ${threshold}.  A
 * leading zero is refused, so that a policy has one meaning for every reader.
 */
static int
parse_threshold(const char * text, unsigned n, unsigned * threshold)
{
	unsigned k = 0;

	if (strcmp(text, "all") == 0)
		k = n;
	else if (strcmp(text, "any") == 0)
		k = 1;
	else {
		if (*text == '0')
			return (-1);
		for (; *text != '\0'; text++) {
			if (*text < '0' || *text > '9')
				return (-1);
			k = 10 * k + (unsigned)(*text - '0');

			/* Checked for each digit, so that nothing wraps. */
			if (k > n)
				return (-1);
		}
	}
	*threshold = k;
	return (0);
}

static const char *
read_group(struct reader * R, char * line)
{
	struct policy * P = R->P;
	struct policy_group * G;
	const char * threshold;
	const char * name;
	const char * rule;
	int * parent;
	unsigned n = 0;
	int node;

	if (P->ngroups == POLICY_GROUPS_MAX)
		return ("more than 64 groups");
	G = &P->groups[P->ngroups];
	G->name = item(&line);
	G->parent = NODE_NONE;
	if ((rule = check_name(P, G->name)) != NULL)
		return (rule);
	if ((threshold = item(&line)) == NULL)
		return ("the threshold of a group is missing");
	while ((name = item(&line)) != NULL) {
		if ((node = find(P, name)) == NODE_NONE)
			return ("a member is not defined on a line before");
		if (node < NODE_GROUP(0))
			parent = &P->key_parent[node];
		else
			parent = &P->groups[node - NODE_GROUP(0)].parent;
		if (*parent != NODE_NONE)
			return ("a name is a member twice");
		*parent = (int)P->ngroups;
		n++;
	}
	if (n == 0)
		return ("a group without members");
	if (parse_threshold(threshold, n, &G->threshold))
		return ("threshold is not all, any or 1 to the number of"
		    " members");
	P->ngroups++;
	return (NULL);
}

static const char *
read_quorum(struct reader * R, char * line)
{
	const char * name;

	if (R->have_quorum)
		return ("more than one quorum line");
	if ((name = item(&line)) == NULL)
		return ("a name is missing");
	if (item(&line) != NULL)
		return ("too many items on the line");
	R->have_quorum = 1;
	R->P->quorum = NODE_NONE;
	if (strcmp(name, "none") == 0) {
		if (!(R->kinds & POLICY_NONE))
			return ("\"quorum none\" is not allowed here");
		return (NULL);
	}
	if ((R->P->quorum = find(R->P, name)) == NODE_NONE)
		return ("the quorum is not defined on a line before");
	return (NULL);
}

/* The kinds of lines. */
static const struct {
	const char * word;
	unsigned kind;		/* needs this to be allowed; 0: always is */
	const char * (* read)(struct reader *, char *);
} words[] = {
	{ "replica", POLICY_REPLICA, read_replica },
	{ "witness", POLICY_WITNESS, read_witness },
	{ "key", POLICY_KEY, read_user_key },
	{ "group", 0, read_group },
	{ "quorum", 0, read_quorum },
	{ "log", 0, read_log },
};

/* Read a line; return the rule that it breaks, or NULL. */
static const char *
read_line(struct reader * R, char * line)
{
	const char * word;
	size_t i;

	if ((word = item(&line)) == NULL || word[0] == '#')
		return (NULL);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, word))
			continue;
		if (words[i].kind != 0 && !(R->kinds & words[i].kind))
			return ("this kind of line is not allowed here");
		return (words[i].read(R, line));
	}
	return ("unknown kind of line");
}

/* Return nonzero if ${c} may stand in a policy. */
static int
char_valid(char c)
{

	return (c == '\t' || c == '\n' ||
	    ((unsigned char)c >= 0x20 && (unsigned char)c != 0x7f));
}

/* Read the ${len} bytes in the text of the policy, line by line. */
static const char *
read_text(struct reader * R, size_t len, unsigned * lineno)
{
	char * line = R->P->text;
	char * end;
	const char * rule;
	size_t i;

	*lineno = 1;
	for (i = 0; i < len; i++) {
		if (!char_valid(line[i]))
			return ("control characters are not allowed");
		*lineno += line[i] == '\n';
	}
	if (len == 0 || line[len - 1] != '\n')
		return ("the last line has no newline");
	*lineno = 0;
	while (len > 0) {
		end = memchr(line, '\n', len);
		*end = '\0';
		++*lineno;
		len -= (size_t)(end + 1 - line);
		if ((rule = read_line(R, line)) != NULL)
			return (rule);
		line = end + 1;
	}
	*lineno = 0;
	if (!R->have_quorum)
		return ("no quorum line");
	return (NULL);
}

/*
 * Return a policy without keys and groups, with room for as many as the ${len}
 * bytes at ${text} have lines, or NULL.  One piece of memory, and no more than it
 * takes: thousands of users' policies are there at a time.
 */
static struct policy *
make(const char * text, size_t len)
{
	struct policy * P;
	size_t lines = 1, keys, groups;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	keys = lines < POLICY_KEYS_MAX ? lines : POLICY_KEYS_MAX;
	groups = lines < POLICY_GROUPS_MAX ? lines : POLICY_GROUPS_MAX;

	/* In the order of their alignment. */
	if ((P = malloc(sizeof(*P) + keys * sizeof(*P->keys) +
	    groups * sizeof(*P->groups) + keys * sizeof(*P->key_parent) +
	    len + 1)) == NULL)
		return (NULL);
	P->nkeys = P->ngroups = 0;
	P->keys = (void *)(P + 1);
	P->groups = (void *)(P->keys + keys);
	P->key_parent = (void *)(P->groups + groups);
	P->text = (void *)(P->key_parent + keys);
	if (len > 0)
		memcpy(P->text, text, len);
	P->text[len] = '\0';
	return (P);
}

int
policy_parse(const char * text, size_t len, unsigned kinds, struct policy ** P,
    struct policy_error * error)
{
	struct reader R = { NULL, kinds, 0 };

	error->line = 0;
	if (len > POLICY_LEN_MAX) {
		error->rule = "policy longer than 8192 bytes";
		goto err0;
	}
	error->rule = NULL;
	if ((R.P = make(text, len)) == NULL)
		goto err0;
	if ((error->rule = read_text(&R, len, &error->line)) != NULL)
		goto err1;
	*P = R.P;
	return (0);

err1:
	policy_free(R.P);
err0:
	return (-1);
}

int
policy_parse_realm(const char * text, size_t len, const char * realm,
    struct policy ** P, struct policy_error * error)
{
	const struct policy_key * key;

	if (policy_parse(text, len, POLICY_FOR_REALM, P, error))
		goto err0;
	error->line = 0;
	error->rule = "the policy has no replica";
	if (policy_replicas(*P) == 0)
		goto err1;
	error->rule = "a replica's key must have the realm's name";
	for (unsigned i = 0; i < policy_keys(*P); i++) {
		key = policy_key(*P, i);
		if (key->kind == POLICY_REPLICA &&
		    strcmp(key->vkey.name, realm) != 0)
			goto err1;
	}
	return (0);

err1:
	policy_free(*P);
err0:
	*P = NULL;
	return (-1);
}
