#!/usr/bin/env bats
# The policy of a realm changes through its log: who approves, what is refused, and
# that everybody follows by proof, from any older realm file.

load lib.bash

setup() {
	e2e_begin "$BATS_TEST_TMPDIR"
	liar=
}

teardown() {
	if [ -n "$liar" ]; then
		kill "$liar" || true
		wait "$liar" || true
	fi
	e2e_end
}

log() {
	ks ks-log -d "$REPLICA" "$@"
}

# number_is N: the policy N is in force for the epoch that is closed next.
number_is() {
	[ "$(log policy -j | jq .number)" = "$1" ]
}

# change TEXT: approve the policy of the realm with TEXT at its end, and wait until
# an epoch is closed and signed under it.
change() {
	local number epoch

	number=$(log policy -j | jq .number)
	{ log policy && echo "$1"; } >"$E2E/next"
	log approve "$E2E/next"
	wait_until 20 number_is $((number + 1))
	epoch=$(log policy -j | jq .epoch)
	wait_until 20 status_min publish signed "$epoch"
}

# links PROOF: how many changes of policy the proof shows.
links() {
	sed -n 's/^policies //p' "$1"
}

# three_make: three replicas over one log, that of the first.
three_make() {
	local dir

	realm_make main -n 3 -v 0
	for dir in "$REALM"/replica?; do
		sed -i '/^engine /d; /^name /d; /^etcd_/d; /^link/d; /^peer /d' "$dir/ks.conf"
		[ "$dir" = "$REPLICA" ] || ln -s "$REPLICA/run/log" "$dir/run/log"
	done
}

# of N CMD...: with the replica N as the one at hand.
of() {
	local REPLICA=$REALM/replica$1

	"${@:2}"
}

# others_start: what the second and third replica run over the log of the first.
others_start() {
	of 2 daemon_start ks-apply ks-sign ks-publish
	of 3 daemon_start ks-apply ks-sign ks-publish
}

# next_policy SED: the policy in force, edited.
next_policy() {
	sed "$1" <(log policy) >"$E2E/next"
}

@test "a policy is approved, named by an epoch, and followed from an old realm file" {
	realm_make main -v 0
	realm_start
	update alice a=1
	sed '1,/^policy$/d' "$CONF" >"$E2E/first"
	log policy >"$E2E/got"
	cmp "$E2E/got" "$E2E/first"
	equal "$(log policy -j | jq -c '[.number, .epoch, .approvals]')" '[1,1,[]]'

	{ cat "$E2E/first" && echo "# second"; } >"$E2E/next"
	run -0 log approve "$E2E/next"
	hash=$(sha256sum <"$E2E/next")
	equal "$output" "approved 2 ${hash%% *} 1 of 1"
	wait_until 20 number_is 2
	log policy >"$E2E/got"
	cmp "$E2E/got" "$E2E/next"
	first=$(log policy -j | jq .epoch)

	# The epoch before the first one of the policy names it.
	equal "$(ks ks-dump -j "$REPLICA/run/apply" epoch $((first - 1)) "$first" |
		jq -r .head.policy)" "${hash%% *}"
	equal "$(ks ks-dump -j "$REPLICA/run/apply" epoch $((first - 2)) $((first - 1)) |
		jq -r .head.policy)" "$(sha256sum <"$E2E/first" | cut -d' ' -f1)"

	# Who has the old file is led there, and can show it to others.
	wait_until 20 status_min publish signed "$first"
	run -0 lookup -o "$E2E/alice.proof" alice a
	equal "$output" 1
	equal "$(links "$E2E/alice.proof")" 1
	run -0 verify "$E2E/alice.proof"

	# Who has the new one needs no link.
	log realm "$CONF" >"$REALM/new.conf"
	run -0 ks ks-lookup -r "$REALM/new.conf" -o "$E2E/alice2.proof" alice a
	equal "$(links "$E2E/alice2.proof")" 0
	run -0 ks ks-verify ${KS_NO_JAIL:+-J} -r "$REALM/new.conf" "$E2E/alice2.proof"

	# The state from before the change is there still.
	run -0 lookup -e $((first - 2)) alice a
	equal "$output" 1
}

@test "three policies in a row, and everybody is led from any of them" {
	realm_make main -v 0
	realm_start
	update alice a=1
	for n in 2 3 4; do
		change "# number $n"
		log realm "$CONF" >"$REALM/$n.conf"
		update alice "a=$n"
	done
	cp "$CONF" "$REALM/1.conf"
	for n in 1 2 3 4; do
		run -0 ks ks-lookup -r "$REALM/$n.conf" -o "$E2E/$n.proof" alice a
		equal "$output" 4
		equal "$(links "$E2E/$n.proof")" $((4 - n))
		run -0 ks ks-verify ${KS_NO_JAIL:+-J} -r "$REALM/$n.conf" "$E2E/$n.proof"
	done

	# Without the databases the same comes out of the log.
	last=$(status publish signed)
	ks ks-dump "$REPLICA/run/apply" epoch 1 "$last" >"$E2E/before"
	ks ks-dump "$REPLICA/run/publish" policy >>"$E2E/before"
	ks ks-dump "$REPLICA/run/sign" policy >>"$E2E/before"
	realm_stop
	rm -r "$REPLICA/data/apply" "$REPLICA/data/publish"
	realm_start
	wait_until 30 status_min publish signed "$last"
	ks ks-dump "$REPLICA/run/apply" epoch 1 "$last" >"$E2E/after"
	ks ks-dump "$REPLICA/run/publish" policy >>"$E2E/after"
	ks ks-dump "$REPLICA/run/sign" policy >>"$E2E/after"
	cmp "$E2E/before" "$E2E/after"
	run -0 lookup alice a
	equal "$output" 4
}

@test "what is no next policy is refused by its rule" {
	# Only the first epoch closes soon here: what is chosen waits.
	realm_make main -v 0 -i 600000 -I 600000
	realm_start
	wait_until 20 status_is apply signed 1
	log policy >"$E2E/first"

	echo nonsense >"$E2E/bad"
	run -100 log approve "$E2E/bad"
	says "policy-malformed"
	echo "quorum none" >"$E2E/bad"
	run -100 log approve "$E2E/bad"
	says "policy-malformed: the policy has no replica"
	run -100 log approve "$E2E/first"
	says "policy-unchanged"
	run -100 log approve "$E2E/nothing-there"

	# A whole realm file will do, of this realm.
	sed 's/^realm .*/realm other.example/' "$CONF" >"$E2E/other.conf"
	run -100 log approve "$E2E/other.conf"
	run -100 log approve "$CONF"
	says "policy-unchanged"

	# A key that is no replica's.
	mv "$REPLICA/keys/sign.key" "$E2E/keys/kept"
	ks ks-keygen -o "$REPLICA/keys/sign.key" >/dev/null
	{ cat "$E2E/first" && echo "# second"; } >"$E2E/next"
	run -100 log approve "$E2E/next"
	says "key-unknown"
	chmod 0644 "$REPLICA/keys/sign.key"
	run -100 log approve "$E2E/next"
	rm "$REPLICA/keys/sign.key"
	mv "$E2E/keys/kept" "$REPLICA/keys/sign.key"

	run -0 log approve "$E2E/next"
	equal "$(log policy -j | jq -c '[.number, .chosen.number]')" '[1,2]'
	{ cat "$E2E/first" && echo "# third"; } >"$E2E/next"
	run -100 log approve "$E2E/next"
	says "policy-number"

	# Nothing is done without a replica.
	daemon_stop ks-apply
	run -111 log approve "$E2E/next"
	run -111 log policy
	run -111 log realm
}

@test "an epoch closes for a policy alone" {
	realm_make main -v 0 -I 600000
	realm_start
	wait_until 20 status_is apply signed 1
	{ log policy && echo "# second"; } >"$E2E/next"
	log approve "$E2E/next"
	wait_until 20 number_is 2
}

@test "the key of a replica is replaced: the new one signs from its first epoch on" {
	realm_make main -v 0
	realm_start
	update alice a=1
	old=$(sed -n 's/^replica //p' <(log policy) | cut -d' ' -f2)

	# The key that comes has the name of the realm; with it nothing is signed yet.
	ks ks-keygen -n main.example -o "$E2E/keys/next" >"$E2E/next.vkey"
	sed "s|$old|$(cat "$E2E/next.vkey")|" <(log policy) >"$E2E/next"
	refute cmp -s "$E2E/next" <(log policy)
	log approve "$E2E/next"
	wait_until 20 number_is 2
	epoch=$(log policy -j | jq .epoch)

	# The old one signs what names the new one, and no more: all waits.
	wait_until 20 status_is apply signed $((epoch - 1))
	wait_until 20 status_is apply closed "$epoch"
	wait_until 20 status_is sign signing 0
	daemon_stop ks-sign
	mv "$E2E/keys/next" "$REPLICA/keys/sign.key"
	daemon_start ks-sign
	wait_until 20 status_min apply signed $((epoch + 1))
	equal "$(status sign signing)" 1
	run -0 lookup -o "$E2E/alice.proof" alice a
	equal "$(links "$E2E/alice.proof")" 1
	update alice a=2

	# The old key is nobody's now.
	ks ks-keygen -o "$E2E/keys/other" >/dev/null
	cp "$REPLICA/keys/sign.key" "$E2E/keys/kept"
	cp "$E2E/keys/other" "$REPLICA/keys/sign.key"
	{ log policy && echo "# third"; } >"$E2E/next"
	run -100 log approve "$E2E/next"
	says "key-unknown"
	cp "$E2E/keys/kept" "$REPLICA/keys/sign.key"
	run -0 log approve "$E2E/next"
	wait_until 20 number_is 3
}

@test "a majority of the replicas approves; one that is taken out stands by, and comes back" {
	three_make
	realm_start
	others_start
	update alice a=1
	log policy >"$E2E/first"

	# The third goes; the links of the others need no role.
	next_policy '/^replica replica3 /d; s/ replica3//'
	refute cmp -s "$E2E/next" "$E2E/first"
	run -0 log approve "$E2E/next"
	[[ $output == "approved 2 "*" 1 of 2" ]]
	equal "$(log policy -j | jq -r '.number, .approvals[].name')" "1
replica1"
	cp "$E2E/first" "$E2E/other"
	echo "# another" >>"$E2E/other"
	run -0 of 3 log approve "$E2E/other"
	[[ $output == "approved 2 "*" 1 of 2" ]]
	equal "$(log policy -j | jq '.approvals | length')" 2
	run -0 of 2 log approve "$E2E/next"
	[[ $output == "approved 2 "*" 2 of 2" ]]
	wait_until 20 number_is 2
	equal "$(log policy -j | jq '.approvals | length')" 0
	wait_until 20 of 3 status_is sign signing 0
	equal "$(of 1 status sign signing)$(of 2 status sign signing)" 11
	run -100 of 3 log approve "$E2E/first"
	says "key-unknown"

	# It applies and serves as before, and signs nothing of what comes.
	epoch=$(log policy -j | jq .epoch)
	update alice a=2
	wait_until 20 of 3 status_min publish signed "$epoch"
	run -0 ks ks-lookup -r "$CONF" -s "unix:$REALM/replica3/run" -o "$E2E/proof" alice a
	equal "$output" 2
	equal "$(links "$E2E/proof")" 1
	ks ks-dump -j "$REALM/replica3/run/sign" signed "$epoch" >"$E2E/rows"
	equal "$(jq -c '[.seen, .skipped]' "$E2E/rows" | sort -u)" '[0,1]'
	log realm "$CONF" >"$REALM/new.conf"
	refute grep -q "^link replica3 " "$REALM/new.conf"
	grep -q "^link replica2 " "$REALM/new.conf"

	# With two, both must sign: the second one is missed.
	of 2 daemon_stop ks-sign
	at=$(status apply signed)
	of 2 daemon_start ks-sign
	wait_until 20 status_min apply signed $((at + 1))

	# The third comes back; a link with a role stays what it is.
	sed -i 's/^\(link replica3 .*\)/\1 replica/' "$CONF"
	log approve "$E2E/first"
	run -0 of 2 log approve "$E2E/first"
	[[ $output == "approved 3 "*" 2 of 2" ]]
	wait_until 20 number_is 3
	wait_until 20 of 3 status_is sign signing 1
	of 2 daemon_stop ks-sign
	update alice a=3
	run -0 lookup -o "$E2E/proof" alice a
	equal "$output" 3
	log realm "$CONF" >"$REALM/new.conf"
	grep -q "^link replica3 .* replica$" "$REALM/new.conf"
	run -0 ks ks-lookup -r "$REALM/new.conf" alice a
	equal "$output" 3
	of 2 daemon_stop ks-apply ks-publish
	of 3 daemon_stop ks-apply ks-publish ks-sign
}

@test "daemons that are killed while policies change come to the same" {
	realm_make main -v 0
	realm_start
	number=1
	for name in ks-logd ks-apply ks-sign ks-publish; do
		{ log policy && echo "# $name"; } >"$E2E/next"
		log approve "$E2E/next"
		daemon_kill "$name"
		daemon_start "$name"
		number=$((number + 1))
		wait_until 30 number_is $number
		wait_until 30 status_min publish signed "$(log policy -j | jq .epoch)"
		update alice "a=$number"
	done
	run -0 lookup -o "$E2E/alice.proof" alice a
	equal "$output" 5
	equal "$(links "$E2E/alice.proof")" 4
	for socket in apply sign publish; do
		ks ks-dump "$REPLICA/run/$socket" policy | sed 's/^[^ ]* //' >"$E2E/$socket"
		equal "$(wc -l <"$E2E/$socket")" 5
		cmp "$E2E/apply" "$E2E/$socket"
	done
}

# -- clients and verifiers ---------------------------------------------------------

# vkey_of NAME: the verifier key of the witness NAME in the realm file.
vkey_of() {
	awk -v name="$1" '$1 == "witness" && $2 == name { print $3 }' "$2"
}

# verifier_make: a second verifier, which the realm's policy does not have.
verifier_make() {
	ks ks-init "$E2E/extra" main.example
	SECOND=$REALM/verifier2
	cp -r "$E2E/extra/verifier1" "$SECOND"
	cp "$VERIFIER/ks.conf" "$CONF" "$SECOND/"
	VKEY1=$(vkey_of verifier1 "$CONF")
	VKEY2=$(vkey_of verifier1 "$E2E/extra/realm.conf")
}

# policy_of WITNESS...: a policy of the replica, and of these verifiers, who all count.
policy_of() {
	grep '^replica ' "$CONF"
	for name; do
		if [ "$name" = verifier1 ]; then
			echo "witness verifier1 $VKEY1"
		else
			echo "witness verifier2 $VKEY2"
		fi
	done
	echo "group all all replica1 $*"
	echo "quorum all"
}

# approve WITNESS...: approve such a policy, and wait until it is in force.
approve() {
	local number

	number=$(log policy -j | jq .number)
	policy_of "$@" >"$E2E/next"
	log approve "$E2E/next"
	wait_until 20 number_is $((number + 1))
}

# ratify_is DIR FIELD VALUE, ratify_min DIR FIELD VALUE: of the verifier in DIR.
ratify_is() {
	[ "$(hostile rpc "$1/run/ratify" status "$2")" = "$3" ]
}

ratify_min() {
	[ "$(hostile rpc "$1/run/ratify" status "$2")" -ge "$3" ]
}

second_verify() {
	"$PYTHON" "$KS_TOP/contrib/ks-verify.py" -r "$@"
}

# proven_by_all OPTION...: the proof of alice verifies, by both implementations, for
# whoever has any of the realm files.
proven_by_all() {
	for conf; do
		run -0 ks ks-lookup -r "$conf" -o "$E2E/alice.proof" alice a
		equal "$output" "$VALUE"
		run -0 ks ks-verify ${KS_NO_JAIL:+-J} -r "$conf" "$E2E/alice.proof"
		first=$output
		run -0 second_verify "$conf" "$E2E/alice.proof"
		equal "$output" "$first"
	done
}

@test "a verifier cosigns from the policy that adds it to the one that removes it" {
	realm_make main
	verifier_make
	realm_start
	daemon_spawn ks-ratify "$SECOND"
	daemon_ready ks-ratify "$SECOND"
	grep -q "it only follows until one has" "$(daemon_stderr ks-ratify "$SECOND")"
	update alice a=1
	wait_until 20 ratify_min "$SECOND" epoch 1
	ratify_is "$SECOND" cosigning 0
	ratify_is "$SECOND" pending 0
	run -0 lookup alice
	refute says verifier2
	lookup -o "$E2E/first.proof" alice >/dev/null

	approve verifier1 verifier2
	epoch=$(log policy -j | jq .epoch)
	log realm "$CONF" >"$REALM/two.conf"
	wait_until 20 ratify_is "$SECOND" cosigning 1
	grep -q "policy from epoch $epoch on has its key: it cosigns" \
		"$(daemon_stderr ks-ratify "$SECOND")"
	update alice a=2
	VALUE=2 proven_by_all "$CONF" "$REALM/two.conf"
	run -0 lookup -w 20 alice
	says 'ratified verifier1'
	says 'ratified verifier2'
	# What the old file was used for is a proof still.
	run -0 verify -t "$(date -u -r "$E2E/first.proof" +%s)" "$E2E/first.proof"

	approve verifier2
	epoch=$(log policy -j | jq .epoch)
	log realm "$CONF" >"$REALM/three.conf"
	wait_until 20 ratify_is "$VERIFIER" cosigning 0
	grep -q "policy from epoch $epoch on has not its key: it only follows" \
		"$(daemon_stderr ks-ratify)"
	update alice a=3
	VALUE=3 proven_by_all "$CONF" "$REALM/two.conf" "$REALM/three.conf"
	run -0 lookup -o "$E2E/alice.proof" alice
	equal "$(links "$E2E/alice.proof")" 2
	equal "$(ks ks-dump -j "$E2E/alice.proof" | jq '.policies[1].head.epoch + 1')" \
		"$epoch"
	refute says verifier1
	says 'ratified verifier2'
	# Nobody cosigns what its key has no part in.
	ks ks-dump -j "$VERIFIER/run/ratify" cosignature "$epoch" |
		jq -r .signature | grep -qx '0*'
	wait_until 20 ratify_is "$VERIFIER" pending 0

	# Each comes to the same from nothing, and goes on.
	for dir in "$VERIFIER" "$SECOND"; do
		ks ks-dump "$dir/run/ratify" policy >"$E2E/before"
		ks ks-dump "$dir/run/ratify" link >>"$E2E/before"
		daemon_signal TERM ks-ratify "$dir"
		daemon_left 0 ks-ratify "$dir"
		rm -r "$dir/data/ratify"
		daemon_spawn ks-ratify "$dir"
		daemon_ready ks-ratify "$dir"
		wait_until 30 ratify_min "$dir" epoch "$epoch"
		ks ks-dump "$dir/run/ratify" policy >"$E2E/after"
		ks ks-dump "$dir/run/ratify" link >>"$E2E/after"
		cmp "$E2E/before" "$E2E/after"
		[ "$(wc -l <"$E2E/after")" -ge 5 ]
		equal "$(find "$dir/evidence" -type f)" ''
	done
	update alice a=4
	run -0 lookup -w 20 alice a
	equal "$output" 4
}

@test "a verifier that is made to begin with a later policy says so, and blames nobody" {
	realm_make main
	verifier_make
	realm_start
	update alice a=1
	change "# the second"
	log realm "$SECOND/realm.conf" >"$E2E/second.conf"
	cp "$E2E/second.conf" "$SECOND/realm.conf"
	daemon_spawn ks-ratify "$SECOND"
	daemon_ready ks-ratify "$SECOND"
	wait_until 20 grep -q "epoch 1: policy-mismatch: .* is the policy in realm.conf the first" \
		"$(daemon_stderr ks-ratify "$SECOND")"
	[ -z "$(ls "$SECOND/evidence")" ]
}

@test "a proof whose links are altered is refused by both implementations alike" {
	realm_make main
	verifier_make
	realm_start
	update alice a=1
	approve verifier1
	approve verifier1 verifier2
	policy_of verifier1 >"$E2E/own"
	run -0 lookup -q "$E2E/own" -o "$E2E/alice.proof" alice a
	equal "$(links "$E2E/alice.proof")" 2
	run timeout -k 5 300 "$PYTHON" "$BATS_TEST_DIRNAME/second.py" lines "$CONF" \
		"$E2E/alice.proof" "$E2E/alice.proof"
	echo "$output"
	[ "$status" -eq 0 ]
	says ' cases, 0 differ'
	says '3 policy-chain-invalid'
	says '3 policy-chain-unmet'
}

@test "evidence from after a change of the policy convinces who has the file from before" {
	realm_make main
	verifier_make
	sed -i "s|^upstream .*|upstream run/liar|" "$VERIFIER/ks.conf"
	"$PYTHON" "$KS_TOP/t/hostile/publisher.py" "$VERIFIER/run/liar" \
		"$REPLICA/run/publish" "$REPLICA" "$E2E/lie" 2>"$E2E/liar.err" 3>&- &
	liar=$!
	realm_start
	update alice a=1
	{ policy_of verifier1 && echo "# second"; } >"$E2E/next"
	log approve "$E2E/next"
	wait_until 20 number_is 2
	log realm "$CONF" >"$REALM/new.conf"
	epoch=$(log policy -j | jq .epoch)
	for lie in root-mismatch fork; do
		wait_until 30 ratify_min "$VERIFIER" epoch "$epoch"
		[ $lie != fork ] || daemon_stop ks-ratify
		echo "signed root" >"$E2E/lie"
		[ $lie != fork ] || daemon_spawn ks-ratify
		daemon_left 100 ks-ratify
		rm "$E2E/lie"
		file=$(find "$VERIFIER/evidence" -type f)
		grep -qx 'policies 1' "$file"
		for conf in "$CONF" "$REALM/new.conf"; do
			run -0 ks ks-verify ${KS_NO_JAIL:+-J} -r "$conf" "$file"
			says "misbehaviour proven"
			says "rule $lie"
			says "signed replica1"
			first=$output
			run -0 second_verify "$conf" "$file"
			equal "$output" "$first"
		done
		sed 's/^policies 1/policies 0/' "$file" >"$E2E/altered"
		run -3 verify "$E2E/altered"
		rm "$file"
		rm -r "$VERIFIER/data/ratify"
		daemon_start ks-ratify
	done
}
