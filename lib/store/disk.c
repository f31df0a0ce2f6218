#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "codec/wbuf.h"

#include "store/backend.h"
#include "store/store.h"

/* Berkeley DB's own log is in files of this name and a number. */
#define LOG_PREFIX	"log."

/* Add up what is in ${dir}; a file that has just gone counts nothing. */
static int
disk(const char * dir, uint64_t * data, uint64_t * log)
{
	struct dirent * entry;
	struct stat st;
	DIR * D;

	*data = *log = 0;
	if ((D = opendir(dir)) == NULL)
		return (-1);
	while ((entry = readdir(D)) != NULL) {
		if (fstatat(dirfd(D), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		if (strncmp(entry->d_name, LOG_PREFIX, strlen(LOG_PREFIX)) == 0)
			*log += (uint64_t)st.st_blocks * 512;
		else
			*data += (uint64_t)st.st_blocks * 512;
	}
	closedir(D);
	return (0);
}

void
store_status(const struct store * S, struct wbuf * W)
{
	const char * dir = S->backend->dir != NULL ? S->backend->dir(S) : NULL;
	uint64_t data, log;

	histogram_put(&S->commit_us, "commit", W);
	if (dir == NULL || disk(dir, &data, &log))
		return;
	wbuf_printf(W, "disk_data_bytes %" PRIu64 "\n", data);
	wbuf_printf(W, "disk_log_bytes %" PRIu64 "\n", log);
}
