#!/usr/bin/env bats
# ks-bench: that every measure is there and sane; how fast it was is not asserted.

load lib.bash

setup() {
	e2e_begin "$BATS_TEST_TMPDIR"
}

teardown() {
	e2e_end
}

# measured NAME...: each has a line in $table with a value above 0.
measured() {
	local name

	for name; do
		awk -v name="$name" '$1 == name && $2 > 0 { found = 1 }
			END { exit !found }' "$table" && continue
		echo "no measure $name in:" >&2
		cat "$table" >&2
		return 1
	done
}

# beside NAME...: each has a floor and a ratio.
beside() {
	local name

	for name; do
		awk -v name="$name" '$1 == name && $4 > 0 && $5 > 0 && NF == 6 {
			found = 1 } END { exit !found }' "$table" && continue
		echo "no floor of $name in:" >&2
		cat "$table" >&2
		return 1
	done
}

@test "make bench measures a realm of 300 users and prints every line" {
	table=$E2E/table
	KS_BENCH_USERS=300 KS_BENCH_CLOSE=60 timeout 300 \
		"$KS_TOP/t/bench" -d "$E2E" >"$table"
	measured verify_1 verify_all sign_1 blake2b_1 fdatasync socket_1 socket_64
	measured fill_p50 fill_p99 update_p50 update_p99
	beside fill_accepted fill_ratified update_accepted update_ratified
	measured disk_log disk_apply disk_publish disk_ratify
	for which in cold_lookup lookup absent; do
		beside ${which}_1 ${which}_1_p50 ${which}_1_p99
		beside ${which}_64 ${which}_64_p50 ${which}_64_p99
		measured ${which}_proof_min ${which}_proof_mean ${which}_proof_max
		measured ${which}_verified
	done
	beside close_closed close_signed close_published
	measured close_updates replay_apply_entries replay_publish_entries
	beside replay_apply replay_publish replay_ratify
	measured total_time

	# What it counts is what there was: 300 registered, 60 updated twice.
	awk '$1 == "close_updates" && $2 == 60 { n++ }
		$1 == "replay_ratify_entries" && $2 == 420 { n++ }
		END { exit n != 2 }' "$table"

	# Nothing is left, neither files nor processes.
	[ -z "$(find "$E2E" -maxdepth 1 -name 'ks-bench.*')" ]
	refute grep -sqE -- "$E2E/[k]s-bench" /proc/[0-9]*/cmdline
}

@test "what is committed is not proposed again, however far behind ks-apply is" {
	realm_make busy -v 0
	realm_start
	ks ks-bench fill -d "$REPLICA" -n 2000 -D 2000 -W
	[ "$(status apply accepted)" -ge 2000 ]
	[ "$(status apply duplicates)" -lt 200 ]
}

@test "ks-bench says what it measures as JSON too" {
	run -0 ks ks-bench floor -j "$E2E"
	[ "$(printf '%s\n' "$output" | "$PYTHON" -c '
import json, sys
names = [json.loads(line)["name"] for line in sys.stdin]
print(len(names), "verify_all" in names)')" = "11 True" ]
}

@test "ks-bench refuses what cannot be measured" {
	run -2 ks ks-bench
	run -2 ks ks-bench fill
	run -2 ks ks-bench lookup -d "$E2E" -n 0
	run -2 ks ks-bench floor -n 5 "$E2E"
	run -100 ks ks-bench fill -d "$E2E" -n 5
	run -100 ks ks-bench floor "$E2E/nothing"
	realm_make still
	run -111 ks ks-bench lookup -d "$REPLICA"
	says run/publish
	run -2 ks ks-bench replay -d "$REPLICA" nothing
}
