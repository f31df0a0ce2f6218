#include <stdint.h>
#include <string.h>

#include "tree_internal.h"

unsigned
tree_bits_get(const uint8_t * index, unsigned i)
{

	return ((unsigned)index[i / 8] >> (7 - i % 8) & 1);
}

void
tree_bits_flip(uint8_t * index, unsigned i)
{

	index[i / 8] = (uint8_t)(index[i / 8] ^ 0x80 >> i % 8);
}

void
tree_bits_prefix(uint8_t * prefix, const uint8_t * index, unsigned n)
{
	unsigned whole = n / 8;

	memset(prefix, 0, TREE_HASH);
	memcpy(prefix, index, whole);
	if (n % 8 != 0)
		prefix[whole] = (uint8_t)(index[whole] & 0xff00 >> n % 8);
}

unsigned
tree_bits_common(const uint8_t * a, const uint8_t * b)
{
	unsigned i = 0;
	unsigned n;

	while (i < TREE_HASH && a[i] == b[i])
		i++;
	if (i == TREE_HASH)
		return (TREE_DEPTH_MAX);
	n = i * 8;
	while (tree_bits_get(a, n) == tree_bits_get(b, n))
		n++;
	return (n);
}
