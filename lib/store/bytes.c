#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/bytes.h"

/* First allocation: most rows fit without growing. */
#define BYTES_CAP_FIRST	512

int
bytes_reserve(struct bytes * b, size_t cap)
{
	uint8_t * data;

	if (b->data != NULL && cap <= b->cap)
		return (0);
	if (cap < BYTES_CAP_FIRST)
		cap = BYTES_CAP_FIRST;
	if ((data = realloc(b->data, cap)) == NULL)
		return (-1);
	b->data = data;
	b->cap = cap;
	return (0);
}

int
bytes_set(struct bytes * b, const void * p, size_t len)
{

	if (bytes_reserve(b, len))
		return (-1);
	if (len > 0)
		memcpy(b->data, p, len);
	b->len = len;
	return (0);
}

void
bytes_free(struct bytes * b)
{

	free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
}
