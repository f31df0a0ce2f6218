#!/usr/bin/env bats
# Persist, then act: seen in the trace of every process, and its reverse is seen too.

load lib.bash

setup_file() {
	# A build in which a stage acts before it commits; nothing of the make that
	# runs this test is handed down.
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u CPPEXTRA make -s -j2 \
		-C "$KS_TOP" BUILD=build-reversed OPT=-O1 \
		CPPEXTRA=-DKS_TEST_ACT_BEFORE_PERSIST \
		build-reversed/bin/ks-apply build-reversed/bin/ks-sign
}

setup() {
	e2e_begin "$BATS_TEST_TMPDIR"
	realm_make main
}

teardown() {
	e2e_end
}

# trace_of PROGRAM: its only trace.
trace_of() {
	ls "$E2E/trace/$1".*.trace
}

# caught PROGRAM: its trace shows that it sent before it had committed.
caught() {
	local trace

	trace=$(trace_of "$1")
	run -1 "$KS_TOP/t/trace-check" "$trace"
	says 'sent before its commit'
	# The rest of the realm is in order: e2e_end checks that.
	rm "$trace"
}

# A log entry with an update of alice, whose outcome is waited for.
propose_and_wait() {
	local id=000102030405060708090a0b0c0d0e0f

	hostile update -r "$REPLICA" -k "$(key_of alice)" -i $id entry alice \
		>"$E2E/entry"
	hostile rpc "$REPLICA/run/apply" outcome $id >"$E2E/outcome" &
	wait_until 20 status_is apply waiting 1
	ks ks-log -d "$REPLICA" propose "$E2E/entry"
	wait $!
	run -0 cat "$E2E/outcome"
	says 'accepted'
}

@test "every program that stores anything persists before it acts" {
	realm_start
	update alice a=1
	lookup alice
	realm_stop
	for program in ks-logd ks-apply ks-sign ks-publish ks-ratify; do
		trace=$(trace_of $program)
		run -0 "$KS_TOP/t/trace-check" "$trace"
		# That would say nothing if it had neither committed nor sent.
		grep -q '^commit ' "$trace"
		grep -q '^send .* needs [1-9]' "$trace"
	done
}

@test "a ks-apply that acts before it commits is caught by its trace" {
	KS_BIN_OF_ks_apply=$KS_TOP/build-reversed/bin
	daemon_start ks-logd ks-apply
	propose_and_wait
	daemon_stop ks-apply ks-logd
	caught ks-apply
}

@test "a ks-sign that would act before it commits has nothing to send" {
	KS_BIN_OF_ks_sign=$KS_TOP/build-reversed/bin
	daemon_start ks-logd ks-apply ks-sign
	propose_and_wait
	# It sends the signature that is committed, not one that it holds.
	daemon_left 111 ks-sign
	run -0 cat "$(daemon_stderr ks-sign)"
	says 'the signature of epoch 1 is missing'
	run -0 status apply signed
	equal "$output" 0
}

@test "the same with the programs as they are built is in order" {
	daemon_start ks-logd ks-apply ks-sign
	propose_and_wait
	wait_until 20 status_min apply signed 1
	daemon_stop ks-sign ks-apply ks-logd
	"$KS_TOP/t/trace-check" "$(trace_of ks-apply)" "$(trace_of ks-sign)"
}
