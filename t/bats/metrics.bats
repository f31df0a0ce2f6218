#!/usr/bin/env bats
# /metrics, /healthz, /v1/status and the rotation of ks-httpd, with a realm that works: values
# move as they must, what is wrong is told, and what is right again too.

load lib.bash

STAGES="$REPLICA_DAEMONS ks-httpd"

setup_file() {
	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make main
	printf 'http_listen 127.0.0.1:0\nhttp_rate 0\nhttp_proxy 127.0.0.1\n' \
		>>"$REPLICA/ks.conf"
	realm_start
	daemon_start ks-httpd
	update alice@main.example text=0 >"$E2E/alice"
}

teardown_file() {
	e2e_end
}

setup() {
	realm_use main
	T=$BATS_TEST_TMPDIR
}

# No test may lose a daemon.
teardown() {
	local name

	for name in $STAGES ks-ratify; do
		daemon_running "$name"
	done
}

# get PATH FILE [OPTION...]: the body into FILE, the headers into FILE.h; prints the status.
get() {
	curl -sS -m 60 -D "$2.h" -o "$2" -w '%{http_code}\n' "${@:3}" \
		"http://$(status httpd http_listen)$1"
}

header() {
	sed -n "s/^$2: *\\(.*\\)\\r\$/\\1/Ip" "$1.h"
}

parse() {
	"$PYTHON" "$KS_TOP/t/prometheus/scrape.py" "$@"
}

# metric SAMPLE: its value now; sum NAME LABEL=VALUE...: of all such samples.
metric() {
	equal "$(get /metrics "$T/metrics")" 200 >&2
	parse "$T/metrics" "$@"
}

sum() {
	metric -sum "$@"
}

sum_is() {
	[ "$(sum "${@:2}")" = "$1" ]
}

sum_min() {
	[ "$(sum "${@:2}")" -ge "$1" ]
}

# health STATUS PATTERN: what /healthz answers.
health() {
	[ "$(get /healthz "$T/health")" = "$1" ] &&
		grep -q -- "$2" "$T/health"
}

@test "a scrape is what its format says, and no counter falls while the realm works" {
	wait_until 30 sum_min 1 ks_verifier_ratified_epoch
	equal "$(get /metrics "$T/old")" 200
	equal "$(header "$T/old" content-type)" 'text/plain; version=0.0.4; charset=utf-8'
	equal "$(header "$T/old" cache-control)" no-store
	[ "$(parse "$T/old")" -gt 300 ]
	update alice@main.example text=1 >/dev/null
	lookup alice@main.example text >/dev/null
	wait_until 30 sum_min "$(($(parse "$T/old" -sum ks_epoch_closed stage=apply) + 2))" \
		ks_epoch_closed stage=apply
	parse "$T/metrics" -after "$T/old"
	parse "$T/metrics" -after "$T/metrics"
	run -1 parse "$T/old" -after "$T/metrics"
}

@test "updates, refusals at the edge and in the log, and lookups are counted" {
	local n rule id
	# So many of each; the answers are a second old at most.
	n=$(sum ks_accepted_total type=update)
	update bob@main.example text=0 >/dev/null
	wait_until 30 sum_is $((n + 1)) ks_accepted_total type=update
	equal "$(parse "$T/metrics" 'ks_updates_accepted_total{stage="admit"}')" "$((n + 1))"
	equal "$(parse "$T/metrics" 'ks_update_seconds_count{stage="admit"}')" "$((n + 1))"
	equal "$(parse "$T/metrics" -sum ks_refused_total)" 0

	run hostile update -r "$REPLICA" -k "$(key_of bob)" -a a=b -v 0 send bob@main.example
	rule=$output
	wait_until 30 sum_is 1 ks_refused_total stage=admit "rule=$rule"
	equal "$(parse "$T/metrics" -sum ks_refused_total)" 1

	# Past the edge: the log refuses it, and the edge knows nothing of it.
	id=$("$PYTHON" -c 'import os; print(os.urandom(16).hex())')
	hostile update -r "$REPLICA" -k "$(key_of bob)" -a a=b -i "$id" -v 0 \
		entry bob@main.example >"$T/entry"
	ks ks-log -d "$REPLICA" propose "$T/entry" >/dev/null
	equal "$(hostile rpc "$REPLICA/run/apply" outcome "$id")" "$rule"
	wait_until 30 sum_is 1 ks_refused_total stage=apply "rule=$rule"
	equal "$(parse "$T/metrics" -sum ks_refused_total)" 2
	equal "$(parse "$T/metrics" -sum ks_accepted_total type=update)" "$((n + 1))"

	n=$(sum ks_proofs_total kind=absent)
	run -1 lookup nobody@main.example
	wait_until 30 sum_is $((n + 1)) ks_proofs_total kind=absent
	n=$(parse "$T/metrics" -sum ks_proofs_total kind=present)
	lookup bob@main.example >/dev/null
	wait_until 30 sum_is $((n + 1)) ks_proofs_total kind=present
	[ "$(parse "$T/metrics" -sum ks_lookup_seconds_count)" -ge 1 ]
	run -100 lookup 'a b'
}

@test "latencies and sizes of every stage are measured" {
	local stage name
	for stage in apply sign publish; do
		[ "$(metric "ks_batch_seconds_count{stage=\"$stage\"}")" -ge 2 ]
		[ "$(parse "$T/metrics" -sum ks_disk_bytes "stage=$stage" kind=data)" -gt 0 ]
	done
	for stage in logd apply sign publish; do
		[ "$(parse "$T/metrics" "ks_commit_seconds_count{stage=\"$stage\"}")" -ge 2 ]
		[ "$(parse "$T/metrics" -sum ks_disk_bytes "stage=$stage" kind=log)" -gt 0 ]
	done
	for name in 'ks_log_append_seconds_count{stage="logd"}' \
		'ks_majority_seconds_count{stage="apply"}' \
		'ks_ratification_seconds_count{stage="publish"}'; do
		[ "$(parse "$T/metrics" "$name")" -ge 2 ]
	done
	# No epoch took longer to sign than the test took altogether.
	equal "$(parse "$T/metrics" 'ks_majority_seconds_bucket{stage="apply",le="100"}')" \
		"$(parse "$T/metrics" 'ks_majority_seconds_count{stage="apply"}')"
}

@test "ks-httpd counts what it answers, by route and status" {
	local n
	n=$(sum ks_http_requests_total route=/v1/realm status=2xx)
	equal "$(get /v1/realm "$T/realm")" 200
	equal "$(get '/v1/realm?x=1' "$T/realm")" 400
	equal "$(get /v1/nothing "$T/realm")" 404
	wait_until 30 sum_is $((n + 1)) ks_http_requests_total route=/v1/realm status=2xx
	[ "$(parse "$T/metrics" -sum ks_http_requests_total route=/v1/realm status=4xx)" -ge 1 ]
	[ "$(parse "$T/metrics" -sum ks_http_requests_total status=4xx)" -ge 2 ]
	[ "$(parse "$T/metrics" -sum ks_http_errors_total status=404)" -ge 1 ]
	[ "$(parse "$T/metrics" -sum ks_http_request_seconds_count route=/v1/realm)" -ge 2 ]
	[ "$(status httpd answers_4xx)" -ge 2 ]
}

@test "only those who are named see /metrics" {
	equal "$(get /metrics "$T/other" -H 'X-Forwarded-For: 192.0.2.1')" 403
	equal "$(header "$T/other" ks-rule)" admin-only
	# The last address is the one that the proxy saw.
	equal "$(get /metrics "$T/other" -H 'X-Forwarded-For: 127.0.0.1, 192.0.2.1')" 403
	equal "$(get /metrics "$T/other" -H 'X-Forwarded-For: 192.0.2.1, 127.0.0.1')" 200
	# Whom the proxy does not tell by an address is not the proxy.
	for who in unknown 192.0.2.1:4000 '[2001:db8::1]:80' '127.0.0.1,'; do
		equal "$(get /metrics "$T/other" -H "X-Forwarded-For: $who")" 403 "$who"
	done
	equal "$(get '/metrics?x=1' "$T/other")" 400
	equal "$(get /healthz "$T/other" -H 'X-Forwarded-For: 192.0.2.1')" 200
}

@test "a verifier that stops falls behind, and comes up again" {
	wait_until 30 sum_is 0 ks_verifier_lag_epochs verifier=verifier1
	daemon_signal STOP ks-ratify
	wait_until 30 sum_min 3 ks_verifier_lag_epochs verifier=verifier1
	# It is another's machine: no fault of this replica.
	health 200 healthy
	daemon_signal CONT ks-ratify
	wait_until 30 sum_is 0 ks_verifier_lag_epochs verifier=verifier1
	equal "$(parse "$T/metrics" -sum ks_replica_lag_epochs replica=replica1)" 0
}

@test "a stage that was killed makes the replica unhealthy, until it is back" {
	local stage
	for stage in sign; do
		wait_until 30 health 200 healthy
		daemon_kill "ks-$stage"
		wait_until 30 health 503 "ks-$stage does not answer"
		wait_until 30 sum_is 0 ks_up "stage=$stage"
		equal "$(parse "$T/metrics" ks_healthy)" 0
		equal "$(parse "$T/metrics" -sum ks_up)" 5
		equal "$(get '/healthz?format=json' "$T/health")" 503
		run -0 "$PYTHON" -c 'import json, sys
d = json.load(open(sys.argv[1]))
assert d["healthy"] is False and d["rotation"] == "in", d
print(d["reasons"][0])' "$T/health"
		says "ks-$stage does not answer"
		daemon_start "ks-$stage"
		wait_until 30 health 200 healthy
		wait_until 30 sum_is 6 ks_up
	done
}

@test "a stage that does not move any more is told, though it was there" {
	daemon_signal STOP ks-sign
	wait_until 40 health 503 "ks-sign does not answer: it does not answer in time"
	daemon_signal CONT ks-sign
	wait_until 40 health 200 healthy
}

@test "out of rotation by signal and by tool, over a crash, and back" {
	equal "$(ks ks-rotate show "$REPLICA")" in
	equal "$(ks ks-rotate out "$REPLICA")" out
	health 503 'out of rotation'
	equal "$(metric ks_in_rotation)" 0
	equal "$(metric ks_healthy)" 1
	daemon_kill ks-httpd
	daemon_start ks-httpd
	wait_until 30 health 503 'out of rotation'
	equal "$(status httpd rotation)" out
	# What is asked is answered nevertheless.
	equal "$(get /v1/realm "$T/realm")" 200
	daemon_signal USR2 ks-httpd
	wait_until 30 health 200 healthy
	equal "$(ks ks-rotate show "$REPLICA")" in
	daemon_signal USR1 ks-httpd
	wait_until 30 health 503 'out of rotation'
	equal "$(ks ks-rotate out "$REPLICA")" out
	equal "$(ks ks-rotate in "$REPLICA")" in
	health 200 healthy

	run -111 ks ks-rotate show "$VERIFIER"
	run -2 ks ks-rotate away "$REPLICA"
}

@test "/v1/status says what anybody may know" {
	wait_until 30 health 200 healthy
	wait_until 30 sum_is 0 ks_verifier_lag_epochs
	equal "$(get /v1/status "$T/status")" 200
	equal "$(header "$T/status" content-type)" application/json
	"$PYTHON" - "$T/status" <<-'END'
	import json, sys
	d = json.load(open(sys.argv[1]))
	assert d["realm"] == "main.example" and d["healthy"] is True, d
	assert d["rotation"] == "in" and d["reasons"] == [], d
	assert d["signed"] >= 2 and d["epoch"] >= d["signed"] and d["users"] == 2, d
	assert [r["name"] for r in d["replicas"]] == ["replica1"], d
	assert [v["name"] for v in d["verifiers"]] == ["verifier1"], d
	assert d["verifiers"][0]["ratified"] >= 1 and len(d["verifiers"][0]["key_id"]) == 8, d
	assert [s["name"] for s in d["stages"]] == ["ks-logd", "ks-apply", "ks-sign",
	        "ks-publish", "ks-admit", "ks-httpd"], d
	assert all(s["up"] is True for s in d["stages"]), d
	assert all(set(s) <= {"name", "up", "lag"} for s in d["stages"]), d
	assert sum(d["refusals"].values()) >= 1, d
	END
	equal "$(get '/v1/status?x=1' "$T/status")" 400
}

@test "the alerts of contrib/prometheus are about metrics that there are" {
	local name
	metric ks_healthy >/dev/null
	[ "$(grep -c 'alert: ' "$KS_TOP/contrib/prometheus/ks.yml")" -ge 10 ]
	grep -E '^ +expr: ' "$KS_TOP/contrib/prometheus/ks.yml" |
		grep -oE 'ks_[a-z_]+' | sort -u >"$T/names"
	[ "$(wc -l <"$T/names")" -ge 10 ]
	while read -r name; do
		grep -q "^# TYPE ${name%_bucket} " "$T/metrics" ||
			{ echo "$name: no such metric"; false; }
	done <"$T/names"
}
