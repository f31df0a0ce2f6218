#!/usr/bin/env bats
# Daemons are killed and restarted while updates flow: what was acknowledged is
# there, what was not is done in the end, and no epoch is signed twice.

load lib.bash

setup() {
	e2e_begin "$BATS_TEST_TMPDIR"
	realm_make main
	realm_start
	KEY=$(key_of load)
	ACKS=$E2E/acks
	STOP=$E2E/stop
	: >"$ACKS"
	hostile_load_pid=
}

teardown() {
	touch "$STOP" "$STOP.now"
	[ -z "$hostile_load_pid" ] || wait "$hostile_load_pid" || true
	e2e_end
}

# load: register users in the background until load_end.
load_begin() {
	TOOL_S=300 hostile load "$REPLICA" "$KEY" run "$ACKS" "$STOP" \
		>"$E2E/load.out" 2>&1 &
	hostile_load_pid=$!
	flows 3
}

acks() {
	wc -l <"$ACKS"
}

acks_min() {
	[ "$(acks)" -ge "$1" ]
}

# flows N: that many more updates are acknowledged.
flows() {
	wait_until 60 acks_min $(($(acks) + $1)) || {
		cat "$E2E/load.out"
		return 1
	}
}

# Stop the load, which must have lost nothing; then all of it is in the directory,
# a sample of it with full proofs, and each epoch was signed once.
load_end() {
	local user

	touch "$STOP"
	wait "$hostile_load_pid" || {
		hostile_load_pid=
		cat "$E2E/load.out"
		return 1
	}
	hostile_load_pid=
	run -0 hostile load "$REPLICA" "$KEY" check "$ACKS"
	equal "$output" "$(acks)" 'users in the directory'
	while read -r user _; do
		run -0 lookup -w 30 "$user" name
		equal "$output" "$user"
	done < <(sed -n '1p; 7p; $p' "$ACKS")
	signed_once
}

# No epoch has two signatures in the log, and ks-sign's own rows agree with
# ks-apply's.
signed_once() {
	local signed

	hostile load "$REPLICA" "$KEY" signatures
	wait_until 20 eval '[ "$(status apply signed)" = "$(status apply closed)" ]'
	signed=$(status sign epoch)
	[ "$signed" -gt 0 ]
	hostile rpc "$REPLICA/run/sign" rows 2 | head -n "$signed" |
		sed 's/ .\{336\}\(.\{8\}\)/\1 /; s/..$//' >"$E2E/signed"
	hostile rpc "$REPLICA/run/apply" rows 5 | head -n "$signed" \
		>"$E2E/signatures"
	cmp "$E2E/signed" "$E2E/signatures"
}

@test "any daemon killed while updates flow: nothing acknowledged is lost" {
	load_begin
	for name in $ALL_DAEMONS $ALL_DAEMONS; do
		daemon_kill "$name"
		daemon_start "$name"
		flows 3
	done
	load_end
}

@test "any two daemons killed at once: nothing acknowledged is lost" {
	load_begin
	for one in $ALL_DAEMONS; do
		for two in $ALL_DAEMONS; do
			[[ $one < $two ]] || continue
			daemon_kill "$one" "$two"
			daemon_start "$one" "$two"
			flows 2
		done
	done
	load_end
}

@test "all daemons killed at once: nothing acknowledged is lost" {
	load_begin
	for _ in 1 2 3; do
		# shellcheck disable=SC2086
		daemon_kill $ALL_DAEMONS
		realm_start
		flows 3
	done
	load_end
}

@test "a daemon killed again and again before it is ready comes up in the end" {
	load_begin
	for name in ks-logd ks-apply ks-sign ks-publish ks-ratify; do
		daemon_kill "$name"
		for _ in 1 2 3 4; do
			daemon_spawn "$name"
			daemon_kill "$name"
		done
		daemon_start "$name"
		flows 2
	done
	load_end
}

@test "any daemon stopped and started while updates flow leaves with 0, and nothing is lost" {
	load_begin
	for name in $ALL_DAEMONS; do
		daemon_stop "$name"
		daemon_start "$name"
		flows 2
	done
	# shellcheck disable=SC2086
	daemon_stop $ALL_DAEMONS
	realm_start
	flows 2
	load_end
}

@test "a daemon that is stopped for a while (SIGSTOP) holds up, but loses nothing" {
	load_begin
	for name in ks-logd ks-apply ks-sign ks-publish ks-admit; do
		daemon_signal STOP "$name"
		run wait_until 1 false
		daemon_signal CONT "$name"
		flows 2
	done
	load_end
}

@test "clients wait for a server that restarts" {
	update alice a=1
	daemon_kill ks-admit ks-logd
	update alice a=2 >"$E2E/out" 2>&1 &
	client=$!
	daemon_start ks-logd ks-admit
	wait "$client" || { cat "$E2E/out"; false; }
	run -0 lookup alice a
	equal "$output" 2
}
