#!/usr/bin/env bats
# Three replicas, each on a host of its own with its member of etcd, under load while
# hosts, processes and the wire fail: nothing acknowledged is lost or reordered, no
# epoch has two heads, and service resumes.  Needs root.

load lib.bash
load ../cluster/cluster.bash

setup_file() {
	# Each test says why it is skipped.
	[ -z "$(cluster_lacks)" ] || return 0
	e2e_begin "$BATS_FILE_TMPDIR"
	cluster_make 3
	# shellcheck disable=SC2046
	cluster_start $(replicas) verifier1
	load_start 6
	progress 10
}

teardown_file() {
	[ -n "${CLUSTER:-}" ] || return 0
	load_kill
	cluster_end
}

setup() {
	[ -n "${CLUSTER:-}" ] || skip "$(cluster_lacks)"
}

teardown() {
	[ -n "${CLUSTER:-}" ] || return 0
	[ "${BATS_TEST_COMPLETED:-}" != 1 ] || return 0
	tail -n 3 "$REALM"/replica*/log/ks-logd/current "$REALM"/verifier1/log/*/current
	cluster_heal
}

# Put right what a test did, and wait until every replica is whole again.
whole_again() {
	cluster_heal
	progress
}

@test "any process of any replica is killed under load, and comes back" {
	local host name pid

	for name in etcd ks-link ks-logd ks-apply ks-sign ks-publish ks-admit; do
		for host in $(replicas); do
			pid=$(process_pid "$host" $name)
			process_kill "$host" $name
			wait_until 30 process_anew "$host" $name "$pid"
		done
	done
	whole_again
}

@test "a replica that does not lead loses its power: the others go on, it catches up" {
	local host since

	host=$(follower)
	since=$(lab kill "$host")
	resumes "a follower's host lost power" "$since"
	progress
	lab start "$host"
	whole_again
}

@test "the replica that leads loses its power, again and again" {
	local host since i

	for i in 1 2 3; do
		host=$(leader_now)
		since=$(lab kill "$host")
		resumes "the leader's host lost power" "$since"
		progress
		lab start "$host"
		whole_again
	done
}

@test "the leading member of etcd is killed, and the leader's host hangs" {
	local host since

	host=$(leader_now)
	since=$(monotonic)
	process_kill "$host" etcd
	resumes "the leading etcd was killed" "$since"
	whole_again
	host=$(leader_now)
	since=$(lab pause "$host")
	resumes "the leader's host hangs" "$since"
	lab resume "$host"
	whole_again
}

@test "where etcd leads nobody proposes to close epochs: others do" {
	local host since

	host=$(leader_now)
	s6-svc -wD -d "$REALM/$host/service/ks-apply"
	since=$(monotonic)
	resumes "the leader's ks-apply is down" "$since"
	progress
	s6-svc -u "$REALM/$host/service/ks-apply"
	whole_again
}

@test "the leader is cut off from the others, which go on; then the wire heals" {
	local host since

	host=$(leader_now)
	since=$(lab cut "$host" "$(others "$host")")
	resumes "the leader is cut off" "$since"
	# What it still shows is old, and nobody takes it who has seen more.
	operations 60
	since=$(lab heal)
	resumes "the old leader is back" "$since"
	whole_again
}

# An update at the replica gets no acknowledgement.
unanswered() {
	export KS_STATE_DIR=$CLUSTER/memory-$1
	run ks ks-update -r "$CONF" -t 5 -s "unix:$REALM/$1/run" -k "$(key_of "$1")" \
		"$1@example.org" v=1
	echo "$1: $status: $output"
	[ "$status" -eq 111 ]
}

@test "all are cut off from all: nothing is acknowledged until two are connected" {
	local since a b c host tries=()

	IFS=, read -r a b c <<<"$(others)"
	lab cut "$a" "$b,$c"
	lab cut "$b" "$c"
	wait_until 30 refute leader
	since=$(monotonic)
	for host in $(replicas); do
		mkdir -p "$CLUSTER/memory-$host"
		KS_STATE_DIR=$CLUSTER/memory-$host lookup -s "unix:$REALM/$host/run" u0.load@example.org >/dev/null
		unanswered "$host" >"$CLUSTER/$host.out" 2>&1 3>&- &
		tries+=($!)
	done
	for host in "${tries[@]}"; do wait "$host" || { cat "$CLUSTER"/*.out; false; }; done
	refute check resumed "$LOAD/history" "$since"
	since=$(lab heal)
	lab cut "$a" "$b,$c"
	resumes "a majority is connected again" "$since"
	whole_again
}

@test "one direction fails: nothing comes to the leader, nothing leaves a follower" {
	local host since

	host=$(leader_now)
	since=$(lab oneway "$(others "$host")" "$host")
	resumes "nothing comes to the leader" "$since"
	whole_again
	host=$(follower)
	since=$(lab oneway "$host" "$(others "$host")")
	resumes "nothing leaves a follower" "$since"
	whole_again
}

@test "the wire is slow, and loses every tenth packet" {
	local all since

	all=$(others "")
	since=$(lab slow 100 "$all" "$all")
	resumes "100 ms each way" "$since"
	progress
	lab heal
	since=$(lab loss 10 "$all" "$all")
	resumes "10 % are lost" "$since"
	progress
	whole_again
}

@test "all lose their power at once" {
	local host since

	for host in $(replicas); do lab kill "$host"; done
	since=$(monotonic)
	for host in $(replicas); do lab start "$host"; done
	resumes "all hosts lost power, and have it again" "$since"
	whole_again
}

# Nothing says that these connections are dead but TCP, which tries them ever later: 13
# and then 25 seconds after the power was lost.
@test "all lose their power for long: who was connected does not wait for TCP" {
	local host since

	for host in $(replicas); do since=$(lab kill "$host"); done
	passed() { awk "BEGIN { exit !($(monotonic) > $since + 14) }"; }
	wait_until 30 passed
	since=$(monotonic)
	for host in $(replicas); do lab start "$host"; done
	resumes "all hosts were without power for 14 s" "$since"
	whole_again
}

@test "every fault of the wire was seen to fire" {
	local from to dropped delayed word

	while read -r from to word word word dropped word delayed; do
		echo "$from to $to: $dropped dropped, $delayed delayed"
		[ "$dropped" -gt 0 ]
		[ "$delayed" -gt 0 ]
	done < <(lab count | grep -v verifier)
}

@test "after all this: nothing is lost or reordered, and there is one history" {
	cluster_check
}
