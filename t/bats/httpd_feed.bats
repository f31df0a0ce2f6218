#!/usr/bin/env bats
# What verifiers and monitors ask of ks-httpd: bundles, the tail, ratifications, histories,
# outcomes.  Two replicas of three over one local log, a ks-httpd beside each.

load lib.bash

# start_of N NAME...: start these daemons of the replica N.
start_of() {
	local name

	for name in "${@:2}"; do daemon_spawn "$name" "$REALM/replica$1"; done
	for name in "${@:2}"; do daemon_ready "$name" "$REALM/replica$1"; done
}

# free_port: a port of 127.0.0.1 that nobody listens at.
free_port() {
	"$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

setup_file() {
	local i

	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make main -n 3
	for i in 1 2 3; do
		sed -i -e 's/^engine .*/engine local/' -e '/^etcd_/d' -e '/^peer /d' -e '/^link/d' \
			-e '/^name /d' "$REALM/replica$i/ks.conf"
	done
	ln -s ../../replica1/run/log "$REALM/replica2/run/log"
	for i in 1 2; do
		free_port >"$E2E/port.$i"
		printf 'http_listen 127.0.0.1:%s\nhttp_rate 0\nhttp_conns 1000\n' "$(cat "$E2E/port.$i")" \
			>>"$REALM/replica$i/ks.conf"
	done
	sed -i -e '/^link/d' -e '/^upstream/d' "$VERIFIER/ks.conf"
	echo 'upstream ../replica1/run/publish' >>"$VERIFIER/ks.conf"
	realm_start
	start_of 2 ks-apply ks-sign ks-publish ks-httpd
	start_of 1 ks-httpd
	for i in 0 1 2; do
		update alice@main.example "text=$i" >"$E2E/alice.$i"
	done
}

teardown_file() {
	e2e_end
}

setup() {
	realm_use main
	T=$BATS_TEST_TMPDIR
	URL=http://127.0.0.1:$(cat "$E2E/port.1")
	URL2=http://127.0.0.1:$(cat "$E2E/port.2")
}

rpc() {
	hostile rpc "$@"
}

# get PATH FILE [OPTION...]: the body into FILE, the headers into FILE.h; prints the status.
get() {
	curl -sS -m 60 -D "$2.h" -o "$2" -w '%{http_code}\n' "${@:3}" "$URL$1"
}

# header FILE NAME: a header of the answer whose body is in FILE.
header() {
	sed -n "s/^$2: *\\(.*\\)\\r\$/\\1/Ip" "$1.h"
}

# epoch_of FILE: the epoch that ks-update printed into FILE.
epoch_of() {
	sed -n 's/.* epoch //p' "$1"
}

@test "a bundle is immutable, and its bytes are those of the frames, from every replica" {
	local epoch tag
	epoch=$(epoch_of "$E2E/alice.1")
	equal "$(get "/v1/feed/$epoch" "$T/one")" 200
	equal "$(header "$T/one" content-type)" application/octet-stream
	equal "$(header "$T/one" cache-control)" "public, max-age=31536000, immutable"
	rpc "$REPLICA/run/publish" bundle "$epoch" | cmp - "$T/one"
	equal "$(URL=$URL2 get "/v1/feed/$epoch" "$T/two")" 200
	cmp "$T/one" "$T/two"

	# The same ETag everywhere, and 304 for who has it.
	tag=$(header "$T/one" etag)
	[[ $tag =~ ^\"[0-9a-f]{32}\"$ ]]
	equal "$(header "$T/two" etag)" "$tag"
	equal "$(get "/v1/feed/$epoch" "$T/three" -H "If-None-Match: $tag")" 304
	[ ! -s "$T/three" ]
	equal "$(header "$T/three" etag)" "$tag"
	equal "$(get "/v1/feed/$epoch" "$T/three" -H 'If-None-Match: "0"')" 200
	equal "$(get "/v1/feed/$epoch" "$T/head" -I)" 200
	equal "$(header "$T/head" etag)" "$tag"

	# ks-dump reads what was got: an update and the head that ends the epoch.
	ks ks-dump "$T/one" | grep -q FEED_UPDATES
	ks ks-dump "$T/one" | grep -q FEED_HEAD
}

@test "who asks for an epoch that is to come is answered when it closes" {
	local epoch
	epoch=$(($(status publish signed) + 3))
	# Well before the wait would be over.
	equal "$(get "/v1/feed/$epoch?wait_ms=30000" "$T/bundle" -m 20)" 200
	[ "$(status publish signed)" -ge "$epoch" ]
	equal "$(get "/v1/feed/999999999?wait_ms=50" "$T/none")" 404
	equal "$(header "$T/none" ks-rule)" epoch-unknown
	equal "$(header "$T/none" cache-control)" no-store
	equal "$(get /v1/feed/0 "$T/none")" 400
	equal "$(get '/v1/feed/1?wait_ms=30001' "$T/none")" 400
	equal "$(get '/v1/feed/1?cursor=x' "$T/none")" 400
	equal "$(get /v1/feed/x "$T/none")" 400
	equal "$(header "$T/none" ks-rule)" argument-malformed
}

@test "the tail tells what came since, each thing once" {
	local cursor n seen
	equal "$(get /v1/tail "$T/tail" -H 'Accept: application/json')" 200
	cursor=$(header "$T/tail" ks-cursor)
	"$PYTHON" - "$T/tail" "$cursor" <<-'END'
	import json, sys
	d = json.load(open(sys.argv[1]))
	assert d["cursor"] == sys.argv[2], d
	heads = [e["epoch"] for e in d["events"] if e["type"] == "head"]
	assert heads and heads == list(range(heads[0], heads[0] + len(heads))), heads
	assert any(e["type"] == "ratification" and len(e["key_id"]) == 8
	           for e in d["events"]), d
	END
	seen=$("$PYTHON" -c 'import json, sys
print(max(e["epoch"] for e in json.load(open(sys.argv[1]))["events"] if e["type"] == "head"))' "$T/tail")

	# The next ones come after it, without a gap, in frames as well.
	for n in 1 2 3; do
		equal "$(get "/v1/tail?wait_ms=30000&cursor=$cursor" "$T/next" -m 20)" 200
		[ "$cursor" != "$(header "$T/next" ks-cursor)" ]
		cursor=$(header "$T/next" ks-cursor)
		cat "$T/next" >>"$T/frames"
	done
	equal "$(header "$T/next" content-type)" application/octet-stream
	PYTHONPATH=$KS_TOP/t/hostile "$PYTHON" - "$T/frames" "$seen" <<-'END'
	import sys
	import ksproto as ks
	data, heads, rest = open(sys.argv[1], "rb").read(), [], []
	while data:
	    n = int.from_bytes(data[:4], "big")
	    kind, request, body = ks.Reader(data[4:6]).u16(), data[6:10], data[10:4 + n]
	    data = data[4 + n:]
	    assert request == bytes(4) and kind in (ks.FEED_HEAD, ks.FEED_RATIFICATION)
	    if kind == ks.FEED_HEAD:
	        heads.append(ks.Reader(body[48:56]).u64())
	    else:
	        rest.append(body[:12])
	first = int(sys.argv[2]) + 1
	assert heads == list(range(first, first + len(heads))), (first, heads)
	assert len(set(rest)) == len(rest) and len(heads) + len(rest) >= 3
	END

	# Of another run, or nonsense.
	equal "$(get '/v1/tail?cursor=0000000000000000-5' "$T/other")" 200
	[ -s "$T/other" ]
	equal "$(get '/v1/tail?cursor=5' "$T/bad")" 400
	equal "$(header "$T/bad" ks-rule)" argument-malformed
}

@test "the history has every version with its proof, by pages, as text and JSON" {
	local e0 e2 user='user=Alice@main.example'
	e0=$(epoch_of "$E2E/alice.0") e2=$(epoch_of "$E2E/alice.2")
	equal "$(get "/v1/history?$user" "$T/all")" 200
	equal "$(head -n 4 "$T/all")" "$(printf 'ks-history/v1\nuser alice@main.example\nversions 3\nnext 0')"
	"$PYTHON" - "$T/all" "$T" <<-'END'
	import sys
	data = open(sys.argv[1], "rb").read().split(b"\n", 4)[4]
	n = 0
	while data:
	    line, data = data.split(b"\n", 1)
	    word, epoch, version, size = line.split()
	    assert word == b"proof" and int(version) == n
	    open("%s/proof.%d" % (sys.argv[2], n), "wb").write(data[:int(size)])
	    open("%s/epoch.%d" % (sys.argv[2], n), "w").write(epoch.decode())
	    data = data[int(size):]
	    n += 1
	assert n == 3
	END
	equal "$(cat "$T/epoch.0")" "$e0"
	equal "$(cat "$T/epoch.2")" "$e2"
	for n in 0 1 2; do
		verify -e "$(cat "$T/epoch.$n")" "$T/proof.$n" >"$T/report"
		grep -q "^version $n$" "$T/report" || grep -q "version[= ]*$n" "$T/report"
	done
	equal "$(get "/v1/history?$user&max=2" "$T/page" -H 'Accept: application/json')" 200
	"$PYTHON" - "$T/page" "$e2" "$T/proof.0" <<-'END'
	import json, sys
	d = json.load(open(sys.argv[1]))
	assert d["user"] == "alice@main.example" and d["next"] == int(sys.argv[2]), d
	assert [v["version"] for v in d["versions"]] == [0, 1], d
	assert d["versions"][0]["proof"].startswith("ks-proof/v1\n")
	END
	equal "$(get "/v1/history?$user&from=$e2&max=2" "$T/page")" 200
	equal "$(sed -n 3,4p "$T/page")" "$(printf 'versions 1\nnext 0')"
	equal "$(get '/v1/history?user=nobody@main.example' "$T/none")" 200
	equal "$(cat "$T/none")" "$(printf 'ks-history/v1\nuser nobody@main.example\nversions 0\nnext 0')"
	equal "$(get '/v1/history' "$T/bad")" 400
	equal "$(get '/v1/history?user=a&max=17' "$T/bad")" 400
	equal "$(get '/v1/history?user=a&known=00' "$T/bad")" 400
	equal "$(get '/v1/history?user=a%20b' "$T/bad")" 422
	equal "$(header "$T/bad" ks-rule)" user-malformed
}

@test "cosignatures are checked before they are handed to the log" {
	local epoch id line
	epoch=$(epoch_of "$E2E/alice.1")
	id=$(sed -n 's/^witness verifier1 [^+]*+\([0-9a-f]*\)+.*/\1/p' "$CONF")
	ratified() {
		get "/v1/ratifications/$epoch" "$T/known" && [ -s "$T/known" ]
	}
	wait_until 30 ratified
	ks ks-dump -j "$T/known" | grep -q "$id"
	equal "$(get /v1/ratifications/999999999 "$T/none")" 404

	# One that came out of the log may be sent again: as a frame's body, and as a line.
	tail -c +11 "$T/known" >"$T/body"
	equal "$(get /v1/ratify "$T/said" --data-binary "@$T/body" -H 'Content-Type: application/octet-stream')" 200
	equal "$(cat "$T/said")" proposed
	rpc "$REPLICA/run/publish" note "$epoch" >"$T/note"
	line=$(grep '^— main.example/verifier1 ' "$T/note")
	printf '%s\n' "$line" >"$T/line"
	equal "$(get "/v1/cosignature/$epoch" "$T/said" --data-binary "@$T/line" -H 'Content-Type: text/plain')" 200

	# For another epoch, or of nobody, it is not good.
	equal "$(get "/v1/cosignature/$((epoch + 1))" "$T/said" --data-binary "@$T/line" -H 'Content-Type: text/plain')" 422
	equal "$(header "$T/said" ks-rule)" signature-invalid
	grep '^— main.example ' "$T/note" | head -n 1 >"$T/replica"
	equal "$(get "/v1/cosignature/$epoch" "$T/said" --data-binary "@$T/replica" -H 'Content-Type: text/plain')" 400
	"$PYTHON" -c 'import sys; b = bytearray(open(sys.argv[1], "rb").read()); b[8] ^= 1; sys.stdout.buffer.write(b)' \
		"$T/body" >"$T/stranger"
	equal "$(get /v1/ratify "$T/said" --data-binary "@$T/stranger" -H 'Content-Type: application/octet-stream')" 422
	equal "$(header "$T/said" ks-rule)" key-unknown
	equal "$(get /v1/ratify "$T/said" --data-binary "@$T/body")" 415
	equal "$(get /v1/ratify "$T/said" --data-binary x -H 'Content-Type: application/octet-stream')" 400
	equal "$(get "/v1/cosignature/$epoch" "$T/said" --data-binary "@$T/note" -H 'Content-Type: text/plain')" 400
	equal "$(get "/v1/cosignature/999999999" "$T/said" --data-binary "@$T/line" -H 'Content-Type: text/plain')" 404
}

@test "the outcome of an update is told by its request id" {
	local id=000102030405060708090a0b0c0d0e0f other=ff0102030405060708090a0b0c0d0e0f
	local said key
	key=$(key_of carol@main.example)
	said=$(hostile update -r "$REPLICA" -k "$key" -i "$id" send carol@main.example)
	equal "$(get "/v1/outcome/$id" "$T/said")" 200
	equal "$(cat "$T/said")" "epoch ${said#accepted }"
	equal "$(get "/v1/outcome/$id?format=json" "$T/said")" 200
	grep -q "\"epoch\": *${said#accepted }" "$T/said"
	hostile update -r "$REPLICA" -k "$key" -i "$other" -a text=new entry carol@main.example >"$T/entry"
	ks ks-log -d "$REPLICA" propose "$T/entry" >/dev/null
	equal "$(get "/v1/outcome/$other" "$T/said")" 422
	equal "$(header "$T/said" ks-rule)" version-must-rise
	equal "$(get "/v1/outcome/${id^^}" "$T/said")" 400
	equal "$(get "/v1/outcome/00" "$T/said")" 400
}

@test "the tail goes on where it was when ks-publish was started again" {
	local cursor seen
	equal "$(get /v1/tail "$T/before" -H 'Accept: application/json')" 200
	cursor=$(header "$T/before" ks-cursor)
	seen=$(status publish signed)
	daemon_stop ks-publish
	daemon_start ks-publish
	# Until it is there again nothing comes, or the answer is that it is away.
	goes_on() {
		get "/v1/tail?wait_ms=1000&cursor=$cursor&format=json" "$T/part" | grep -qx 200 || return 1
		cursor=$(header "$T/part" ks-cursor)
		cat "$T/part" >>"$T/parts"
		"$PYTHON" - "$T/before" "$T/parts" "$((seen + 2))" <<-'END'
		import json, sys
		seen, decoder, text = [], json.JSONDecoder(), open(sys.argv[2]).read()
		for e in json.load(open(sys.argv[1]))["events"]:
		    seen.append((e["type"], e["epoch"], e.get("key_id")))
		while text.strip():
		    part, n = decoder.raw_decode(text.strip())
		    text = text.strip()[n:]
		    seen += [(e["type"], e["epoch"], e.get("key_id")) for e in part["events"]]
		if len(set(seen)) != len(seen):
		    open(sys.argv[2] + ".twice", "w").close()
		heads = [e[1] for e in seen if e[0] == "head"]
		if heads != list(range(heads[0], heads[0] + len(heads))):
		    open(sys.argv[2] + ".gap", "w").close()
		sys.exit(heads[-1] < int(sys.argv[3]))
		END
	}
	wait_until 60 goes_on
	[ ! -e "$T/parts.twice" ]
	[ ! -e "$T/parts.gap" ]
}

@test "who waits is answered when ks-httpd is stopped, and served by the next one" {
	local pid
	get "/v1/feed/999999999?wait_ms=30000" "$T/feed" >"$T/said" 3>&- &
	pid=$!
	waits() { [ "$(hostile rpc "$REPLICA/run/httpd" status waiting)" -ge 1 ]; }
	wait_until 20 waits
	daemon_stop ks-httpd
	wait "$pid"
	equal "$(cat "$T/said")" 404
	daemon_start ks-httpd
	equal "$(get /v1/feed/1 "$T/feed")" 200
	has_tail() { [ "$(get /v1/tail "$T/tail")" = 200 ] && [ -s "$T/tail" ]; }
	wait_until 20 has_tail
}

# rss: the kilobytes of memory of ks-httpd.
rss() {
	sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$(daemon_pid ks-httpd)/status"
}

@test "those who read a big bundle slowly hold up nobody, and little memory" {
	local epoch before pid
	# Nothing is signed: all updates wait for one epoch.
	daemon_signal STOP ks-sign
	hostile load "$REPLICA" "$(key_of flood@main.example)" flood 2000 4000
	daemon_signal CONT ks-sign
	big() {
		for epoch in $(seq "$(epoch_of "$E2E/alice.2")" "$(status publish signed)" | tac); do
			get "/v1/feed/$epoch" "$T/big" >/dev/null
			[ "$(stat -c %s "$T/big")" -lt 6000000 ] || return 0
		done
		return 1
	}
	wait_until 60 big
	before=$(rss)
	[ "$before" -gt 0 ]
	"$PYTHON" - "${URL##*:}" "/v1/feed/$epoch" "$T/ready" "$T/end" <<-'END' 3>&- &
	import os, socket, sys, time
	port, path, ready, end = sys.argv[1:]
	conns = []
	for i in range(40):
	    s = socket.socket()
	    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
	    s.connect(("127.0.0.1", int(port)))
	    s.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
	    conns.append(s)
	for s in conns:
	    assert s.recv(100).startswith(b"HTTP/1.1 200"), "no answer"
	open(ready, "w").close()
	while not os.path.exists(end):
	    time.sleep(0.05)
	    for s in conns:
	        s.recv(10)
	END
	pid=$!
	wait_until 30 test -e "$T/ready"
	# Forty times the bundle would be 320 MB; sanitizers keep what was freed.
	little() { [ -n "${KS_NO_JAIL:-}" ] || [ $(($(rss) - before)) -lt 60000 ]; }
	little
	equal "$(get "/v1/feed/$epoch" "$T/again")" 200
	cmp "$T/big" "$T/again"
	equal "$(get '/v1/lookup?user=alice@main.example' "$T/proof")" 200
	little
	touch "$T/end"
	wait "$pid"
}
