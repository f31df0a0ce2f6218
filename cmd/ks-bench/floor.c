#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "pool/pool.h"

#include "bench.h"
#include "floor.h"
#include "measure.h"

/* A signed update message is about so long. */
#define MESSAGE_LEN	200

/* Different messages, so that no cache makes it too easy. */
#define MESSAGES	64

/* Verifications handed to a pool at once. */
#define BATCH		1024

/* Bytes appended before each fdatasync. */
#define APPEND_LEN	4096

/* A node of the directory tree is hashed from about so many bytes. */
#define HASH_INPUT_LEN	96

struct signed_messages {
	struct sign_key * K;
	uint8_t message[MESSAGES][MESSAGE_LEN];
	uint8_t sig[MESSAGES][SIGN_LEN];
	int bad[MESSAGES];
};

static struct signed_messages *
messages_new(void)
{
	struct signed_messages * M;

	if ((M = calloc(1, sizeof(*M))) == NULL ||
	    (M->K = sign_key_generate()) == NULL) {
		warnx("out of memory");
		free(M);
		return (NULL);
	}
	for (unsigned i = 0; i < MESSAGES; i++) {
		M->message[i][0] = (uint8_t)i;
		sign_make(M->K, M->message[i], MESSAGE_LEN, M->sig[i]);
	}
	return (M);
}

static void
messages_free(struct signed_messages * M)
{

	sign_key_free(M->K);
	free(M);
}

static void
verify_one(void * cookie, size_t i)
{
	struct signed_messages * M = cookie;

	i %= MESSAGES;

	/* Two threads may well store the same: it is only ever set. */
	if (sign_verify(M->K->pk, M->message[i], MESSAGE_LEN, M->sig[i]))
		__atomic_store_n(&M->bad[i], 1, __ATOMIC_RELAXED);
}

/* Things done in a second. */
static double
rate(uint64_t n, uint64_t start_ns, uint64_t end_ns)
{

	return (end_ns > start_ns ?
	    (double)n * 1e9 / (double)(end_ns - start_ns) : 0);
}

double
floor_verify(struct pool * P, uint64_t ms)
{
	struct signed_messages * M;
	uint64_t start, now, n = 0;
	int bad = 0;

	if ((M = messages_new()) == NULL)
		return (-1);
	start = clock_mono_ns();
	do {
		if (P != NULL)
			pool_run(P, verify_one, M, BATCH);
		else
			for (size_t i = 0; i < BATCH; i++)
				verify_one(M, i);
		n += BATCH;
		now = clock_mono_ns();
	} while (now < start + ms * 1000000);
	for (unsigned i = 0; i < MESSAGES; i++)
		bad |= M->bad[i];
	messages_free(M);
	if (bad) {
		warnx("a signature does not verify");
		return (-1);
	}
	return (rate(n, start, now));
}

double
floor_sign(uint64_t ms)
{
	struct signed_messages * M;
	uint64_t start, now, n = 0;

	if ((M = messages_new()) == NULL)
		return (-1);
	start = clock_mono_ns();
	do {
		for (size_t i = 0; i < BATCH; i++)
			sign_make(M->K, M->message[i % MESSAGES], MESSAGE_LEN,
			    M->sig[i % MESSAGES]);
		n += BATCH;
		now = clock_mono_ns();
	} while (now < start + ms * 1000000);
	messages_free(M);
	return (rate(n, start, now));
}

double
floor_hash(uint64_t ms)
{
	uint8_t input[HASH_INPUT_LEN] = { 0 };
	uint8_t salt[HASH_SALT_LEN] = { 1 };
	uint64_t start, now, n = 0;

	start = clock_mono_ns();
	do {
		/* Each depends on the one before: none can be left out. */
		for (size_t i = 0; i < BATCH; i++)
			hash_blake2b("ks-bench", salt, input, sizeof(input),
			    input);
		n += BATCH;
		now = clock_mono_ns();
	} while (now < start + ms * 1000000);
	return (rate(n, start, now));
}

int
floor_fdatasync(const char * dir, uint64_t ms, struct samples * S)
{
	uint8_t data[APPEND_LEN] = { 0 };
	char path[4096];
	uint64_t start, before, now;
	int fd, n, rc = -1;

	n = snprintf(path, sizeof(path), "%s/ks-bench.XXXXXX", dir);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		warnx("%s: path too long", dir);
		return (-1);
	}
	if ((fd = mkostemp(path, O_CLOEXEC)) == -1) {
		warn("%s", path);
		return (-1);
	}
	start = now = clock_mono_ns();
	do {
		before = now;
		if (write(fd, data, sizeof(data)) != sizeof(data) ||
		    fdatasync(fd)) {
			warn("%s", path);
			goto done;
		}
		now = clock_mono_ns();
		if (samples_add(S, now - before)) {
			warnx("out of memory");
			goto done;
		}
	} while (now < start + ms * 1000000);
	rc = 0;

done:
	close(fd);
	unlink(path);
	return (rc);
}

int
bench_floor(const struct bench * B)
{
	const char * name[] = { FLOOR_SOCKET_1, FLOOR_SOCKET_64 };
	const unsigned depth[] = { 1, 64 };
	const uint64_t ms = 1000 * (uint64_t)B->seconds;
	char quantile[64];
	struct samples S;
	double one, all, x;
	int rc = EXITS_PERMANENT;

	samples_init(&S);
	if ((one = floor_verify(NULL, ms)) < 0 ||
	    (all = floor_verify(B->pool, ms)) < 0 || (x = floor_sign(ms)) < 0)
		goto done;
	measure_print(B, FLOOR_VERIFY, one, "1/s");
	measure_ratio(B, FLOOR_VERIFY_ALL, all, "1/s", FLOOR_VERIFY, one);
	measure_ratio(B, "sign_1", x, "1/s", FLOOR_VERIFY, one);
	measure_ratio(B, "blake2b_1", floor_hash(ms), "1/s", FLOOR_VERIFY, one);
	if (floor_fdatasync(B->args[0], ms, &S))
		goto done;
	measure_print(B, FLOOR_FDATASYNC, samples_quantile(&S, 0.5) / 1e6, "ms");
	for (unsigned i = 0; i < 2; i++) {
		S.n = 0;
		if ((x = floor_socket(depth[i], ms, &S)) < 0)
			goto done;
		measure_print(B, name[i], x, "1/s");
		snprintf(quantile, sizeof(quantile), "%s_p50", name[i]);
		measure_print(B, quantile, samples_quantile(&S, 0.5) / 1e3, "us");
		snprintf(quantile, sizeof(quantile), "%s_p99", name[i]);
		measure_print(B, quantile, samples_quantile(&S, 0.99) / 1e3, "us");
	}
	rc = EXITS_OK;

done:
	samples_free(&S);
	return (rc);
}
