#ifndef KS_CLIENT_TOOL_H
#define KS_CLIENT_TOOL_H

/* What every tool does the same way at its start. */

/**
 * tool_start(void):
 * Make the cryptography ready and test it.  Return 0, or -1 after a line on
 * standard error: the tool must leave with 100.
 */
int tool_start(void);

/**
 * tool_usage(usage, code):
 * Print "usage: PROGRAM ${usage}" on standard output if ${code} is 0, else on
 * standard error, and return ${code}.
 */
int tool_usage(const char *, int);

/**
 * tool_version(void):
 * Print name and version of the program on standard output and return 0.
 */
int tool_version(void);

/**
 * tool_finish(code):
 * Write out what is left for standard output.  Return ${code}; or 111 after a
 * line on standard error if something printed was lost (a full disk), as then
 * nobody may take the output for whole.
 */
int tool_finish(int);

#endif
