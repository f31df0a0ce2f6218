#!/usr/bin/env bats
# What a lookup shows and proves, and that anyone can check the proof offline.
# One realm for the whole file: its tests only read, or add users of their own.

load lib.bash

setup_file() {
	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make main
	realm_start
	update alice@main.example 'text=hello' >"$E2E/alice.0"
	update alice@main.example 'text=hello again' >"$E2E/alice.1"
	lookup -o "$E2E/alice.proof" alice@main.example >"$E2E/alice.report"
	run lookup -o "$E2E/absent.proof" nobody@main.example
	[ "$status" -eq 1 ]
}

teardown_file() {
	e2e_end
}

setup() {
	realm_use main
	T=$BATS_TEST_TMPDIR
}

# epoch_of FILE: the epoch that ks-update printed into FILE.
epoch_of() {
	sed -n 's/.* epoch //p' "$1"
}

# offline FILE [OPTION...]: ks-verify with the proof FILE and realm.conf alone in
# an empty folder, no environment, and no network where that can be taken away.
offline() {
	local away=$BATS_TEST_TMPDIR/away

	rm -rf "$away"
	mkdir "$away"
	cp "$1" "$away/proof"
	cp "$CONF" "$away/realm.conf"
	shift
	(cd "$away" && timeout 30 env -i \
		ASAN_OPTIONS="$ASAN_OPTIONS" UBSAN_OPTIONS="$UBSAN_OPTIONS" \
		$(unshare -n true 2>/dev/null && echo unshare -n) \
		"$KS_BIN/ks-verify" ${KS_NO_JAIL:+-J} -r realm.conf "$@" proof)
}

# refused FILE: the proof FILE does not verify, and a rule says why.
refused() {
	run offline "$@"
	[ "$status" -eq 3 ] || {
		echo "exit $status for $*: $output"
		return 1
	}
	[[ $output =~ ^ks-verify:\ [^:]*:\ [a-z]+-[a-z]+: ]] || {
		echo "no rule in: $output"
		return 1
	}
}

@test "a registered user is found, in every byte of text, binary, empty and long values" {
	printf 'line\n\n' >"$T/text"
	"$PYTHON" -c 'import sys; sys.stdout.buffer.write(bytes(range(256)) * 2)' >"$T/binary"
	: >"$T/empty"
	head -c 40000 /dev/urandom >"$T/long"
	run -0 update bytes@main.example "text=@$T/text" "binary=@$T/binary" \
		"empty=@$T/empty" "long=@$T/long"
	says 'version 0'
	for app in text binary empty long; do
		lookup bytes@main.example $app >"$T/got"
		cmp "$T/got" "$T/$app"
	done
	run -1 lookup bytes@main.example nothing
}

@test "user ids differ in case of ASCII letters only by spelling" {
	run -0 lookup ALICE@main.EXAMPLE text
	equal "$output" 'hello again'
}

@test "a user who is not there is absent, and that is proven" {
	run -1 lookup nobody@main.example
	says 'found absent'
	run -1 lookup nobody@main.example text
	run -1 offline "$E2E/absent.proof" -u nobody@main.example
	says 'found absent'
	run -3 offline "$E2E/absent.proof" -u alice@main.example
	says 'user-mismatch'
}

@test "an update raises the version, and a version may be left out" {
	equal "$(cut -d' ' -f2,3 "$E2E/alice.0")" 'version 0'
	equal "$(cut -d' ' -f2,3 "$E2E/alice.1")" 'version 1'
	update gap@main.example 'a=0'
	run -0 hostile update -r "$REPLICA" -k "$(key_of gap@main.example)" -v 7 -a a=7 \
		send gap@main.example
	says accepted
	wait_until 20 eval 'lookup gap@main.example | grep -q "^version 7"'
	run -0 update gap@main.example 'a=8'
	says 'version 8'
	run -0 lookup gap@main.example a
	equal "$output" 8
}

@test "a lookup at a past epoch shows what was then" {
	first=$(epoch_of "$E2E/alice.0")
	second=$(epoch_of "$E2E/alice.1")
	[ "$first" -lt "$second" ]
	run -0 lookup -e "$first" alice@main.example text
	equal "$output" hello
	run -0 lookup -e "$second" alice@main.example text
	equal "$output" 'hello again'
	run -0 lookup -e $((second - 1)) alice@main.example
	says 'version 0'
	if [ "$first" -gt 1 ]; then
		run -1 lookup -e $((first - 1)) alice@main.example
	fi
	run -0 lookup -e "$first" -o "$T/past" alice@main.example
	run -0 offline "$T/past" -e "$first"
	says 'version 0'
	# What was is not what is.
	run -4 offline "$T/past"
	says 'not-fresh'
}

@test "a proof is checked offline, with the realm file and nothing else" {
	run -0 offline "$E2E/alice.proof" -u alice@main.example
	says 'found present'
	says 'version 1'
	says 'signed replica1'
	says 'ratified verifier1'
	equal "$output" "$(cat "$E2E/alice.report")"
	run -0 ks ks-verify ${KS_NO_JAIL:+-J} -j -r "$CONF" <"$E2E/alice.proof"
	equal "$(jq -r '.found, .version' <<<"$output")" $'present\n1'
}

@test "a proof in which any one line is altered is refused by a rule" {
	for proof in alice absent; do
		length=$(wc -l <"$E2E/$proof.proof")
		[ "$length" -gt 12 ]
		for ((n = 1; n <= length; n++)); do
			hostile garble "$n" <"$E2E/$proof.proof" >"$T/bad"
			refute cmp -s "$T/bad" "$E2E/$proof.proof"
			refused "$T/bad"
		done
	done
}

@test "a proof in which any one line is missing or doubled is refused by a rule" {
	length=$(wc -l <"$E2E/alice.proof")
	for ((n = 1; n <= length - 2; n++)); do
		sed "${n}d" "$E2E/alice.proof" >"$T/bad"
		refused "$T/bad"
		sed "${n}p" "$E2E/alice.proof" >"$T/bad"
		refused "$T/bad"
	done
	# Without a signature line it is sound, but too few have signed.
	for n in $((length - 1)) $length; do
		sed "${n}d" "$E2E/alice.proof" >"$T/bad"
		run -4 offline "$T/bad"
		says 'quorum-unmet'
	done
}

@test "a proof that is cut anywhere is refused by a rule" {
	size=$(wc -c <"$E2E/alice.proof")
	for ((n = 0; n < size; n += 67)); do
		head -c $n "$E2E/alice.proof" >"$T/bad"
		refused "$T/bad"
	done
	head -c $((size - 1)) "$E2E/alice.proof" >"$T/bad"
	refused "$T/bad"
	(cat "$E2E/alice.proof"; echo) >"$T/bad"
	refused "$T/bad"
}

@test "a proof does not verify in another realm" {
	# Of the same name, but with keys of its own.
	ks ks-init "$T/other" main.example
	CONF=$T/other/realm.conf refused "$E2E/alice.proof"
	says vrf-invalid
	sed "s|^vrf .*|$(grep '^vrf ' "$CONF")|" "$T/other/realm.conf" >"$T/mixed.conf"
	CONF=$T/mixed.conf refused "$E2E/alice.proof"
}

@test "a proof that is too old is not fresh; one from the future is refused" {
	now=$(date +%s)
	run -0 offline "$E2E/alice.proof" -t $((now + 3600))
	run -4 offline "$E2E/alice.proof" -t $((now + 2 * 86400))
	says 'not-fresh'
	run -3 offline "$E2E/alice.proof" -t $((now - 3600))
	says 'time-future'
}

@test "a quorum of one's own is what counts" {
	ks ks-init "$T/stranger" main.example
	{
		grep -E '^(replica|witness) ' "$CONF"
		echo 'quorum verifier1'
	} >"$T/met"
	{
		grep -E '^replica ' "$CONF"
		grep -E '^witness ' "$T/stranger/realm.conf"
		echo 'quorum verifier1'
	} >"$T/unmet"
	cp "$T/met" "$T/unmet" "$E2E"
	run -0 verify -q "$T/met" "$E2E/alice.proof"
	run -4 verify -q "$T/unmet" "$E2E/alice.proof"
	says 'quorum-unmet'
	run -0 lookup -q "$T/met" alice@main.example text
	equal "$output" 'hello again'
	run -4 lookup -q "$T/unmet" -w 0 alice@main.example text
	says 'quorum-unmet'
	refute [ "$output" = 'hello again' ]
}

@test "wrong usage leaves with 2, a server that is not there with 111" {
	run -2 lookup
	run -2 lookup -x alice@main.example
	run -2 verify -t yesterday "$E2E/alice.proof"
	run -2 ks ks-update -r "$CONF" alice@main.example a=b
	run -111 lookup -s "unix:$T/nowhere" alice@main.example
	run -100 ks ks-lookup -r "$T/nowhere.conf" alice@main.example
}
