#ifndef KS_BASE_FILE_H
#define KS_BASE_FILE_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

/*
 * Small files, read and written whole.  Every failure is reported here, once,
 * on standard error as "program: path: why"; callers need add nothing.
 */

/**
 * file_read(path, len_max, buf, len):
 * Read the regular file ${path} into a new buffer, which the caller frees with
 * free(3), and store it in ${buf} and its length in ${len}.  The byte after the
 * content is 0, so text can be read as a string.  Return 0, or -1 with errno:
 * EFBIG if there are more than ${len_max} bytes, EINVAL if it is not a regular
 * file, ENOMEM, or that of the call that failed (ENOENT ...).
 */
int file_read(const char *, size_t, uint8_t **, size_t *);

/**
 * file_read_secret(path, buf, len_max, len):
 * As file_read, into the ${len_max} bytes at ${buf} that the caller keeps in
 * secret memory; no copy is made elsewhere.  No byte 0 is added.  A file whose
 * mode gives group or others any right is refused with EPERM.
 */
int file_read_secret(const char *, uint8_t *, size_t, size_t *);

/**
 * file_write_atomic(path, mode, buf, len):
 * Make ${path} a file of mode ${mode} (whatever the umask) that holds the
 * ${len} bytes at ${buf}, replacing what was there.  When this returns 0 the
 * new content is durable; after a crash at any moment ${path} holds the old
 * content or the new one, whole, and a file ${path}.tmpXXXXXX may be left.
 * Return 0, or -1 with errno and the old content in place, unless only the
 * last step, making the new name durable, failed.
 */
int file_write_atomic(const char *, mode_t, const uint8_t *, size_t);

/**
 * file_write_new(path, mode, buf, len):
 * As file_write_atomic, but fail with EEXIST if there is anything at ${path}.
 */
int file_write_new(const char *, mode_t, const uint8_t *, size_t);

#endif
