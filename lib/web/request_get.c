#include <string.h>

#include "codec/decimal.h"

#include "web/web_impl.h"

void *
web_ctx(const struct web_request * R)
{

	return (R->W->spec->ctx);
}

const char *
web_method(const struct web_request * R)
{

	return (R->method);
}

const char *
web_path(const struct web_request * R)
{

	return (R->uri);
}

const char *
web_segment(const struct web_request * R, unsigned i)
{

	return (i < R->target.nsegments ? R->target.segment[i] : NULL);
}

const char *
web_arg(const struct web_request * R, const char * name)
{

	for (unsigned i = 0; i < R->target.nargs; i++)
		if (strcmp(R->target.name[i], name) == 0)
			return (R->target.value[i]);
	return (NULL);
}

/* Is ${word} one of ${words}? */
static int
is_among(const char * word, const char * words)
{
	const size_t len = strlen(word);
	size_t n;

	for (; *words != '\0'; words += n + strspn(words + n, " ")) {
		n = strcspn(words, " ");
		if (n == len && memcmp(word, words, n) == 0)
			return (1);
	}
	return (0);
}

static int
bad_argument(struct web_request * R, const char * text)
{

	web_error(R, 400, "malformed", "argument-malformed", text);
	return (-1);
}

int
web_args_only(struct web_request * R, const char * names)
{
	const struct target * T = &R->target;

	for (unsigned i = 0; i < T->nargs; i++) {
		if (strcmp(T->name[i], "format") == 0) {
			if (!is_among(T->value[i], "json") ||
			    T->value[i][0] == '\0')
				return (bad_argument(R,
				    "format is json"));
		} else if (!is_among(T->name[i], names)) {
			return (bad_argument(R,
			    "an argument that is not known here"));
		}
		for (unsigned k = 0; k < i; k++)
			if (strcmp(T->name[i], T->name[k]) == 0)
				return (bad_argument(R, "an argument comes twice"));
	}
	return (0);
}

int
web_arg_u64(struct web_request * R, const char * name, uint64_t min,
    uint64_t max, uint64_t * x)
{
	const char * text = web_arg(R, name);
	uint64_t n;

	if (text == NULL)
		return (0);
	if (decimal_parse(text, strlen(text), max, &n) || n < min)
		return (bad_argument(R, "a number is malformed or out of range"));
	*x = n;
	return (0);
}

int
web_segment_u64(struct web_request * R, unsigned i, uint64_t min, uint64_t max,
    uint64_t * x)
{
	const char * text = web_segment(R, i);

	if (text == NULL || decimal_parse(text, strlen(text), max, x) ||
	    *x < min)
		return (bad_argument(R, "a number in the path is malformed or out"
		    " of range"));
	return (0);
}

const char *
web_header(const struct web_request * R, const char * name)
{

	return (MHD_lookup_connection_value(R->mhd, MHD_HEADER_KIND, name));
}

const uint8_t *
web_body(const struct web_request * R, size_t * len)
{

	*len = R->body.len > 0 ? R->body.len - 1 : 0;
	return (R->body.data);
}

int
web_wants_json(const struct web_request * R)
{
	const char * format = web_arg(R, "format");

	if (format != NULL && strcmp(format, "json") == 0)
		return (1);
	if (format != NULL && strcmp(format, "text") == 0)
		return (0);
	return (target_prefers(web_header(R, "Accept"), "application/json",
	    "text/plain"));
}

const char *
web_peer(const struct web_request * R)
{

	return (R->peer);
}

void
web_on_gone(struct web_request * R, void (* gone)(void *), void * ctx)
{

	R->gone = gone;
	R->gone_ctx = ctx;
}
