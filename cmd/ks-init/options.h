#ifndef KS_INIT_OPTIONS_H
#define KS_INIT_OPTIONS_H

#include "plan.h"

/**
 * init_options(argc, argv, plan):
 * Store in ${plan} what the ${argc} words of the command line at ${argv} ask for.
 * Return -1; or the exit code if nothing is to be done, after printing why: a line
 * on standard error if they cannot be done, or usage or version.
 */
int init_options(int, char **, struct init_plan *);

#endif
