#include <stdint.h>

#include "log/etcd_trim.h"

uint64_t
log_etcd_trim(const struct log_etcd_trim * T)
{
	uint64_t to;

	to = T->current > T->keep ? T->current - T->keep : 0;
	if (to > T->lowest)
		to = T->lowest;
	if (T->current > T->max && to < T->current - T->max)
		to = T->current - T->max;
	/* Full, etcd would take nothing at all: those who lag have peers. */
	if (T->in_use > LOG_ETCD_IN_USE_HIGH && to < T->own)
		to = T->own;
	return (to < T->current ? to : T->current);
}
