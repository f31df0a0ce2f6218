#!/usr/bin/env bats
# What judges the cluster (t/cluster/check.py) is judged: it lets a right history
# through, and names each wrong one by its rule.

load lib.bash
load ../cluster/cluster.bash

setup() {
	H=$BATS_TEST_TMPDIR/history
	update 0 1 2 0 10 a
	update 0 3 4 1 12 b
	lookup 1 5 6 1 12 b
	update 1 1 3 0 11 c v@x
}

# update CLIENT T0 T1 VERSION EPOCH VALUE [USER]: acknowledged.
update() {
	printf '{"client":%d,"op":"update","server":"s","t0":%s,"t1":%s,"result":"ok","version":%d,"epoch":%d,"value":"%s","user":"%s"}\n' \
		"${@:1:6}" "${7:-u@x}" >>"$H"
}

# other CLIENT T0 T1 RESULT VALUE: an update of u@x that was not acknowledged.
other() {
	printf '{"client":%d,"op":"update","server":"s","t0":%s,"t1":%s,"result":"%s","value":"%s","user":"u@x"}\n' \
		"$@" >>"$H"
}

# lookup CLIENT T0 T1 VERSION EPOCH VALUE [FINAL]: of u@x; version -1: absent.
lookup() {
	printf '{"client":%d,"op":"lookup","server":"s","t0":%s,"t1":%s,"result":"ok","version":%d,"epoch":%d%s,"user":"u@x"%s}\n' \
		"${@:1:5}" "${6:+,\"value\":\"$6\"}" "${7:+,\"final\":true}" >>"$H"
}

good() {
	run -0 check history "$H" 20
	equal "${#lines[@]}" 1
}

# bad RULE: this rule, and no other.
bad() {
	local line

	run -1 check history "$H" 20
	echo "$output"
	for line in "${lines[@]::${#lines[@]}-1}"; do equal "${line%%:*}" "$1"; done
	[ "${#lines[@]}" -gt 1 ]
}

@test "a right history is let through" {
	good
	lookup 2 1 1.5 -1 9
	# Another client may be shown what is not too old.
	lookup 2 7 8 0 11 a
	lookup 1 9 10 1 13 b
	other 0 11 12 refused d
	other 0 13 14 unknown e
	lookup 0 15 16 2 14 e
	lookup -1 20 21 2 15 e final
	good
}

@test "an acknowledged update that is not in the end, or in a later epoch, is lost" {
	lookup 2 7 8 0 12 a
	bad_also two-values lost-update
	restart_with lookup 2 7 8 0 13 a
	bad_also reordered lost-update
	restart_with lookup -1 20 21 0 11 a final
	bad lost-update
	restart_with lookup -1 20 21 -1 9 "" final
	bad lost-update
}

# The history of setup, and this operation.
restart_with() {
	rm "$H"
	setup
	"$@"
}

# Both rules are named, and no other.
bad_also() {
	run -1 check history "$H" 20
	echo "$output"
	equal "$(cut -d: -f1 <<<"$output" | grep -v ' ' | sort -u | paste -sd' ')" \
		"$(printf '%s\n' "$@" | sort | paste -sd' ')"
}

@test "what is older than the realm promises is stale, to who remembers it is a step back" {
	lookup 2 23.9 25 0 11 a
	good
	lookup 2 24.1 25 0 11 a
	bad stale-read
	restart_with lookup 1 7 8 -1 9
	bad step-back
	restart_with lookup 0 7 8 0 11 a
	bad_also step-back lost-update
}

@test "a later acknowledged update with a lower version is reordered" {
	update 2 2.5 6 1 12 b
	bad version-twice
	restart_with update 2 5 6 2 14 f
	update 2 7 8 3 15 g
	good
	restart_with update 2 5 6 3 14 f
	update 2 7 8 2 15 g
	bad reordered
}

@test "an update that happened twice is two versions" {
	lookup 2 5 6 3 13 b
	bad twice
}

@test "two values of a version, or of an epoch, are two heads" {
	other 0 5 6 unknown e
	lookup 2 7 8 1 13 e
	bad two-values
	restart_with other 0 5 6 unknown e
	lookup 2 7 8 2 12 e
	bad two-values
}

@test "what nobody wrote, or what was refused, is invented" {
	lookup 2 7 8 2 13 z
	bad invented
	restart_with other 0 5 6 refused d
	lookup 2 7 8 2 13 d
	bad invented
	restart_with lookup 2 7 8 2 13 y
	other 0 9 10 unknown y
	bad invented
}

@test "a tool that says that a proof is wrong is told of" {
	sed '1s/"ok"/"wrong","why":"fork"/' -i "$H"
	bad wrong
}

@test "service resumes with an update that was begun since, not before" {
	equal "$(check resumed "$H" 0.5)" 1500
	equal "$(check resumed "$H" 2.5)" 1500
	run -1 check resumed "$H" 3.5
}

# replica NAME HASH ROOT: what answers as two entries and two epochs would.
replica() {
	mkdir -p "$BATS_TEST_TMPDIR/$1"
	printf '%s\n' "1 update id 1 2 aa" "2 update id 1 2 $2" >"$BATS_TEST_TMPDIR/$1/log"
	printf 'epoch key=%d head.root=%s log_root=1\n' 1 aa 2 "$3" >"$BATS_TEST_TMPDIR/$1/epochs"
}

# Tools that answer from those files.
tools() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/ks-log" <<-'END'
	#!/bin/sh
	case $3 in
	status) echo "last $(grep -c . "$2/log")" ;;
	read) sed -n "$4,$5p" "$2/log" ;;
	esac
	END
	printf '#!/bin/sh\ncat "${1%%/run/*}/epochs"\n' >"$BATS_TEST_TMPDIR/bin/ks-dump"
	printf '#!/bin/sh\ncat "$1/status"\n' >"$BATS_TEST_TMPDIR/bin/ks-status"
	chmod +x "$BATS_TEST_TMPDIR"/bin/*
}

@test "what was acknowledged for an epoch must be in it" {
	tools
	cd "$BATS_TEST_TMPDIR"
	sed '/u@x/!d; /lookup/d' -i "$H"
	printf '%s\n' '#!/bin/sh' 'cat "shown-$7" 2>/dev/null' >bin/ks-lookup
	chmod +x bin/ks-lookup
	past() { KS_BIN=$PWD/bin run "-$1" check past realm.conf "$H" s; }
	printf '{"version":0,"apps":{"v":"%s"}}' "$(printf a | base64)" >shown-10
	printf '{"version":1,"apps":{"v":"%s"}}' "$(printf b | base64)" >shown-12
	past 0
	# Of the same client what came later may be there.
	cp shown-12 shown-10
	past 0
	printf '{"version":0,"apps":{"v":"%s"}}' "$(printf a | base64)" | tee shown-10 >shown-12
	past 1
	says "lost-update: u@x at epoch 12: version 0 is, not 1"
	printf '{"version":1,"apps":{"v":"%s"}}' "$(printf a | base64)" >shown-12
	past 1
	says "lost-update: u@x at epoch 12: a is shown, not b"
	rm shown-12
	past 1
	says "lost-update: u@x at epoch 12: nothing is shown"
}

@test "logs that differ, two heads of an epoch, evidence and a halted verifier are told" {
	tools
	cd "$BATS_TEST_TMPDIR"
	replica a bb cc
	replica b bb cc
	KS_BIN=$PWD/bin run -0 check replicas a b
	equal "$output" "2 entries, 2 epochs of 2 replicas"
	replica b bc cc
	KS_BIN=$PWD/bin run -1 check replicas a b
	equal "${lines[0]}" "log-differs: a and b from entry 2 on"
	replica b bb cd
	KS_BIN=$PWD/bin run -1 check replicas a b
	says "two-heads: epoch 2: "
	# One that is behind is no other.
	replica b bb cc
	sed -i 2d b/log b/epochs
	KS_BIN=$PWD/bin run -0 check replicas a b
	mkdir -p v/evidence
	echo "ks-ratify up epoch=3 halted=0" >v/status
	KS_BIN=$PWD/bin run -0 check verifiers v
	echo "ks-ratify up epoch=3 halted=1" >v/status
	KS_BIN=$PWD/bin run -1 check verifiers v
	says "halted: "
	touch v/evidence/epoch-2.ks-evidence
	KS_BIN=$PWD/bin run -1 check verifiers v
	says "evidence: v/evidence/epoch-2"
}
