#!/usr/bin/env bats
# What ks-publish and ks-admit tell those who ask for pieces: the history of an
# entry, bundles of epochs, the tail, ratifications, outcomes.  Three replicas over one
# local log: each has its own ks-apply, ks-sign and ks-publish.

load lib.bash

# start_of N NAME...: start these daemons of the replica N.
start_of() {
	local name

	for name in "${@:2}"; do daemon_spawn "$name" "$REALM/replica$1"; done
	for name in "${@:2}"; do daemon_ready "$name" "$REALM/replica$1"; done
}

setup_file() {
	local i

	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make main -n 3
	for i in 1 2 3; do
		sed -i -e 's/^engine .*/engine local/' -e '/^etcd_/d' -e '/^peer /d' -e '/^link/d' \
			-e '/^name /d' "$REALM/replica$i/ks.conf"
	done
	ln -s ../../replica1/run/log "$REALM/replica2/run/log"
	ln -s ../../replica1/run/log "$REALM/replica3/run/log"
	sed -i -e '/^link/d' -e '/^upstream/d' "$VERIFIER/ks.conf"
	echo 'upstream ../replica1/run/publish' >>"$VERIFIER/ks.conf"
	realm_start
	start_of 2 ks-apply ks-sign ks-publish
	start_of 3 ks-apply ks-publish
	for i in 0 1 2; do
		update alice@main.example "text=$i" >"$E2E/alice.$i"
	done
}

teardown_file() {
	e2e_end
}

setup() {
	realm_use main
	T=$BATS_TEST_TMPDIR
}

rpc() {
	hostile rpc "$@"
}

# epoch_of FILE: the epoch that ks-update printed into FILE.
epoch_of() {
	sed -n 's/.* epoch //p' "$1"
}

publisher() {
	echo "$REALM/replica$1/run/publish"
}

@test "the history of an entry tells its versions and their epochs, by pages" {
	local e0 e1 e2 publish
	publish=$(publisher 1)
	e0=$(epoch_of "$E2E/alice.0") e1=$(epoch_of "$E2E/alice.1") e2=$(epoch_of "$E2E/alice.2")
	equal "$(rpc "$publish" history Alice@main.example 0 16)" \
		"$(printf '%s 0\n%s 1\n%s 2\nnext 0' "$e0" "$e1" "$e2")"
	equal "$(rpc "$publish" history alice@main.example 0 2)" \
		"$(printf '%s 0\n%s 1\nnext %s' "$e0" "$e1" "$e2")"
	equal "$(rpc "$publish" history alice@main.example "$e2" 2)" \
		"$(printf '%s 2\nnext 0' "$e2")"
	equal "$(rpc "$publish" history nobody@main.example 0 2)" "next 0"
	run rpc "$publish" history 'two words' 0 2
	says user-malformed

	# None and too many are malformed: the connection ends.
	run rpc "$publish" history alice@main.example 0 0
	says frame-malformed
	run rpc "$publish" history alice@main.example 0 1025
	says frame-malformed
}

# signers N EPOCH: how many signatures of the epoch the replica N has.
signers() {
	rpc "$(publisher "$1")" rows 7 | grep -c "^$(printf %016x "$2")"
}

# signed_by_all FILE: an epoch has the signatures of all three replicas everywhere;
# its number is in FILE.
signed_by_all() {
	local epoch i

	epoch=$(($(status publish signed) - 1))
	for i in 1 2 3; do
		[ "$(signers "$i" "$epoch")" = 3 ] || return 1
	done
	echo "$epoch" >"$1"
}

@test "a bundle is the same on every replica, and after more have signed" {
	local epoch i

	# Two of three are a majority; the third one signs from now on.
	epoch=$(epoch_of "$E2E/alice.2")
	equal "$(signers 1 "$epoch")" 2
	start_of 3 ks-sign
	wait_until 60 signed_by_all "$T/epoch"
	epoch=$(cat "$T/epoch")
	for i in 1 2 3; do
		rpc "$(publisher "$i")" bundle "$epoch" >"$T/bundle.$i"
	done
	cmp "$T/bundle.1" "$T/bundle.2"
	cmp "$T/bundle.1" "$T/bundle.3"

	# It has the first two, though all three have signed, and no verifier.
	equal "$(grep -ac '^— main.example ' "$T/bundle.1")" 2
	equal "$(grep -ac '^— main.example/verifier1 ' "$T/bundle.1")" 0
	run rpc "$(publisher 1)" bundle 999999999
	says epoch-unknown
}

@test "the tail has the heads and ratifications from an epoch on, without updates" {
	local now
	now=$(status publish signed)
	rpc "$(publisher 1)" tail "$now" 8 >"$T/tail"
	equal "$(head -n 1 "$T/tail")" "head $now"
	grep -qx "head $((now + 1))" "$T/tail"
	grep -qx "ratification $((now + 1))" "$T/tail"
	equal "$(grep -vc 'head\|ratification' "$T/tail")" 0
	# Each head once and in order.
	grep head "$T/tail" >"$T/heads"
	sort -u -k 2n "$T/heads" | cmp - "$T/heads"
}

@test "the ratifications of an epoch are those of its verifiers" {
	local epoch id
	epoch=$(epoch_of "$E2E/alice.1")
	id=$(sed -n 's/^witness verifier1 [^+]*+\([0-9a-f]*\)+.*/\1/p' "$CONF")
	equal "$(rpc "$(publisher 2)" ratifications "$epoch")" "$id"
	run rpc "$(publisher 2)" ratifications 999999999
	says epoch-unknown
	run rpc "$(publisher 2)" ratifications 0
	says epoch-unknown
}

@test "ks-admit tells the outcome of an update that was asked for before" {
	local id=000102030405060708090a0b0c0d0e0f other=ff0102030405060708090a0b0c0d0e0f
	local said key
	key=$(key_of carol@main.example)
	said=$(hostile update -r "$REPLICA" -k "$key" -i "$id" send carol@main.example)
	[[ $said == accepted\ * ]]
	equal "$(rpc "$REPLICA/run/admit" asked "$id")" "$said"

	# What the log refused: the second of the same version under another id.
	hostile update -r "$REPLICA" -k "$key" -i "$other" -v 0 -a text=new entry \
		carol@main.example >"$T/entry"
	ks ks-log -d "$REPLICA" propose "$T/entry" >/dev/null
	equal "$(rpc "$REPLICA/run/admit" asked "$other")" version-must-rise
}

@test "an outcome that nobody knows is waited for; without ks-apply there is none" {
	local pid
	hostile rpc "$REPLICA/run/admit" asked 11111111111111111111111111111111 >"$T/said" 3>&- &
	pid=$!
	wait_until 20 status_is admit outcomes_waiting 1
	daemon_stop ks-apply
	wait "$pid"
	equal "$(cat "$T/said")" outcome-unknown
	status_is admit outcomes_waiting 0
	equal "$(rpc "$REPLICA/run/admit" asked 11111111111111111111111111111111)" outcome-unknown
	daemon_start ks-apply
}
