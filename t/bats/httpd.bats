#!/usr/bin/env bats
# The HTTP face of a replica as curl and others see it: what it answers, what it refuses and
# how, its limits, HTTPS, and what the process may do.

load lib.bash

setup_file() {
	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make main
	certificate first
	{
		echo 'http_listen 127.0.0.1:0'
		echo 'http_listen 127.0.0.1:0'
		echo 'https_listen 127.0.0.1:0'
		# Of a file that another program renews, it may be anywhere.
		echo "https_cert $REPLICA/web.crt"
		echo 'https_key web.key'
		echo 'http_rate 0'
		echo 'http_conns 2000'
	} >>"$REPLICA/ks.conf"
	realm_start
	daemon_start ks-httpd
	update alice@main.example 'text=hello' >"$E2E/alice.0"
	update alice@main.example 'text=hello again' >"$E2E/alice.1"
}

teardown_file() {
	e2e_end
}

setup() {
	realm_use main
	T=$BATS_TEST_TMPDIR
	[ ! -e "$REPLICA/run/httpd" ] || URL=http://$(status httpd http_listen)
}

# certificate NAME: a certificate of its own authority for 127.0.0.1, in place of that of
# ks-httpd; the authority is E2E/NAME.ca.
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
		-keyout "$E2E/$1.key" -out "$E2E/$1.ca" -subj "/CN=$1" \
		-addext 'subjectAltName = IP:127.0.0.1' 2>/dev/null
	install -m 0600 "$E2E/$1.key" "$REPLICA/web.key"
	cp "$E2E/$1.ca" "$REPLICA/web.crt"
}

# get PATH [OPTION...]: the answer's body in T/body, its headers in T/headers; prints the
# status.
get() {
	: >"$T/body"
	curl -sS --max-time 60 --noproxy '*' -o "$T/body" -D "$T/headers" -w '%{http_code}\n' \
		"${@:2}" "$URL$1"
}

# header NAME: its value in the last answer.
header() {
	tr -d '\r' <"$T/headers" | sed -n "s/^$1: //Ip"
}

# refused_with STATUS RULE PATH [OPTION...]: in text and in JSON, and not to be stored.
refused_with() {
	equal "$(get "${@:3}")" "$1" "$3"
	equal "$(header Ks-Rule)" "$2"
	equal "$(header Cache-Control)" no-store
	equal "$(header Content-Type)" 'text/plain; charset=utf-8'
	grep -q "^$2: ..*" "$T/body"
	equal "$(get "${@:3}" -H 'Accept: application/json')" "$1"
	equal "$(jq -r .error.rule "$T/body")" "$2"
	jq -e '.error.code and .error.text' "$T/body"
}

# cached PATH: the last answer, that of PATH, has an ETag, and who has it is told so.
cached() {
	local etag

	etag=$(header ETag)
	[[ $etag =~ ^\"[0-9a-f]{32}\"$ ]]
	equal "$(get "$1" -H "If-None-Match: $etag" "${@:2}")" 304
	equal "$(header ETag)" "$etag"
	[ ! -s "$T/body" ]
}

@test "a lookup is the proof that ks-verify reads; absence is proven too" {
	equal "$(get '/v1/lookup?user=alice@main.example')" 200
	verify "$T/body" >"$T/report"
	grep -qx 'found present' "$T/report"
	equal "$(header Cache-Control)" no-cache
	equal "$(header Vary)" Accept
	equal "$(header Access-Control-Allow-Origin)" '*'
	equal "$(header X-Content-Type-Options)" nosniff
	equal "$(get '/v1/lookup?user=Nobody%40MAIN.example')" 200
	run -1 verify "$T/body"
	says 'found absent'
	# HEAD is GET without the body.
	equal "$(get '/v1/realm' -I)" 200
	equal "$(header Content-Length)" "$(wc -c <"$REPLICA/realm.conf")"
}

@test "a lookup in JSON says what the proof shows, and has it" {
	equal "$(get '/v1/lookup?user=alice@main.example&format=json')" 200
	equal "$(header Content-Type)" application/json
	jq -e '.found == "present" and .version == 1 and .verified and .rule == null and
		.signed == ["replica1"] and .ratified[0].name == "verifier1"' "$T/body"
	jq -j .proof "$T/body" >"$T/proof"
	run -0 verify "$T/proof"
	equal "$(get '/v1/lookup?user=nobody@main.example' -H 'Accept: text/plain;q=0.5, application/json')" 200
	jq -e '.found == "absent"' "$T/body"
	equal "$(get '/v1/lookup?user=nobody@main.example' -H 'Accept: text/plain, application/json;q=0.5')" 200
	head -n 1 "$T/body" | grep -qx 'ks-proof/v1'
}

@test "a lookup at an epoch, with a policy of one's own, and of an epoch to come" {
	local epoch

	epoch=$(sed -n 's/.* epoch //p' "$E2E/alice.0")
	equal "$(get "/v1/lookup?user=alice@main.example&epoch=$epoch&format=json")" 200
	jq -e ".epoch == $epoch and .version == 0" "$T/body"
	sed -n '/^policy$/,$p' "$CONF" | sed 1d | sed 's/^quorum .*/quorum verifiers/' >"$T/policy"
	equal "$(get "/v1/lookup?user=alice@main.example" --data-binary "@$T/policy")" 200
	run -0 verify "$T/body"
	echo 'quorum nonsense' >"$T/policy"
	refused_with 422 policy-malformed "/v1/lookup?user=alice@main.example" --data-binary "@$T/policy"
	refused_with 503 epoch-not-published "/v1/lookup?user=alice@main.example&epoch_min=99999999"
	equal "$(header Retry-After)" 1
	refused_with 503 epoch-not-published "/v1/lookup?user=alice@main.example&epoch=99999999"
	refused_with 422 user-malformed "/v1/lookup?user="
}

@test "the realm file is served as it is, and as JSON" {
	equal "$(get /v1/realm)" 200
	cmp "$REPLICA/realm.conf" "$T/body"
	cached /v1/realm
	equal "$(get /v1/realm -H 'Accept: application/json')" 200
	jq -e '.realm == "main.example" and (.nonce | length) == 24 and .fresh > 0 and
		(.servers | type) == "array" and (.policy | contains("quorum"))' "$T/body"
}

@test "checkpoints, epochs and consistency are those of ks-publish" {
	local n

	n=$(hostile rpc "$REPLICA/run/publish" status signed)
	equal "$(get "/v1/checkpoint/2")" 200
	equal "$(header Cache-Control)" no-cache
	equal "$(cat "$T/body")" "$(hostile rpc "$REPLICA/run/publish" note 2)"
	cached /v1/checkpoint/2
	equal "$(get "/v1/checkpoint?format=json")" 200
	jq -e ".epoch >= $n and (.note | startswith(\"main.example\n\"))" "$T/body"
	equal "$(get "/v1/epochs?from=1&to=3")" 200
	jq -e 'map(.epoch) == [1, 2, 3] and .[0].signed == ["replica1"]' "$T/body"
	equal "$(jq -r '.[1].root' "$T/body")" "$(hostile rpc "$REPLICA/run/publish" root 2)"
	equal "$(get "/v1/epochs")" 200
	jq -e "(.[-1].epoch >= $n) and (map(.updates) | add) == 2" "$T/body"
	# More than there are: those that are there.
	equal "$(get "/v1/epochs?from=2&to=90")" 200
	jq -e ".[0].epoch == 2 and length < 80" "$T/body"
	refused_with 404 epoch-unknown "/v1/epochs?from=99999999&to=99999999"
	refused_with 404 epoch-unknown "/v1/epochs?from=99999999"
	refused_with 404 epoch-unknown /v1/checkpoint/99999999

	equal "$(get /v1/consistency/1/3)" 200
	equal "$(header Cache-Control)" 'public, max-age=31536000, immutable'
	equal "$(wc -l <"$T/body")" 2
	cached /v1/consistency/1/3
	equal "$(get '/v1/consistency/1/3?format=json')" 200
	equal "$(jq -r '.hashes[]' "$T/body")" "$(curl -s --noproxy '*' "$URL/v1/consistency/1/3")"
	equal "$(get /v1/consistency/3/3)" 200
	[ ! -s "$T/body" ]
	refused_with 404 epoch-unknown /v1/consistency/3/99999999
	refused_with 400 argument-malformed /v1/consistency/3/2
}

@test "an update is taken as a frame's body and as JSON, once; what breaks a rule is refused by its name" {
	local id epoch octet=(-H 'Content-Type: application/octet-stream') json=(-H 'Content-Type: application/json')

	make() { hostile update -r "$REPLICA" -k "$(key_of "$1")" "${@:2}" "$1"; }
	id=00112233445566778899aabbccddeeff
	make bob@main.example -i "$id" request >"$T/request"
	equal "$(get /v1/update "${octet[@]}" --data-binary "@$T/request")" 200
	read -r _ epoch <"$T/body"
	equal "$(get "/v1/lookup?user=bob@main.example&epoch_min=$epoch&wait_ms=20000&format=json")" 200
	jq -e '.found == "present" and .version == 0' "$T/body"
	# Again: the same outcome.
	equal "$(get /v1/update "${octet[@]}" --data-binary "@$T/request" -H 'Accept: application/json')" 200
	jq -e ".epoch == $epoch" "$T/body"

	make carol@main.example json >"$T/json"
	equal "$(get /v1/update "${json[@]}" --data-binary "@$T/json")" 200
	grep -qE '^epoch [0-9]+$' "$T/body"
	make carol@main.example json >"$T/json"
	refused_with 422 version-must-rise /v1/update "${json[@]}" --data-binary "@$T/json"
	jq '.more = 1' "$T/json" >"$T/more"
	refused_with 400 body-malformed /v1/update "${json[@]}" --data-binary "@$T/more"
	jq '.update = "AB"' "$T/json" >"$T/more"
	refused_with 400 body-malformed /v1/update "${json[@]}" --data-binary "@$T/more"
	refused_with 400 body-malformed /v1/update "${octet[@]}" --data-binary abc
	refused_with 415 media-type-unknown /v1/update -H 'Content-Type: text/html' --data-binary abc
}

@test "what is asked wrongly is refused by its rule" {
	refused_with 400 argument-malformed '/v1/realm?x=1'
	refused_with 400 argument-malformed '/v1/lookup?user=a&user=b'
	refused_with 400 argument-malformed '/v1/lookup'
	refused_with 400 argument-malformed '/v1/lookup?user=a&epoch=01'
	refused_with 400 argument-malformed '/v1/lookup?user=a&epoch=18446744073709551616'
	refused_with 400 argument-malformed '/v1/lookup?user=a&known=00'
	refused_with 400 argument-malformed '/v1/lookup?user=%'
	refused_with 400 argument-malformed '/v1/lookup?user=%00'
	refused_with 400 argument-malformed '/v1/lookup?user=%ff'
	refused_with 400 argument-malformed '/v1/checkpoint/0'
	refused_with 400 argument-malformed '/v1/epochs?from=1&to=101'
	refused_with 404 path-unknown /v1/nothing
	refused_with 404 path-unknown /v1/realm/
	refused_with 405 method-not-allowed /v1/realm -X DELETE
	equal "$(header Allow)" 'GET, HEAD'
	refused_with 405 method-not-allowed /v1/update
	equal "$(header Allow)" POST
	head -c 9000 /dev/zero >"$T/large"
	refused_with 413 body-too-large '/v1/lookup?user=a' --data-binary "@$T/large"
	refused_with 413 body-too-large '/v1/lookup?user=a' --data-binary "@$T/large" -H 'Transfer-Encoding: chunked'
	# The library answers this one.
	equal "$(get /v1/realm -H "X: $(head -c 40000 /dev/zero | tr '\0' x)")" 431
	# A slash that is encoded does not divide segments.
	refused_with 400 argument-malformed /v1/checkpoint/1%2f2
}

@test "a connection serves many requests, refusals among them" {
	local n

	n=$(status httpd accepted)
	curl -sS --noproxy '*' -o /dev/null "$URL/v1/realm" -o /dev/null "$URL/v1/nothing" \
		-o /dev/null "$URL/v1/checkpoint?format=json" -o /dev/null -d @/dev/null "$URL/v1/lookup?user=x"
	equal "$(status httpd accepted)" $((n + 1))
}

@test "requests of one address beyond the rate get 429; a proxy's clients are told apart" {
	local i

	realm_make few
	printf 'http_listen 127.0.0.1:0\nhttp_rate 2\nhttp_proxy 127.0.0.1\nhttp_conns 3\nhttp_verifier 192.0.2.99\n' >>"$REPLICA/ks.conf"
	daemon_start ks-httpd
	URL=http://$(status httpd http_listen)
	for i in 1 2 3 4 5 6 7 8; do
		equal "$(get /v1/realm -H "X-Forwarded-For: 10.0.0.1, 192.0.2.1$i, 192.0.2.7")" 200
	done
	# Twenty on one connection are more than it fills by meanwhile.
	beyond() {
		local one=(-o /dev/null "$URL/v1/nothing") all=() i
		for i in {1..20}; do
			all+=("${one[@]}")
		done
		curl -sS --noproxy '*' -H 'X-Forwarded-For: 192.0.2.7' "${all[@]}"
		[ "$(get /v1/realm -H 'X-Forwarded-For: 192.0.2.7')" = 429 ]
	}
	wait_until 20 beyond
	equal "$(header Ks-Rule)" too-many-requests
	[ "$(header Retry-After)" -ge 1 ]
	# Only the last address counts, and another has its own bucket.
	equal "$(get /v1/realm -H 'X-Forwarded-For: 192.0.2.7, 192.0.2.8')" 200
	equal "$(get /v1/realm -H 'X-Forwarded-For: 2001:db8::1')" 200
	# A verifier is not limited.
	for i in {1..20}; do
		equal "$(get /v1/realm -H 'X-Forwarded-For: 192.0.2.7, 192.0.2.99')" 200
	done
	# It fills again.
	wait_until 20 eval "[ \$(get /v1/realm -H 'X-Forwarded-For: 192.0.2.7') = 200 ]"
	[ "$(status httpd limited)" -ge 1 ]
	daemon_stop ks-httpd

	# Without a proxy the header says nothing, and connections are counted.
	sed -i -e '/^http_proxy/d' -e 's/^http_rate .*/http_rate 0/' "$REPLICA/ks.conf"
	daemon_start ks-httpd
	URL=http://$(status httpd http_listen)
	local port=${URL##*:} a b c
	exec {a}<>"/dev/tcp/127.0.0.1/$port" {b}<>"/dev/tcp/127.0.0.1/$port" {c}<>"/dev/tcp/127.0.0.1/$port"
	wait_until 20 status_is httpd connections 3
	equal "$(get /v1/realm)" 429
	equal "$(header Ks-Rule)" too-many-connections
	exec {a}>&-
	wait_until 20 eval '[ $(get /v1/realm) = 200 ]'
	exec {b}>&- {c}>&-
	[ "$(status httpd turned_away)" -ge 1 ]
	daemon_stop ks-httpd
}

@test "when there is no place for one more, the longest idle gives way" {
	realm_make narrow
	printf 'http_listen 127.0.0.1:0\nhttp_rate 0\nhttp_conns 4096\n' >>"$REPLICA/ks.conf"
	(
		ulimit -n 256
		daemon_start ks-httpd
	)
	URL=http://$(status httpd http_listen)
	# More than there are descriptors; the last is heard all the same.
	"$PYTHON" - "${URL##*:}" <<-'END'
	import socket, sys
	conns = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(400)]
	conns[-1].settimeout(60)
	conns[-1].sendall(b"GET /v1/realm HTTP/1.1\r\nHost: x\r\n\r\n")
	assert conns[-1].recv(100).startswith(b"HTTP/1.1 200")
	conns[0].settimeout(60)
	assert conns[0].recv(100) == b""
	END
	equal "$(get /v1/realm)" 200
	[ "$(status httpd evicted)" -ge 200 ]
	[ "$(status httpd connections)" -le 192 ]
	daemon_stop ks-httpd
}

@test "HTTPS: TLS 1.2 and 1.3 only; a new certificate counts on SIGHUP, a bad one does not" {
	local tls pid to from line

	tls=$(status httpd https_listen)
	curl -sS --noproxy '*' --cacert "$E2E/first.ca" "https://$tls/v1/realm" | cmp - "$REPLICA/realm.conf"
	curl -sS --noproxy '*' --tls-max 1.2 --cacert "$E2E/first.ca" "https://$tls/v1/realm" | cmp - "$REPLICA/realm.conf"
	run curl -sS --noproxy '*' --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 --cacert "$E2E/first.ca" "https://$tls/v1/realm"
	[ "$status" -ne 0 ]
	# A request on a connection that was there before goes on after the change.
	coproc openssl s_client -quiet -connect "$tls" 2>/dev/null
	pid=$COPROC_PID
	exec {to}>&"${COPROC[1]}" {from}<&"${COPROC[0]}"
	printf 'GET /v1/realm HTTP/1.1\r\nHost: x\r\n\r\n' >&"$to"
	IFS= read -r -t 30 line <&"$from"
	[[ $line == 'HTTP/1.1 200 OK'* ]]
	certificate second
	daemon_signal HUP ks-httpd
	wait_until 20 curl -sS --noproxy '*' --cacert "$E2E/second.ca" -o /dev/null "https://$tls/v1/realm"
	run curl -sS --noproxy '*' --cacert "$E2E/first.ca" "https://$tls/v1/realm"
	[ "$status" -ne 0 ]
	printf 'GET /v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&"$to"
	timeout 30 cat <&"$from" >"$T/rest"
	grep -q '^HTTP/1.1 404' "$T/rest"
	exec {to}>&- {from}<&-
	wait "$pid" || true

	# A key that is not the certificate's, and no key at all.
	cp "$E2E/first.ca" "$REPLICA/web.crt"
	daemon_signal HUP ks-httpd
	wait_until 20 grep -q 'do not belong together' "$(daemon_stderr ks-httpd)"
	echo nothing >"$REPLICA/web.crt"
	daemon_signal HUP ks-httpd
	wait_until 20 grep -q 'https: certificate' "$(daemon_stderr ks-httpd)"
	curl -sS --noproxy '*' --cacert "$E2E/second.ca" -o /dev/null "https://$tls/v1/realm"
	cp "$E2E/second.ca" "$REPLICA/web.crt"
}

@test "it holds nothing: no key, no database, no way out" {
	local pid

	[ -z "${KS_NO_JAIL:-}" ] || skip "no jail"
	# Itself, and the process that reads its files.
	for pid in $(daemon_pid ks-httpd) $(pgrep -P "$(daemon_pid ks-httpd)"); do
		grep -q '^Seccomp:.*2' "/proc/$pid/status"
		grep -q '^NoNewPrivs:.*1' "/proc/$pid/status"
		equal "$(find "/proc/$pid/fd" -lname "$REPLICA/*" | wc -l)" 0
	done
	equal "$(pgrep -c -P "$(daemon_pid ks-httpd)")" 1
}

@test "it waits for its upstreams, and outlives them" {
	daemon_stop ks-publish
	wait_until 20 eval '[ $(get /v1/lookup?user=alice@main.example) = 503 ]'
	equal "$(header Ks-Rule)" stage-unavailable
	equal "$(header Retry-After)" 1
	equal "$(get /v1/realm)" 200
	daemon_start ks-publish
	wait_until 30 eval '[ $(get /v1/lookup?user=alice@main.example) = 200 ]'
	run -0 verify "$T/body"
	# What was asked of one that dies is answered too.
	(get '/v1/lookup?user=alice@main.example&epoch_min=99999999&wait_ms=600000' >"$T/code") &
	wait_until 20 status_min httpd waiting 1
	daemon_kill ks-publish
	wait $!
	equal "$(cat "$T/code") $(header Ks-Rule)" '503 stage-unavailable'
	daemon_start ks-publish
	wait_until 30 eval '[ $(get /v1/lookup?user=alice@main.example) = 200 ]'
	# One that hangs holds up nobody else.
	daemon_signal STOP ks-admit
	hostile update -r "$REPLICA" -k "$(key_of dave@main.example)" request dave@main.example >"$T/request"
	equal "$(get /v1/checkpoint/1)" 200
	(get /v1/update -H 'Content-Type: application/octet-stream' --data-binary "@$T/request" >"$T/code") &
	wait_until 20 status_min httpd waiting 1
	equal "$(get /v1/checkpoint/1)" 200
	daemon_signal CONT ks-admit
	wait $!
	equal "$(cat "$T/code")" 200
}

@test "who goes away while he waits is forgotten" {
	local pid

	curl -sS --noproxy '*' -o "$T/body" "$URL/v1/lookup?user=alice@main.example&epoch_min=99999999&wait_ms=600000" &
	pid=$!
	wait_until 20 status_min httpd waiting 1
	kill "$pid"
	wait "$pid" || true
	wait_until 20 status_is httpd waiting 0
}

@test "on SIGTERM what was asked is answered, and nothing more is heard" {
	local pid

	daemon_signal STOP ks-admit
	hostile update -r "$REPLICA" -k "$(key_of erin@main.example)" request erin@main.example >"$T/request"
	(get /v1/update -H 'Content-Type: application/octet-stream' --data-binary "@$T/request" >"$T/code") &
	pid=$!
	wait_until 20 status_min httpd waiting 1
	daemon_signal TERM ks-httpd
	wait_until 20 refute curl -s --noproxy '*' -o /dev/null "$URL/v1/realm"
	daemon_signal CONT ks-admit
	wait "$pid"
	equal "$(cat "$T/code")" 200
	equal "$(header Connection)" close
	daemon_left 0 ks-httpd
	daemon_start ks-httpd
}

@test "ks-init -H makes the service, at one address a replica or with ports counted up" {
	ks ks-init -H '[::1]:0' "$T/one" x.example
	[ -x "$T/one/replica1/service/ks-httpd/run" ] && [ ! -e "$T/one/verifier1/service/ks-httpd" ]
	grep -qx 'http_listen \[::1\]:0' "$T/one/replica1/ks.conf"
	ks ks-init "$T/none" x.example
	[ ! -e "$T/none/replica1/service/ks-httpd" ]
	grep -q '^#http_listen ' "$T/none/replica1/ks.conf"
	ks ks-init -s systemd -n 3 -H 127.0.0.1:9001 "$T/three" x.example
	equal "$(grep -h '^http_listen' "$T"/three/replica?/ks.conf)" \
		"$(printf 'http_listen 127.0.0.1:%s\n' 9001 9002 9003)"
	[ -e "$T/three/replica3/service/ks-httpd@.service" ]
	grep -q 'Wants=ks-httpd@' "$T/three/replica3/service/ks-replica@.target"
	ks ks-init -j "$T/three/replica1" -H 127.0.0.1:9004 "$T/three/replica4"
	grep -qx 'http_listen 127.0.0.1:9004' "$T/three/replica4/ks.conf"
	# On hosts of their own they have the same port.
	ks ks-init -n 3 -a 192.0.2.1,192.0.2.2,192.0.2.3 -H 0.0.0.0:80 "$T/hosts" x.example
	equal "$(grep -hc '^http_listen 0.0.0.0:80$' "$T"/hosts/replica?/ks.conf)" "$(printf '1\n1\n1')"
	ks ks-init -n 3 -H 127.0.0.1:1,127.0.0.1:5,127.0.0.1:3 "$T/list" x.example
	grep -qx 'http_listen 127.0.0.1:5' "$T/list/replica2/ks.conf"
	run -2 ks ks-init -n 3 -H 127.0.0.1:1,127.0.0.1:5 "$T/bad" x.example
	run -2 ks ks-init -H localhost:1 "$T/bad" x.example
	run -2 ks ks-init -n 3 -H 127.0.0.1:65534 "$T/bad" x.example
	[ ! -e "$T/bad" ]
}

@test "what ks.conf must not say is refused, with 100" {
	bad() {
		printf '%s\n' "$@" >>"$REPLICA/ks.conf"
		run -100 ks ks-httpd -d "$REPLICA"
	}
	realm_make bad
	run -100 ks ks-httpd -d "$REPLICA"
	says 'nothing to do'
	cp "$REPLICA/ks.conf" "$T/conf"
	bad 'http_listen localhost:80'
	says 'numeric ADDRESS:PORT'
	cp "$T/conf" "$REPLICA/ks.conf"
	bad 'https_listen 127.0.0.1:0'
	says 'go together'
	cp "$T/conf" "$REPLICA/ks.conf"
	bad 'http_listen 127.0.0.1:0' 'http_proxy example.org'
	says 'numeric address'
	cp "$T/conf" "$REPLICA/ks.conf"
	bad 'http_listen 127.0.0.1:0' 'http_domain -x.org'
	says 'domain name'
	cp "$T/conf" "$REPLICA/ks.conf"
	install -m 0644 "$E2E/first.key" "$REPLICA/web.key"
	cp "$E2E/first.ca" "$REPLICA/web.crt"
	bad 'https_listen 127.0.0.1:0' 'https_cert web.crt' 'https_key web.key'
	says 'web.key'
}
