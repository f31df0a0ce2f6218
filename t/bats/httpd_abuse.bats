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

@test "broken requests, some thousands, are answered or cut off, and nothing of them stays" {
	local before fds
	# What the server keeps from then on, it has after these.
	hostile http_fuzz "$AT" 1 1500
	wait_until 60 status_is httpd connections 0
	before=$(memory) fds=$(descriptors)
	hostile http_fuzz "$AT" 2 1500
	hostile http_fuzz "$AT" "$RANDOM" 500
	wait_until 60 few_descriptors "$fds"
	grew_little "$before"
	status_is httpd waiting 0
}

@test "a thousand idle clients, slow ones, and those who do not read keep nobody out" {
	local before
	siege() {
		TOOL_S=180 hostile http_siege "$AT" "$TLS" "$PID" alice@abuse.example \
			"$(cat "$E2E/epoch")" "$@"
	}
	siege
	before=$(memory)
	siege fast
	wait_until 60 status_is httpd waiting 0
	# How much of a thousand connections the allocator keeps varies.
	grew_little "$before" 16384
}

@test "who leaves while he waits is forgotten, and what he asked is not held" {
	run -0 hostile http_leave "$AT" "$PID"
	wait_until 60 status_is httpd waiting 0
	wait_until 60 status_is httpd connections 0
}
