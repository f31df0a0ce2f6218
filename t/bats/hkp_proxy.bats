#!/usr/bin/env bats
# ks-hkp-proxy between Debian's own gpg and sq and keyservers that may lie: what does
# not verify never reaches the keyring.  One realm for the whole file, and two copies of
# it: "twin", which went on by itself, and "old", of which the publisher stayed behind.

load lib.bash
load openpgp.bash

setup_file() {
	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make main -K
	printf 'http_listen 127.0.0.1:0\nhttp_rate 0\n' >>"$REPLICA/ks.conf"
	realm_start
	openpgp_keys
	update alice@main.example "pgp=@$E2E/alice.pgp"
	update nokey@main.example 'note=hello'
	realm_stop
	cp -r "$E2E/main" "$E2E/twin"
	cp -r "$E2E/main" "$E2E/old"
	realm_start
	daemon_start ks-httpd ks-keyids
	update bob@main.example "pgp=@$E2E/bob.asc"
	ADDRESS=$(status httpd http_listen)
	"$PYTHON" "$KS_TOP/t/hostile/web.py" "$E2E/ports" "http://$ADDRESS" \
	    >"$E2E/stuck" 3>&- 4>&- &
	echo $! >"$E2E/web.pid"
	wait_until 20 test -s "$E2E/ports"
	export ADDRESS
}

teardown_file() {
	kill "$(cat "$E2E/web.pid")"
	e2e_end
}

setup() {
	realm_use main
	T=$BATS_TEST_TMPDIR
	BAD=http://127.0.0.1:$(sed -n 's/^plain //p' "$E2E/ports")
	export KS_STATE_DIR=$T/state
}

teardown() {
	[ ! -e "$T/proxy.pid" ] || proxy_stop
	gpg_home_end
}

# proxy OPTION...: start it, for gpg in a home of its own; PROXY is its address.
proxy() {
	rm -f "$T/ready"
	"$KS_BIN/ks-hkp-proxy" ${KS_NO_JAIL:+-J} -r "$CONF" -l 127.0.0.1:0 -R 9 "$@" \
	    </dev/null >/dev/null 2>"$T/err" 9>"$T/ready" 3>&- 4>&- &
	echo $! >"$T/proxy.pid"
	wait_until "$READY_S" eval '[ -s "$T/ready" ] || ! kill -0 "$(cat "$T/proxy.pid")"'
	PROXY=$(sed -n 's/.*listening at //p' "$T/err")
	[ -n "$PROXY" ] || {
		cat "$T/err"
		return 1
	}
	gpg_home_end
	gpg_home "hkp://$PROXY"
}

# It leaves with ${1}, 0 by default, after SIGTERM; all that it said is in $T/err.
proxy_stop() {
	local pid rc=0
	pid=$(cat "$T/proxy.pid")
	rm "$T/proxy.pid"
	kill -TERM "$pid" || true
	wait "$pid" || rc=$?
	equal "$rc" "${1:-0}" "ks-hkp-proxy left with another code"
	refute grep -E 'panic|Sanitizer|runtime error' "$T/err"
}

locate() {
	gpg --batch --auto-key-locate clear,keyserver --locate-external-keys "$@"
}

# The keyring is empty.
nothing() {
	equal "$(gpg --batch --list-keys 2>/dev/null)" ''
}

# hkp QUERY: ask the proxy; STATUS is the code, and the body is in $T/body.
hkp() {
	STATUS=$(curl -s -m 60 -o "$T/body" -w '%{http_code}' "http://$PROXY/pks/lookup?$1")
}

@test "gpg searches, locates and receives, sq gets, from a keyserver on this host" {
	proxy -s "unix:$REPLICA/run"
	run gpg --batch --search-keys alice@main.example
	says "${FPR_ALICE: -16}"
	run -0 locate alice@main.example
	gpg --batch --with-colons --list-keys >"$T/list"
	grep -q "^fpr:::::::::$FPR_ALICE:" "$T/list"
	refute grep -q other.example "$T/list"
	gpg --batch --yes --quiet --delete-keys "$FPR_ALICE"
	wait_until 30 gpg --batch --recv-keys "$FPR_ALICE"
	gpg --batch --export "$FPR_ALICE" | cmp - "$E2E/alice.pgp"
	run -0 sq keyserver -p insecure -s "hkp://$PROXY" get -o "$T/bob" bob@main.example
	sq inspect "$T/bob" | grep -qx " *Fingerprint: $FPR_BOB"
	# The checkpoint is remembered.
	[ -n "$(find "$T/state" -type f -size +0)" ]
}

@test "the same from a keyserver that speaks HTTP" {
	proxy -s "http://$ADDRESS"
	run -0 locate alice@main.example
	wait_until 30 gpg --batch --recv-keys "$FPR_ALICE"
	gpg --batch --export "$FPR_ALICE" | cmp - "$E2E/alice.pgp"
	wait_until 30 gpg --batch --recv-keys "$FPR_BOB"
	run gpg --batch --recv-keys "$(tr A-F0-9 0-9A-F <<<"$FPR_BOB")"
	[ "$status" -ne 0 ]
	says 'No data'
	refute grep -q ' refused' "$T/err"
	# Without http_domain the realm is the domain of the Web Key Directory.
	url=$(sq wkd direct-url bob@main.example)
	curl -s -m 30 -f -o "$T/bob" "http://$ADDRESS/${url#*://*/}"
	sq inspect "$T/bob" | grep -qx " *Fingerprint: $FPR_BOB"
}

@test "who is not there, or has no key, is not found; what is sent is refused" {
	proxy -s "unix:$REPLICA/run"
	run locate nobody@main.example
	says 'No data'
	nothing
	hkp 'op=get&search=nobody@main.example'
	equal "$STATUS $(cat "$T/body")" '404 key-not-found: there is no such user in this realm'
	hkp 'op=get&search=nokey@main.example'
	equal "$STATUS $(cat "$T/body")" '404 key-not-found: this user has published no OpenPGP key'
	hkp 'op=get&search=alice'
	equal "$STATUS" 501
	hkp 'op=stats'
	grep -qx 'realm main.example' "$T/body"
	gpg --batch --quiet --import "$E2E/alice.pgp"
	run gpg --batch --send-keys "$FPR_ALICE"
	says 'send failed'
	run -0 curl -s -m 30 --data keytext=x "http://$PROXY/pks/add"
	says 'add-refused: '
	says ks-update
}

@test "a page whose name leads to this host gets nothing" {
	local host

	proxy -s "unix:$REPLICA/run"
	for host in attacker.example "attacker.example:${PROXY##*:}" '[attacker' 1.2.3.4.example; do
		STATUS=$(curl -s -m 60 -o "$T/body" -w '%{http_code}' -H "Host: $host" \
		    "http://$PROXY/pks/lookup?op=get&search=alice@main.example")
		equal "$STATUS" 403 "$host"
		grep -q '^host-unknown: ' "$T/body"
	done
	for host in localhost "LOCALHOST:1" '[::1]' "[::1]:${PROXY##*:}" 127.0.0.1; do
		STATUS=$(curl -s -m 60 -o "$T/body" -w '%{http_code}' -H "Host: $host" \
		    "http://$PROXY/pks/lookup?op=get&search=alice@main.example")
		equal "$STATUS" 200 "$host"
	done
	proxy_stop
}

@test "an altered proof never reaches the keyring" {
	proxy -s "$BAD/altered"
	run locate alice@main.example
	[ "$status" -ne 0 ]
	says 'No data'
	run gpg --batch --recv-keys "$FPR_ALICE"
	[ "$status" -ne 0 ]
	run gpg --batch --search-keys alice@main.example
	refute says "${FPR_ALICE: -16}" 2>/dev/null
	run ! sq keyserver -p insecure -s "hkp://$PROXY" get alice@main.example
	nothing
	hkp 'op=get&search=alice@main.example'
	equal "$STATUS" 500
	grep -q '^[a-z-]*: the answer of the keyserver does not verify$' "$T/body"
	grep -Eq "^ks-hkp-proxy: alice@main.example: [a-z-]+: " "$T/err"
	# Nothing is remembered of it, and the same server without the lie is good.
	proxy_stop
	proxy -s "$BAD/true"
	run -0 locate alice@main.example
}

@test "a server that names another's address for a fingerprint is not believed" {
	proxy -s "$BAD/true"
	# bob's key is looked for at the addresses in alice's list, and is not there.
	hkp "op=get&search=0x$FPR_BOB"
	equal "$STATUS" 200
	proxy_stop
	proxy -s "$BAD/misled"
	hkp "op=get&search=0x$FPR_BOB"
	equal "$STATUS $(cut -d: -f1 "$T/body")" '404 key-not-found'
}

@test "a fork is refused, and the evidence kept" {
	proxy -s "unix:$REPLICA/run"
	run -0 locate alice@main.example
	proxy_stop
	seen=$(lookup alice@main.example | sed -n 's/^epoch //p')
	realm_use twin
	realm_start
	KS_STATE_DIR=$T/other update mallory@main.example "pgp=@$E2E/two.pgp"
	wait_until 30 hostile rpc "$REPLICA/run/publish" root $((seen + 2))
	proxy -s "unix:$REPLICA/run"
	run locate alice@main.example
	[ "$status" -ne 0 ]
	nothing
	hkp 'op=get&search=mallory@main.example'
	equal "$STATUS $(cut -d: -f1 "$T/body")" '500 proof-refused'
	grep -q ': fork: ' "$T/err"
	[ -n "$(find "$T/state" -name '*fork*')" ]
	realm_stop
}

@test "a step back is refused" {
	proxy -s "unix:$REPLICA/run"
	run -0 locate alice@main.example
	proxy_stop
	realm_use old
	daemon_start ks-publish
	proxy -w 0 -s "unix:$REPLICA/run"
	run locate alice@main.example
	[ "$status" -ne 0 ]
	nothing
	grep -q ': step-back: ' "$T/err"
	daemon_stop ks-publish
}

@test "a policy of the user's own that is not met hands nothing over" {
	ks ks-init "$T/stranger" main.example
	{
		grep -E '^replica ' "$CONF"
		grep -E '^witness ' "$T/stranger/realm.conf"
		echo 'quorum verifier1'
	} >"$T/policy"
	proxy -w 0 -q "$T/policy" -s "unix:$REPLICA/run"
	run locate alice@main.example
	[ "$status" -ne 0 ]
	nothing
	hkp 'op=get&search=alice@main.example'
	equal "$STATUS $(cut -d: -f1 "$T/body")" '500 quorum-unmet'
}

@test "a keyserver that hangs keeps nobody from the others" {
	proxy -s "$BAD/hang" -s "unix:$REPLICA/run"
	local before=$SECONDS
	run -0 locate alice@main.example
	[ $((SECONDS - before)) -lt 8 ]
	proxy_stop
	# One that hangs for bob alone: alice is found while four wait for him.
	proxy -s "$BAD/stuck"
	local i pids=()
	for i in 1 2 3 4; do
		curl -s -m 60 -o "$T/hung.$i" \
		    "http://$PROXY/pks/lookup?op=get&search=bob@main.example" 3>&- 4>&- &
		pids+=($!)
	done
	wait_until 20 eval '[ "$(grep -c bob "$E2E/stuck")" -ge 4 ]'
	hkp 'op=get&search=alice@main.example'
	equal "$STATUS" 200
	for i in "${pids[@]}"; do
		kill -0 "$i"
	done
	# Those who went away are not waited for, nor are the processes that ask for them.
	kill "${pids[@]}"
	before=$SECONDS
	pids=($(pgrep -P "$(cat "$T/proxy.pid")"))
	equal "${#pids[@]}" 8
	proxy_stop
	for i in "${pids[@]}"; do
		# What nobody has waited for may remain, but runs no program.
		wait_until 5 eval '! readlink "/proc/$i/exe" >/dev/null'
	done
	[ $((SECONDS - before)) -lt 8 ]
}

@test "one of its processes that is killed ends it, to be started again" {
	proxy -s "unix:$REPLICA/run"
	kill -KILL "$(pgrep -P "$(cat "$T/proxy.pid")" | head -n 1)"
	wait_until 20 eval '! kill -0 "$(cat "$T/proxy.pid")" 2>/dev/null'
	proxy_stop 111
	grep -q 'a lookup process has left' "$T/err"
}

@test "the process that speaks HKP has given its rights away, and leaves when it is told to" {
	[ -z "${KS_NO_JAIL:-}" ] || skip "nothing is jailed"
	proxy -s "unix:$REPLICA/run"
	pid=$(cat "$T/proxy.pid")
	grep -qx 'NoNewPrivs:	1' "/proc/$pid/status"
	grep -qx 'Seccomp:	2' "/proc/$pid/status"
	run -0 locate alice@main.example
	proxy_stop 0
	refute kill -0 "$pid"
}

@test "its command line" {
	run -2 ks ks-hkp-proxy
	run -2 ks ks-hkp-proxy -r "$CONF" -l nonsense
	run -100 ks ks-hkp-proxy -r "$T/none"
	run -100 ks ks-hkp-proxy -r "$CONF" -s ftp://x
	run -0 ks ks-hkp-proxy -h
	says 'usage: ks-hkp-proxy'
	# Where another listens already it leaves, to try again.
	proxy -s "unix:$REPLICA/run"
	run -111 ks ks-hkp-proxy ${KS_NO_JAIL:+-J} -r "$CONF" -l "$PROXY"
	says 'Address already in use'
}
