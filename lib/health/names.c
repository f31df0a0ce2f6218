#include <stddef.h>

#include "health/names.h"

#define GAUGE(stage, line, metric, help) \
	{ stage, line, metric, "gauge", help, NULL, NULL, 0 }
#define COUNTER(stage, line, metric, help) \
	{ stage, line, metric, "counter", help, NULL, NULL, 0 }
#define TYPED(stage, line, metric, help, label, value) \
	{ stage, line, metric, "counter", help, label, value, 0 }
#define DISK(stage) \
	{ stage, "disk_data_bytes", "ks_disk_bytes", "gauge", DISK_HELP, \
	    "kind", "data", 0 }, \
	{ stage, "disk_log_bytes", "ks_disk_bytes", "gauge", DISK_HELP, \
	    "kind", "log", 0 }

#define DISK_HELP	"What a database (data) and its own log (log) take on the disk."
#define CLOSED_HELP	"The newest closed epoch."
#define SIGNED_HELP	"The newest epoch that a majority of replicas signed."
#define USERS_HELP	"Users in the directory tree."
#define POLICY_HELP	"The number of the realm policy in force."
#define LEADER_HELP	"Whether this replica is likely the leader."
#define FOLLOW_HELP	"Connections that follow the stage."
#define EVENTS_HELP	"The last event of ks-apply that is done."
#define PROPOSE_HELP	"Proposals made, or taken, since the start."
#define RETRY_HELP	"Proposals made again, as nothing had come of the one before."
#define OPEN_HELP	"Requests whose outcome is awaited."
#define BATCH_HELP	"Events or log entries that the stage took in."
#define ACCEPT_HELP	"Log entries that were accepted, by their type."
#define PROOF_HELP	"Proofs made, by what they prove."

const struct health_name health_names[] = {
	GAUGE("apply", "closed", "ks_epoch_closed", CLOSED_HELP),
	GAUGE("publish", "closed", "ks_epoch_closed", CLOSED_HELP),
	GAUGE("apply", "signed", "ks_epoch_signed", SIGNED_HELP),
	GAUGE("publish", "signed", "ks_epoch_signed", SIGNED_HELP),
	{ "apply", "time_ms", "ks_epoch_time_seconds", "gauge",
	    "The issue time of the newest closed epoch, since 1970.", NULL, NULL,
	    1 },
	GAUGE("apply", "users", "ks_users", USERS_HELP),
	GAUGE("publish", "users", "ks_users", USERS_HELP),
	GAUGE("apply", "pending", "ks_updates_pending",
	    "Updates that wait for the next epoch."),
	GAUGE("apply", "policy", "ks_policy_number", POLICY_HELP),
	GAUGE("publish", "policy", "ks_policy_number", POLICY_HELP),

	GAUGE("keyids", "closed", "ks_keyids_epoch_closed",
	    "The newest closed epoch up to which published OpenPGP keys were read."),
	GAUGE("keyids", "ids", "ks_keyids_ids",
	    "Fingerprints and key ids that are known."),
	TYPED("keyids", "keys_read", "ks_keyids_keys_total",
	    "OpenPGP keys that were met, by whether they could be read.", "read",
	    "yes"),
	TYPED("keyids", "keys_unread", "ks_keyids_keys_total", NULL, "read",
	    "no"),
	COUNTER("keyids", "searches", "ks_keyids_searches_total",
	    "Searches for a fingerprint or key id."),
	COUNTER("keyids", "searches_found", "ks_keyids_searches_found_total",
	    "Searches that found somebody."),

	COUNTER("logd", "last", "ks_log_committed_total",
	    "Entries of the replicated log."),
	COUNTER("apply", "index", "ks_log_applied_total",
	    "Entries of the replicated log that were applied."),
	GAUGE("logd", "leader", "ks_leader", LEADER_HELP),
	GAUGE("apply", "leader", "ks_leader", LEADER_HELP),
	COUNTER("logd", "failed", "ks_log_failed_total",
	    "Proposals of which nobody knows what became of them."),
	GAUGE("logd", "etcd_waiting", "ks_log_waiting",
	    "Proposals that wait for the other replicas."),
	GAUGE("logd", "follow_waiting", "ks_log_waiting", NULL),
	GAUGE("logd", "etcd_size", "ks_etcd_bytes",
	    "What etcd says that its database takes."),
	GAUGE("logd", "etcd_cert_days", "ks_etcd_certificate_days",
	    "Days until the first certificate for etcd expires."),

	TYPED("apply", "accepted_updates", "ks_accepted_total", ACCEPT_HELP,
	    "type", "update"),
	TYPED("apply", "accepted_delimiters", "ks_accepted_total", ACCEPT_HELP,
	    "type", "delimiter"),
	TYPED("apply", "accepted_signatures", "ks_accepted_total", ACCEPT_HELP,
	    "type", "signature"),
	TYPED("apply", "accepted_ratifications", "ks_accepted_total", ACCEPT_HELP,
	    "type", "ratification"),
	TYPED("apply", "accepted_approvals", "ks_accepted_total", ACCEPT_HELP,
	    "type", "approval"),
	COUNTER("apply", "duplicates", "ks_duplicates_total",
	    "Log entries whose request id had been there already."),

	COUNTER("logd", "proposals", "ks_proposals_total", PROPOSE_HELP),
	COUNTER("apply", "delimiters_proposed", "ks_proposals_total", PROPOSE_HELP),
	COUNTER("sign", "proposals", "ks_proposals_total", PROPOSE_HELP),
	COUNTER("publish", "ratifications_proposed", "ks_proposals_total",
	    PROPOSE_HELP),
	COUNTER("admit", "proposals", "ks_proposals_total", PROPOSE_HELP),
	COUNTER("ratify", "pushes", "ks_proposals_total", PROPOSE_HELP),
	COUNTER("apply", "delimiters_retried", "ks_retries_total", RETRY_HELP),
	COUNTER("sign", "retries", "ks_retries_total", RETRY_HELP),
	COUNTER("admit", "retries", "ks_retries_total", RETRY_HELP),
	COUNTER("ratify", "retries", "ks_retries_total", RETRY_HELP),
	GAUGE("sign", "open", "ks_open", OPEN_HELP),
	GAUGE("admit", "open", "ks_open", OPEN_HELP),
	GAUGE("apply", "waiting", "ks_open", OPEN_HELP),
	GAUGE("publish", "lookups_waiting", "ks_open", OPEN_HELP),
	GAUGE("admit", "open_bytes", "ks_open_bytes",
	    "Bytes of the updates whose outcome is awaited."),

	COUNTER("admit", "accepted", "ks_updates_accepted_total",
	    "Updates whose clients were told that they are accepted."),
	COUNTER("admit", "log_refused", "ks_updates_log_refused_total",
	    "Updates that passed the edge and were refused out of the log."),
	COUNTER("admit", "unavailable", "ks_updates_unavailable_total",
	    "Updates of which no outcome could be told."),
	COUNTER("publish", "lookups", "ks_lookups_total", "Lookups asked for."),
	COUNTER("publish", "lookups_waited", "ks_lookups_waited_total",
	    "Lookups that had to wait for an epoch or a quorum."),
	COUNTER("publish", "histories", "ks_histories_total",
	    "Histories of an entry asked for."),
	TYPED("publish", "proofs_present", "ks_proofs_total", PROOF_HELP, "kind",
	    "present"),
	TYPED("publish", "proofs_absent", "ks_proofs_total", PROOF_HELP, "kind",
	    "absent"),
	COUNTER("publish", "proof_bytes", "ks_proof_bytes_total",
	    "Bytes of the proofs that were sent."),
	TYPED("publish", "vrf_made", "ks_vrf_total",
	    "Proofs of a user's index, by whether they were made or remembered.",
	    "from", "made"),
	TYPED("publish", "vrf_remembered", "ks_vrf_total", NULL, "from",
	    "remembered"),
	GAUGE("publish", "feeds", "ks_feeds", "Verifiers that follow."),
	COUNTER("publish", "feed_bytes", "ks_feed_bytes_total",
	    "Bytes sent to verifiers."),
	COUNTER("publish", "ratifications_refused", "ks_ratifications_refused_total",
	    "Cosignatures of verifiers that were refused."),

	COUNTER("apply", "batch_events", "ks_batch_events_total", BATCH_HELP),
	COUNTER("sign", "batch_events", "ks_batch_events_total", BATCH_HELP),
	COUNTER("publish", "batch_events", "ks_batch_events_total", BATCH_HELP),
	COUNTER("ratify", "batch_events", "ks_batch_events_total", BATCH_HELP),
	COUNTER("keyids", "batch_events", "ks_batch_events_total", BATCH_HELP),
	COUNTER("apply", "events", "ks_events_total",
	    "Events that ks-apply has told of."),
	COUNTER("sign", "cursor", "ks_events_done_total", EVENTS_HELP),
	COUNTER("publish", "cursor", "ks_events_done_total", EVENTS_HELP),
	COUNTER("keyids", "cursor", "ks_events_done_total", EVENTS_HELP),
	GAUGE("logd", "followers", "ks_followers", FOLLOW_HELP),
	GAUGE("apply", "followers", "ks_followers", FOLLOW_HELP),
	DISK("logd"),
	DISK("apply"),
	DISK("sign"),
	DISK("publish"),
	DISK("ratify"),
	DISK("keyids"),
	{ "link", "connections_in", "ks_link_connections", "gauge",
	    "Connections of peers to this host, and of this host to peers.",
	    "direction", "in", 0 },
	{ "link", "connections_out", "ks_link_connections", "gauge", NULL,
	    "direction", "out", 0 },
	TYPED("link", "bytes_in", "ks_link_bytes_total",
	    "Bytes carried from and to peers.", "direction", "in"),
	TYPED("link", "bytes_out", "ks_link_bytes_total", NULL, "direction",
	    "out"),
	COUNTER("link", "refused", "ks_link_refused_total", "Peers refused."),
	GAUGE("link", "certificate_left_s", "ks_link_certificate_left_seconds",
	    "How long the certificate is valid."),
	{ NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0 }
};

const struct health_times_name health_times_names[] = {
	{ "batch", "ks_batch_seconds",
	    "A batch of a stage, from its checks to the last action." },
	{ "commit", "ks_commit_seconds", "A commit of a database." },
	{ "append", "ks_log_append_seconds",
	    "From the arrival of a proposal until the log has it." },
	{ "update", "ks_update_seconds",
	    "From the arrival of an update until it is told to be accepted." },
	{ "majority", "ks_majority_seconds",
	    "From the end of an epoch until a majority has signed it." },
	{ "ratification", "ks_ratification_seconds",
	    "From the publication of an epoch until a verifier's cosignature is there." },
	{ "lookup", "ks_lookup_seconds", "A lookup that was answered at once." },
	{ "lookup_waited", "ks_lookup_waited_seconds",
	    "A lookup that had to wait." },
	{ NULL, NULL, NULL }
};
