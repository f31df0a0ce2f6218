#!/usr/bin/env bats
# Peers that do not keep to the protocol, and files that are not what they should
# be: a clear word, and the daemon serves the next one, or says one line and leaves.

load lib.bash

setup_file() {
	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make main
	realm_start
}

teardown_file() {
	e2e_end
}

setup() {
	realm_use main
	T=$BATS_TEST_TMPDIR
}

# Every daemon is the same process as before, and the realm works.
teardown() {
	local name

	for name in $ALL_DAEMONS; do
		daemon_running "$name"
	done
}

# on_every_socket ATTACK [RULE]: each daemon answers it with this rule only.
on_every_socket() {
	local name rules

	for name in logd apply sign publish admit ratify; do
		rules=$(attack "$name" "$1")
		equal "$(sort -u <<<"$rules")" "${2:-}" "$1 on ks-$name"
		[ -z "${2:-}" ] || told "ks-$name" "$2"
	done
}

# attack NAME ATTACK: on the socket of ks-NAME.
attack() {
	local dir=$REPLICA

	[ "$1" != ratify ] || dir=$VERIFIER
	hostile frames "$dir/run/${1/logd/log}" "$2"
}

# modes DIR: "NAME MODE" of what is in DIR/run.
modes() {
	(cd "$1/run" && stat -c '%n %a' -- *) | sort
}

# told NAME RULE: the daemon's standard error names the rule.
told() {
	grep -q ": $2\$" "$(daemon_stderr "$1")"
}

@test "the log, and all that a face need not reach, is its owner's alone" {
	equal "$(modes "$REPLICA")" "$(printf '%s\n' 'admit 660' 'apply 600' \
	    'log 600' 'publish 660' 'sign 600')"
	equal "$(modes "$VERIFIER")" 'ratify 600'
	equal "$(stat -c %a "$REPLICA/run" "$VERIFIER/run" | sort -u)" 700
}

@test "a frame of a wrong length is answered with a rule, and the connection ends" {
	on_every_socket lengths frame-length
}

@test "a frame of an unknown type is answered with a rule, and the connection ends" {
	on_every_socket types frame-type
}

@test "a body that is too short or too long is answered with a rule" {
	for name in logd apply sign publish admit ratify; do
		run -0 attack $name bodies
		refute grep -vE '^(body-length|frame-malformed|entry-malformed)$' <<<"$output"
	done
}

@test "numbers that no request may have are answered with a rule" {
	run -0 attack logd zeros
	equal "$output" index-zero
	run -0 attack apply zeros
	equal "$output" frame-malformed
	run -0 attack publish zeros
	equal "$output" frame-malformed
}

@test "noise is answered or cut off" {
	on_every_socket garbage
}

@test "a frame that is cut at any byte, or comes slowly, holds up nobody" {
	on_every_socket half
}

@test "frames byte by byte, and 500 at once, are each answered once" {
	on_every_socket pipelined
}

@test "200 clients at a time are served, and more wait their turn" {
	on_every_socket crowd
}

@test "idle clients give way, the one that has been silent for longest first" {
	on_every_socket idle
}

@test "a client that never reads holds up nobody" {
	on_every_socket deaf
}

@test "a client that asks for every place gets its share, and leaves room for others" {
	hostile greedy "$REPLICA/run/apply"
	hostile greedy "$REPLICA/run/publish"
	daemon_signal STOP ks-apply
	hostile greedy "$REPLICA/run/admit" "$(key_of greedy)" ||
		{ daemon_signal CONT ks-apply; return 1; }
	daemon_signal CONT ks-apply
}

@test "after all that the realm works" {
	run -0 update after@main.example a=b
	run -0 lookup after@main.example a
	equal "$output" b
}

# broken NAME TEXT: ks-NAME, started on a copy of its folder in which the commands
# of the function "spoil" were run, says one line with TEXT in it and leaves with 100.
broken() {
	local dir=$T/copy code=0

	rm -rf "$dir"
	mkdir "$dir"
	cp -r "$(daemon_dir "$1")"/{ks.conf,realm.conf,keys} "$dir"
	mkdir "$dir/run" "$dir/data"
	(cd "$dir" && spoil)
	ks "$1" ${KS_NO_JAIL:+-J} -d "$dir" >"$T/out" 2>"$T/err" || code=$?
	equal "$code" 100 "$1: $(cat "$T/err")"
	equal "$(wc -l <"$T/err")" 1 "$1: $(cat "$T/err")"
	[[ $(cat "$T/err") == "$1: "*$2* ]] || {
		echo "expected $2 in: $(cat "$T/err")"
		return 1
	}
	[ ! -s "$T/out" ]
}

# Those that read the file.
READS_REALM="ks-apply ks-sign ks-publish ks-admit ks-ratify"

@test "a ks.conf that is wrong is refused in one line that names file and line" {
	# ks-admit needs nothing from it.
	for name in ks-logd ks-apply ks-sign ks-publish ks-ratify; do
		spoil() { echo 'nonsense 1' >>ks.conf; }
		broken "$name" 'ks.conf:'
		spoil() { sed -i 's/^cache_mib .*/cache_mib many/' ks.conf; }
		broken "$name" 'ks.conf:'
		spoil() { sed -n '/^cache_mib/p' ks.conf >x; cat x >>ks.conf; }
		broken "$name" 'ks.conf:'
		spoil() { rm ks.conf; }
		broken "$name" 'ks.conf: No such file'
	done
	for name in ks-logd ks-apply ks-sign ks-publish; do
		spoil() { sed -i 's/^epoch_min_ms .*/epoch_min_ms 5000000/' ks.conf; }
		broken "$name" 'epoch_min_ms is above epoch_max_ms'
	done
	spoil() { sed -i '/^upstream/d' ks.conf; }
	broken ks-ratify upstream
}

@test "a realm.conf that is wrong is refused in one line that names file and line" {
	for name in $READS_REALM; do
		spoil() { sed -i 's/^nonce .*/nonce AAAA/' realm.conf; }
		broken "$name" 'realm.conf:'
		spoil() { sed -i '/^vrf /d' realm.conf; }
		broken "$name" 'realm.conf:'
		spoil() { sed -i 's/^quorum .*/quorum nobody/' realm.conf; }
		broken "$name" 'realm.conf:'
		spoil() { head -c 100 realm.conf >x; mv x realm.conf; }
		broken "$name" 'realm.conf'
		spoil() { : >realm.conf; }
		broken "$name" 'realm.conf'
		spoil() { rm realm.conf; }
		broken "$name" 'realm.conf: No such file'
	done
}

@test "a way of registration that is not known keeps ks-admit from running" {
	spoil() { sed -i 's/^registration .*/registration dkim/' realm.conf; }
	broken ks-admit 'realm.conf: registration dkim'
}

@test "a key file that others can read, of another kind, cut or missing is refused" {
	for pair in ks-sign=sign ks-publish=vrf ks-admit=vrf ks-ratify=cosign; do
		name=${pair%=*} key=keys/${pair#*=}.key
		spoil() { chmod 0644 "$key"; }
		broken "$name" "$key"
		spoil() { chmod 0660 "$key"; }
		broken "$name" "$key"
		spoil() { head -c 40 "$key" >x; cat x >"$key"; }
		broken "$name" "$key"
		spoil() { : >"$key"; }
		broken "$name" "$key"
		spoil() { sed -i 's/ed25519/vrf/; t; s/vrf/cosign/; t; s/cosign/ed25519/' "$key"; }
		broken "$name" "$key"
		spoil() { rm "$key"; }
		broken "$name" "$key: No such file"
	done
}

@test "a key that is not this realm's is refused" {
	ks ks-init "$T/other" main.example
	spoil() { cp "$T/other/replica1/keys/"* keys; }
	broken ks-publish keys/vrf.key
	broken ks-admit keys/vrf.key
}

@test "a signing key that the policy has not signs nothing" {
	# It may come into force yet: t/bats/policy.bats.
	local name key dir

	for name in ks-sign ks-ratify; do
		dir=$T/stranger-$name
		mkdir "$dir"
		cp -r "$(daemon_dir "$name")"/{ks.conf,realm.conf,keys} "$dir"
		mkdir "$dir/run" "$dir/data" "$dir/evidence"
		[ -d "$T/other" ] || ks ks-init "$T/other" main.example
		case $name in
		ks-sign) key=sign.key; cp "$T/other/replica1/keys/$key" "$dir/keys" ;;
		*) key=cosign.key; cp "$T/other/verifier1/keys/$key" "$dir/keys" ;;
		esac
		daemon_spawn "$name" "$dir"
		daemon_ready "$name" "$dir"
		grep -q "keys/$key" "$(daemon_stderr "$name" "$dir")"
		daemon_signal TERM "$name" "$dir"
		daemon_left 0 "$name" "$dir"
	done
}

@test "a second process on the same database leaves, and the first one stays" {
	# It comes again: the owner may be about to leave, or be a ks-dump.
	for name in ks-logd ks-apply ks-sign ks-publish ks-ratify; do
		run -111 ks "$name" ${KS_NO_JAIL:+-J} -d "$(daemon_dir "$name")"
		equal "${#lines[@]}" 1
		says "another process owns it"
	done
	run -111 ks ks-admit ${KS_NO_JAIL:+-J} -d "$REPLICA"
	equal "${#lines[@]}" 1
}
