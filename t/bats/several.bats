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

# follows PATH [WHY]: it does, and said why it changed.
follows() {
	wait_until 40 status_is ratify following "$1"
	[ -z "${2:-}" ] || grep -q ": $2; following $1$" "$(daemon_stderr ks-ratify)"
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
	follows ../far/run/publish 'does not answer'
	kill -CONT "$LIAR"

	wait_until 20 status_is ratify publishers_up 2
	far_kill ks-publish
	follows run/liar away
	update carol@example.org a=1
	far_start ks-publish

	# It answers, but brings nothing.
	wait_until 20 status_is ratify publishers_up 2
	echo silence >"$LIE"
	follows ../far/run/publish behind
	update dave@example.org a=1
	rm "$LIE"

	far_kill ks-publish
	follows run/liar away
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
	daemon_start ks-ratify
	far_ratified() {
		[ "$(status ratify epoch)" -gt 0 ] && status_is ratify following ../far/run/publish &&
			[ "$(status ratify ratified)" -gt 0 ]
	}
	wait_until 40 far_ratified
	[ "$(status ratify retries)" -gt 0 ]
	update alice@example.org a=1
}
