#!/usr/bin/env bats
# The service folders that ks-init made run a realm under s6: it comes up, what is
# killed comes back, and what left for good stays down.

load lib.bash

setup() {
	e2e_begin "$BATS_TEST_TMPDIR"
	realm_make main -H 127.0.0.1:0
	ALL_DAEMONS+=' ks-httpd'
	scan=$E2E/scan
	mkdir "$scan" "$E2E/bin"
	for name in $ALL_DAEMONS; do
		ln -s "$(daemon_dir "$name")/service/$name" "$scan/$name"
		# The run scripts know of no jail that a sanitizer cannot live in.
		printf '#!/bin/sh\nexec %s/%s %s "$@"\n' "$KS_BIN" "$name" \
			"${KS_NO_JAIL:+-J}" >"$E2E/bin/$name"
		chmod +x "$E2E/bin/$name"
	done
	KS_BIN=$E2E/bin s6-svscan "$scan" >"$E2E/svscan.out" 2>&1 3>&- 4>&- &
	svscan=$!
}

teardown() {
	svscan_stop || true
	tail -n 20 "$E2E"/main/*/log/*/current "$E2E/svscan.out"
	# They have no proc/ of ours to look into.
	refute grep -E 'panic|Sanitizer|runtime error' "$E2E"/main/*/log/*/current
	e2e_end
}

svscan_stop() {
	[ -n "$svscan" ] || return 0
	kill -TERM "$svscan"
	wait "$svscan"
	svscan=
}

# stat_of NAME FIELD, as of s6-svstat.
stat_of() {
	s6-svstat -o "$2" "$scan/$1"
}

is_ready() {
	[ "$(stat_of "$1" ready)" = true ]
}

all_ready() {
	local name

	for name in $ALL_DAEMONS; do
		is_ready "$name" || return 1
	done
}

# Is another process than ${2} the daemon ${1} now, and ready?
ready_anew() {
	is_ready "$1" && [ "$(stat_of "$1" pid)" != "$2" ]
}

is_down() {
	[ "$(stat_of "$1" up,exitcode)" = "false $2" ]
}

@test "a realm runs under s6: the killed come back, who left with 100 stays down" {
	wait_until "$READY_S" all_ready
	update alice a=1
	run -0 lookup alice a
	equal "$output" 1

	for name in $ALL_DAEMONS; do
		pid=$(stat_of "$name" pid)
		kill -KILL "$pid"
		wait_until "$READY_S" ready_anew "$name" "$pid"
	done
	update alice a=2
	run -0 lookup alice a
	equal "$output" 2

	# A key that others can read is for an operator, not for a supervisor.
	chmod 0644 "$REPLICA/keys/sign.key"
	s6-svc -t "$scan/ks-sign"
	wait_until "$STOP_S" is_down ks-sign 100
	run wait_until 3 is_ready ks-sign
	equal "$status" 1
	is_down ks-sign 100
	# It was not even tried again.
	run -0 grep -c 'keys/sign.key' "$REPLICA/log/ks-sign/current"
	equal "$output" 1
	chmod 0600 "$REPLICA/keys/sign.key"
	s6-svc -u "$scan/ks-sign"
	wait_until "$READY_S" is_ready ks-sign
	update alice a=3

	# The end: all of them leave with 0.
	for name in $ALL_DAEMONS; do
		s6-svc -d "$scan/$name"
	done
	for name in $ALL_DAEMONS; do
		wait_until "$STOP_S" is_down "$name" 0
	done
	svscan_stop
}
