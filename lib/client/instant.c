#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/instant.h"

#define MINUTE_MS	60000

/* Take ${n} decimal digits from ${p} into ${x}. */
static int
digits(const char ** p, unsigned n, unsigned * x)
{

	for (*x = 0; n > 0; n--, (*p)++) {
		if (**p < '0' || **p > '9')
			return (-1);
		*x = *x * 10 + (unsigned)(**p - '0');
	}
	return (0);
}

/* Take the character ${c} from ${p}. */
static int
literal(const char ** p, char c)
{

	if (**p != c)
		return (-1);
	(*p)++;
	return (0);
}

/* Take a fraction of a second, if one is there, into ${ms}. */
static int
fraction(const char ** p, unsigned * ms)
{
	unsigned scale = 100;

	*ms = 0;
	if (**p != '.')
		return (0);
	(*p)++;
	if (**p < '0' || **p > '9')
		return (-1);
	for (; **p >= '0' && **p <= '9'; (*p)++) {
		*ms += (unsigned)(**p - '0') * scale;
		scale /= 10;
	}
	return (0);
}

/* Take "Z" or an offset such as +01:00 into ${minutes} east of Greenwich. */
static int
offset(const char ** p, int * minutes)
{
	unsigned h, m;
	int sign;

	*minutes = 0;
	if (**p == 'Z' || **p == 'z') {
		(*p)++;
		return (0);
	}
	sign = **p == '-' ? -1 : 1;
	if (**p != '+' && **p != '-')
		return (-1);
	(*p)++;
	if (digits(p, 2, &h) || literal(p, ':') || digits(p, 2, &m) ||
	    h > 23 || m > 59)
		return (-1);
	*minutes = sign * (int)(h * 60 + m);
	return (0);
}

static unsigned
days_in(unsigned year, unsigned month)
{
	static const unsigned char days[] =
	    {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)))
		return (29);
	return (days[month - 1]);
}

static int
parse_rfc3339(const char * p, uint64_t * time_ms)
{
	unsigned year, month, day, h, m, s, ms;
	struct tm tm;
	int64_t t;
	int east;

	if (digits(&p, 4, &year) || literal(&p, '-') ||
	    digits(&p, 2, &month) || literal(&p, '-') || digits(&p, 2, &day))
		return (-1);
	if (*p != 'T' && *p != 't' && *p != ' ')
		return (-1);
	p++;
	if (digits(&p, 2, &h) || literal(&p, ':') || digits(&p, 2, &m) ||
	    literal(&p, ':') || digits(&p, 2, &s) || fraction(&p, &ms) ||
	    offset(&p, &east) || *p != '\0')
		return (-1);
	if (year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > days_in(year, month) || h > 23 || m > 59 || s > 60)
		return (-1);
	memset(&tm, 0, sizeof(tm));
	tm.tm_year = (int)year - 1900;
	tm.tm_mon = (int)month - 1;
	tm.tm_mday = (int)day;
	tm.tm_hour = (int)h;
	tm.tm_min = (int)m;
	tm.tm_sec = (int)s;
	t = (int64_t)timegm(&tm) * 1000 + ms - (int64_t)east * MINUTE_MS;
	if (t < 0 || (uint64_t)t > INSTANT_MAX_MS)
		return (-1);
	*time_ms = (uint64_t)t;
	return (0);
}

int
instant_parse(const char * text, uint64_t * time_ms)
{
	unsigned long long s;

	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
		return (parse_rfc3339(text, time_ms));
	errno = 0;
	s = strtoull(text, NULL, 10);
	if (errno != 0 || s > INSTANT_MAX_MS / 1000)
		return (-1);
	*time_ms = s * 1000;
	return (0);
}

void
instant_format(uint64_t time_ms, char text[INSTANT_SIZE])
{
	struct tm tm;
	time_t s;
	size_t len;

	if (time_ms > INSTANT_MAX_MS)
		time_ms = INSTANT_MAX_MS;
	s = (time_t)(time_ms / 1000);
	gmtime_r(&s, &tm);
	len = strftime(text, INSTANT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	if (time_ms % 1000 != 0)
		snprintf(text + len, INSTANT_SIZE - len, ".%03uZ",
		    (unsigned)(time_ms % 1000));
	else
		snprintf(text + len, INSTANT_SIZE - len, "Z");
}
