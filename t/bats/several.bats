#!/usr/bin/env bats
# Several servers and several publishers: whoever is away, hangs, is behind or lies
# is passed over for another.

load lib.bash

setup() {
	e2e_begin "$BATS_TEST_TMPDIR"
	realm_make main
	FAR=$REALM/far
	LIE=$E2E/lie
	PIDS=()
}

teardown() {
	local pid

	for pid in "${PIDS[@]}"; do
		kill -CONT "$pid" || true
		kill "$pid" || true
		wait "$pid" || true
	done
	e2e_end
}

# far_make: a second replica's folder over the same log, with what serves clients
# and verifiers; it signs nothing.
far_make() {
	mkdir -p "$FAR"/{keys,run,data}
	chmod 0700 "$FAR"/{keys,run,data}
	cp "$REPLICA"/{ks.conf,realm.conf} "$FAR"
	cp "$REPLICA/keys/vrf.key" "$FAR/keys"
	ln -s ../../replica1/run/log "$FAR/run/log"
}

# far_start NAME...: start these of its daemons.
far_start() {
	local name

	for name; do daemon_spawn "$name" "$FAR"; done
	for name; do daemon_ready "$name" "$FAR"; done
}

# far_kill NAME
far_kill() {
	daemon_signal KILL "$1" "$FAR"
	daemon_left 137 "$1" "$FAR"
}

# liar: a publisher that lies while $LIE is there; its process is LIAR.
liar() {
	"$PYTHON" "$KS_TOP/t/hostile/publisher.py" "$VERIFIER/run/liar" \
		"$REPLICA/run/publish" "$REPLICA" "$LIE" 2>"$E2E/liar.err" 3>&- &
	LIAR=$!
	PIDS+=("$LIAR")
	wait_until 20 test -S "$VERIFIER/run/liar"
}

# upstreams PATH...: let the verifier follow these.
upstreams() {
	sed -i '/^upstream /d' "$VERIFIER/ks.conf"
	printf 'upstream %s\n' "$@" >>"$VERIFIER/ks.conf"
}

# follows PATH [WHY]: it does, and said why it changed (on a slow machine one that
# works can seem to be behind).
follows() {
	wait_until 40 status_is ratify following "$1"
	[ -z "${2:-}" ] || grep -qE ": ($2); following $1\$" "$(daemon_stderr ks-ratify)"
}

@test "a verifier leaves a publisher that is away, hangs, is behind or lies" {
	far_make
	# shellcheck disable=SC2086
	realm_start $REPLICA_DAEMONS
	far_start ks-apply ks-publish
	liar
	upstreams run/liar ../far/run/publish
	daemon_start ks-ratify
	update alice@example.org a=1
	follows run/liar
	wait_until 20 status_is ratify publishers_up 2

	kill -STOP "$LIAR"
	update bob@example.org a=1
	follows ../far/run/publish 'does not answer|behind'
	kill -CONT "$LIAR"

	wait_until 20 status_is ratify publishers_up 2
	far_kill ks-publish
	follows run/liar 'away|behind'
	update carol@example.org a=1
	far_start ks-publish

	# It answers, but brings nothing.
	wait_until 20 status_is ratify publishers_up 2
	echo silence >"$LIE"
	follows ../far/run/publish 'behind|does not answer'
	update dave@example.org a=1
	rm "$LIE"

	far_kill ks-publish
	follows run/liar 'away|behind'
	far_start ks-publish
	wait_until 20 status_is ratify publishers_up 2
	echo root >"$LIE"
	follows ../far/run/publish 'not to be trusted now'
	grep -q 'run/liar: epoch .*: not ratified' "$(daemon_stderr ks-ratify)"
	update erin@example.org a=1
	equal "$(find "$VERIFIER/evidence" -type f)" ''
}

@test "a cosignature that one publisher cannot pass on is pushed to another" {
	far_make
	# shellcheck disable=SC2086
	realm_start $REPLICA_DAEMONS
	far_start ks-apply
	rm "$FAR/run/log"
	# Its events come, but it has no log to propose to.
	far_start ks-publish
	upstreams ../far/run/publish ../replica1/run/publish
	daemon_stop ks-publish
	daemon_start ks-ratify
	wait_until 40 status_min ratify pending 1
	status_is ratify ratified 0
	daemon_start ks-publish
	wait_until 40 status_min ratify ratified 1
	follows ../far/run/publish
	[ "$(status ratify retries)" -gt 0 ]
	update alice@example.org a=1
}

# evidences: the files that a client has kept of what it was shown.
evidences() {
	find "$HOME" -name 'evidence-*'
}

@test "a client passes over a server that is away, hangs, or has less than it saw" {
	local a b

	a=unix:$FAR/run
	b=unix:$REPLICA/run
	far_make
	realm_start
	far_start ks-apply ks-publish ks-admit
	update alice@example.org -s "unix:$E2E/nowhere" -s "$a" x=1
	run -0 lookup -s "unix:$E2E/nowhere" -s "$b" alice@example.org x
	equal "$output" 1

	# One that accepts and never answers: longer than any tool here may live.
	daemon_signal STOP ks-publish "$FAR"
	daemon_signal STOP ks-admit "$FAR"
	run -0 lookup -w 600 -s "$a" -s "$b" alice@example.org x
	equal "$output" 1
	update alice@example.org -t 50 -s "$a" -s "$b" x=2
	# If all do, -t bounds the whole, not each.
	daemon_signal STOP ks-publish
	SECONDS=0
	run -111 update alice@example.org -t 1 -s "$a" -s "$b" x=9
	[ $SECONDS -lt 10 ]
	daemon_signal CONT ks-publish
	daemon_signal CONT ks-publish "$FAR"
	daemon_signal CONT ks-admit "$FAR"

	# One that rebuilds, cut off from the log: its publisher stays where it is.
	far_kill ks-apply
	rm -r "$FAR/data/apply" "$FAR/run/log"
	far_start ks-apply
	update alice@example.org -s "$a" -s "$b" x=3
	run -0 lookup -w 600 -s "$a" -s "$b" alice@example.org x
	equal "$output" 3

	# Who has it may be the one that is away: nobody is accused.
	daemon_stop ks-publish
	run -111 lookup -w 0 -s "$a" -s "$b" alice@example.org x
	equal "$(evidences)" ''
	daemon_start ks-publish
	run -0 lookup -s "$a" -s "$b" alice@example.org x
	equal "$output" 3
	# All that there are have less: that is a step back.
	run -3 lookup -w 0 -s "$a" alice@example.org x
	says ': step-back: '
}

# outcomes SOCKET REQUEST-ID: what the replica knows of the update.
outcomes() {
	hostile rpc "$1/run/apply" outcome "$2"
}

@test "an update whose answer is lost goes to another replica and happens once" {
	local mode version=0 lost=$E2E/lost id rows

	far_make
	realm_start
	far_start ks-apply ks-publish ks-admit
	mkdir "$lost"
	ln -s "$REPLICA/run/publish" "$lost/publish"
	for mode in close keep; do
		hostile swallow "$lost/admit" "$REPLICA/run/admit" "$mode" \
			>"$E2E/swallowed.$mode" &
		PIDS+=($!)
		wait_until 20 test -S "$lost/admit"
		run -0 update alice@example.org -s "unix:$lost" -s "unix:$FAR/run" "x=$mode"
		[[ $output == "alice@example.org version $version epoch "* ]]
		wait_until 20 grep -q swallowed "$E2E/swallowed.$mode"
		run -0 lookup alice@example.org x
		equal "$output" "$mode"
		version=$((version + 1))
		rm "$lost/admit"
	done

	# Each went into the log at the one, and once more, if at all, as a duplicate.
	hostile rpc "$REPLICA/run/apply" rows 8 | awk '{ print $2 }' |
		awk 'substr($0, 33, 2) == "01"' >"$E2E/rows"
	equal "$(cut -c 33-36 "$E2E/rows" | grep -c 0100)" 2
	while read -r row; do
		id=${row:0:32}
		equal "$(outcomes "$REPLICA" "$id")" "$(outcomes "$FAR" "$id")"
		[[ $(outcomes "$FAR" "$id") == "accepted "* ]]
	done <"$E2E/rows"
	equal "$(cut -c 1-32 "$E2E/rows" | sort -u | grep -c .)" 2
	run -0 lookup alice@example.org
	says 'version 1'

	# The same request at both tells the same, also when it is refused.
	id=000102030405060708090a0b0c0d0e0f
	for where in "$REPLICA" "$FAR"; do
		run hostile update -i $id -r "$where" -k "$(key_of bob)" send bob@example.org
		echo "$output"
	done >"$E2E/told"
	equal "$(sort -u "$E2E/told" | grep -c '^accepted ')" 1
	equal "$(sort -u "$E2E/told" | grep -c .)" 1
	for where in "$REPLICA" "$FAR"; do
		run hostile update -v 0 -r "$where" -k "$(key_of bob)" send bob@example.org
		equal "$output" version-must-rise
	done
}

# stream DIR NAME: user after user goes to the ks-admit of the folder; those that it
# acknowledged are in acks.NAME.
stream() {
	TOOL_S=300 hostile load "$1" "$(key_of load)" run "$E2E/acks.$2" "$E2E/stop" "$2" \
		2>"$E2E/stream.$2.err" &
	PIDS+=($!)
	STREAMS+=($!)
}

# acks NAME: how many there are.
acks() {
	grep -c . "$E2E/acks.$1" || true
}

more_acks() {
	[ "$(acks "$1")" -gt "$2" ]
}

far_admit_min() {
	[ "$(hostile rpc "$FAR/run/admit" status "$1")" -ge "$2" ]
}

@test "while the log takes nothing, or does not say so, no acknowledged update is lost and none happens twice" {
	local n retries pid name all

	STREAMS=()
	far_make
	realm_start
	# The other replica has a log that can be made to refuse.
	rm "$FAR/run/log"
	hostile log "$FAR/run/log" "$REPLICA/run/log" "$E2E/word" &
	PIDS+=($!)
	wait_until 20 test -S "$FAR/run/log"
	far_start ks-apply ks-publish ks-admit
	stream "$REPLICA" near
	stream "$FAR" far
	wait_until 40 more_acks near 3
	wait_until 40 more_acks far 3

	# It takes nothing: the one waits and tries again, the other goes on.
	echo unavailable >"$E2E/word"
	wait_until 40 far_admit_min retries 2
	n=$(acks near)
	wait_until 40 more_acks near "$n"

	# It takes what it says that it does not.
	n=$(acks far)
	echo doubt >"$E2E/word"
	wait_until 40 more_acks far $((n + 3))
	rm "$E2E/word"

	# It hangs so long that what it has is proposed again; it takes both.
	daemon_signal STOP ks-logd
	retries=$(hostile rpc "$FAR/run/admit" status retries)
	wait_until 40 far_admit_min retries $((retries + 1))
	n=$(acks far)
	daemon_signal CONT ks-logd
	wait_until 40 more_acks far $((n + 3))

	# It is killed, and comes again.
	daemon_kill ks-logd
	n=$(acks far)
	daemon_start ks-logd
	wait_until 60 more_acks far $((n + 3))
	n=$(acks near)
	wait_until 60 more_acks near $((n + 3))

	# All streams end with an acknowledged update; each is there, once.
	touch "$E2E/stop"
	for pid in "${STREAMS[@]}"; do
		wait "$pid" || { cat "$E2E"/stream.*.err; false; }
	done
	for name in near far; do
		run -0 hostile load "$REPLICA" "$(key_of load)" check "$E2E/acks.$name"
		run -0 hostile load "$FAR" "$(key_of load)" check "$E2E/acks.$name"
	done
	all=$(($(acks near) + $(acks far)))
	hostile rpc "$REPLICA/run/apply" rows 8 | awk '{ print substr($2, 33) }' |
		grep '^01' >"$E2E/updates"
	equal "$(grep -c '^010000' "$E2E/updates")" "$all" 'accepted updates'
	# What was in the log twice counted once.
	[ "$(grep -c '^0101' "$E2E/updates")" -gt 0 ]
}
