#!/usr/bin/env bats
# Three implementations of the offline check, ks-verify, contrib/ks-verify.py and the
# page's, which were written from PROTOCOL alone, judge every proof alike: exit code,
# rule, output.

load lib.bash

setup_file() {
	local i

	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make home -v 3
	sed -i "s/^policy\$/link gateway SHA256:$(printf %064d 7) edge\n&/" "$CONF"
	# shellcheck disable=SC2086
	realm_start $REPLICA_DAEMONS
	mkdir "$E2E/now" "$E2E/proofs"
	# No verifier runs: this test cosigns by itself, when and with whom it likes.
	sed '1,/^policy$/d; s/^quorum .*/quorum replicas/' "$CONF" >"$E2E/alone"
	second users "$REPLICA" user{1..50}
	for i in {1..50}; do
		take "$E2E/now/user$i" "user$i"
	done
	for i in {1..40}; do
		take "$E2E/now/nobody$i" "nobody$i"
	done
	update alice ssh=1 -q "$E2E/alone" >"$E2E/first"
	update alice ssh=2 mail=@/dev/null -q "$E2E/alone"
	take "$E2E/now/alice" alice
	take "$E2E/before" user1 -e 1
	take "$E2E/old" alice -e "$(awk '{ print $5 }' "$E2E/first")"
	# shellcheck disable=SC2086
	realm_stop $REPLICA_DAEMONS
	second pick "$E2E/now" >"$E2E/picked"
	while read -r i; do
		fresh "$E2E/now/$i" >"$E2E/proofs/$i"
	done <"$E2E/picked"
	fresh "$E2E/before" >"$E2E/proofs/before"
	fresh "$E2E/old" >"$E2E/proofs/old"
}

teardown_file() {
	e2e_end
}

# take FILE USER [OPTION...]: a proof without cosignatures, which is not enough yet.
take() {
	lookup -w 0 -o "$1" "${@:3}" "$2" >/dev/null 2>"$1.err" || [ $? -eq 4 ] ||
		{ cat "$1.err" >&2; return 1; }
	rm "$1.err"
}

# fresh PROOF: it with the cosignatures of all verifiers, of now.
fresh() {
	second cosign "$(date +%s)" "$REALM"/verifier{1,2,3} <"$1"
}

second() {
	timeout -k 5 "$TOOL_S" "$PYTHON" "$BATS_TEST_DIRNAME/second.py" "$@" 3>&-
}

# both CODE ARGUMENT...: both leave with CODE and say the same.
both() {
	local code=$1 rule
	shift
	run -"$code" --separate-stderr verify "$@"
	# shellcheck disable=SC2154
	first=$output rule=$(sed -n 's/^ks-verify: [^:]*: \([a-z-]*\): .*/\1/p' <<<"$stderr")
	run -"$code" --separate-stderr \
		"$PYTHON" "$KS_TOP/contrib/ks-verify.py" -r "$CONF" "$@"
	equal "$output" "$first"
	equal "$(sed -n 's/^ks-verify.py: \([a-z-]*\): .*/\1/p' <<<"$stderr")" "$rule"
}

# agreed N OUTCOME...: the last "run second" had N cases or more, with these outcomes
# (under a sanitizer it takes a part of the cases, and may miss an outcome).
agreed() {
	local n=$1 outcome
	shift
	echo "$output"
	[ "$status" -eq 0 ]
	says " cases, 0 differ"
	[ -z "${KS_NO_JAIL:-}" ] || return 0
	[ "$(awk '/ cases, /{ print $1 }' <<<"$output")" -ge "$n" ]
	for outcome; do
		says " $outcome"
	done
}

@test "the second implementation meets the published vectors of its cryptography" {
	run second vectors
	[ "$status" -eq 0 ]
	says '914 vectors, 43 valid'
}

@test "honest proofs: present, absent in both ways, past, deep" {
	local name found

	for name in $(<"$E2E/picked"); do
		found=0
		[[ $name != nobody* ]] || found=1
		both $found -u "$name" "$E2E/proofs/$name"
		both 3 -u "${name}x" "$E2E/proofs/$name"
		both 4 -t 2100-01-01T00:00:00Z "$E2E/proofs/$name"
		both 3 -t 2001-01-01T00:00:00.5Z "$E2E/proofs/$name"
		both 4 "$E2E/now/$name"
		both $found -q "$E2E/alone" "$E2E/now/$name"
	done
	for name in present empty other; do
		grep -q "^found $name" "$E2E"/proofs/*
	done
	both 1 -e 1 "$E2E/proofs/before"
	both 4 "$E2E/proofs/before"
	both 3 -e 2 "$E2E/proofs/before"
	both 0 -e "$(awk '{ print $5 }' "$E2E/first")" "$E2E/proofs/old"
	both 4 "$E2E/proofs/old"
	run -0 "$PYTHON" "$KS_TOP/contrib/ks-verify.py" -r "$CONF" <"$E2E/proofs/alice"
}

@test "proofs with every line removed, doubled, swapped and changed" {
	run second lines "$CONF" "$E2E"/proofs/*
	agreed 3000 '0 ' '1 ' '3 proof-malformed' '3 realm-mismatch' '3 vrf-invalid' \
		'3 head-malformed' '3 entry-mismatch' '3 profile-mismatch' \
		'3 path-invalid' '3 inclusion-invalid' '3 origin-mismatch' \
		'3 signature-invalid' '4 quorum-unmet' '4 not-fresh'
}

@test "realm files with every line removed, doubled, swapped and changed" {
	run second realm "$CONF" "$E2E/proofs/alice"
	agreed 500 '0 ' '100 ' '3 policy-changed' '3 vrf-invalid' '3 path-invalid'
}

@test "a realm file of another realm, and of one with the same name" {
	ks ks-init "$E2E/other" other.example
	CONF=$E2E/other/realm.conf both 3 "$E2E/proofs/alice"
	ks ks-init "$E2E/same" home.example
	CONF=$E2E/same/realm.conf both 3 "$E2E/proofs/alice"
}

@test "times, cosignatures, epochs, users and policies on both sides of every limit" {
	run second times "$REALM" "$E2E/now/alice"
	agreed 800 '0 ' '100 ' '3 epoch-mismatch' '3 time-future' '3 signature-invalid' \
		'3 user-mismatch' '4 quorum-unmet' '4 not-fresh'
}

@test "proofs that no honest server makes, signed by all keys of the realm" {
	run second made "$REALM"
	agreed 220 '0 ' '1 ' '3 proof-malformed' '3 vrf-invalid' '3 head-malformed' \
		'3 entry-mismatch' '3 profile-mismatch' '3 path-invalid' \
		'3 policy-chain-invalid' '3 policy-chain-unmet' '3 policy-changed' \
		'3 time-future' '4 quorum-unmet'
}

@test "evidence that is true, false, and altered in every line" {
	run second evidence "$REALM"
	agreed 1000 '3 nothing is proven' '0 rule fork' '0 rule head-malformed' \
		'0 rule realm-mismatch' '0 rule epoch-not-next' '0 rule time-decreases' \
		'0 rule policy-malformed' '0 rule updates-count' '0 rule update-malformed' \
		'0 rule version-must-rise' '0 rule signature-invalid' \
		'0 rule registration-version' '0 rule new-policy-unmet' \
		'0 rule old-policy-unmet' '0 rule root-mismatch'
}

@test "the comparison notices a ks-verify that is wrong" {
	mkdir "$E2E/bin"
	# It does not look at the rule on VRF proofs.
	cat >"$E2E/bin/ks-verify" <<-END
	#!/bin/sh
	"$KS_BIN/ks-verify" "\$@" 2>"$E2E/bin/err.\$\$"
	code=\$?
	sed s/vrf-invalid/path-invalid/ "$E2E/bin/err.\$\$" >&2
	exit \$code
	END
	chmod +x "$E2E/bin/ks-verify"
	KS_NO_JAIL='' KS_BIN=$E2E/bin run second made "$REALM"
	[ "$status" -eq 1 ]
	refute says ' 0 differ'
}

@test "the comparison notices a verifier of the page that is wrong" {
	cp -R "$KS_TOP/share/page" "$E2E/page"
	# It takes a head of the far future.
	sed -i 's/head.time <= latest/true/' "$E2E/page/verify.js"
	KS_NO_JAIL='' KS_PAGE=$E2E/page run second made "$REALM"
	[ "$status" -eq 1 ]
	says "the page     (0, '', "
	refute says ' 0 differ'
}

# completed WORD...: what bash proposes for the last word of the command line.
completed() {
	PATH=$KS_BIN:$PATH bash -c '. "$0/contrib/completion/ks.bash"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_ks "$1" "${*: -1}" "${*: -2:1}"
		echo "${COMPREPLY[*]}"' "$KS_TOP" "$@"
}

@test "bash completes the options that a program has" {
	equal "$(completed ks-verify -)" "-J -V -e -h -j -q -r -t -u"
	equal "$(completed ks-init -s s)" "s6 systemd"
	equal "$(completed ks-log -d replica1 p)" "propose policy promote"
	cd "$E2E/other"
	equal "$(completed ks-lookup -r re)" "realm.conf"
}
