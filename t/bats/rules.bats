#!/usr/bin/env bats
# Every rule of an update (PROTOCOL section 5) and of what comes out of the log
# (section 6), through the real pipeline: at the edge the client is told the rule;
# past the edge what breaks it is recorded as refused by the same rule, changes
# nothing and stops nobody.  "epoch-full" takes a million updates: t/unit has it.
#
# One realm for the whole file; it has a verifier's key, but nobody who uses it.

load lib.bash

setup_file() {
	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make main -I 600000
	# shellcheck disable=SC2086
	daemon_start $REPLICA_DAEMONS
	send taken -v 0
	# Nobody ratifies here: a quorum without the verifier.
	{ grep ^replica "$CONF"; echo quorum replica1; } >"$E2E/quorum"
}

teardown_file() {
	e2e_end
}

setup() {
	realm_use main
	T=$BATS_TEST_TMPDIR
	QUORUM=$E2E/quorum
	before=$(state)
}

# No test may lose a daemon, or change the directory by what was refused.
teardown() {
	local name

	for name in $REPLICA_DAEMONS; do
		daemon_running "$name"
	done
}

# What updates change: users and updates that wait.
state() {
	hostile rpc "$REPLICA/run/apply" status | grep -E '^(users|pending|events|closed) '
}

# send USER [OPTION...]: an update of t/hostile/update.py to ks-admit.
send() {
	hostile update -r "$REPLICA" -k "$(key_of "$1")" -a a=b "${@:2}" send "$1"
}

# propose USER [OPTION...]: its log entry to the log; prints the outcome.
propose() {
	local id

	id=$("$PYTHON" -c 'import os; print(os.urandom(16).hex())')
	hostile update -r "$REPLICA" -k "$(key_of "$1")" -a a=b -i "$id" "${@:2}" \
		entry "$1" >"$T/entry"
	ks ks-log -d "$REPLICA" propose "$T/entry" >/dev/null
	hostile rpc "$REPLICA/run/apply" outcome "$id"
}

# propose_body TYPE FILE: a log entry of this type; prints how it was recorded.
propose_body() {
	local index

	index=$(ks ks-log -d "$REPLICA" propose -t "$1" "$2")
	wait_until 20 status_min apply index "$index"
	outcome_at "$index"
}

# outcome_at INDEX: "accepted" or the rule that is recorded at the index.
outcome_at() {
	local rule

	rule=$(hostile rpc "$REPLICA/run/apply" recorded "$1")
	echo "$rule"
}

# at_edge RULE USER [OPTION...]; in_log and both likewise.
at_edge() {
	run -0 send "${@:2}"
	equal "$output" "$1" "at the edge, ${*:2}"
}

in_log() {
	run -0 propose "${@:2}"
	equal "$output" "$1" "in the log, ${*:2}"
}

both() {
	at_edge "$@"
	in_log "$@"
}

# The next epoch has the same root as the last one: nothing was changed.
unchanged() {
	local root closed

	equal "$(grep -v '^events' <<<"$before")" "$(state | grep -v '^events')"
	closed=$(status apply closed)
	root=$(hostile rpc "$REPLICA/run/publish" root 0)
	hostile entries "$REPLICA" delimiter >"$T/delimiter"
	run -0 propose_body delimiter "$T/delimiter"
	equal "$output" accepted
	wait_until 20 status_min publish signed $((closed + 1))
	equal "$(hostile rpc "$REPLICA/run/publish" root $((closed + 1)))" "$root"
}

@test "update-malformed" {
	for fault in update-trailing update-short update-version-byte entry-trailing \
		entry-version-byte unsigned twice unsorted many policy-long; do
		both update-malformed user1 -b $fault
	done
	unchanged
}

@test "profile-malformed" {
	for fault in profile-unsorted profile-trailing profile-short profile-long; do
		both profile-malformed user2 -b $fault
	done
	at_edge profile-malformed user2 -b no-profile
	unchanged
}

@test "profile-commitment" {
	both profile-commitment user3 -b commitment
	unchanged
}

@test "policy-malformed" {
	both policy-malformed user4 -b policy-garbage
	both policy-malformed user4 -b policy-none
	unchanged
}

@test "registration-version" {
	both registration-version user5 -v 1
	both registration-version user5 -v 18446744073709551615
	unchanged
}

@test "version-must-rise" {
	send user6 -v 0
	before=$(state)
	both version-must-rise user6 -v 0
	send user6 -v 5
	both version-must-rise user6 -v 5
	both version-must-rise user6 -v 4
	run -0 send user6 -v 18446744073709551615
	says accepted
	both version-must-rise user6 -v 18446744073709551615
}

@test "signature-invalid" {
	both signature-invalid user7 -b signature
	both signature-invalid user7 -b signature-extra
	both signature-invalid user7 -b other-realm
	unchanged
}

@test "new-policy-unmet" {
	both new-policy-unmet user8 -b stranger
	unchanged
}

@test "old-policy-unmet" {
	send user9 -v 0
	wait_until 20 status_is apply pending 0
	before=$(state)
	# All is signed with another key, which the new policy asks for.
	both old-policy-unmet user9 -v 1 -k "$(key_of user9.new)"
	unchanged
	# With both keys the policy may change, and then the old one is worth nothing.
	hostile update -r "$REPLICA" -k "$(key_of user9.new)" body user9 >/dev/null
	"$PYTHON" - "$KS_TOP" "$(key_of user9.new)" >"$T/policy" <<-'END'
	import sys
	sys.path.insert(0, sys.argv[1] + "/t/hostile")
	import ksproto as ks
	sys.stdout.write(ks.policy_of([ks.read_key(sys.argv[2])]).decode())
	END
	run -0 send user9 -v 1 -P "$T/policy" -k "$(key_of user9),$(key_of user9.new)"
	says accepted
	both new-policy-unmet user9 -v 2 -P "$T/policy"
	both old-policy-unmet user9 -v 2
}

@test "user-malformed, at the edge" {
	for user in '' 'a b' $'tab\t' $'del\x7f' $'not utf8 \xff' $'\xc0\x80' \
		"$(printf 'x%.0s' {1..255})"; do
		run -0 hostile update -r "$REPLICA" -k "$(key_of user10)" send "$user"
		equal "$output" user-malformed "$user"
	done
	run -0 hostile update -r "$REPLICA" -k "$(key_of user10)" send \
		"$(printf 'x%.0s' {1..254})"
	says accepted
}

@test "index-not-users, at the edge" {
	at_edge index-not-users user11 -b index
	unchanged
}

@test "registration-proof, at the edge" {
	at_edge registration-proof user12 -b registration
	unchanged
}

@test "nested thresholds decide, and one key counts once" {
	for k in a b c d; do
		key_of 13.$k >/dev/null
	done
	"$PYTHON" - "$KS_TOP" "$E2E/keys/13." >"$T/policy" <<-'END'
	import sys
	sys.path.insert(0, sys.argv[1] + "/t/hostile")
	import ksproto as ks
	for k in "abcd":
	    print("key", k, ks.read_key(sys.argv[2] + k).vkey())
	print("group two 2 a b c")
	print("group both all two d")
	print("quorum both")
	END
	keys() {
		printf '%s' "$E2E/keys/13.${1:0:1}"
		for k in $(fold -w1 <<<"${1:1}"); do printf ',%s' "$E2E/keys/13.$k"; done
	}
	for few in a d ab ad abc bd; do
		both new-policy-unmet user13 -P "$T/policy" -k "$(keys $few)"
	done
	run -0 send user13 -P "$T/policy" -k "$(keys bcd)"
	says accepted
	both new-policy-unmet user13 -v 1 -P "$T/policy" -k "$(keys abc)"
	run -0 send user13 -v 1 -P "$T/policy" -k "$(keys abd)"
	says accepted

	# The same key under two names cannot make two of two.
	"$PYTHON" - "$KS_TOP" "$E2E/keys/13.a" >"$T/twice" <<-'END'
	import sys
	sys.path.insert(0, sys.argv[1] + "/t/hostile")
	import ksproto as ks
	key = ks.read_key(sys.argv[2])
	for name in "xy":
	    print("key", name, key.vkey())
	print("group all 2 x y")
	print("quorum all")
	END
	for how in send propose; do
		run -0 $how user13b -P "$T/twice" -k "$(keys a)"
		[[ $output == policy-malformed || $output == new-policy-unmet ]]
	done
}

@test "the tools are told the rule, and leave with 100" {
	run -100 ks ks-update -r "$CONF" -q "$QUORUM" \
		-k "$(key_of other)" taken a=b
	says new-policy-unmet
	run -100 update 'a b' a=b
	says user-malformed
}

@test "what the edge refused is counted by rule, under names that STATUS allows" {
	run send taken -v 0
	equal "$output" version-must-rise
	status_min admit refused_version_must_rise 1
	run ks ks-status "$REPLICA"
	says "ks-admit up "
	says " refused_version_must_rise="
}

@test "an update in the log whose profile was erased is accepted, and shown as that" {
	run -0 propose user14 -b no-profile
	says accepted
	wait_until 20 status_is apply pending 0
	run -0 lookup -q "$QUORUM" user14
	says 'profile erased'
}

@test "an update that comes out of the log twice takes effect once" {
	run -0 propose user15
	says accepted
	first=$output
	id=$(head -c 16 "$T/entry" | od -An -tx1 -v | tr -d ' \n')
	before=$(state)
	index=$(ks ks-log -d "$REPLICA" propose "$T/entry")
	wait_until 20 status_min apply index "$index"
	equal "$(hostile rpc "$REPLICA/run/apply" outcome "$id")" "$first"
	# Under another request id it is refused: the version does not rise.
	{ head -c 16 /dev/urandom; tail -c +17 "$T/entry"; } >"$T/again"
	id=$(head -c 16 "$T/again" | od -An -tx1 -v | tr -d ' \n')
	ks ks-log -d "$REPLICA" propose "$T/again"
	equal "$(hostile rpc "$REPLICA/run/apply" outcome "$id")" version-must-rise
}

# wrong RULE KIND [FIELD=VALUE...]: a log entry that is right but for the fields.
wrong() {
	hostile entries "$REPLICA" "${@:2}" >"$T/body"
	run -0 propose_body "$2" "$T/body"
	equal "$output" "$1" "${*:2}"
}

@test "a delimiter that is not the next, or not of this log, is refused" {
	closed=$(status apply closed)
	last=$(status log last)
	zero=0000000000000000000000000000000000000000000000000000000000000000
	wrong delimiter-not-next delimiter epoch=0
	wrong delimiter-not-next delimiter epoch="$closed"
	wrong delimiter-not-next delimiter epoch=$((closed + 2))
	wrong delimiter-time delimiter time=0
	wrong delimiter-base delimiter base=0
	wrong delimiter-base delimiter base=$((last + 1000))
	wrong delimiter-log-hash delimiter hash=$zero
	unchanged
}

@test "a delimiter from the future does not get into the log: it would be there for good" {
	last=$(status log last)
	for time in 18446744073709551615 $((($(date +%s) + 400) * 1000)); do
		hostile entries "$REPLICA" delimiter time=$time >"$T/body"
		run -100 ks ks-log -d "$REPLICA" propose -t delimiter "$T/body"
		says time-future
	done
	equal "$(status log last)" "$last"
	unchanged
}

@test "a signature or ratification that is not by the key on the note is refused" {
	bad=$(printf '00%.0s' {1..64})
	closed=$(status apply closed)
	wait_until 20 status_is publish signed "$closed"
	wrong epoch-unknown signature epoch=$((closed + 1))
	wrong epoch-unknown signature epoch=0
	wrong key-unknown signature key_id=00000000
	wrong signature-repeated signature
	wrong epoch-unknown ratification epoch=$((closed + 1))
	wrong key-unknown ratification key_id=00000000
	wrong signature-invalid ratification signature="$bad"
	wrong signature-invalid ratification seconds=1
	wrong accepted ratification
	wrong signature-repeated ratification
	unchanged
}

@test "no epoch closes, and none is ratified, before the last one is signed" {
	daemon_stop ks-sign
	hostile entries "$REPLICA" delimiter >"$T/body"
	run -0 propose_body delimiter "$T/body"
	equal "$output" accepted
	closed=$(status apply closed)
	wrong epoch-unsigned delimiter
	wrong epoch-unsigned ratification epoch="$closed"
	bad=$(printf '00%.0s' {1..64})
	wrong signature-invalid signature epoch="$closed" signature="$bad"
	daemon_start ks-sign
	wait_until 20 status_is apply signed "$closed"
}

@test "garbage in the log is recorded as refused, and stops nobody" {
	for type in update delimiter signature ratification approval; do
		for n in 0 1 76 84 5000; do
			head -c $n /dev/urandom >"$T/garbage"
			run -0 propose_body $type "$T/garbage"
			case $type in
			update) equal "$output" update-malformed ;;
			signature | ratification)
				[[ $output == entry-malformed || $output == epoch-unknown ]]
				;;
			*) equal "$output" entry-malformed ;;
			esac
		done
	done
	# An unknown type, and an erasable part where there is none.
	"$PYTHON" - "$KS_TOP" "$T" <<-'END'
	import os, sys
	sys.path.insert(0, sys.argv[1] + "/t/hostile")
	import ksproto as ks
	for name, kind, erasable in (("type0", 0, b""), ("type6", 6, b""),
	                             ("erasable", 2, b"x")):
	    with open(sys.argv[2] + "/" + name, "wb") as f:
	        f.write(ks.log_entry(os.urandom(16), kind, bytes(56), erasable))
	END
	index=$(ks ks-log -d "$REPLICA" propose "$T/erasable")
	wait_until 20 status_min apply index "$index"
	equal "$(outcome_at "$index")" entry-malformed
	# What is no log entry at all does not get into the log.
	last=$(status log last)
	head -c 500 /dev/urandom >"$T/garbage"
	for name in garbage type0 type6; do
		run -100 ks ks-log -d "$REPLICA" propose "$T/$name"
		says entry-malformed
	done
	equal "$(hostile rpc "$REPLICA/run/log" status last)" "$last"
	unchanged
}

@test "what was refused stands in ks-apply's table of outcomes, with its rule" {
	run -0 propose user16 -b commitment
	equal "$output" profile-commitment
	run -0 ks ks-dump "$REPLICA/run/apply" outcome
	says profile-commitment
}
