#!/usr/bin/env bats
# ks-dump and ks-status on a real replica: running, stopped, killed.

load lib

setup() {
	e2e_begin "$BATS_TEST_TMPDIR/e2e"
	# No epoch closes by itself, so that tables stay while they are counted.
	realm_make dump -v 0 -I 3600000
}

teardown() {
	e2e_end
}

dump() {
	ks ks-dump "$@"
}

json_lines() {
	"$PYTHON" -c 'import json, sys
for line in sys.stdin:
    assert isinstance(json.loads(line), dict)'
}

# Every table of every program, from its socket, decodes.
dump_all_sockets() {
	local s line
	for s in log apply sign publish; do
		while read -r line; do
			dump "$REPLICA/run/$s" "${line%% *}" >"$E2E/rows" || return
			equal "$(wc -l <"$E2E/rows")" "${line##*rows=}" "$s ${line%% *}"
			dump -j "$REPLICA/run/$s" "${line%% *}" | json_lines
		done <<<"$(dump "$REPLICA/run/$s")"
	done
}

@test "a running replica is healthy, and every row that its daemons store decodes" {
	realm_start
	ks ks-status -w "$REPLICA"
	update alice@dump.example pgp=one
	update bob@dump.example pgp=two note=three
	update alice@dump.example pgp=four
	run -0 ks ks-status -w "$REPLICA"
	says "healthy yes"
	says "ks-apply up "
	dump_all_sockets
	run -0 dump "$REPLICA/run/publish" entry
	equal "${#lines[@]}" 3
	run -0 dump "$REPLICA/run/log" entry 1 2
	equal "${#lines[@]}" 1
	says "entry.type_name=delimiter"
	run -111 dump "$REPLICA/data/apply"
	says "ks-apply is running: ask its socket"
	says "/run/apply"
	run -100 dump "$REPLICA/run/none"
	run -2 dump "$REPLICA/run/admit"
}

@test "a stopped or killed replica is shown as it was" {
	realm_start
	update alice@dump.example pgp=one
	ks ks-status -w "$REPLICA"
	realm_stop
	run -111 ks ks-status "$REPLICA"
	says "ks-logd down "
	says "healthy no"
	dump "$REPLICA" >"$E2E/all"
	grep -q '^publish/entry number=0x03 rows=1$' "$E2E/all"
	grep -q '^apply/tile number=0xff rows=1$' "$E2E/all"
	for t in meta entry epoch event tile signature request outcome hash; do
		dump "$REPLICA" "apply/$t" >/dev/null
	done
	dump -j "$REPLICA/data/sign" signed | json_lines
	id=$(sed -n 's/^replica [^+]*+\([0-9a-f]*\)+.*/\1/p' "$CONF")
	dump "$REPLICA/data/publish" majority >"$E2E/majority"
	grep -q "key_ids=$id" "$E2E/majority"
	# What was shown does not keep the daemons from going on.
	realm_start
	update alice@dump.example pgp=two
	daemon_kill ks-apply
	dump "$REPLICA/data/apply" >"$E2E/killed"
	grep -q '^entry number=0x02 rows=1$' "$E2E/killed"
	run -1 ks ks-status "$REPLICA"
	says "ks-apply down "
	says "reason ks-apply does not answer: "
	run -1 ks ks-status -w -t 0 "$REPLICA"
	daemon_start ks-apply
	run -0 ks ks-status -j -w "$REPLICA"
	echo "$output" | json_lines
	echo "$output" | jq -e '.summary.reasons == []'
}

@test "proofs, realm and key files are shown, and no secret" {
	realm_start
	update alice@dump.example pgp=one -o "$E2E/proof" ||
		update -o "$E2E/proof" alice@dump.example pgp=one
	run -0 dump "$E2E/proof"
	says 'proof realm="dump.example" user="alice@dump.example" '
	says "found=present "
	dump -j "$E2E/proof" | json_lines
	run -0 dump - <"$E2E/proof"
	says "proof realm="
	run -0 dump "$CONF"
	says 'realm realm="dump.example" '
	says "keys.0.kind=replica "
	run -0 dump "$REPLICA/keys/sign.key"
	says "key kind=ed25519 "
	refute grep -q "$(cut -d ' ' -f 4 "$REPLICA/keys/sign.key")" <<<"$output"
	run -0 dump "$REPLICA/keys/vrf.key"
	says "key kind=vrf "
	run -100 dump - <"$REPLICA/keys/sign.key"
	refute grep -q "$(cut -d ' ' -f 4 "$REPLICA/keys/sign.key")" <<<"$output"
	head -c 900 "$E2E/proof" >"$E2E/cut"
	run -3 dump "$E2E/cut"
	says "proof corrupt: proof-malformed"
}

@test "a verifier is shown as a replica is" {
	[ -x "$KS_BIN/ks-ratify" ] || skip "ks-ratify is not built"
	realm_make watched -v 1
	realm_start
	update carol@watched.example pgp=one
	run -0 ks ks-status -w "$VERIFIER"
	says "ks-ratify up "
	wait_until 30 eval "'$KS_BIN/ks-dump' '$VERIFIER/run/ratify' entry | grep -q ."
	for t in meta entry cosignature waiting tile; do
		dump "$VERIFIER/run/ratify" "$t" >/dev/null
	done
	realm_stop
	dump -j "$VERIFIER" cosignature | json_lines
	run -111 ks ks-status "$VERIFIER"
	says "ks-ratify down "
}

@test "a certificate that expires soon, has expired or is none is a problem" {
	# certificate_is FILE STATE DAYS (a pattern): in what ks-status says, which is then no good.
	certificate_is() {
		run -1 ks ks-status "$REPLICA"
		[[ $'\n'$output == *$'\n'"certificate $1 state=$2 days="$3$'\n'*$'\n'"healthy no"* ]]
	}
	self_signed() {
		openssl req -x509 -newkey ed25519 -nodes -subj /CN=x -days "$1" \
			-keyout "$E2E/x.key" -out "$REPLICA/$2" 2>/dev/null
	}
	realm_start
	update alice@dump.example pgp=one
	run -0 ks ks-status -w "$REPLICA"
	says $'\ncertificate keys/link.crt state=good days=365'
	self_signed 20 keys/link.crt
	certificate_is keys/link.crt soon '[12][09]'
	self_signed 40 keys/link.crt
	run -0 ks ks-status "$REPLICA"
	hostile link cert "$E2E/expired" -600 -5
	cp "$E2E/expired/link.crt" "$REPLICA/keys/etcd.crt"
	certificate_is keys/etcd.crt expired 0
	echo >"$REPLICA/keys/etcd.crt"
	certificate_is keys/etcd.crt unreadable 0
	says "keys/etcd.crt: not a certificate in PEM"
	ks ks-status -j "$REPLICA" >"$E2E/json" 2>/dev/null || true
	jq -e '.certificates[1].state == "unreadable" and .summary.healthy == "no"' "$E2E/json"
	rm "$REPLICA/keys/etcd.crt"
	run -0 ks ks-status "$REPLICA"
}

@test "the command line is checked" {
	run -2 dump
	run -2 dump "$REPLICA" a b c d
	run -2 dump -T cake "$CONF"
	run -2 dump -P admit "$REPLICA"
	run -2 dump "$CONF" table
	run -100 dump "$E2E/none"
	run -100 dump "$REPLICA"
	run -2 ks ks-status
	run -100 ks ks-status "$E2E"
	run -0 dump -h
	run -0 ks ks-status -V
}
