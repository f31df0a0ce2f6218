#include <stdint.h>
#include <string.h>

#include "crypto/vrf.h"

#include "entry/index.h"

void
index_make(const struct vrf_key * K, const char * user, uint8_t * index)
{
	uint8_t output[VRF_OUTPUT_LEN];

	vrf_output(K, user, strlen(user), output);
	memcpy(index, output, INDEX_LEN);
}

void
index_prove(const struct vrf_key * K, const char * user, uint8_t * index,
    uint8_t * proof)
{
	uint8_t output[VRF_OUTPUT_LEN];

	vrf_prove(K, user, strlen(user), proof, output);
	memcpy(index, output, INDEX_LEN);
}

int
index_verify(const uint8_t * pk, const char * user, const uint8_t * proof,
    uint8_t * index)
{
	uint8_t output[VRF_OUTPUT_LEN];

	if (vrf_verify(pk, user, strlen(user), proof, output))
		return (-1);
	memcpy(index, output, INDEX_LEN);
	return (0);
}
