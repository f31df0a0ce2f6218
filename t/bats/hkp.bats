#!/usr/bin/env bats
# gpg with its dirmngr, sq and curl, as Debian has them, find OpenPGP keys at
# ks-httpd: HKP and the Web Key Directory.  One realm for the whole file.

load lib.bash
load openpgp.bash

setup_file() {
	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make main -K
	printf 'http_listen 127.0.0.1:0\nhttp_rate 0\nhttp_domain main.example\nhttp_domain second.example\n' \
	    >>"$REPLICA/ks.conf"
	realm_start
	daemon_start ks-httpd ks-keyids
	openpgp_keys
	update alice@main.example "pgp=@$E2E/alice.pgp"
	update bob@main.example "pgp=@$E2E/bob.asc"
	update two@main.example "pgp=@$E2E/two.pgp"
	update nokey@main.example 'note=hello'
	update junk@main.example 'pgp=hello'
	update secret@main.example "pgp=@$E2E/secret.pgp"
}

teardown_file() {
	e2e_end
}

setup() {
	realm_use main
	T=$BATS_TEST_TMPDIR
	ADDRESS=$(status httpd http_listen)
	gpg_home "hkp://$ADDRESS"
}

teardown() {
	gpg_home_end
}

# hkp QUERY: ask /pks/lookup; STATUS is the code, and the body is in $T/body.
hkp() {
	STATUS=$(curl -s -m 30 -o "$T/body" -w '%{http_code}' "http://$ADDRESS/pks/lookup?$1")
}

@test "gpg finds a key by address, and lists it as it is" {
	run gpg --batch --search-keys alice@main.example
	says 'Alice <alice@main.example>'
	says "${FPR_ALICE: -16}"
	says '256 bit EDDSA key'
	run gpg --batch --search-keys nobody@main.example
	says 'not found'
}

@test "the list for a machine says of a key what gpg says of it" {
	hkp 'op=index&options=mr&search=alice@main.example'
	equal "$STATUS" 200
	equal "$(head -n 1 "$T/body")" info:1:1
	equal "$(sed -n 's/^pub:\([^:]*\):.*/\1/p' "$T/body")" "$FPR_ALICE"
	gpg --batch --quiet --import "$E2E/alice.pgp"
	gpg --batch --with-colons --fixed-list-mode --list-keys >"$T/list"
	equal "$(awk -F: '/^pub/ {print $4 ":" $6 ":" $7}' "$T/list")" \
	    "$(awk -F: '/^pub/ {print $3 ":" $5 ":" $6}' "$T/body")"
	hkp 'op=vindex&search=alice@main.example'
	equal "$STATUS" 200
	grep -qx 'uid Alice <alice@main.example>' "$T/body"
	grep -q '^sub algorithm 18, 256 bits' "$T/body"
	refute grep -q '^<' "$T/body"
}

@test "gpg gets a key by address alone, and with it the user ids of that address" {
	run -0 gpg --batch --auto-key-locate clear,keyserver --locate-external-keys \
	    alice@main.example
	gpg --batch --with-colons --list-keys >"$T/list"
	grep -q "^fpr:::::::::$FPR_ALICE:" "$T/list"
	grep -q '^uid:.*:Alice <alice@main.example>:' "$T/list"
	refute grep -q other.example "$T/list"
	# It can be encrypted to.
	echo hello | gpg --batch --trust-model always -r alice@main.example -e >"$T/secret"
	[ -s "$T/secret" ]
}

@test "gpg receives a key by fingerprint, key id, and those of its subkey, with all its user ids" {
	local sub id
	gpg --batch --quiet --import "$E2E/alice.pgp"
	sub=$(gpg --batch --with-colons --list-keys | awk -F: '/^fpr/ {f = $10} END {print f}')
	for id in "$FPR_ALICE" "${FPR_ALICE: -16}" "$sub" "${sub: -16}"; do
		gpg --batch --yes --quiet --delete-keys "$FPR_ALICE"
		wait_until 30 gpg --batch --recv-keys "$id"
		equal "$(gpg --batch --with-colons --list-keys | grep -c '^uid')" 2 "$id"
	done
	gpg --batch --export "$FPR_ALICE" | cmp - "$E2E/alice.pgp"
	id=${FPR_ALICE#?}
	run gpg --batch --recv-keys "$id${FPR_ALICE%"$id"}"
	[ "$status" -ne 0 ]
	says 'No data'
}

@test "sq gets a key by fingerprint" {
	wait_until 30 sq keyserver -p insecure -s "hkp://$ADDRESS" get -o "$T/bob" "$FPR_BOB"
	sq inspect "$T/bob" | grep -qx " *Fingerprint: $FPR_BOB"
}

@test "whose key has an id is proven: one who publishes a stranger's key is not found by it" {
	# mallory publishes alice's key and one of her own with alice's address in it.
	gpg --batch --quiet --pinentry-mode loopback --passphrase= \
	    --quick-gen-key 'Alice <alice@main.example>' future-default
	FPR=$(gpg --batch --with-colons --list-keys | awk -F: '/^fpr/ {print $10; exit}')
	gpg --batch --export "$FPR" >"$T/false.pgp"
	epoch=$(update mallory@main.example "pgp=@$T/false.pgp" | sed 's/.* epoch //')
	wait_until 30 status_min keyids signed "$epoch"
	hkp "op=get&options=mr&search=0x$FPR"
	equal "$STATUS" 404
	# By address and exactly, each has what is his.
	hkp 'op=get&options=mr&exact=on&search=mallory@main.example'
	equal "$STATUS" 404
	hkp 'op=index&options=mr&exact=on&search=alice@main.example'
	equal "$(sed -n 's/^pub:\([^:]*\):.*/\1/p' "$T/body")" "$FPR_ALICE"
}

@test "who publishes a copy of another's key hides nothing of it" {
	local epoch
	# The primary key alone, with an address of his own: ks-keyids names him too.
	"$PYTHON" - "$E2E/alice.pgp" "$T/copy.pgp" <<-'END'
		import sys
		key = open(sys.argv[1], "rb").read()
		assert key[0] == 0x98
		uid = b"<copy@main.example>"
		open(sys.argv[2], "wb").write(key[:2 + key[1]] + bytes([0xcd, len(uid)]) + uid)
	END
	epoch=$(update copy@main.example "pgp=@$T/copy.pgp" | sed 's/.* epoch //')
	wait_until 30 status_min keyids signed "$epoch"
	hkp "op=index&options=mr&search=0x$FPR_ALICE"
	equal "$(grep -c '^pub' "$T/body")" 1
	grep -q '^uid:%3Ccopy@main.example%3E:' "$T/body"
	grep -q '^uid:Alice %3Calice@main.example%3E:' "$T/body"
	gpg --batch --recv-keys "$FPR_ALICE"
	equal "$(gpg --batch --with-colons --list-keys | grep -c '^uid')" 2
	gpg --batch --export "$FPR_ALICE" | cmp - "$E2E/alice.pgp"
	run -0 sq keyserver -p insecure -s "hkp://$ADDRESS" get -o "$T/alice" "$FPR_ALICE"
	sq inspect "$T/alice" | grep -q 'Alice <alice@other.example>'
}

@test "a key without a user id of the address is not what is asked for exactly" {
	hkp 'op=get&options=mr&search=two@main.example&exact=on'
	equal "$STATUS" 404
	grep -q '^key-not-found: no key of this user has a user id with this address$' "$T/body"
	# Otherwise all that its owner has published comes, as it was.
	hkp 'op=get&options=mr&search=two@main.example'
	equal "$STATUS" 200
	gpg --batch --quiet --import "$T/body"
	equal "$(gpg --batch --with-colons --list-keys | grep -c '^pub')" 2
	gpg --batch --dearmor <"$T/body" >"$T/bytes"
	cmp "$T/bytes" "$E2E/two.pgp"
}

@test "sq gets a key by address" {
	run -0 sq keyserver -p insecure -s "hkp://$ADDRESS" get -o "$T/bob" bob@main.example
	sq inspect "$T/bob" | grep -qx " *Fingerprint: $FPR_BOB"
}

@test "who is not there, has no key, or none that is one, is told so" {
	for what in 'nobody:there is no such user in this realm' \
	    'nokey:this user has published no OpenPGP key' \
	    'junk:what this user has published as pgp is no OpenPGP key' \
	    'secret:what this user has published as pgp is no OpenPGP key'; do
		hkp "op=get&options=mr&search=${what%%:*}@main.example"
		equal "$STATUS" 404 "$what"
		equal "$(cat "$T/body")" "key-not-found: ${what#*:}"
	done
	run gpg --batch --auto-key-locate clear,keyserver --locate-external-keys \
	    nobody@main.example
	[ "$status" -ne 0 ]
	says 'No data'
	equal "$(gpg --batch --list-keys)" ''
}

@test "what is no search, or cannot be answered, is refused by its rule" {
	for what in 'search=a@b:400 search-malformed' 'op=get:400 search-malformed' \
	    'op=get&search=0x12:400 search-malformed' \
	    'op=get&search=alice:501 search-unsupported' \
	    'op=get&search=0x12345678:501 search-unsupported' \
	    'op=purge&search=a@b:501 search-unsupported' \
	    "op=get&search=0x${FPR_ALICE%?}:400 search-malformed"; do
		hkp "${what%:*}"
		equal "$STATUS $(cut -d: -f1 "$T/body")" "${what##*:}" "$what"
	done
	hkp 'op=stats'
	equal "$STATUS" 200
	grep -qx 'realm main.example' "$T/body"
}

@test "a key that is sent is refused, and the answer says what to do instead" {
	gpg --batch --quiet --import "$E2E/alice.pgp"
	run gpg --batch --send-keys "$FPR_ALICE"
	[ "$status" -ne 0 ]
	says 'send failed'
	run ! sq keyserver -p insecure -s "hkp://$ADDRESS" send "$E2E/bob.asc"
	equal "$(curl -s -m 30 -o "$T/body" -w '%{http_code}' \
	    --data-urlencode "keytext@$E2E/bob.asc" "http://$ADDRESS/pks/add")" 403
	grep -q '^add-refused: .*ks-update' "$T/body"
}

@test "the Web Key Directory has keys by its direct and its advanced path, for who knows the address" {
	local url hash
	# sq knows how the paths are made.
	url=$(sq wkd url alice@main.example)
	hash=${url##*/hu/}
	curl -s -m 30 -f -o "$T/key" "http://$ADDRESS/${url#*://*/}"
	gpg --batch --quiet --import "$T/key"
	equal "$(gpg --batch --with-colons --list-keys | awk -F: '/^fpr/ {print $10; exit}')" "$FPR_ALICE"
	equal "$(gpg --batch --with-colons --list-keys | grep -c '^uid')" 1
	url=$(sq wkd direct-url alice@main.example)
	equal "$(curl -s -m 30 -o "$T/body" -w '%{http_code}' "http://$ADDRESS/${url#*://*/}")" 404
	curl -s -m 30 -f -o "$T/direct" -H 'Host: main.example' "http://$ADDRESS/${url#*://*/}"
	cmp "$T/key" "$T/direct"
	for path in "hu/${hash%%\?*}" "hu/${hash%%\?*}?l=bob" "other.example/hu/$hash" \
	    "hu/yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy?l=alice"; do
		equal "$(curl -s -m 30 -o "$T/body" -w '%{http_code}' \
		    "http://$ADDRESS/.well-known/openpgpkey/$path")" 404 "$path"
	done
	for path in policy main.example/policy; do
		equal "$(curl -s -m 30 -o "$T/body" -w '%{http_code}' -H 'Host: main.example:80' \
		    "http://$ADDRESS/.well-known/openpgpkey/$path")" 200
		[ ! -s "$T/body" ]
	done
}

@test "every path and status of HKP and WKD is as the description of ks-httpd says" {
	local url direct wkd=/.well-known/openpgpkey what

	url=$(sq wkd url alice@main.example)
	direct=$(sq wkd direct-url alice@main.example)
	url=/${url#*://*/} direct=/${direct#*://*/}
	for what in "/pks/lookup?op=get&search=alice@main.example 200" \
	    "/pks/lookup?op=index&search=alice@main.example 200" \
	    "/pks/lookup?op=index&search=nobody@main.example 404" \
	    "/pks/lookup?op=index 400" "/pks/lookup?op=x 501" \
	    "$url 200" "${url%l=*} 404" "$direct 404" "$wkd/policy 404" \
	    "$wkd/main.example/policy 200" "$wkd/other.example/policy 404"; do
		jq -nc --arg p "${what% *}" --argjson s "${what##* }" \
		    '{method: "GET", path: $p, status: $s}'
	done >"$T/gets"
	for what in "$direct" "$wkd/policy"; do
		jq -nc --arg p "$what" '{method: "GET", path: $p, status: 200, headers: {Host: "main.example"}}'
	done >>"$T/gets"
	head -c 300000 /dev/zero | base64 -w 0 >"$T/long"
	{
		cat "$T/gets"
		echo '{"method": "POST", "path": "/pks/add", "status": 403, "body": "keytext=x"}'
		jq -nc --rawfile b "$T/long" \
		    '{method: "POST", path: "/pks/add", status: 413, base64: $b}'
	} | jq -s . >"$T/requests"
	run -0 timeout 120 "$PYTHON" "$KS_TOP/t/openapi/check.py" "http://$ADDRESS" "$T/requests" t/bats/hkp.bats
	says ' requests, 0 faults'
}

# hkp_is STATUS RULE: what asking for alice's key amounts to.
hkp_is() {
	hkp 'op=get&options=mr&search=alice@main.example'
	[ "$STATUS $(head -n 1 "$T/body" | cut -d: -f1)" = "$1 $2" ]
}

@test "a proof that does not verify with the realm file, or is not fresh, gives no key" {
	cp "$REPLICA/realm.conf" "$T/realm.conf"
	# With another realm's VRF key the answer is not that of alice.
	ks ks-init "$T/stranger" main.example
	sed "s|^vrf .*|$(grep '^vrf ' "$T/stranger/realm.conf")|" "$T/realm.conf" >"$REPLICA/realm.conf"
	daemon_signal HUP ks-httpd
	wait_until 20 hkp_is 500 vrf-invalid
	run gpg --batch --auto-key-locate clear,keyserver --locate-external-keys alice@main.example
	[ "$status" -ne 0 ]
	equal "$(gpg --batch --list-keys 2>/dev/null)" ''
	# No epoch comes any more, and a second is all that a proof is good for.
	sed 's/^fresh .*/fresh 1/' "$T/realm.conf" >"$REPLICA/realm.conf"
	daemon_stop ks-sign
	daemon_signal HUP ks-httpd
	wait_until 20 hkp_is 503 not-fresh
	cp "$T/realm.conf" "$REPLICA/realm.conf"
	daemon_start ks-sign
	daemon_signal HUP ks-httpd
	wait_until 20 hkp_is 200 '-----BEGIN PGP PUBLIC KEY BLOCK-----'
}

@test "by id nothing is found while ks-keyids is away, by address it is" {
	daemon_stop ks-keyids
	hkp "op=get&options=mr&search=0x$FPR_ALICE"
	equal "$STATUS" 503
	hkp 'op=get&options=mr&search=alice@main.example'
	equal "$STATUS" 200
	daemon_start ks-keyids
	wait_until 30 eval 'hkp "op=get&options=mr&search=0x$FPR_ALICE"; [ "$STATUS" = 200 ]'
}

@test "gpg finds a key again after the keyserver could not answer" {
	daemon_stop ks-publish
	run gpg --batch --auto-key-locate clear,keyserver --locate-external-keys \
	    alice@main.example
	[ "$status" -ne 0 ]
	daemon_start ks-publish
	wait_until 30 gpg --batch --auto-key-locate clear,keyserver \
	    --locate-external-keys alice@main.example
}
