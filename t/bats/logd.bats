#!/usr/bin/env bats
# The replicated log as its users see it: the real ks-logd and ks-log, and a
# client in another language (logd.py).

load lib.bash

setup() {
	D=$BATS_TEST_TMPDIR/realm/replica1
	SOCK=$D/run/log
	ACKS=$BATS_TEST_TMPDIR/acks
	KS_TRACE_DIR=$BATS_TEST_TMPDIR/trace
	export KS_TRACE_DIR
	mkdir "$KS_TRACE_DIR"
	"$KS_BIN/ks-init" "$BATS_TEST_TMPDIR/realm" example.org
	LOGD_PID=
}

teardown() {
	if [ -n "$LOGD_PID" ]; then kill -9 "$LOGD_PID" 2>/dev/null || true; fi
}

is_up() {
	"$KS_BIN/ks-log" -d "$D" status >/dev/null 2>&1
}

is_gone() {
	! kill -0 "$LOGD_PID" 2>/dev/null
}

# Start ks-logd; its log goes to the file err.
start_logd() {
	"$KS_BIN/ks-logd" ${KS_NO_JAIL:+-J} -d "$D" 2>>"$BATS_TEST_TMPDIR/err" 3>&- &
	LOGD_PID=$!
	export LOGD_PID
	wait_until 10 is_up
}

# Stop it with SIGTERM; it must leave with 0, soon, after a correct trace.
stop_logd() {
	local code=0
	kill "$LOGD_PID"
	wait_until 10 is_gone
	wait "$LOGD_PID" || code=$?
	LOGD_PID=
	[ "$code" -eq 0 ]
	t/trace-check "$KS_TRACE_DIR"/ks-logd.*.trace
}

kslog() {
	timeout 20 "$KS_BIN/ks-log" -d "$D" "$@"
}

client() {
	timeout 100 "$PYTHON" t/bats/logd.py "$@"
}

status_of() {
	kslog status | sed -n "s/^$1 //p"
}

@test "it starts before its directories exist, and leaves with 0 on SIGTERM" {
	rmdir "$D/data" "$D/run"
	start_logd
	[ "$(status_of engine)" = local ]
	[ "$(status_of leader)" = 1 ]
	[ "$(status_of last)" = 0 ]
	stop_logd
	[ ! -e "$SOCK" ]
	[ ! -s "$BATS_TEST_TMPDIR/err" ]
}

@test "what was proposed is read and followed, also after a restart" {
	start_logd
	[ "$(printf hello | kslog propose -t update)" = 1 ]
	printf world >"$BATS_TEST_TMPDIR/body"
	[ "$(kslog propose -t delimiter "$BATS_TEST_TMPDIR/body")" = 2 ]
	kslog follow -n 2 >"$BATS_TEST_TMPDIR/before"
	[ "$(cut -d' ' -f1,2,4,5 "$BATS_TEST_TMPDIR/before")" = "1 update 5 0
2 delimiter 5 0" ]
	stop_logd
	start_logd
	kslog read 1 99 | cmp - "$BATS_TEST_TMPDIR/before"
	[ "$(printf more | kslog propose -t ratification)" = 3 ]
	[ "$(kslog follow -j -n 1 3 | jq -r '.type, .index')" = "ratification
3" ]
	[ "$(kslog status -j | jq -r .hash)" = \
	    "$(kslog follow -j -n 1 3 | jq -r .hash)" ]
	stop_logd
}

@test "entries come back bit by bit, of any size that is allowed" {
	start_logd
	client bytes "$SOCK"
	stop_logd
}

@test "under load followers see committed entries only, all, and in order" {
	start_logd
	client load "$SOCK" "$ACKS" 6000 6 3
	[ "$(status_of last)" = 6000 ]
	[ "$(status_of proposals)" = 6000 ]
	[ "$(status_of commits)" -lt 6000 ]
	run client check "$SOCK" "$ACKS"
	[ "$status" -eq 0 ]
	[ "$output" = "6000 entries, 6000 acknowledged" ]
	stop_logd
}

@test "a follower that waits is told of each new entry" {
	start_logd
	kslog follow -n 2 >"$BATS_TEST_TMPDIR/seen" 3>&- &
	local follower=$!
	is_followed() { [ "$(status_of followers)" = 1 ]; }
	wait_until 10 is_followed
	printf a | kslog propose -t update
	has_one() { [ "$(wc -l <"$BATS_TEST_TMPDIR/seen")" -eq 1 ]; }
	wait_until 10 has_one
	printf b | kslog propose -t update
	wait "$follower"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/seen")" -eq 2 ]
	stop_logd
}

@test "SIGTERM does not wait for those who follow" {
	start_logd
	kslog follow >/dev/null 2>"$BATS_TEST_TMPDIR/follower" 3>&- &
	local follower=$! code=0
	is_followed() { [ "$(status_of followers)" = 1 ]; }
	wait_until 10 is_followed
	stop_logd
	wait "$follower" || code=$?
	[ "$code" -eq 111 ]
}

@test "kill -9 under load loses nothing that was acknowledged" {
	local round presser base
	: >"$ACKS"
	for round in 1 2 3 4; do # each with a longer log
		start_logd
		base=$(status_of last)
		client press "$SOCK" "$ACKS" 3>&- &
		presser=$!
		is_pressed() { [ "$(status_of last)" -gt $((base + 300)) ]; }
		wait_until 20 is_pressed
		kill -9 "$LOGD_PID"
		wait "$presser"
		wait "$LOGD_PID" || true
	done
	start_logd
	client check "$SOCK" "$ACKS"
	[ "$(wc -l <"$ACKS")" -gt 1000 ]
}

@test "a write that the disk refused is not acknowledged: it leaves with 111" {
	local code=0
	[ -z "${KS_NO_JAIL:-}" ] || skip "a sanitizer's own files are limited too"
	# A limit on the size of files, without its signal, is a full disk.
	(trap '' XFSZ; ulimit -f 1500; exec "$KS_BIN/ks-logd" -d "$D") \
	    2>"$BATS_TEST_TMPDIR/err" 3>&- &
	LOGD_PID=$!
	wait_until 10 is_up
	client press "$SOCK" "$ACKS"
	wait_until 10 is_gone
	wait "$LOGD_PID" || code=$?
	[ "$code" -eq 111 ]
	[ -s "$BATS_TEST_TMPDIR/err" ]
	start_logd
	client check "$SOCK" "$ACKS"
	stop_logd
}

@test "a follower that does not read costs little memory and stops nobody" {
	start_logd
	run client slow "$SOCK" 48
	[ "$status" -eq 0 ]
	echo "$output"
	# The cache of 64 MiB is not there at once: what is used counts.
	[ -n "${KS_NO_JAIL:-}" ] || [ "$(echo "$output" | cut -d' ' -f3)" -lt 160000 ]
	stop_logd
}

@test "what is malformed gets one error and stops nobody" {
	start_logd
	client hostile "$SOCK"
	[ "$(status_of refused)" -eq 8 ]
	[ "$(status_of last)" -eq 0 ]
	client bytes "$SOCK"
	stop_logd
}

@test "a second ks-logd in the same directory refuses, the first goes on" {
	start_logd
	run timeout 10 "$KS_BIN/ks-logd" ${KS_NO_JAIL:+-J} -d "$D"
	[ "$status" -eq 111 ]
	[ "$output" = "ks-logd: data/log: another process owns it" ]
	printf x | kslog propose -t update
	stop_logd
}

@test "the log of another realm is refused with 100 and one line" {
	start_logd
	printf x | kslog propose -t update
	stop_logd
	"$KS_BIN/ks-init" "$BATS_TEST_TMPDIR/other" example.net
	rmdir "$BATS_TEST_TMPDIR/other/replica1/data"
	cp -R "$D/data" "$BATS_TEST_TMPDIR/other/replica1/data"
	run timeout 10 "$KS_BIN/ks-logd" ${KS_NO_JAIL:+-J} \
	    -d "$BATS_TEST_TMPDIR/other/replica1"
	[ "$status" -eq 100 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ "$output" == "ks-logd: log: entry 1 is damaged, or another realm's"* ]]
}

@test "DUMP gives the rows of the table" {
	start_logd
	printf x | kslog propose -t update
	printf y | kslog propose -t update
	# Table 2, from and to empty, at most 1 row: the reply says there is more.
	run "$PYTHON" - "$SOCK" <<'PY'
import socket, struct, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
body = struct.pack(">BHHI", 2, 0, 0, 1)
s.sendall(struct.pack(">IHI", 6 + len(body), 4, 1) + body)
got = s.recv(65536)
print(got[4:6].hex(), got[10], struct.unpack(">I", got[11:15])[0],
    got[17:25].hex(), struct.unpack(">I", got[25:29])[0])
PY
	[ "$output" = "0005 1 1 0000000000000001 58" ]
	stop_logd
}

@test "ks-log says what is wrong, and how it ends" {
	run kslog status
	[ "$status" -eq 111 ]
	[ "$output" = "ks-log: $SOCK: No such file or directory" ]
	start_logd
	for command in members "add replica2 http://127.0.0.1:1" "promote replica2" "remove replica2" "transfer replica2"; do
		# shellcheck disable=SC2086 # words
		run kslog $command
		[ "$status" -eq 100 ]
		[ "$output" = "ks-log: ${command%% *}: the engine local has one replica for ever: there are no members to change" ]
	done
	run kslog propose <<<"no log entry"
	[ "$status" -eq 100 ]
	[[ "$output" == *": entry-malformed: "* ]]
	run kslog follow 3
	[ "$status" -eq 100 ]
	[[ "$output" == *": log-shorter: "* ]]
	for wrong in "follow 0" "follow 1 2" "read 1" "read 1 x" "propose -t foo" \
	    "status x" "walk" "follow -n x"; do
		# shellcheck disable=SC2086 # words
		run kslog $wrong
		[ "$status" -eq 2 ]
	done
	stop_logd
}
