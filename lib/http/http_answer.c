#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "codec/decimal.h"
#include "entry/rule_names.h"

#include "http/http_impl.h"
#include "http/http_url.h"

/* Longest Retry-After that counts, in seconds. */
#define RETRY_AFTER_MAX	86400

/* If the line of ${len} bytes at ${p} is the header ${name}, return its value,
 * of ${value_len} bytes, without blanks around it. */
static const char *
value_of(const char * p, size_t len, const char * name, size_t * value_len)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(p, name, n) != 0 || p[n] != ':')
		return (NULL);
	for (p += n + 1, len -= n + 1; len > 0 && (*p == ' ' || *p == '\t'); p++)
		len--;
	while (len > 0 && strchr(" \t\r\n", p[len - 1]) != NULL)
		len--;
	*value_len = len;
	return (p);
}

/* Keep the value of ${len} bytes at ${p} if it consists of the ${chars} and has room. */
static void
keep(char * to, size_t size, const char * p, size_t len, const char * chars)
{

	to[0] = '\0';
	if (len >= size)
		return;
	memcpy(to, p, len);
	to[len] = '\0';
	if (strlen(to) != len || strspn(to, chars) != len)
		to[0] = '\0';
}

/* Is the body that is declared by the ${len} characters at ${p} too large for ${X}? */
static int
too_large(struct http_call * X, const char * p, size_t len)
{
	uint64_t declared;
	long status = 0;

	curl_easy_getinfo(X->easy, CURLINFO_RESPONSE_CODE, &status);
	return (status == 200 && decimal_parse(p, len, UINT64_MAX,
	    &declared) == 0 && declared > X->Q.answer_max);
}

#define LOWER	"abcdefghijklmnopqrstuvwxyz0123456789"
#define UPPER	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"

size_t
http_call_said(char * p, size_t size, size_t n, void * ctx)
{
	struct http_call * X = ctx;
	struct http_result * R = &X->result;
	size_t len = size * n, value_len;
	const char * v;

	if (len > HTTP_HEADER_MAX - X->header_len) {
		X->broken = RULE_ANSWER_TOO_LARGE;
		return (0);
	}
	X->header_len += len;
	if (X->begun)
		return (len);
	/* What comes before the last of several answers is interim. */
	if (len >= 5 && memcmp(p, "HTTP/", 5) == 0)
		memset(R, 0, sizeof(*R));
	if ((v = value_of(p, len, "Content-Length", &value_len)) != NULL) {
		if (too_large(X, v, value_len)) {
			X->broken = RULE_ANSWER_TOO_LARGE;
			return (0);
		}
	} else if ((v = value_of(p, len, "Ks-Rule", &value_len)) != NULL) {
		keep(R->rule, sizeof(R->rule), v, value_len, LOWER "-");
	} else if ((v = value_of(p, len, "Ks-Cursor", &value_len)) != NULL) {
		keep(R->cursor, sizeof(R->cursor), v, value_len,
		    LOWER UPPER "-._~");
	} else if ((v = value_of(p, len, "Retry-After", &value_len)) != NULL) {
		if (decimal_parse(v, value_len, RETRY_AFTER_MAX,
		    &R->retry_after_s))
			R->retry_after_s = 0;
	} else if ((v = value_of(p, len, "Content-Type", &value_len)) != NULL) {
		for (size_t i = 0; i < value_len; i++)
			if (strchr("; \t", v[i]) != NULL)
				value_len = i;
		keep(R->type, sizeof(R->type), v, value_len, LOWER UPPER
		    "!#$&-^_.+/");
		for (char * c = R->type; *c != '\0'; c++)
			if (*c >= 'A' && *c <= 'Z')
				*c = (char)(*c - 'A' + 'a');
	}
	return (len);
}

/* End ${X} by ${end}, with our ${rule} if there is one, for the reason ${why}. */
static void
end_by(struct http_call * X, enum http_end end, const char * rule,
    const char * why)
{
	struct http_result * R = &X->result;

	R->end = end;
	strlcpy(R->rule, rule, sizeof(R->rule));
	strlcpy(R->why, why, sizeof(R->why));
	for (char * c = R->why; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
			*c = '?';
	X->ended = 1;
}

/* What the failure of curl's is, and may it be over the next time? */
static void
end_failed(struct http_call * X)
{
	const char * why = X->error[0] != '\0' ? X->error :
	    curl_easy_strerror(X->code);

	if (wbuf_failed(&X->in)) {
		end_by(X, HTTP_FAILED, "", "out of memory");
		return;
	}
	switch (X->code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_INVALIDCERTSTATUS:
		end_by(X, HTTP_REJECTED, RULE_CERTIFICATE_REFUSED, why);
		return;
	case CURLE_UNSUPPORTED_PROTOCOL:	/* HTTP/0.9, as curl sees it */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
		end_by(X, HTTP_REJECTED, RULE_NOT_A_KEYSERVER, why);
		return;
	case CURLE_OUT_OF_MEMORY:
		/* So curl calls a header line of more than 100 KB, too. */
		if (X->result.status > 0 && !X->begun) {
			end_by(X, HTTP_REJECTED, RULE_ANSWER_TOO_LARGE,
			    "a header line is too long");
			return;
		}
		end_by(X, HTTP_FAILED, "", why);
		return;
	default:
		end_by(X, HTTP_FAILED, "", why);
	}
}

/* Go where the answer to ${X} leads; or end it. */
static void
redirect(struct http_call * X, const char * to)
{
	char * url;
	char why[HTTP_WHY_MAX];

	if (!http_url_same(X->url, to)) {
		snprintf(why, sizeof(why), "it leads to %.200s", to);
		end_by(X, HTTP_REJECTED, RULE_REDIRECT_ELSEWHERE, why);
		return;
	}
	if (++X->redirects > HTTP_REDIRECTS_MAX) {
		end_by(X, HTTP_REJECTED, RULE_REDIRECT_ELSEWHERE,
		    "it leads on and on");
		return;
	}
	if ((url = strdup(to)) == NULL) {
		end_by(X, HTTP_FAILED, "", "out of memory");
		return;
	}
	(void)curl_multi_remove_handle(multi_curl(X->H->multi), X->easy);
	free(X->url);
	X->url = url;
	if (http_call_again(X))
		end_by(X, HTTP_FAILED, "", "out of memory");
}

void
http_call_finish(struct http_call * X)
{
	struct http_result * R = &X->result;
	const char * to = NULL;
	long status = 0, sent = 0;

	curl_easy_getinfo(X->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(X->easy, CURLINFO_REQUEST_SIZE, &sent);
	R->status = (unsigned)status;
	R->sent = sent > 0 || X->redirects > 0;
	if (X->broken != NULL) {
		end_by(X, HTTP_REJECTED, X->broken, rule_text(X->broken));
		return;
	}
	if (X->code != CURLE_OK && !X->enough) {
		end_failed(X);
		return;
	}
	curl_easy_getinfo(X->easy, CURLINFO_REDIRECT_URL, &to);
	if (to != NULL && (status == 301 || status == 302 || status == 307 ||
	    status == 308)) {
		redirect(X, to);
		return;
	}
	R->end = HTTP_ANSWERED;
	R->body = X->in.data;
	R->len = X->in.len;
	X->ended = 1;
}
