#ifndef KS_CLIENT_INPUT_H
#define KS_CLIENT_INPUT_H

#include <stddef.h>
#include <stdint.h>

/**
 * input_read(path, len_max, buf, len):
 * Read all of the file ${path}, or of standard input if it is NULL or "-", at
 * most ${len_max} bytes, into a new buffer, which the caller frees with free(3),
 * and store it in ${buf} and its length in ${len}.  Any kind of file will do, a
 * pipe too.  The byte after the content is 0.  Return 0, or -1 with errno (EFBIG
 * if there is more) after a line on standard error.
 */
int input_read(const char *, size_t, uint8_t **, size_t *);

/**
 * input_read_labelled(path, len_max, label, label_len_max, buf, len):
 * As input_read, but at most ${label_len_max} bytes, which is not less than
 * ${len_max}, if the content starts with the string ${label}.
 */
int input_read_labelled(const char *, size_t, const char *, size_t, uint8_t **,
    size_t *);

#endif
