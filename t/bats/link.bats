#!/usr/bin/env bats
# ks-link: what goes over TLS between two of them is what went over the Unix
# socket, and nobody comes in who is not in the realm file.

load lib.bash

setup() {
	e2e_begin "$BATS_TEST_TMPDIR/e2e"
	# Longer than CARRY_GREET_MS.
	DEADLINE_S=20
	PEERS=()
}

teardown() {
	local pid

	for pid in "${PEERS[@]}"; do
		kill "$pid" || true
		wait "$pid" || true
	done
	e2e_end
}

# peer FILE ARGUMENT...: a peer of t/hostile/link.py in the background, which
# writes to FILE; its process is PEER.
peer() {
	timeout -k 5 "$TOOL_S" "$PYTHON" "$KS_TOP/t/hostile/link.py" "${@:2}" \
		>"$1" 2>"$1.err" 3>&- 4>&- &
	PEER=$!
	PEERS+=("$PEER")
}

# link_listen DIR: let the ks-link of the folder listen, where the kernel says.
link_listen() {
	echo "link_listen ${2:-127.0.0.1:0}" >>"$1/ks.conf"
	daemon_spawn ks-link "$1"
	daemon_ready ks-link "$1"
	ADDR=$(hostile rpc "$1/run/link" status listen)
}

# link_to DIR NAME SERVICE ADDR...: let the ks-link of the folder connect there.
link_to() {
	local dir=$1

	shift
	while [ $# -gt 0 ]; do
		echo "link $1 $2 $3" >>"$dir/ks.conf"
		shift 3
	done
	daemon_spawn ks-link "$dir"
	daemon_ready ks-link "$dir"
}

# twin NAME: a folder of the same replica on another host: its keys and files.
twin() {
	TWIN=$REALM/$1
	mkdir -p "$TWIN"/{keys,run,data}
	chmod 0700 "$TWIN"/{keys,run,data}
	cp "$REPLICA"/{ks.conf,realm.conf} "$TWIN"
	cp "$REPLICA"/keys/link.* "$TWIN/keys"
	sed -i '/^link/d' "$TWIN/ks.conf"
}

# link_field DIR NAME: of the STATUS of the folder's ks-link.
link_field() {
	hostile rpc "$1/run/link" status "$2"
}

link_field_is() {
	[ "$(link_field "$1" "$2")" = "$3" ]
}

# lines DIR PATTERN: how many lines of the standard error of its ks-link match.
lines() {
	grep -cE -- "$2" "$(daemon_stderr ks-link "$1")" || true
}

lines_are() {
	[ "$(lines "$1" "$2")" = "$3" ]
}

# pin DIR NAME CERT: let the link line of NAME in the folder be that of CERT.
pin() {
	sed -i "s/^link $2 .*/link $2 $3/" "$1/realm.conf"
}

# via DIR SOCKET: a folder in which the socket is what DIR has as run/log.
via() {
	VIA=$E2E/via.$RANDOM
	mkdir -p "$VIA/run"
	ln -s "$1/run/$2" "$VIA/run/log"
}

@test "ks-log sees through two ks-links what it sees without" {
	local epoch

	realm_make link -v 0
	realm_start
	update alice@example.org a=1 >/dev/null
	link_listen "$REPLICA"
	twin far
	link_to "$TWIN" replica1 log "$ADDR"
	via "$TWIN" link-replica1-log
	ks ks-log -d "$REPLICA" read -j 1 4 >"$E2E/direct"
	ks ks-log -d "$VIA" read -j 1 4 >"$E2E/carried"
	[ -s "$E2E/direct" ]
	cmp "$E2E/direct" "$E2E/carried"
	daemon_stop ks-apply
	ks ks-log -d "$REPLICA" status >"$E2E/direct"
	ks ks-log -d "$VIA" status >"$E2E/carried"
	diff <(grep -v conn "$E2E/direct") <(grep -v conn "$E2E/carried")

	# ks-status asks both as well; who has nothing but links is an edge.
	run ks ks-status "$REPLICA"
	says 'ks-link up listen=127.0.0.1:'
	run ks ks-status "$TWIN"
	says 'ks-link up links=1'
	refute says 'ks-logd'
	daemon_start ks-apply

	# A stream goes on and on; both ends notice when it is left.
	ks ks-log -d "$VIA" follow -n 8 >"$E2E/followed"
	[ "$(grep -c . "$E2E/followed")" -ge 8 ]
	wait_until 10 link_field_is "$REPLICA" connections_in 0
	wait_until 10 link_field_is "$TWIN" connections_out 0
	equal "$(link_field "$TWIN" opened)" "$(link_field "$REPLICA" opened)"
	lines_are "$TWIN" . 0
	lines_are "$REPLICA" . 0
	daemon_signal TERM ks-link "$TWIN"
	daemon_left 0 ks-link "$TWIN"
	[ ! -e "$TWIN/run/link-replica1-log" ]
}

@test "a verifier behind a ks-link ratifies, also when the link was cut" {
	local port

	realm_make link
	realm_start ks-logd ks-apply ks-sign ks-publish ks-admit
	link_listen "$REPLICA"
	link_to "$VERIFIER" replica1 publish "$ADDR"
	sed -i 's|^upstream .*|upstream run/link-replica1-publish|' "$VERIFIER/ks.conf"
	daemon_start ks-ratify
	update alice@example.org a=1 >/dev/null
	run -0 lookup alice@example.org a
	equal "$output" 1

	# Killed in mid-stream: a line on the other side, all is well again after.
	daemon_signal KILL ks-link "$REPLICA"
	daemon_left 137 ks-link "$REPLICA"
	wait_until 10 lines_are "$VERIFIER" 'to replica1 at .*, publish: broken' 1
	wait_until 10 lines_are "$VERIFIER" 'to replica1 at .*: connect-failed' 1
	sed -i "s/^link_listen .*/link_listen $ADDR/" "$REPLICA/ks.conf"
	daemon_spawn ks-link "$REPLICA"
	daemon_ready ks-link "$REPLICA"
	wait_until 10 lines_are "$VERIFIER" 'to replica1 at .*: carried' 1
	update alice@example.org a=2 >/dev/null
	run -0 lookup alice@example.org a
	equal "$output" 2

	# A verifier has no business with the log.
	daemon_signal TERM ks-link "$VERIFIER"
	daemon_left 0 ks-link "$VERIFIER"
	link_to "$VERIFIER" replica1 log "$ADDR"
	via "$VERIFIER" link-replica1-log
	run ! ks ks-log -d "$VIA" status
	lines_are "$REPLICA" 'from .* verifier1: service-refused: ' 1
	lines_are "$VERIFIER" 'replica1 .* log: service-refused: says the peer' 1
}

@test "who comes without a pinned certificate that is valid, or asks for another thing, is refused" {
	local a

	realm_make link -v 4
	a=$E2E/a
	pin "$REPLICA" replica1 "$(hostile link cert "$a/replica1" -60 600)"
	pin "$REPLICA" verifier1 "$(hostile link cert "$a/verifier1" -60 600)"
	pin "$REPLICA" verifier2 "$(hostile link cert "$a/expired" -600 -5)"
	pin "$REPLICA" verifier3 "$(hostile link cert "$a/early" 60 600)"
	hostile link cert "$a/stranger" -60 600 >/dev/null
	pin "$REPLICA" verifier4 "$(ks ks-link -d "$REPLICA" -g verifier4 | sed 's/.* //')"
	daemon_start ks-logd
	link_listen "$REPLICA"

	# dial FOLDER REALM SERVICE WHAT [LINE]: the reply, and the one line.
	dial() {
		run -0 hostile link dial "$ADDR" "$a/$1" "$2" "$3"
		equal "$output" "$4" "$1 $2 $3"
		[ -z "${5:-}" ] || wait_until 5 lines_are "$REPLICA" "from [0-9.:]+ $5" 1
	}
	dial replica1 link.example log accepted
	dial stranger link.example log peer-unknown 'peer-unknown: SHA256:[0-9a-f]{64}: no link line'
	dial expired link.example publish certificate-expired \
		'verifier2: certificate-expired: SHA256:.*ks-link -g'
	dial early link.example publish certificate-not-yet 'verifier3: certificate-not-yet: '
	dial replica1 other.example log realm-mismatch 'replica1: realm-mismatch: '
	dial verifier1 link.example log service-refused 'verifier1: service-refused: '
	dial verifier1 link.example admit service-refused
	dial replica1 link.example apply service-unknown 'replica1: service-unknown: '
	dial replica1 link.example link service-unknown
	# ks-publish does not run.
	dial verifier1 link.example publish service-unavailable \
		'verifier1: service-unavailable: '
	equal "$(hostile link raw "$ADDR" "$a/replica1" 0005020161016c)" greeting-malformed
	equal "$(hostile link raw "$ADDR" "$a/replica1" ffff)" greeting-malformed
	equal "$(hostile link bare "$ADDR")" closed
	equal "$(hostile link garbage "$ADDR")" nothing
	wait_until 5 lines_are "$REPLICA" 'handshake-failed: ' 2
	lines_are "$REPLICA" greeting-malformed 2
	equal "$(grep -c . "$(daemon_stderr ks-link "$REPLICA")")" 13
	equal "$(link_field "$REPLICA" refused)" 13
	equal "$(link_field "$REPLICA" opened)" 1
	# Only the one that was let in ever came to the log.
	dial replica1 link.example log accepted
}

@test "a server that is not the pinned peer gets not a byte" {
	local a=$E2E/a

	realm_make link -v 2
	twin far
	pin "$TWIN" verifier1 "$(hostile link cert "$a/verifier1" -60 600)"
	pin "$TWIN" verifier2 "$(hostile link cert "$a/expired" -600 -5)"
	hostile link cert "$a/stranger" -60 600 >/dev/null

	# server FOLDER [REPLY]: what stands where replica1 or verifier2 should.
	server() {
		rm -f "$E2E/port"
		peer "$E2E/served" serve "$1" "$E2E/port" "${@:2}"
		wait_until 10 test -s "$E2E/port"
		ADDR=127.0.0.1:$(cat "$E2E/port")
	}
	# try PEER LINE GOT: one connection, one line, so many bytes at the server.
	try() {
		sed -i '/^link/d' "$TWIN/ks.conf"
		: >"$(daemon_stderr ks-link "$TWIN")"
		link_to "$TWIN" "$1" log "$ADDR"
		via "$TWIN" "link-$1-log"
		run ! ks ks-log -d "$VIA" status
		wait_until 5 lines_are "$TWIN" "to $1 at [0-9.:]+, log: $2" 1
		equal "$(grep -c . "$(daemon_stderr ks-link "$TWIN")")" 1
		wait_until 5 grep -qx "$3" "$E2E/served"
		kill "$PEER"
		wait "$PEER" || true
		PEERS=()
		# It is still up, and says the same thing once.
		run ! ks ks-log -d "$VIA" status
		wait_until 5 lines_are "$TWIN" "log: connect-failed" 1
		daemon_signal TERM ks-link "$TWIN"
		daemon_left 0 ks-link "$TWIN"
	}
	server "$a/stranger"
	try replica1 'peer-unknown: SHA256:' 0
	server "$a/verifier1"
	try replica1 'peer-mismatch: SHA256:' 0
	server "$a/expired"
	try verifier2 'certificate-expired: SHA256:.*ks-link -g' 0
	server -
	try replica1 'handshake-failed: ' 0
	# The right one, but it breaks the greeting: it got ours, 20 bytes, and no more.
	server "$a/verifier1" 000501030a3b0a
	try verifier1 greeting-malformed 20
	server "$a/verifier1" 000401026161
	try verifier1 'aa: says the peer' 20
}

@test "what is carried is carried whole, in halves, and not hoarded" {
	local sender

	realm_make link
	twin far
	link_listen "$REPLICA"
	link_to "$TWIN" replica1 log "$ADDR"
	peer "$E2E/echo" echo "$REPLICA/run/log"
	wait_until 10 test -S "$REPLICA/run/log"
	for sender in 0 1 100000 8000000; do
		equal "$(hostile link send "$TWIN/run/link-replica1-log" $sender)" same
	done
	# Several at once.
	for sender in 1 2 3 4; do
		peer "$E2E/sent$sender" send "$TWIN/run/link-replica1-log" 1000000
	done
	wait_until 20 eval '[ "$(cat "$E2E"/sent? | grep -c same)" = 4 ]'
	# Nobody reads the echo: soon nothing more is taken.
	[ "$(hostile link stuff "$TWIN/run/link-replica1-log")" -lt 40000000 ]
	wait_until 10 link_field_is "$REPLICA" connections_in 0
	wait_until 10 link_field_is "$TWIN" connections_out 0
	lines_are "$TWIN" . 0
	lines_are "$REPLICA" . 0
}

@test "idle connections do not stop others, and do not last" {
	local a=$E2E/a

	realm_make link -v 2
	pin "$REPLICA" verifier1 "$(hostile link cert "$a" -60 600)"
	daemon_start ks-logd
	link_listen "$REPLICA"
	twin far
	link_to "$TWIN" replica1 log "$ADDR"
	via "$TWIN" link-replica1-log
	# One that just stays.
	peer "$E2E/out1" idle "$ADDR" 1 "$E2E/one"
	wait_until 10 test -e "$E2E/one"

	# Of one peer no more than its share; the others' places stay free.
	peer "$E2E/answered" hold "$TWIN/run/link-replica1-log" 70 "$E2E/held"
	wait_until 20 test -e "$E2E/held"
	equal "$(cat "$E2E/answered")" 64
	link_field_is "$REPLICA" connections_in 64
	lines_are "$REPLICA" 'replica1: too-many-connections' 6
	lines_are "$TWIN" 'too-many-connections: says the peer' 1
	equal "$(hostile link dial "$ADDR" "$a" link.example publish)" service-unavailable
	kill "$PEER"
	wait_until 10 link_field_is "$REPLICA" connections_in 0

	# The idle one is asked to leave in the end, or when there are many.
	wait_until "$DEADLINE_S" lines_are "$REPLICA" 'from .*: handshake-deadline' 1
	link_field_is "$REPLICA" pending 0
	peer "$E2E/out2" idle "$ADDR" 200 "$E2E/all"
	wait_until 10 test -e "$E2E/all"
	ks ks-log -d "$VIA" status >/dev/null
	[ "$(link_field "$REPLICA" pending)" -le 64 ]
	[ "$(lines "$REPLICA" 'too-many-handshakes')" -ge 136 ]

	# Told to stop, it leaves at once, whoever hangs on it.
	daemon_signal TERM ks-link "$REPLICA"
	daemon_left 0 ks-link "$REPLICA"
	lines_are "$REPLICA" 'still owed' 0
}

@test "a host that has only an edge looks up and updates" {
	local edge=$E2E/edge

	realm_make link
	realm_start
	mkdir -p "$edge"/{keys,run}
	chmod 0700 "$edge"/{keys,run}
	sed 's|^server .*|server unix:run/link-replica1|' "$CONF" >"$edge/realm.conf"
	ks ks-link -d "$edge" -g gateway -r edge >"$E2E/line"
	for file in "$edge/realm.conf" "$REPLICA/realm.conf"; do
		sed -i "s/^policy\$/$(cat "$E2E/line")\n&/" "$file"
	done
	link_listen "$REPLICA"
	link_to "$edge" replica1 publish "$ADDR" replica1 admit "$ADDR"
	equal "$(stat -c %a "$edge"/run/link-replica1-{publish,admit} | xargs)" '660 660'

	# Nothing else leads to the realm.
	CONF=$edge/realm.conf
	update alice@example.org a=1
	run -0 lookup alice@example.org
	says 'ratified verifier1'
	run -0 lookup -s "unix:$edge/run/link-replica1" alice@example.org a
	equal "$output" 1
	[ "$(link_field "$edge" opened)" -ge 4 ]
	cd "$edge/run"
	run -0 lookup -s unix:link-replica1 alice@example.org a
	equal "$output" 1
	run -111 lookup -s unix:link-replica2 alice@example.org a
	says 'No such file'
	cd /
	run -0 ks ks-status "$edge"
	says 'healthy yes'

	# The log is not for it; a replica whose services are down is told of as such.
	daemon_signal TERM ks-link "$edge"
	daemon_left 0 ks-link "$edge"
	daemon_stop ks-admit
	link_to "$edge" replica1 log "$ADDR"
	via "$edge" link-replica1-log
	run ! ks ks-log -d "$VIA" status
	wait_until 10 lines_are "$REPLICA" 'gateway: service-refused: ' 1
	run -111 update alice@example.org -t 2 a=2
	wait_until 10 lines_are "$edge" 'admit: service-unavailable: says the peer' 1
}

# hup DIR LINE: let the ks-link of the folder read its files again; it says the line.
hup() {
	: >"$(daemon_stderr ks-link "$1")"
	daemon_signal HUP ks-link "$1"
	wait_until 20 lines_are "$1" "$2" 1
}

@test "told to, it reads realm.conf and its certificate again, and ends who is gone" {
	local a=$E2E/a new opened

	realm_make link -v 2
	# shellcheck disable=SC2086
	realm_start $REPLICA_DAEMONS
	link_listen "$REPLICA"
	sed -i '/^link verifier2/d' "$REPLICA/realm.conf"
	link_to "$VERIFIER" replica1 publish "$ADDR"
	sed -i 's|^upstream .*|upstream run/link-replica1-publish|' "$VERIFIER/ks.conf"
	daemon_start ks-ratify
	wait_until 20 link_field_is "$REPLICA" connections_in 1
	opened=$(link_field "$VERIFIER" opened)

	# One more line: it counts, and nobody else is disturbed.
	new=$(hostile link cert "$a" -60 600)
	equal "$(hostile link dial "$ADDR" "$a" link.example publish)" peer-unknown
	sed -i "s/^policy\$/link gateway $new edge\n&/" "$REPLICA/realm.conf"
	hup "$REPLICA" 'read anew: 3 peers, 0 connections ended'
	equal "$(hostile link dial "$ADDR" "$a" link.example admit)" accepted
	equal "$(hostile link dial "$ADDR" "$a" link.example log)" service-refused
	equal "$(link_field "$VERIFIER" opened)" "$opened"

	# A file that is broken, away or another realm's is told of; the old one stays.
	cp "$REPLICA/realm.conf" "$E2E/good"
	sed -i 's/^fresh .*/fresh never/' "$REPLICA/realm.conf"
	hup "$REPLICA" 'all stays as it was'
	lines_are "$REPLICA" 'realm.conf:[0-9]+: fresh is a number' 1
	rm "$REPLICA/realm.conf"
	hup "$REPLICA" 'all stays as it was'
	lines_are "$REPLICA" 'realm.conf: No such file' 1
	sed "s/^link replica1 .*/link replica1 $(printf SHA256:%064d 7)/" "$E2E/good" >"$REPLICA/realm.conf"
	hup "$REPLICA" 'all stays as it was'
	lines_are "$REPLICA" 'link.crt: no link line of realm.conf has it' 1
	cp "$E2E/good" "$REPLICA/realm.conf"
	mv "$REPLICA/keys/link.key" "$E2E/key"
	hup "$REPLICA" 'all stays as it was'
	mv "$E2E/key" "$REPLICA/keys/link.key"
	equal "$(hostile link dial "$ADDR" "$a" link.example publish)" accepted
	equal "$(link_field "$VERIFIER" opened)" "$opened"

	# The role of one is another, a line is gone: what they have ends.
	sed -i -e '/^link verifier1 /d' -e 's/^\(link gateway .*\) edge/\1 verifier/' \
		"$REPLICA/realm.conf"
	hup "$REPLICA" 'read anew: 2 peers, 1 connections ended'
	lines_are "$REPLICA" 'from verifier1, publish: ended: ' 1
	wait_until 20 lines_are "$VERIFIER" 'publish: peer-unknown: says the peer' 1
	equal "$(hostile link dial "$ADDR" "$a" link.example admit)" service-refused
	cp "$E2E/good" "$REPLICA/realm.conf"
	hup "$REPLICA" 'read anew: 3 peers, 0 connections ended'
	wait_until 20 link_field_is "$REPLICA" connections_in 1

	# Its own new certificate: known to the others first, then shown.
	ks ks-link -d "$REPLICA" -g replica1 >"$E2E/line"
	for a in "$REPLICA" "$VERIFIER"; do
		sed -i "s/^link replica1 .*/$(cat "$E2E/line")/" "$a/realm.conf"
	done
	hup "$REPLICA" 'read anew'
	equal "$(link_field "$REPLICA" pin)" "$(sed 's/.* //' "$E2E/line")"
	hup "$VERIFIER" 'read anew: 3 peers, 1 connections ended'
	lines_are "$VERIFIER" 'to replica1, publish: ended: ' 1
	wait_until 20 link_field_is "$REPLICA" connections_in 1
	sed "1,/^policy$/d; s/^quorum .*/quorum replicas/" "$CONF" >"$E2E/alone"
	update alice@example.org -q "$E2E/alone" a=1

	# Nothing is left of it when it leaves, also by force.
	new=$(pgrep -P "$(daemon_pid ks-link "$VERIFIER")")
	[ -n "$new" ]
	daemon_signal KILL ks-link "$VERIFIER"
	daemon_left 137 ks-link "$VERIFIER"
	gone() { ! kill -0 "$new" 2>/dev/null; }
	wait_until 20 gone
}

@test "a ks-link that cannot be right does not start" {
	# starts_not LINE: it leaves with 100 and says so.
	starts_not() {
		run -100 ks ks-link ${KS_NO_JAIL:+-J} -d "$REPLICA"
		says "$1"
	}
	realm_make link
	starts_not 'neither link_listen nor link: nothing to do'
	echo 'link nobody log 127.0.0.1:9' >>"$REPLICA/ks.conf"
	starts_not 'link nobody: realm.conf has no link line'
	sed -i 's/^link .*/link_listen localhost:9/' "$REPLICA/ks.conf"
	starts_not 'link_listen localhost:9: not a numeric ADDRESS:PORT'
	sed -i 's/^link_listen .*/link_listen 127.0.0.1:0/' "$REPLICA/ks.conf"
	chmod 0640 "$REPLICA/keys/link.key"
	starts_not 'must not be open to group or others'
	chmod 0600 "$REPLICA/keys/link.key"
	cp "$VERIFIER/keys/link.crt" "$REPLICA/keys"
	starts_not 'not the key of the certificate'

	# A new key is not known before its line is in the realm file.
	run -100 ks ks-link -d "$REPLICA" -g nobody
	says 'no replica and no verifier'
	run -100 ks ks-link -d "$REPLICA" -g nobody -r witness
	says '-r witness: a role is replica, verifier or edge'
	run -0 ks ks-link -d "$VERIFIER" -g gateway -r edge
	[[ $output =~ ^link\ gateway\ SHA256:[0-9a-f]{64}\ edge$ ]]
	# The next one of a line that is there has its role again.
	sed -i "s/^policy\$/$output\npolicy/" "$VERIFIER/realm.conf"
	run -0 ks ks-link -d "$VERIFIER" -g gateway
	[[ $output =~ ^link\ gateway\ SHA256:[0-9a-f]{64}\ edge$ ]]
	run -0 ks ks-link -d "$REPLICA" -g replica1
	[[ $output =~ ^link\ replica1\ SHA256:[0-9a-f]{64}$ ]]
	equal "$(stat -c %a "$REPLICA"/keys/link.{key,crt} | xargs)" '600 644'
	starts_not 'no link line of realm.conf has it'
	hostile link cert "$REPLICA/keys" -600 -5 >"$E2E/pin"
	pin "$REPLICA" replica1 "$(cat "$E2E/pin")"
	starts_not 'certificate-expired: make a new one'
	sed -i "s/^link replica1 .*/$(ks ks-link -d "$REPLICA" -g replica1)/" "$REPLICA/realm.conf"
	daemon_spawn ks-link "$REPLICA"
	daemon_ready ks-link "$REPLICA"
}
