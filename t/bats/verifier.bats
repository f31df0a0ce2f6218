#!/usr/bin/env bats
# A verifier ratifies what it replayed itself, and nothing else; to a lie that a
# majority of replicas signed it answers with evidence and with its silence.

load lib.bash

setup() {
	e2e_begin "$BATS_TEST_TMPDIR"
	realm_make main
	LIE=$E2E/lie
	liar=
}

teardown() {
	if [ -n "$liar" ]; then
		kill "$liar" || true
		wait "$liar" || true
	fi
	e2e_end
}

# All daemons; the verifier follows a publisher that lies while $LIE is there.
start_with_liar() {
	sed -i "s|^upstream .*|upstream run/liar|" "$VERIFIER/ks.conf"
	"$PYTHON" "$KS_TOP/t/hostile/publisher.py" "$VERIFIER/run/liar" \
		"$REPLICA/run/publish" "$REPLICA" "$LIE" 2>"$E2E/liar.err" 3>&- &
	liar=$!
	realm_start
	wait_until 20 test -S "$VERIFIER/run/liar"
	update alice a=1
	wait_until 20 ratified_all
}

# Has the verifier ratified the newest epoch, and has that come back?
ratified_all() {
	local closed

	closed=$(status apply closed)
	[ "$(status ratify epoch)" -ge "$closed" ] &&
		hostile rpc "$REPLICA/run/apply" rows 6 |
		grep -q "^$(printf %016x "$closed")"
}

evidence() {
	find "$VERIFIER/evidence" -type f
}

# ratify_error TEXT: it said so.
ratify_said() {
	wait_until 20 grep -q -e "$1" "$(daemon_stderr ks-ratify)"
}

# halts WORD RULE: a signed lie WORD makes the verifier halt; its evidence proves
# RULE to anyone with the realm file, and no later epoch is ratified.
halts() {
	local file length

	start_with_liar
	last=$(status ratify epoch)
	echo "signed $1" >"$LIE"
	daemon_left 100 ks-ratify
	file=$(evidence)
	[ -n "$file" ]
	run -0 verify "$file"
	says "$2"
	# It is no proof to who trusts another realm of this name, nor if altered.
	ks ks-init "$E2E/other" main.example
	run -3 ks ks-verify ${KS_NO_JAIL:+-J} -r "$E2E/other/realm.conf" "$file"
	length=$(wc -l <"$file")
	sed "s/^rule .*/rule old-policy-unmet/" "$file" >"$E2E/altered"
	run -3 verify "$E2E/altered"
	head -n $((length - 1)) "$file" >"$E2E/altered"
	run -3 verify "$E2E/altered"
	# It stays halted, whoever starts it, also when the lie is gone.
	rm "$LIE"
	daemon_spawn ks-ratify
	daemon_left 100 ks-ratify
	equal "$(evidence)" "$file"
	grep -q "$2" "$(daemon_stderr ks-ratify)"
	run lookup -w 1 alice
	[[ $status -eq 0 || $status -eq 4 ]]
	newest=$(hostile rpc "$REPLICA/run/apply" rows 6 | tail -n 1 | cut -c 1-16)
	[ $((16#$newest)) -le $((last + 5)) ]
}

# survives WORD: a lie that nobody signed, or that proves nothing, does not halt it, leaves no evidence and
# no cosignature; it goes on when the truth is told.
survives() {
	local before

	before=$(status ratify epoch)
	echo "$1" >"$LIE"
	: >"$(daemon_stderr ks-ratify)"
	update "user-${1// /-}" -q "$QUORUM" a=b
	[ "$1" = silence ] || ratify_said 'not ratified\|malformed'
	daemon_running ks-ratify
	rm "$LIE"
	wait_until 60 ratified_all
	[ "$(status ratify epoch)" -gt "$before" ]
	equal "$(evidence)" ''
}

@test "what the verifier ratified comes back out of the log and into every lookup" {
	realm_start
	update alice a=1
	run -0 lookup alice
	says 'ratified verifier1'
	wait_until 20 ratified_all
	# Its cosignature in the log is the one that it keeps.
	hostile rpc "$REPLICA/run/apply" rows 6 | awk '{ print $1 }' | cut -c 1-16 |
		sort -u >"$E2E/epochs"
	hostile rpc "$VERIFIER/run/ratify" rows 3 | awk '{ print $1 }' | cut -c 1-16 |
		sort -u >"$E2E/own"
	equal "$(comm -23 "$E2E/epochs" "$E2E/own")" ''
}

@test "a verifier that was away catches up, and ratifies what it missed" {
	realm_start
	daemon_stop ks-ratify
	for n in 1 2 3; do
		run update user$n -t 1 a=$n
	done
	# Until then a lookup that wants the quorum shows the state before.
	run -1 lookup -w 0 user3
	daemon_start ks-ratify
	wait_until 20 ratified_all
	for n in 1 2 3; do
		run -0 lookup user$n a
		equal "$output" $n
	done
}

@test "restarts of either side do not stop ratification" {
	realm_start
	for name in ks-publish ks-ratify ks-publish ks-ratify; do
		daemon_kill $name
		daemon_start $name
		update "user-$RANDOM$RANDOM" a=b
	done
	daemon_kill ks-publish ks-ratify
	daemon_start ks-ratify ks-publish
	update last a=b
	run -0 lookup last
	says 'ratified verifier1'
}

@test "a signed head with another root is misbehaviour, and proven" {
	halts root root-mismatch
}

@test "a signed head that counts other updates is misbehaviour, and proven" {
	halts count updates-count
}

@test "a signed update that breaks a rule is misbehaviour, and proven" {
	halts bad-update signature-invalid
}

@test "a signed update that is not in the tree is misbehaviour, and proven" {
	halts added-update root-mismatch
}

@test "signed time that runs back is misbehaviour, and proven" {
	halts time time-decreases
}

@test "a signed head of another realm is misbehaviour, and proven" {
	halts realm realm-mismatch
}

@test "a signed head that names what is no policy is misbehaviour, and proven" {
	halts policy policy-malformed
}

@test "a signed head of another epoch is misbehaviour, and proven" {
	halts epoch epoch-not-next
}

@test "a signed leaf that is no head is misbehaviour, and proven" {
	halts label head-malformed
}

@test "a second history of a ratified epoch is a fork, and proven" {
	start_with_liar
	daemon_stop ks-ratify
	echo 'signed fork' >"$LIE"
	daemon_spawn ks-ratify
	daemon_left 100 ks-ratify
	run -0 verify "$(evidence)"
	says fork
	rm "$LIE"
	daemon_spawn ks-ratify
	daemon_left 100 ks-ratify
}

@test "a lie that nobody signed, or nobody can prove, neither halts the verifier nor is ratified" {
	start_with_liar
	{ grep ^replica "$CONF"; echo 'quorum replica1'; } >"$E2E/quorum"
	QUORUM=$E2E/quorum
	for word in root count list time bad-update added-update smuggled garbage \
		note silence policy unnamed told "signed unnamed"; do
		survives "$word"
	done
	run -0 lookup -w 20 alice
	says 'ratified verifier1'
}
