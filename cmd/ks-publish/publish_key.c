#include <stdint.h>

#include "entry/limits.h"
#include "store/rowkey.h"

#include "publish_state.h"

size_t
publish_key_version(uint8_t key[ROWKEY_MAX], enum publish_table table,
    const uint8_t * index, uint64_t epoch)
{

	return (rowkey_u64(key, rowkey_named(key, (uint8_t)table, index,
	    INDEX_LEN), ~epoch));
}
