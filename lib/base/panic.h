#ifndef KS_BASE_PANIC_H
#define KS_BASE_PANIC_H

/**
 * panic(fmt, ...):
 * Report our own bug as "program: panic: ..." on standard error and abort.
 * Never for anything that the world (disk, peer, user) can cause.
 */
void panic(const char *, ...) __attribute__((noreturn, format(printf, 1, 2)));

/** PANIC_UNLESS(c): panic with the text of ${c}, file and line, if it is false. */
#define PANIC_UNLESS(c) \
	((c) ? (void)0 : panic("%s:%d: %s does not hold", __FILE__, __LINE__, #c))

#endif
