#!/usr/bin/env bats
# ADDING A REPLICA and REMOVING A REPLICA as ks-logd(8) says, step by step, with all
# services of each replica under a supervisor of its own.

load lib.bash
load replicas.bash

setup() {
	replicas_begin
}

teardown() {
	replicas_end
}

# line WHERE: what ks-init -j printed for there.
line() {
	sed -n "s/^$1: //p" told
}

status_of() {
	ks ks-log -d "$1" status | sed -n "s/^$2 //p"
}

same_log() {
	[ "$(status_of R/replica4 hash)" = "$(status_of R/replica1 hash)" ]
}

# signs NAME...: the newest epoch has the signatures of these replicas.
signs() {
	local name out
	out=$(lookup alice)
	for name; do grep -qx "signed $name" <<<"$out" || return 1; done
}

@test "a replica is added as a standby, a member, a signer; and removed again" {
	local base d

	base=$(port_base 4)
	ks-init -n 3 -i 20 -I 1000 -p "$base" R example.org
	ks-init -j R/replica1 -p "$base" R/replica4 >told
	for d in R/replica[123] R/verifier1; do sed -i "s/^policy\$/$(line realm.conf)\n&/" $d/realm.conf; done
	for d in R/replica[123]; do line 'ks.conf of replicas' >>$d/ks.conf; done
	line 'ks.conf of verifiers' >>R/verifier1/ks.conf
	realm_use R
	CONF=$PWD/R/realm.conf
	for d in R/replica? R/verifier1; do scan_start $d; done
	for d in R/replica[123]; do wait_until "$READY_S" connected $d; done
	update alice a=1

	# A standby: it serves what the others have.
	shows() { lookup -s "unix:$PWD/R/replica4/run" alice a | grep -qx "$1"; }
	wait_until "$READY_S" shows 1
	equal "$(status_of R/replica4 engine)" follow

	# A member.
	# shellcheck disable=SC2046 # two words
	ks ks-log -d R/replica1 add -w 30 $(line 'ks-log add') >>R/replica4/etcd.conf
	rm R/replica4/service/etcd/down
	s6-svc -u R/replica4/service/etcd
	ks ks-log -d R/replica1 promote -w 50 replica4
	sed -i 's/^engine .*/engine etcd/' R/replica4/ks.conf
	s6-svc -r R/replica4/service/ks-logd
	wait_until "$READY_S" connected R/replica4
	wait_until 20 same_log
	equal "$(ks ks-log -d R/replica4 members | awk '$5 == "yes"' | wc -l)" 4

	# A signer.
	ks ks-log -d R/replica1 policy >next
	sed -i "s|^replica replica3 .*|&\n$(line policy)|" next
	for d in 1 2; do ks ks-log -d R/replica$d approve next; done
	update alice a=2
	wait_until 60 signs replica4
	wait_until 20 shows 2

	# And back.
	sed -i '/^replica replica4 /d' next
	for d in 1 2 3; do ks ks-log -d R/replica$d approve next; done
	update alice a=3
	ks ks-log -d R/replica4 transfer replica1
	ks ks-log -d R/replica1 remove -w 30 replica4
	removed() { grep -qF "was removed from its cluster" R/replica4/log/ks-logd/current; }
	wait_until 60 removed
	equal "$(ks ks-log -d R/replica1 members | wc -l)" 3
	s6-svc -d R/replica4/service/etcd
	sed -i 's/^engine .*/engine follow/' R/replica4/ks.conf
	s6-svc -r R/replica4/service/ks-logd
	update alice a=4
	wait_until "$READY_S" shows 4
	refute signs replica4
}
