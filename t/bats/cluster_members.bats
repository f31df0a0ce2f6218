#!/usr/bin/env bats
# Replicas that were away for long, that lost their disks, that come and that go, and
# a realm of five: on hosts of their own, under load, judged as in cluster.bats.

load lib.bash
load ../cluster/cluster.bash

setup() {
	local lacks

	lacks=$(cluster_lacks)
	[ -z "$lacks" ] || skip "$lacks"
	e2e_begin "$BATS_TEST_TMPDIR"
}

teardown() {
	[ -n "${CLUSTER:-}" ] || return 0
	[ "${BATS_TEST_COMPLETED:-}" = 1 ] ||
		tail -n 5 "$REALM"/replica*/log/{etcd,ks-logd}/current "$REALM"/verifier1/log/*/current
	load_kill
	cluster_end
}

# realm_up: all that there is, with a load.
realm_up() {
	# shellcheck disable=SC2046
	cluster_start $(replicas) verifier1
	load_start 4
	progress 10
}

# have_all: every replica is where the others are.
have_all() {
	all_work
	load_stop
	wait_until "$CATCH_UP_S" same_log
}

# compacted HOST REVISION: the member there no longer has this revision.
compacted() {
	local keys=$REALM/$1/keys

	ETCDCTL_API=3 lab run "$1" etcdctl --endpoints https://127.0.0.1:7102 \
		--cacert "$keys/etcd-ca.crt" --cert "$keys/etcd-client.crt" \
		--key "$keys/etcd-client.key" get --rev "$2" ks/example.org/log 2>&1 |
		grep compacted
}

@test "a replica that was away for longer than etcd's tail reaches has it from a peer" {
	local revision

	cluster_make 3
	sed -i 's/^engine etcd/&\netcd_keep 20\netcd_max 60/' "$REALM"/replica?/ks.conf
	realm_up
	revision=$(log_field replica3 etcd_revision)
	lab kill replica3
	trimmed() { [ "$(log_field "$(leader)" etcd_compacted)" -gt $((revision + 100)) ]; }
	wait_until 60 trimmed
	# Its member of etcd has a longer memory than the others' databases: it first.
	touch "$REALM/replica3/service/ks-logd/down"
	lab start replica3
	wait_until "$CATCH_UP_S" compacted replica3 $((revision + 1))
	s6-svc -u "$REALM/replica3/service/ks-logd"
	wait_until "$CATCH_UP_S" works replica3
	grep -qF "behind the tail that etcd keeps: fetch" "$REALM/replica3/log/ks-logd/current"
	progress
	cluster_check
}

# lines_of_etcd HOST: put in its etcd.conf what "ks-log add" printed.
lines_of_etcd() {
	sed -i '/^initial-cluster\(-state\)\?:/d' "$REALM/$1/etcd.conf"
	cat "$E2E/added" >>"$REALM/$1/etcd.conf"
}

@test "a replica that lost its disks is removed, added, and has all from the others" {
	local epochs

	cluster_make 3
	realm_up
	lab kill replica3
	epochs=$(ks ks-dump "$REALM/replica1/run/apply" epoch | grep -c .)
	rm -r "$REALM"/replica3/data/*
	# It may have led.
	progress
	ks_log replica1 remove -w 30 replica3
	ks_log replica1 add -w 30 replica3 https://10.77.0.3:7103 >"$E2E/added"
	cat "$E2E/added"
	lines_of_etcd replica3
	lab start replica3
	ks_log replica1 promote -w 60 replica3
	wait_until "$CATCH_UP_S" works replica3
	progress
	signs() { lookup -s "unix:$REALM/replica3/run" u0.load@example.org | grep -qx 'signed replica3'; }
	wait_until "$CATCH_UP_S" signs
	have_all
	[ "$(ks ks-dump "$REALM/replica3/run/sign" signed | grep -c .)" -gt 0 ]
	[ "$(ks ks-dump "$REALM/replica3/run/publish" epoch | grep -c .)" -gt "$epochs" ]
	cluster_check
}

# line WHERE: what ks-init -j printed for there.
line() {
	sed -n "s/^$1: //p" "$E2E/told"
}

# approved FILE HOST...: the policy in FILE is approved there, and comes into force.
approved() {
	local number host

	number=$(ks_log replica1 policy -j | jq .number)
	for host in "${@:2}"; do ks_log "$host" approve "$1"; done
	in_force() { [ "$(ks_log replica1 policy -j | jq .number)" -gt "$number" ]; }
	wait_until 60 in_force
}

# signed HOST NAME: a verified lookup at HOST shows that replica NAME signs.
signed() {
	lookup -s "unix:$REALM/$1/run" u0.load@example.org | grep -qx "signed $2"
}

become_standby() {
	local host

	(cd "$REALM" && ks ks-init -j replica1 -a 10.77.0.4 replica4) >"$E2E/told"
	cat "$E2E/told"
	for host in replica{1,2,3} verifier1; do
		sed -i "s/^policy\$/$(line realm.conf)\n&/" "$REALM/$host/realm.conf"
	done
	for host in replica{1,2,3}; do line 'ks.conf of replicas' >>"$REALM/$host/ks.conf"; done
	line 'ks.conf of verifiers' >>"$REALM/verifier1/ks.conf"
	for host in replica{1,2,3} verifier1; do
		s6-svc -r "$REALM/$host/service/ks-link"
	done
	for host in replica{1,2,3}; do s6-svc -r "$REALM/$host/service/ks-logd"; done
	s6-svc -r "$REALM/verifier1/service/ks-ratify"
	lab start replica4
	wait_until "$CATCH_UP_S" works replica4
}

@test "a replica is added as the manual says, standby first, and signs; then it is removed" {
	cluster_make 3 1
	realm_up
	become_standby
	log_is replica4 engine follow
	lookup_there() { signed replica4 replica1; }
	wait_until "$CATCH_UP_S" lookup_there
	progress

	ks_log replica1 add -w 60 replica4 "$(line 'ks-log add' | cut -d' ' -f2)" >"$E2E/added"
	cat "$E2E/added" >>"$REALM/replica4/etcd.conf"
	s6-svc -u "$REALM/replica4/service/etcd"
	ks_log replica1 promote -w 60 replica4
	sed -i 's/^engine follow/engine etcd/' "$REALM/replica4/ks.conf"
	s6-svc -r "$REALM/replica4/service/ks-logd"
	wait_until "$CATCH_UP_S" log_is replica4 etcd connected
	progress

	ks_log replica1 policy >"$E2E/three"
	sed -e "s/^replica replica3 .*/&\n$(line policy | sed 's|[/&]|\\&|g')/" \
		-e 's/^group replicas 2 .*/group replicas 3 replica1 replica2 replica3 replica4/' \
		"$E2E/three" >"$E2E/four"
	approved "$E2E/four" replica1 replica2
	signs() { signed replica4 replica4; }
	wait_until "$CATCH_UP_S" signs
	progress

	approved "$E2E/three" replica1 replica2 replica4
	[ "$(leader_now)" != replica4 ] || ks_log replica4 transfer replica1
	ks_log replica1 remove -w 30 replica4
	removed() { grep -q removed "$REALM/replica4/log/ks-logd/current"; }
	wait_until "$CATCH_UP_S" removed
	progress
	s6-svc -d "$REALM/replica4/service/etcd"
	sed -i 's/^engine etcd/engine follow/' "$REALM/replica4/ks.conf"
	s6-svc -r "$REALM/replica4/service/ks-logd"
	wait_until "$CATCH_UP_S" log_is replica4 follow following
	have_all
	cluster_check
}

@test "a realm of five replicas goes on while two hosts have no power" {
	local a b since

	cluster_make 5
	realm_up
	a=$(leader_now)
	b=$(follower)
	lab kill "$b"
	since=$(lab kill "$a")
	resumes "two of five hosts, one of them the leader's, lost power" "$since"
	progress 50
	cluster_heal
	progress
	cluster_check
}
