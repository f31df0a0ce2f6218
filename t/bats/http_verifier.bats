#!/usr/bin/env bats
# A verifier that follows URLs: the process that speaks HTTP for it is believed as
# little as the servers are, and what they do wrong costs nothing but time.

load lib.bash

# A port that was free a moment ago.
free_port() {
	"$PYTHON" -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# face_start NAME [PUBLISH [CERT KEY]]: a server of HTTP for the socket PUBLISH, on the
# port in $E2E/NAME.port; it does as $E2E/NAME.word says.
face_start() {
	local name=$1 publish=${2:-$REPLICA/run/publish}

	[ -e "$E2E/$name.port" ] || free_port >"$E2E/$name.port"
	"$PYTHON" "$KS_TOP/t/hostile/face.py" "$(cat "$E2E/$name.port")" "$publish" \
		"$E2E/$name.word" "${@:3}" >/dev/null 2>>"$E2E/$name.err" 3>&- 4>&- &
	echo $! >"$E2E/$name.pid"
	wait_until 20 listens "$(cat "$E2E/$name.port")"
}

face_stop() {
	kill "$(cat "$E2E/$1.pid")" || true
	wait_until 20 refute kill -0 "$(cat "$E2E/$1.pid")"
	rm "$E2E/$1.pid"
}

listens() {
	"$PYTHON" -c 'import socket, sys
socket.create_connection(("127.0.0.1", int(sys.argv[1])))' "$1"
}

# url NAME [SCHEME]
url() {
	echo "${2:-http}://127.0.0.1:$(cat "$E2E/$1.port")"
}

# follow UPSTREAM...: ks-ratify runs, and follows these.
follow() {
	local upstream

	sed -i -e '/^upstream /d' -e '/^http_ca /d' "$VERIFIER/ks.conf"
	for upstream; do
		echo "upstream $upstream"
	done >>"$VERIFIER/ks.conf"
	[ -z "${CA:-}" ] || echo "http_ca $CA" >>"$VERIFIER/ks.conf"
	if daemon_running ks-ratify; then
		daemon_stop ks-ratify
	fi
	: >"$(daemon_stderr ks-ratify)"
	daemon_start ks-ratify
}

# A user of whom the replica alone knows.
add_user() {
	update "user-$RANDOM$RANDOM" -q "$E2E/quorum" a=b
}

ratified_all() {
	local closed

	closed=$(status apply closed)
	[ "$(status ratify epoch)" -ge "$closed" ] &&
		[ "$(status ratify ratified)" -ge "$closed" ]
}

ratify_said() {
	wait_until 60 grep -q -e "$1" "$(daemon_stderr ks-ratify)"
}

# The process of ks-ratify that speaks HTTP.
fetcher() {
	pgrep -P "$(daemon_pid ks-ratify)"
}

rss_kb() {
	awk '/^VmHWM/ { print $2 }' "/proc/$1/status"
}

setup_file() {
	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make main
	{ grep ^replica "$CONF"; echo 'quorum replica1'; } >"$E2E/quorum"
	free_port >"$E2E/httpd.port"
	echo "http_listen 127.0.0.1:$(cat "$E2E/httpd.port")" >>"$REPLICA/ks.conf"
	# shellcheck disable=SC2086
	daemon_start $REPLICA_DAEMONS ks-httpd
	face_start one
	face_start two
	follow "$(url httpd)"
}

teardown_file() {
	local pid

	# The daemons first: they have nothing to complain of.
	e2e_end
	for pid in "$E2E"/*.pid; do
		kill "$(cat "$pid")" || true
	done
}

setup() {
	realm_use main
	rm -f "$E2E"/*.word
}

@test "a verifier with nothing but a URL ratifies, and its cosignatures come back" {
	local pid

	update alice a=1
	run -0 lookup alice
	says 'ratified verifier1'
	wait_until 60 ratified_all
	equal "$(status ratify following)" "$(url httpd)"
	equal "$(status ratify publisher_1)" "up $(url httpd)"
	# Who holds the key has no connection but to its own sockets; who has them holds
	# none, and is in a jail.
	pid=$(fetcher)
	if [ -z "${KS_NO_JAIL:-}" ]; then
		grep -q '^Seccomp:.*2' "/proc/$pid/status"
		grep -q '^NoNewPrivs:.*1' "/proc/$pid/status"
	fi
	refute inet "$(daemon_pid ks-ratify)"
	inet "$pid"
	refute grep -aq ks-secret-key "/proc/$pid/environ"
	[ "$(find "/proc/$pid/fd" -lname '*/data/*' | wc -l)" -eq 0 ]
}

# Has the process ${1} a TCP connection?
inet() {
	find "/proc/$1/fd" -printf '%l\n' | sed -n 's/^socket:\[\(.*\)\]$/\1/p' |
		grep -qxFf - <(awk 'NR > 1 { print $10 }' "/proc/$1/net/tcp")
}

@test "a server that is restarted is followed again" {
	daemon_kill ks-httpd
	add_user
	ratify_said 'trying again'
	refute ratified_all
	daemon_start ks-httpd
	wait_until 60 ratified_all
	ratify_said 'answers again'
	daemon_running ks-ratify
}

# survives RULE WORD...: while the server does as the words say nothing is ratified,
# and a line says why; then all is well.
survives() {
	local before

	wait_until 60 ratified_all
	: >"$(daemon_stderr ks-ratify)"
	echo "${*:2}" >"$E2E/one.word"
	add_user
	ratify_said "$1"
	before=$(status ratify epoch)
	add_user
	equal "$(status ratify epoch)" "$before"
	daemon_running ks-ratify
	rm "$E2E/one.word"
	wait_until 60 ratified_all
	[ "$(rss_kb "$(fetcher)")" -lt 200000 ]
}

@test "a server that says what no keyserver says is told of, and asked again" {
	follow "$(url one)"
	survives 'status 500' status 500
	survives 'redirect-elsewhere' redirect "$(url two)/v1/tail"
	survives 'answer-too-large' declared
	survives 'answer-too-large' endless
	survives 'not-a-keyserver' garbage
	survives 'not-a-keyserver' cut
	survives 'epoch [0-9]*: unavailable; asking again' rule 503 unavailable
	equal "$(find "$VERIFIER/evidence" -type f)" ''
}

@test "a server that refuses every second request as too many is asked slowly" {
	local closed

	echo limit >"$E2E/one.word"
	add_user
	closed=$(status apply closed)
	wait_until 60 status_min ratify epoch "$closed"
	rm "$E2E/one.word"
	wait_until 60 ratified_all
}

@test "of several publishers, of any kind, one that is dead or hangs is left" {
	face_stop two
	follow "$(url two)" "$(url one)"
	add_user
	wait_until 60 ratified_all
	equal "$(status ratify following)" "$(url one)"
	face_start two
	wait_until 20 status_is ratify publishers_up 2
	echo hang >"$E2E/one.word"
	add_user
	wait_until 60 ratified_all
	equal "$(status ratify following)" "$(url two)"
	echo trickle >"$E2E/two.word"
	rm "$E2E/one.word"
	add_user
	wait_until 60 ratified_all
	rm "$E2E/two.word"
	# By name, and with what a keyserver itself says of how far it is.
	follow "$(url two)" "http://localhost:$(cat "$E2E/httpd.port")/"
	wait_until 20 status_is ratify publishers_up 2
	echo hang >"$E2E/two.word"
	add_user
	wait_until 60 ratified_all
	equal "$(status ratify following)" "http://localhost:$(cat "$E2E/httpd.port")/"
	follow "$(url two)" ../replica1/run/publish
	face_stop two
	add_user
	wait_until 60 ratified_all
	equal "$(status ratify following)" ../replica1/run/publish
	face_start two
}

@test "a bundle that ks-ratify does not take yet waits at the server, not in memory" {
	local pid

	follow "$(url one)"
	wait_until 60 ratified_all
	pid=$(fetcher)
	daemon_signal STOP ks-ratify
	echo huge >"$E2E/one.word"
	add_user
	wait_until 60 test -s "$E2E/one.word.sent"
	wait_until 60 still "$E2E/one.word.sent"
	[ "$(cat "$E2E/one.word.sent")" -lt 60000000 ]
	[ "$(rss_kb "$pid")" -lt $((40000 ${KS_NO_JAIL:+* 5})) ]
	# Nor is the connection given up for it.
	refute grep -q 'does not read' "$(daemon_stderr ks-ratify)"
	daemon_signal CONT ks-ratify
	rm "$E2E/one.word"
	wait_until 60 ratified_all
}

# Has the file ${1} not changed for a while?
still() {
	local before

	before=$(cat "$1")
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		sleep 0.05
		[ "$(cat "$1")" = "$before" ] || return 1
	done
}

@test "what was ratified before comes back to a verifier that begins anew" {
	local closed

	follow "$(url httpd)"
	for _ in 1 2 3 4 5 6; do
		add_user
	done
	wait_until 60 ratified_all
	hostile rpc "$VERIFIER/run/ratify" rows 3 | sort >"$E2E/before"
	daemon_stop ks-ratify
	rm -r "$VERIFIER/data/ratify"
	closed=$(status apply closed)
	daemon_start ks-ratify
	wait_until 60 status_min ratify epoch "$closed"
	wait_until 60 ratified_all
	status_is ratify pending 0
}

# certificate FILE SUBJECT_ALT_NAME DAYS [OPTION...]: signed by the authority.
certificate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ks \
		-keyout "$E2E/$1.key" -out "$E2E/$1.csr" 2>/dev/null
	openssl x509 -req -in "$E2E/$1.csr" -CA "$E2E/ca.crt" -CAkey "$E2E/ca.key" \
		-CAcreateserial -out "$E2E/$1.crt" -days "$3" \
		-extfile <(echo "subjectAltName=$2") "${@:4}" 2>/dev/null
}

@test "of a server with HTTPS the certificate counts" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 \
		-subj /CN=authority -keyout "$E2E/ca.key" -out "$E2E/ca.crt" 2>/dev/null
	certificate good IP:127.0.0.1 9
	certificate other DNS:other.example 9
	certificate expired IP:127.0.0.1 -1
	face_start good '' "$E2E/good.crt" "$E2E/good.key"
	face_start other '' "$E2E/other.crt" "$E2E/other.key"
	face_start expired '' "$E2E/expired.crt" "$E2E/expired.key"

	CA=$E2E/ca.crt follow "$(url good https)"
	add_user
	wait_until 60 ratified_all
	add_user
	for name in other expired; do
		CA=$E2E/ca.crt follow "$(url $name https)"
		ratify_said "$name\|certificate-refused"
		refute ratified_all
	done
	# An authority that the system does not know.
	follow "$(url good https)"
	ratify_said certificate-refused
	refute ratified_all
	daemon_stop ks-ratify
	cp "$E2E/ca.crt" "$VERIFIER/ca.crt"
	CA=ca.crt follow "$(url good https)"
	wait_until 60 ratified_all
	for name in good other expired; do face_stop $name; done
}

@test "neither process outlives the other" {
	local pid

	follow "$(url one)"
	pid=$(fetcher)
	kill -KILL "$pid"
	daemon_left 111 ks-ratify
	daemon_start ks-ratify
	pid=$(fetcher)
	daemon_kill ks-ratify
	wait_until 20 refute kill -0 "$pid"
	daemon_start ks-ratify
	pid=$(fetcher)
	# It is for ks-ratify to end.
	kill -TERM "$pid"
	add_user
	wait_until 60 ratified_all
	[ -S "$VERIFIER/run/http-1" ]
	daemon_stop ks-ratify
	refute kill -0 "$pid"
	[ ! -e "$VERIFIER/run/http-1" ]
	daemon_start ks-ratify
}

@test "ks-init -H tells a verifier at which URLs it could follow" {
	ks ks-init -n 3 -H 127.0.0.1:7180 "$E2E/three" three.example
	equal "$(grep -c '^upstream run/link-' "$E2E/three/verifier1/ks.conf")" 3
	equal "$(grep '^#upstream' "$E2E/three/verifier1/ks.conf")" \
		"$(printf '#upstream http://127.0.0.1:%s\n' 7180 7181 7182)"
	ks ks-init -H 0.0.0.0:7180 "$E2E/all" all.example
	refute grep '^#upstream' "$E2E/all/verifier1/ks.conf"
}

# wrong TEXT LINE...: with these lines in ks.conf ks-ratify says so, and leaves with 100.
wrong() {
	printf '%s\n' "${@:2}" >"$VERIFIER/ks.conf"
	daemon_spawn ks-ratify
	daemon_left 100 ks-ratify
	tail -n 1 "$(daemon_stderr ks-ratify)" | grep -qF -e "$1"
}

@test "a slip in a URL or its authority is told at the start" {
	daemon_stop ks-ratify
	cp "$VERIFIER/ks.conf" "$E2E/ks.conf"
	wrong 'host name' 'upstream http://'
	wrong 'port' 'upstream http://localhost:0'
	wrong 'password' 'upstream https://me:secret@localhost'
	wrong 'twice' 'upstream http://localhost' 'upstream http://localhost'
	wrong 'nowhere.crt' 'upstream http://localhost' 'http_ca nowhere.crt'
	wrong 'ks.conf' 'upstream http://localhost' 'http_ca ks.conf'
	cp "$E2E/ks.conf" "$VERIFIER/ks.conf"
	daemon_start ks-ratify
}

@test "a lie behind a URL is refused; one that a majority signed is proven" {
	realm_make liar
	LIE=$E2E/lie
	# shellcheck disable=SC2086
	daemon_start $REPLICA_DAEMONS
	"$PYTHON" "$KS_TOP/t/hostile/publisher.py" "$E2E/liar.sock" \
		"$REPLICA/run/publish" "$REPLICA" "$LIE" 2>"$E2E/liar.err" 3>&- 4>&- &
	echo $! >"$E2E/publisher.pid"
	wait_until 20 test -S "$E2E/liar.sock"
	face_start liar "$E2E/liar.sock"
	follow "$(url liar)"
	update alice a=1
	wait_until 60 ratified_all
	echo root >"$LIE"
	{ grep ^replica "$CONF"; echo 'quorum replica1'; } >"$E2E/liar.quorum"
	update bob -q "$E2E/liar.quorum" a=1
	ratify_said 'not ratified'
	daemon_running ks-ratify
	echo 'signed root' >"$LIE"
	daemon_left 100 ks-ratify
	run -0 verify "$(find "$VERIFIER/evidence" -type f)"
	says 'misbehaviour proven'
	rm "$LIE"
	face_stop liar
	realm_stop ks-logd ks-apply ks-sign ks-publish ks-admit
}
