#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/hex.h"

#include "test.h"

/* How many names the current directory has. */
static unsigned
count_names(void)
{
	struct dirent * e;
	unsigned n = 0;
	DIR * d;

	if ((d = opendir(".")) == NULL)
		return (0);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return (n);
}

/* Return 0 if ${path} has exactly ${text} and ${mode}. */
static int
holds(const char * path, const char * text, mode_t mode)
{
	struct stat sb;
	uint8_t * buf;
	size_t len;
	int rc;

	if (stat(path, &sb) || (sb.st_mode & 07777) != mode)
		return (-1);
	if (file_read(path, 100, &buf, &len))
		return (-1);
	rc = len == strlen(text) && strcmp((char *)buf, text) == 0 ? 0 : -1;
	free(buf);
	return (rc);
}

static void
replaces_whole(void)
{
	const char * path = "a";

	CHECK(chdir(test_dir()) == 0);
	umask(077);
	CHECK(file_write_atomic(path, 0644, (const uint8_t *)"one", 3) == 0);
	CHECK(holds(path, "one", 0644) == 0);
	CHECK(file_write_atomic(path, 0600, (const uint8_t *)"2", 1) == 0);
	CHECK(holds(path, "2", 0600) == 0);
	CHECK(file_write_atomic(path, 0600, NULL, 0) == 0);
	CHECK(holds(path, "", 0600) == 0);

	/* No temporary file stays, also after a failure. */
	CHECK(count_names() == 1);
	CHECK(file_write_atomic("no/such", 0600, NULL, 0) == -1);
	CHECK(errno == ENOENT);
	CHECK(mkdir("d", 0700) == 0);
	CHECK(file_write_atomic("d", 0600, NULL, 0) == -1);
	CHECK(errno == EISDIR);
	CHECK(count_names() == 2);

	/* A path may name a directory. */
	CHECK(file_write_atomic("d/b", 0600, (const uint8_t *)"x", 1) == 0);
	CHECK(holds("d/b", "x", 0600) == 0);
}

static void
never_overwrites(void)
{
	const char * path = "new";

	CHECK(chdir(test_dir()) == 0);
	CHECK(file_write_new(path, 0600, (const uint8_t *)"one", 3) == 0);
	CHECK(file_write_new(path, 0600, (const uint8_t *)"two", 3) == -1);
	CHECK(errno == EEXIST);
	CHECK(holds(path, "one", 0600) == 0);
	CHECK(symlink("nowhere", "link") == 0);
	CHECK(file_write_new("link", 0600, NULL, 0) == -1);
	CHECK(errno == EEXIST);
	CHECK(count_names() == 2);
}

static void
reads_with_limits(void)
{
	uint8_t * buf;
	uint8_t small[4];
	size_t len;

	CHECK(chdir(test_dir()) == 0);
	CHECK(file_write_atomic("r", 0640, (const uint8_t *)"12345", 5)
	    == 0);
	CHECK(file_read("r", 4, &buf, &len) == -1 && errno == EFBIG);
	CHECK(file_read("r", 5, &buf, &len) == 0 && len == 5);
	CHECK(memcmp(buf, "12345", 6) == 0);
	free(buf);
	CHECK(file_read("absent", 4, &buf, &len) == -1);
	CHECK(errno == ENOENT);
	CHECK(file_read(".", 4, &buf, &len) == -1 && errno == EINVAL);
	CHECK(mkfifo("fifo", 0600) == 0);
	CHECK(file_read("fifo", 4, &buf, &len) == -1);
	CHECK(errno == EINVAL);

	/* Secrets: the mode first, then the length. */
	CHECK(file_read_secret("r", small, 4, &len) == -1);
	CHECK(errno == EPERM);
	CHECK(chmod("r", 0600) == 0);
	CHECK(file_read_secret("r", small, 4, &len) == -1);
	CHECK(errno == EFBIG);
	CHECK(file_write_atomic("r", 0400, (const uint8_t *)"1234", 4)
	    == 0);
	CHECK(file_read_secret("r", small, 4, &len) == 0);
	CHECK(len == 4 && memcmp(small, "1234", 4) == 0);
}

static void
base64_is_strict(void)
{
	/* RFC 4648, section 10. */
	static const char * const good[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	};
	static const char * const bad[] = {
		"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "Zm9v\n", " Zm9v",
		"Zm 9v", "Zg==Zg==", "Zm-_", "=", "====", "Z", "Zm9v=", "Zm9vY",
		"Zm9v====",
	};
	uint8_t out[16];
	char text[32];
	size_t i, len;
	unsigned taken = 0;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		len = strlen(good[i][0]);
		CHECK(base64_encode((const uint8_t *)good[i][0], len, text,
		    BASE64_SIZE(len)) == 0);
		CHECK(strcmp(text, good[i][1]) == 0);
		CHECK(base64_encode((const uint8_t *)good[i][0], len, text,
		    BASE64_SIZE(len) - 1) == -1);
		CHECK(base64_decode(text, strlen(text), out, len, &len) == 0);
		CHECK(len == strlen(good[i][0]));
		CHECK(memcmp(out, good[i][0], len) == 0);
		if (len > 0)
			CHECK(base64_decode(text, strlen(text), out, len - 1,
			    &len) == -1);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(base64_decode(bad[i], strlen(bad[i]), out, sizeof(out),
		    &len) == -1);

	/* Of the 256 bytes, 64 are digits, also in a long text. */
	for (i = 0; i < 1024; i++) {
		memcpy(text, "Zm9v", 4);
		text[i / 256] = (char)(i % 256);
		taken += base64_decode(text, 4, out, sizeof(out), &len) == 0;
	}
	CHECK(taken == 4 * 64);
}

static void
hex_is_strict(void)
{
	static const uint8_t bytes[] = { 0x00, 0x9a, 0xff };
	uint8_t out[4];
	char text[8];
	size_t len;

	CHECK(hex_encode(bytes, 3, text, 6) == -1);
	CHECK(hex_encode(bytes, 3, text, 7) == 0);
	CHECK(strcmp(text, "009aff") == 0);
	CHECK(hex_decode(text, 6, out, 3, &len) == 0 && len == 3);
	CHECK(memcmp(out, bytes, 3) == 0);
	CHECK(hex_decode(text, 6, out, 2, &len) == -1);
	CHECK(hex_decode(text, 5, out, 3, &len) == -1);
	CHECK(hex_decode("9A", 2, out, 3, &len) == -1);
	CHECK(hex_decode("9g", 2, out, 3, &len) == -1);
	CHECK(hex_decode(" 9", 2, out, 3, &len) == -1);
	CHECK(hex_decode("", 0, out, 0, &len) == 0 && len == 0);
}

static const struct test tests[] = {
	{ "a file is replaced whole, with the mode given, leaving nothing",
	    replaces_whole },
	{ "a new file never overwrites anything", never_overwrites },
	{ "files that are too long, not regular or too open are refused",
	    reads_with_limits },
	{ "base64 has one form for given bytes", base64_is_strict },
	{ "hexadecimal has one form for given bytes", hex_is_strict },
};
TESTS(tests)
