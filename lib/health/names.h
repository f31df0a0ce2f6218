#ifndef KS_HEALTH_NAMES_H
#define KS_HEALTH_NAMES_H

/*
 * Which line of STATUS becomes which metric: private to lib/health.  A new counter
 * of a stage gets its row here.
 */
struct health_name {
	const char * stage;	/* such as "apply", of ks-apply */
	const char * line;	/* its name in STATUS */
	const char * metric;	/* those of one metric stand together */
	const char * type;	/* "counter" or "gauge" */
	const char * help;	/* that of the first counts */
	const char * label;	/* besides the stage; NULL: none */
	const char * value;	/* of that label */
	int milliseconds;	/* nonzero: and the metric is in seconds */
};

/* A histogram, of whatever stage has it. */
struct health_times_name {
	const char * line;	/* its name in STATUS, before "_us_" */
	const char * metric;
	const char * help;
};

/* Both end with a metric of NULL. */
extern const struct health_name health_names[];
extern const struct health_times_name health_times_names[];

#endif
