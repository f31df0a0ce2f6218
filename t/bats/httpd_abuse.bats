#!/usr/bin/env bats
# ks-httpd under clients that break HTTP, take their time, or never read: it does not
# crash and does not grow, and serves the others meanwhile.

load lib.bash

# free_port: a port of 127.0.0.1 that nobody listens at.
free_port() {
	"$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

setup_file() {
	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make abuse -v 0
	free_port >"$E2E/port"
	free_port >"$E2E/port.tls"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
		-keyout "$REPLICA/keys/https.key" -out "$REPLICA/keys/https.crt" 2>/dev/null
	chmod 600 "$REPLICA/keys/https.key"
	cat >>"$REPLICA/ks.conf" <<-X
		http_listen 127.0.0.1:$(cat "$E2E/port")
		https_listen 127.0.0.1:$(cat "$E2E/port.tls")
		https_cert keys/https.crt
		https_key keys/https.key
		http_rate 0
		http_conns 3000
	X
	realm_start
	daemon_start ks-httpd
	update alice@abuse.example note=one | sed -n 's/.* epoch //p' >"$E2E/epoch"
}

# Nothing is owed to anybody in the end, or the server would have waited for it.
teardown_file() {
	local owed=0
	realm_use abuse
	daemon_stop ks-httpd || owed=1
	refute grep "replies are still owed" "$(daemon_stderr ks-httpd)" || owed=1
	e2e_end && [ $owed -eq 0 ]
}

setup() {
	realm_use abuse
	AT=127.0.0.1:$(cat "$E2E/port")
	TLS=127.0.0.1:$(cat "$E2E/port.tls")
	PID=$(daemon_pid ks-httpd)
}

# The same process, which serves.
teardown() {
	rm -f "$BATS_TEST_TMPDIR/idle"
	[ ! -e "$BATS_TEST_TMPDIR/pid" ] || kill "$(cat "$BATS_TEST_TMPDIR/pid")"
	daemon_running ks-httpd
	[ "$(daemon_pid ks-httpd)" = "$PID" ]
	curl -sS -m 30 "http://$AT/v1/lookup?user=alice@abuse.example" | verify
}

# memory: resident KiB of ks-httpd.
memory() {
	awk '/^VmRSS/ { print $2 }' "/proc/$PID/status"
}

descriptors() {
	find "/proc/$PID/fd" -mindepth 1 | wc -l
}

# few_descriptors N: no more than N are open.
few_descriptors() {
	[ "$(descriptors)" -le "$1" ]
}

# grew_little BEFORE [KIB]: by no more than what the allocator keeps; a sanitizer keeps more.
grew_little() {
	local now
	now=$(memory)
	echo "# from $1 to $now KiB"
	[ -n "${KS_NO_JAIL:-}" ] || [ "$now" -lt $(($1 + ${2:-6144})) ]
}

# siege [fast]: hundreds of clients of every kind at once, see there.
siege() {
	TOOL_S=180 hostile http_siege "$AT" "$TLS" "$PID" alice@abuse.example "$(cat "$E2E/epoch")" "$@"
}

@test "idle, slow and unreading clients and broken requests keep nobody out, and nothing of them stays" {
	local before fds
	siege >"$BATS_TEST_TMPDIR/siege" 2>&1 3>&- &
	hostile http_fuzz "$AT" 1 1500
	wait $! || {
		cat "$BATS_TEST_TMPDIR/siege"
		return 1
	}
	wait_until 60 status_is httpd waiting 0
	wait_until 60 status_is httpd connections 0

	# What the server keeps for later, it has now.
	before=$(memory) fds=$(descriptors)
	hostile http_fuzz "$AT" 2 800
	hostile http_fuzz "$AT" "$RANDOM" 200
	wait_until 60 few_descriptors "$fds"
	grew_little "$before"
	before=$(memory)
	siege fast
	wait_until 60 status_is httpd waiting 0
	# How much of a thousand connections the allocator keeps varies.
	grew_little "$before" 16384
}

@test "where a body ends is told in one way, or what follows is not heard" {
	hostile http_smuggle "$AT"
}

@test "who leaves while he waits is forgotten, and what he asked is not held" {
	run -0 hostile http_leave "$AT" "$PID"
	echo "# $output KiB"
	[ -n "${KS_NO_JAIL:-}" ] || [ "$output" -lt 16384 ]
	wait_until 60 status_is httpd waiting 0
	wait_until 60 status_is httpd connections 0
}

@test "ks-publish does not hold for long what one asked who left while he waited" {
	run -28 curl -sS -m 2 "http://$AT/v1/lookup?user=alice@abuse.example&epoch_min=99999999&wait_ms=600000"
	wait_until 60 status_is publish lookups_waiting 0
	# Who stays is waited for as long as he said, and longer than a part of it.
	local began=$SECONDS
	equal "$(curl -sS -m 60 -o /dev/null -w '%{http_code}' \
		"http://$AT/v1/lookup?user=alice@abuse.example&epoch_min=99999999&wait_ms=7000")" 503
	[ $((SECONDS - began)) -ge 6 ]
}

@test "ks-hkp-proxy stands the same, in short" {
	local pid at fds rc=0
	KS_STATE_DIR=$BATS_TEST_TMPDIR/state "$KS_BIN/ks-hkp-proxy" ${KS_NO_JAIL:+-J} -r "$CONF" \
		-l 127.0.0.1:0 -R 9 -w 0 -s "unix:$REPLICA/run" </dev/null >/dev/null \
		2>"$BATS_TEST_TMPDIR/err" 9>"$BATS_TEST_TMPDIR/ready" 3>&- 4>&- &
	pid=$!
	echo $pid >"$BATS_TEST_TMPDIR/pid"
	wait_until "$READY_S" eval "[ -s '$BATS_TEST_TMPDIR/ready' ] || ! kill -0 $pid"
	at=$(sed -n 's/.*listening at //p' "$BATS_TEST_TMPDIR/err")
	hostile http_fuzz "$at" 3 300 hkp
	fds=$(find "/proc/$pid/fd" -mindepth 1 | wc -l)
	hostile http_fuzz "$at" 4 300 hkp
	wait_until 60 eval "[ \$(find /proc/$pid/fd -mindepth 1 | wc -l) -le $fds ]"
	# Idle ones keep nobody out.
	"$PYTHON" - "$at" "$BATS_TEST_TMPDIR/idle" <<-'END' 3>&- 4>&- &
		import os, socket, sys, time
		host, port = sys.argv[1].split(":")
		keep = [socket.create_connection((host, int(port))) for _ in range(500)]
		open(sys.argv[2], "w").write("there\n")
		while os.path.exists(sys.argv[2]):
		    time.sleep(0.05)
	END
	wait_until 30 test -s "$BATS_TEST_TMPDIR/idle"
	run -0 curl -sS -m 30 "http://$at/pks/lookup?op=get&search=alice@abuse.example"
	rm "$BATS_TEST_TMPDIR/idle"
	says key-not-found
	rm "$BATS_TEST_TMPDIR/pid"
	kill -TERM $pid
	wait $pid || rc=$?
	equal "$rc" 0
	refute grep -E 'panic|Sanitizer|runtime error' "$BATS_TEST_TMPDIR/err"
}
