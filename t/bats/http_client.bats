#!/usr/bin/env bats
# The tools over HTTP and HTTPS: with true servers of both kinds, and with those that must not
# be trusted (t/hostile/web.py).  One realm for the whole file; each test remembers by itself.

load lib.bash

# certificate NAME SAN DAYS [CA]: NAME.pem and NAME.key, signed by CA or by itself.
certificate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" \
		-subj "/CN=$1" -out "$1.csr" 2>/dev/null
	printf '%s\n' "$2" >"$1.ext"
	if [ $# -gt 3 ]; then
		openssl x509 -req -in "$1.csr" -CA "$4.pem" -CAkey "$4.key" -CAcreateserial \
			-days "$3" -extfile "$1.ext" -out "$1.pem" 2>/dev/null
	else
		openssl x509 -req -in "$1.csr" -key "$1.key" -days "$3" -extfile "$1.ext" \
			-out "$1.pem" 2>/dev/null
	fi
}

setup_file() {
	local tls args=()

	e2e_begin "$BATS_FILE_TMPDIR"
	cd "$E2E"
	certificate ca "basicConstraints=critical,CA:TRUE" 10
	certificate good "subjectAltName=IP:127.0.0.1,DNS:localhost" 10 ca
	certificate wrong "subjectAltName=DNS:other.example" 10 ca
	certificate expired "subjectAltName=IP:127.0.0.1" -1 ca
	certificate self "subjectAltName=IP:127.0.0.1" 10
	realm_make main
	cp good.pem good.key "$REPLICA"
	printf '%s\n' "http_listen 127.0.0.1:0" "https_listen 127.0.0.1:0" \
		"https_cert good.pem" "https_key good.key" "http_rate 0" >>"$REPLICA/ks.conf"
	realm_start
	daemon_start ks-httpd
	status httpd http_listen >address
	status httpd https_listen >address.tls
	for tls in good wrong expired self; do
		args+=("$tls" "$E2E/$tls.pem" "$E2E/$tls.key")
	done
	"$PYTHON" "$KS_TOP/t/hostile/web.py" "$E2E/ports" "http://$(cat address)" \
		"${args[@]}" 3>&- &
	echo $! >web.pid
	wait_until 30 test -s ports
	update alice@main.example note=one
}

teardown_file() {
	kill "$(cat "$E2E/web.pid")" || true
	e2e_end
}

setup() {
	realm_use main
	export KS_STATE_DIR=$BATS_TEST_TMPDIR/state
	unset KS_CA_FILE
	T=$BATS_TEST_TMPDIR
	HTTP=http://$(cat "$E2E/address")
	HTTPS=https://$(cat "$E2E/address.tls")
	BAD=$(at plain)
	CA=$E2E/ca.pem
	USER1=alice@main.example
}

# at NAME: the URL of the server NAME of web.py.
at() {
	local scheme=https

	[ "$1" != plain ] || scheme=http
	echo "$scheme://127.0.0.1:$(sed -n "s/^$1 //p" "$E2E/ports")"
}

# refused CODE RULE OPTION...: a lookup leaves with CODE after one line that names the server's
# URL, which is the last option, and the RULE; and saves nothing.
refused() {
	local code=$1 rule=$2 url=${*: -1}

	rm -f "$T/out"
	run "-$code" --separate-stderr lookup -w 0 -o "$T/out" "${@:3}" "$USER1"
	equal "$output" ""
	equal "${#stderr_lines[@]}" 1 "$stderr"
	[[ $stderr == "ks-lookup: $url: $rule"* ]] || equal "$stderr" "$url: $rule"
	[ ! -e "$T/out" ]
}

@test "lookups, old epochs, own policies and updates over HTTP and HTTPS" {
	local url epoch

	for url in "$HTTP" "$HTTPS" "$HTTP/"; do
		run -0 lookup -C "$CA" -s "$url" -o "$T/proof" "$USER1"
		says "found present"
		verify "$T/proof" | grep -q "^found present"
		run -0 --separate-stderr lookup -C "$CA" -s "$url" "$USER1" note
		[[ $output =~ ^(one|two)$ ]]
		run -1 lookup -C "$CA" -s "$url" "no+body&x=%@main.example"
		says "found absent"
		epoch=$(lookup -s "$HTTP" "$USER1" | sed -n 's/^epoch //p')
		run -0 update "$USER1" -C "$CA" -s "$url" note=two
		says "version"
		run -0 lookup -C "$CA" -s "$url" -e "$epoch" "$USER1"
		says "epoch $epoch"
		run -111 lookup -C "$CA" -w 0 -s "$url" -e 1000000 "$USER1"
		says "epoch-not-published"
		sed '1,/^policy/d' "$CONF" >"$T/policy"
		run -0 lookup -C "$CA" -s "$url" -q "$T/policy" "$USER1"
	done
	# The server is told a policy of one's own.
	run -0 lookup -s "$BAD/policy" -q "$T/policy" "$USER1"
	# No proxy of the environment sees what is asked.
	http_proxy=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1 \
		run -0 --separate-stderr lookup -s "$HTTP" -j "$USER1"
	[ "$(jq -r .found <<<"$output")" = present ]
}

@test "the realm file may name servers of both kinds, and what was seen is held against all" {
	sed "s|^server .*|server $HTTP\nserver unix:replica1/run\nserver $HTTPS|" "$CONF" >"$REALM/both.conf"
	run -0 ks ks-lookup -C "$CA" -r "$REALM/both.conf" "$USER1"
	run -0 ks ks-update -C "$CA" -r "$REALM/both.conf" -k "$(key_of "$USER1")" "$USER1" note=two
	export KS_CA_FILE=$CA
	run -0 ks ks-update -r "$REALM/both.conf" -s "$HTTPS" -k "$(key_of "$USER1")" "$USER1" note=two
	run -0 ks ks-watch -r "$REALM/both.conf" -s "$HTTPS" "$USER1"
	says note
	# An update after which another server is asked: the consistency over HTTP.
	run -0 ks ks-lookup -r "$REALM/both.conf" -s "unix:$REPLICA/run" "$USER1"
	update bob@main.example note=x
	run -0 ks ks-lookup -r "$REALM/both.conf" -s "$HTTPS" "$USER1"
	# It changes the realm's memory only by what verifies.
	refused 100 "certificate-refused: " -C /etc/ssl/certs/ca-certificates.crt -s "$HTTPS"
}

@test "one that is away, hangs or must not be trusted is passed over for another" {
	local dead

	dead=http://127.0.0.1:1
	run -0 lookup -s "$dead" -s "$HTTP" "$USER1"
	run -0 lookup -s "$dead" -s "unix:$REPLICA/run" "$USER1"
	run -0 lookup -s unix:/nonexistent -s "$HTTP" "$USER1"
	run -0 lookup -s "$BAD/hang" -s "$HTTP" "$USER1"
	run -0 lookup -s "$BAD/trickle" -s "unix:$REPLICA/run" "$USER1"
	run -0 lookup -s "$HTTPS" -s "$BAD/html" -s "$BAD/port" -s "$BAD/declared" -s "$HTTP" "$USER1"
	says "found present"
	refute grep -q "ks-lookup:" <<<"$output"
	run -0 update "$USER1" -s "$BAD/hang" -s "$HTTP" note=two
	run -0 update "$USER1" -s "$BAD/truncated" -s "$HTTP" note=two
	# Asked again it may help, as long as one may: and each is told.
	run -111 lookup -w 0 -s "$HTTPS" -s "$dead" "$USER1"
	says "$HTTPS: certificate-refused: "
	says "$dead: "
}

# version: that of carol's entry.
version() {
	lookup -s "$HTTP" carol@main.example | sed -n 's/^version //p'
}

@test "an update whose answer was lost takes effect once" {
	update carol@main.example -s "$HTTP" note=zero
	equal "$(version)" 0
	# The other server is asked with the same request.
	run -0 update carol@main.example -s "$BAD/lost" -s "$HTTP" note=one
	equal "$(version)" 1
	run -111 --separate-stderr update carol@main.example -t 4 -s "$BAD/lost" note=two
	[[ $stderr == *"$BAD/lost: "*"the update may still take effect" ]]
	equal "$(version)" 2
}

@test "an older state than was seen is no answer as long as another may have a newer one" {
	run -0 lookup -s "$BAD/old" "$USER1"
	update dave@main.example note=x
	run -0 lookup -s "$BAD/old" -s "$HTTP" "$USER1"
	run -111 lookup -w 0 -s "$BAD/old" -s "$BAD/html" "$USER1"
	says "$BAD/html: not-a-keyserver: "
	run -3 lookup -w 0 -s "$BAD/old" "$USER1"
	says "step-back: "
}

@test "a certificate that is wrong, expired, or of nobody known is refused" {
	local url

	for url in "$(at wrong)" "$(at expired)" "$(at self)"; do
		refused 100 "certificate-refused: " -C "$CA" -s "$url/true"
	done
	refused 100 "certificate-refused: " -s "$(at good)/true"
	run -0 lookup -C "$CA" -s "$(at good)/true" "$USER1"
	# Its own certificate as authority makes it good; a file that has none is told.
	run -0 lookup -C "$E2E/self.pem" -s "$(at self)/true" "$USER1"
	run -100 lookup -C "$CONF" -s "$HTTPS" "$USER1"
	says "there is no certificate in it"
	run -100 update "$USER1" -t 20 -s "$HTTPS" note=three
	says "$HTTPS: certificate-refused: "
	# What speaks no TLS may be on its way to it.
	run -111 lookup -w 0 -s "${HTTP/http:/https:}" "$USER1"
}

@test "redirects lead nowhere else" {
	local word

	run -0 lookup -s "$BAD/here" "$USER1"
	run -0 update "$USER1" -s "$BAD/here" note=two
	for word in host port scheme loop; do
		refused 100 "redirect-elsewhere: " -s "$BAD/$word"
	done
	# Neither to a plain one.
	refused 100 "redirect-elsewhere: " -C "$CA" -s "$(at good)/down"
	# Of an update that was taken before, that is told.
	run -100 --separate-stderr update "$USER1" -s "$BAD/turns" note=three
	[[ $stderr == *"$USER1: the update was accepted for epoch "*", but no proof can be got" ]]
}

@test "what is too large is broken off, without memory for it" {
	local word

	for word in declared chunked headers header; do
		refused 100 "answer-too-large: " -s "$BAD/$word"
		"$PYTHON" - "$KS_BIN/ks-lookup" -r "$CONF" -s "$BAD/$word" "$USER1" <<-'END'
			import resource, subprocess, sys
			subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL)
			sys.exit(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > 200 * 1024)
		END
	done
}

@test "what is no answer of a keyserver is told, and nothing is saved" {
	local word

	for word in html rubbish empty nothing missing ssh; do
		refused 100 "not-a-keyserver: " -s "$BAD/$word"
	done
	for word in truncated cut gone portal rate; do
		refused 111 "" -s "$BAD/$word"
	done
	[[ $stderr == *"too-many-requests: later" ]]
	run -111 update "$USER1" -t 1 -s "$BAD/truncated" note=two
	run -111 --separate-stderr update "$USER1" -t 1 -s "$BAD/trickle" note=two
	[[ $stderr == *"$BAD/trickle"* ]]
	# A refusal is one, and safe for a terminal.
	run -100 --separate-stderr lookup -s "$BAD/rule" "$USER1"
	equal "$stderr" "ks-lookup: $USER1: refused: user-malformed: ?[31mred?"
	for word in forged altered; do
		run -3 lookup -w 0 -o "$T/out" -s "$BAD/$word" "$USER1"
		[ ! -e "$T/out" ]
	done
}
