#!/usr/bin/env bats
# The harness is tested: what lib.bash promises to notice makes a test fail.

load lib.bash

setup() {
	e2e_begin "$BATS_TEST_TMPDIR/outer"
}

teardown() {
	e2e_end
}

# inner TEXT: run TEXT as the body of one test in a suite of its own.
inner() {
	# bats takes the keyword for its own wherever a line starts with it.
	local file=$BATS_TEST_TMPDIR/inner.bats at=@test

	cat >"$file" <<-END
	BATS_TEST_DIRNAME=$BATS_TEST_DIRNAME
	load $BATS_TEST_DIRNAME/lib.bash
	STOP_S=2
	setup() {
		e2e_begin "\$BATS_TEST_TMPDIR"
		KS_BIN=\$E2E/bin
		mkdir "\$KS_BIN"
		REPLICA=\$E2E/realm/replica1
	}
	teardown() {
		e2e_end
	}
	# daemon TEXT: ks-logd is this shell script, ready at once.
	daemon() {
		printf '%s\n' '#!/bin/bash' 'echo >&9' "\$1" >"\$KS_BIN/ks-logd"
		chmod +x "\$KS_BIN/ks-logd"
		daemon_start ks-logd
	}
	$at "inner" {
		$1
	}
	END
	env -u BATS_RUN_TMPDIR -u BATS_TEST_NUMBER timeout 60 bats --tap "$file"
}

good='trap "exit 0" TERM; while :; do sleep 0.02; done'

@test "a wait for what is true at last succeeds" {
	late() { [ "$(now_us)" -ge "$then" ]; }
	then=$(($(now_us) + 200000))
	wait_until 5 late
}

@test "a wait that never comes true fails, in the time it was given" {
	start=$(now_us)
	run wait_until 1 false
	[ "$status" -eq 1 ]
	says 'not within 1 s: false'
	took=$(($(now_us) - start))
	[ "$took" -ge 1000000 ]
	[ "$took" -lt 5000000 ]
}

@test "refute, equal and says fail when they should" {
	refute false
	run refute true
	[ "$status" -eq 1 ]
	equal a a
	run equal a b
	[ "$status" -eq 1 ]
	run echo one two
	says two
	run says three
	[ "$status" -eq 1 ]
}

@test "a test whose daemon leaves with 0 on SIGTERM passes" {
	run -0 inner "daemon '$good'"
	says '1..1'
}

@test "a test whose daemon leaves with another code on SIGTERM fails" {
	run -1 inner "daemon '${good/exit 0/exit 7}'"
	says 'left with 7, not 0'
}

@test "a test whose daemon does not stop on SIGTERM fails" {
	run -1 inner "daemon '${good/exit 0/:}'"
	says 'does not stop'
}

@test "a test whose daemon has left by itself fails, unless it expected that" {
	run -1 inner "daemon 'exit 3'
		wait_until 5 eval '! daemon_running ks-logd'"
	says 'had left, with 3'
	run -0 inner "daemon 'exit 3'; daemon_left 3 ks-logd"
	run -1 inner "daemon 'exit 3'; daemon_left 4 ks-logd"
	says 'left with 3, not 4'
}

@test "a daemon that dies before it is ready fails the test" {
	run -1 inner "printf '#!/bin/sh\necho why >&2\nexit 100\n' >\$KS_BIN/ks-logd
		chmod +x \$KS_BIN/ks-logd
		daemon_start ks-logd"
	says 'left before it was ready, with 100'
	says 'why'
}

@test "a killed daemon is told from one that died" {
	run -0 inner "daemon '$good'; daemon_kill ks-logd; daemon_start ks-logd"
}

@test "a trace with an early send fails the test, one in order does not" {
	run -0 inner 'printf "%s\n" "put 1 2 1" "commit 1" "send X needs 1" \
		>$E2E/trace/a.1.trace'
	run -1 inner 'printf "%s\n" "put 1 2 1" "send X needs 1" "commit 1" \
		>$E2E/trace/a.1.trace'
	says 'sent before its commit'
}

@test "a panic or a sanitizer in the standard error of a daemon fails the test" {
	for word in 'panic: x' 'ERROR: AddressSanitizer: y' 'a.c:1: runtime error: z'; do
		run -1 inner "daemon 'echo \"$word\" >&2; $good'"
		says "$word"
	done
}

@test "a tool that hangs is stopped and fails" {
	mkdir "$E2E/bin"
	printf '#!/bin/sh\nexec sleep 1000\n' >"$E2E/bin/ks-hang"
	chmod +x "$E2E/bin/ks-hang"
	KS_BIN=$E2E/bin TOOL_S=1 run ks ks-hang
	[ "$status" -eq 124 ]
}
