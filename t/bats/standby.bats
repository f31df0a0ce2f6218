#!/usr/bin/env bats
# The engine follow: standbys that copy the log of their peers, here of one replica
# with the engine local and of each other, as processes.

load lib.bash

setup() {
	e2e_begin "$BATS_TEST_TMPDIR/e2e"
	realm_make home
	T=$E2E
	for i in 1 2 3; do
		cp -R "$REALM/replica1" "$T/standby$i"
		sed -i '/^engine/d' "$T/standby$i/ks.conf"
		echo "engine follow" >>"$T/standby$i/ks.conf"
	done
}

teardown() {
	e2e_end
}

# peers N DIR...: standby N follows these.
peers() {
	local n=$1 dir
	shift
	for dir; do
		echo "peer $dir/run/log" >>"$T/standby$n/ks.conf"
	done
}

standby() {
	daemon_spawn ks-logd "$T/standby$1"
	daemon_ready ks-logd "$T/standby$1"
}

# Of the replica in ${1} the line ${2} of STATUS.
log_status() {
	ks ks-log -d "$1" status 2>/dev/null | sed -n "s/^$2 //p"
}

log_is() {
	[ "$(log_status "$1" "$2")" = "$3" ]
}

# propose DIR: a new entry; prints the index.
propose() {
	head -c 40 /dev/urandom | ks ks-log -d "$1" propose -t update
}

same_as() {
	[ "$(log_status "$1" hash)" = "$(log_status "$REPLICA" hash)" ]
}

@test "a standby copies the log, and what is proposed to it comes into the log" {
	daemon_start ks-logd
	for i in 1 2 3 4 5; do propose "$REPLICA"; done
	peers 1 "$REPLICA"
	standby 1
	wait_until 20 same_as "$T/standby1"
	equal "$(propose "$T/standby1")" 6
	equal "$(log_status "$T/standby1" last)" 6
	equal "$(propose "$REPLICA")" 7
	wait_until 20 same_as "$T/standby1"
	equal "$(log_status "$T/standby1" engine)" follow
	equal "$(log_status "$T/standby1" leader)" 0
	refute grep -q . <(grep -v following "$(daemon_stderr ks-logd "$T/standby1")")
	# Again, from what it has.
	daemon_kill_in 1
	propose "$REPLICA"
	standby 1
	wait_until 20 same_as "$T/standby1"
	daemon_stop_in 1
}

daemon_kill_in() {
	daemon_signal KILL ks-logd "$T/standby$1"
	daemon_left 137 ks-logd "$T/standby$1"
}

daemon_stop_in() {
	daemon_signal TERM ks-logd "$T/standby$1"
	daemon_left 0 ks-logd "$T/standby$1"
}

@test "a standby of standbys goes on to the next one when its own is away, hangs, or is behind" {
	daemon_start ks-logd
	propose "$REPLICA"
	peers 1 "$REPLICA"
	peers 2 "$REPLICA"
	peers 3 "$T/standby1" "$T/standby2"
	standby 1
	standby 2
	standby 3
	wait_until 20 log_is "$T/standby3" follow_peer "$T/standby1/run/log"
	equal "$(propose "$T/standby3")" 2
	wait_until 20 same_as "$T/standby3"

	daemon_kill_in 1
	wait_until 20 log_is "$T/standby3" follow_peer "$T/standby2/run/log"
	equal "$(propose "$T/standby3")" 3
	standby 1
	wait_until 20 same_as "$T/standby1"

	daemon_signal STOP ks-logd "$T/standby2"
	wait_until 20 log_is "$T/standby3" follow_peer "$T/standby1/run/log"
	equal "$(propose "$T/standby3")" 4
	daemon_signal CONT ks-logd "$T/standby2"
	wait_until 20 same_as "$T/standby2"

	# One that has nobody to follow stays behind.
	daemon_kill_in 1
	sed -i "s|^peer .*|peer $T/nobody|" "$T/standby1/ks.conf"
	wait_until 20 log_is "$T/standby3" follow_peer "$T/standby2/run/log"
	standby 1
	daemon_kill_in 2
	wait_until 20 log_is "$T/standby3" follow_peer "$T/standby1/run/log"
	standby 2
	propose "$REPLICA"
	wait_until 30 same_as "$T/standby3"
	equal "$(log_status "$T/standby3" follow_peer)" "$T/standby2/run/log"
	grep -qF "standby1/run/log is behind another peer" "$(daemon_stderr ks-logd "$T/standby3")"
}

@test "standbys that follow each other alone hand no proposal round and round" {
	peers 1 "$T/standby2"
	peers 2 "$T/standby1"
	standby 1
	standby 2
	wait_until 20 log_is "$T/standby1" follow following
	wait_until 20 log_is "$T/standby2" follow following
	run -111 propose "$T/standby1"
	says "log-unavailable: a peer says log-unavailable"
	says "it is being proposed already"
	equal "$(log_status "$T/standby2" last)" 0
}

@test "without a peer a standby takes nothing, and says so once" {
	run -100 ks ks-logd -d "$T/standby1"
	says "the engine follow needs a peer"
	peers 1 "$T/nobody"
	standby 1
	waits() { grep -qF "log: no peer can be followed: waiting for one" "$(daemon_stderr ks-logd "$T/standby1")"; }
	wait_until 20 waits
	run -111 propose "$T/standby1"
	says "log-unavailable: no peer can be reached"
	equal "$(log_status "$T/standby1" follow)" waiting
	equal "$(wc -l <"$(daemon_stderr ks-logd "$T/standby1")")" 1
}

@test "a standby with another log than its peer's serves nothing" {
	daemon_start ks-logd
	propose "$REPLICA"
	sed -i 's/^engine.*/engine local/' "$T/standby1/ks.conf"
	standby 1
	propose "$T/standby1"
	daemon_stop_in 1
	sed -i 's/^engine.*/engine follow/' "$T/standby1/ks.conf"
	peers 1 "$REPLICA"
	daemon_spawn ks-logd "$T/standby1"
	daemon_left 100 ks-logd "$T/standby1"
	grep -qF "log: it is another log than that of $REPLICA/run/log, at entry 1 or before" \
	    "$(daemon_stderr ks-logd "$T/standby1")"
}

@test "a whole replica runs as a standby: it applies, admits and publishes" {
	realm_start
	peers 1 "$REPLICA"
	standby 1
	for d in ks-apply ks-publish ks-admit; do
		daemon_spawn $d "$T/standby1"
		daemon_ready $d "$T/standby1"
	done
	mkdir "$T/edge"
	sed "s|^server .*|server unix:$T/standby1/run|" "$CONF" >"$T/edge/realm.conf"
	ks ks-update -r "$T/edge/realm.conf" -k "$(key_of ann)" ann openpgp=hello
	run -0 ks ks-lookup -r "$CONF" ann
	says "app openpgp"
	run -0 ks ks-lookup -r "$T/edge/realm.conf" ann
	says "app openpgp"
}
