#ifndef KS_BASE_BANNED_H
#define KS_BASE_BANNED_H

/*
 * Force-included before every source: the calls that cannot be used safely, or
 * that hide a decision (locale, time zone, silent truncation), do not compile.
 * The standard headers that declare them come first, as poison would refuse
 * the declarations too.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>

#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat strncpy strncat stpcpy sprintf vsprintf gets
#pragma GCC poison strtok atoi atol atoll atof rand srand
#pragma GCC poison mktemp tmpnam tempnam system popen usleep
#pragma GCC poison ctime asctime localtime inet_ntoa

#endif
