#!/usr/bin/env bats
# The README's commands for three replicas, and the demo of them, work as they stand.

load lib.bash
load replicas.bash

setup() {
	replicas_begin
	base=$(port_base 3)
}

teardown() {
	replicas_end
}

@test "the commands of README, Three hosts, work as they stand" {
	# Nothing but the ports, which may be in use, is another.
	mkdir -p front
	printf '#!/bin/sh\nexec %s/ks-init -p %s "$@"\n' "$KS_BIN" "$base" >front/ks-init
	chmod +x front/ks-init
	{
		echo "trap 'kill \$(jobs -p) 2>/dev/null || :; wait || :' EXIT"
		commands_of "Three hosts"
	} >script
	grep -q '^ks-init -n 3 three' script
	run -0 env PATH="$PWD/front:$PATH" KS_BIN="${KS_NO_JAIL:+$PWD/bin}" \
	    timeout -k 30 300 bash -eu -o pipefail script 3>&- 4>&-
	equal "$(grep -c '^healthy yes$' <<<"$output")" 5
	says "bob@example.org version 1 "
	# Between one and two, replica1 signs nothing.
	equal "$(sed -n '/version 1/,/^app/p' <<<"$output" | grep -c '^signed replica1$')" 0
	[ "$(sed -n '/version 1/,/^app/p' <<<"$output" | grep -c '^signed replica[23]$')" -ge 2 ]
	equal "$(grep -c ' replica[123] https://127.0.0.1:' <<<"$output")" 3
}

@test "the demo of three replicas, one of which is killed, shows what it says" {
	[ -z "${KS_NO_JAIL:-}" ] || skip "the demo's daemons are jailed, which a sanitizer cannot live in"
	run -0 env BUILD="${BUILD:-build}" ONCE=1 KS_DEMO_BASE="$base" KS_DEMO_DIR="$PWD/demo" \
	    timeout -k 30 300 sh -c 'cd "$0" && exec share/demo3' "$KS_TOP" 3>&- 4>&-
	says "version 1 epoch"
	says "comes up again, and catches up"
	says "== done"
	grep -qE '^the logs of replica[123] and replica[123] are the same: last [0-9]+ hash [0-9a-f]{64}$' <<<"$output"
}
