#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "codec/decimal.h"

#include "daemon/conf.h"

/* A line with its place. */
struct line {
	const char * p;
	size_t len;
	const char * file;
	size_t number;
	char * why;
};

static int refuse(const struct line *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static int
refuse(const struct line * L, const char * fmt, ...)
{
	va_list ap;
	int n;

	n = snprintf(L->why, CONF_WHY_MAX, "%.100s:%zu: ", L->file, L->number);
	va_start(ap, fmt);
	vsnprintf(&L->why[n], CONF_WHY_MAX - (size_t)n, fmt, ap);
	va_end(ap);
	return (-1);
}

static int
is_space(char c)
{

	return (c == ' ' || c == '\t');
}

/* Take white space off both ends. */
static void
trim(struct line * L)
{

	while (L->len > 0 && is_space(L->p[0])) {
		L->p++;
		L->len--;
	}
	while (L->len > 0 && is_space(L->p[L->len - 1]))
		L->len--;
}

/* Add the value ${p} of ${len} bytes to those of ${F}. */
static int
store_line(const struct line * L, const struct conf_field * F, const char * p,
    size_t len)
{
	struct conf_lines * lines = F->value;

	if (lines->n == CONF_LINES_MAX)
		return (refuse(L, "%s comes more than %d times", F->name,
		    CONF_LINES_MAX));
	if (len == 0 || len > CONF_LINE_MAX)
		return (refuse(L, "%s must have 1 to %d bytes", F->name,
		    CONF_LINE_MAX));
	memcpy(lines->text[lines->n], p, len);
	lines->text[lines->n][len] = '\0';
	lines->line[lines->n++] = (unsigned)L->number;
	return (0);
}

/* Store the value ${p} of ${len} bytes for ${F}; ${L} says where it stands. */
static int
store(const struct line * L, const struct conf_field * F, const char * p,
    size_t len)
{
	uint64_t x;

	switch (F->type) {
	case CONF_U64:
		if (decimal_parse(p, len, F->max, &x) || x < F->min)
			return (refuse(L, "%s must be a number from %llu to %llu",
			    F->name, (unsigned long long)F->min,
			    (unsigned long long)F->max));
		*(uint64_t *)F->value = x;
		return (0);
	case CONF_LINES:
		return (store_line(L, F, p, len));
	case CONF_STRING:
		if (len < F->min || len > F->max)
			return (refuse(L, "%s must have %llu to %llu bytes",
			    F->name, (unsigned long long)F->min,
			    (unsigned long long)F->max));
		memcpy(F->value, p, len);
		((char *)F->value)[len] = '\0';
		return (0);
	}
	panic("configuration field %s of type %d", F->name, (int)F->type);
}

/* Read one line; mark in ${seen} the field that it sets. */
static int
parse_line(struct line * L, const struct conf_field * fields, size_t n,
    uint64_t * seen)
{
	const char * name;
	size_t len, i;

	for (i = 0; i < L->len; i++) {
		if (((unsigned char)L->p[i] < 0x20 && L->p[i] != '\t') ||
		    L->p[i] == 0x7f)
			return (refuse(L, "control character"));
	}
	trim(L);
	if (L->len == 0 || L->p[0] == '#')
		return (0);
	name = L->p;
	for (len = 0; len < L->len && !is_space(name[len]);)
		len++;
	for (i = 0; i < n; i++) {
		if (strlen(fields[i].name) == len &&
		    memcmp(fields[i].name, name, len) == 0)
			break;
	}
	if (i == n)
		return (refuse(L, "unknown name %.*s", len > 64 ? 64 : (int)len,
		    name));
	if ((*seen & (UINT64_C(1) << i)) && fields[i].type != CONF_LINES)
		return (refuse(L, "%s comes twice", fields[i].name));
	*seen |= UINT64_C(1) << i;
	L->p += len;
	L->len -= len;
	trim(L);
	return (store(L, &fields[i], L->p, L->len));
}

int
conf_parse(const char * text, size_t len, const char * file,
    const struct conf_field * fields, size_t n, char * why)
{
	struct line L = { NULL, 0, file, 0, why };
	const char * end;
	uint64_t seen = 0;
	size_t used;

	PANIC_UNLESS(n <= CONF_FIELDS_MAX);
	for (size_t i = 0; i < n; i++)
		if (fields[i].type == CONF_LINES)
			((struct conf_lines *)fields[i].value)->n = 0;
	while (len > 0) {
		end = memchr(text, '\n', len);
		L.p = text;
		L.len = end != NULL ? (size_t)(end - text) : len;
		L.number++;
		used = L.len + (end != NULL);
		if (parse_line(&L, fields, n, &seen))
			return (-1);
		text += used;
		len -= used;
	}
	for (size_t i = 0; i < n; i++) {
		if (seen & (UINT64_C(1) << i))
			continue;
		if (fields[i].required)
			return (refuse(&L, "%s is missing", fields[i].name));
		if (fields[i].def != NULL && store(&L, &fields[i],
		    fields[i].def, strlen(fields[i].def)))
			return (-1);
	}
	return (0);
}

int
conf_read(const char * path, const struct conf_field * fields, size_t n)
{
	char why[CONF_WHY_MAX];
	char * text;
	size_t len = 0;
	ssize_t got;
	int fd;

	if ((text = malloc(CONF_FILE_MAX + 1)) == NULL) {
		warn("%s", path);
		goto err0;
	}
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1) {
		warn("%s", path);
		goto err1;
	}
	/* One byte more than allowed tells whether there is more. */
	while ((got = read(fd, &text[len], CONF_FILE_MAX + 1 - len)) != 0) {
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1) {
			warn("%s", path);
			goto err2;
		}
		len += (size_t)got;
		if (len > CONF_FILE_MAX) {
			warnx("%s: more than %d bytes", path, CONF_FILE_MAX);
			goto err2;
		}
	}
	if (conf_parse(text, len, path, fields, n, why)) {
		warnx("%s", why);
		goto err2;
	}
	close(fd);
	free(text);
	return (0);

err2:
	close(fd);
err1:
	free(text);
err0:
	return (-1);
}
