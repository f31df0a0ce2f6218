#!/usr/bin/env bats
# The page of ks-httpd: its verifier against vectors (second.bats holds it against
# ks-verify), and all of it in a headless Chromium.

load lib.bash

setup_file() {
	local port

	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make home
	port=$("$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	echo "http_listen 127.0.0.1:$port" >>"$REPLICA/ks.conf"
	# An epoch stays on the page for a while, however slow the machine.
	sed -i 's/^epoch_max_ms .*/epoch_max_ms 1000/' "$REPLICA/ks.conf"
	realm_start
	daemon_start ks-httpd
	URL=http://127.0.0.1:$port
	export URL
	"$PYTHON" -c 'import sys; sys.stdout.buffer.write(bytes(range(256)))' >"$E2E/bin"
	update alice@home.example note="hello there" bin=@"$E2E/bin" >/dev/null
	update bob@home.example note="bob was here" >/dev/null
	lookup -o "$E2E/bob.proof" bob@home.example >/dev/null
	# What stands between the page and its server, if it is to be lied to.
	echo honest >"$E2E/mode"
	"$PYTHON" "$KS_TOP/t/page/proxy.py" "$E2E/port" "$E2E/mode" "$URL" \
		>/dev/null 2>"$E2E/proxy.err" 3>&- 4>&- &
	echo $! >"$E2E/proxy.pid"
	wait_until 30 test -s "$E2E/port"
	check begin "$E2E/browser"
}

teardown_file() {
	[ ! -e "$E2E/browser" ] || check end "$E2E/browser" || true
	[ ! -e "$E2E/proxy.pid" ] || kill "$(cat "$E2E/proxy.pid")" || true
	e2e_end
}

setup() {
	realm_use home
	LIAR=http://127.0.0.1:$(cat "$E2E/port")
	echo honest >"$E2E/mode"
}

# check NAME ARGUMENT...: of t/page/check.py.
check() {
	timeout -k 5 240 "$PYTHON" "$KS_TOP/t/page/check.py" "$@" 3>&- 4>&-
}

# in_page NAME [URL [ARGUMENT...]]: one that needs the browser.
in_page() {
	check "$1" "$E2E/browser" "${2:-$URL}" "${@:3}"
}

@test "the page's cryptography meets the published vectors, its logs RFC 6962" {
	mkdir "$BATS_TEST_TMPDIR/page"
	cp "$KS_TOP"/share/page/* "$BATS_TEST_TMPDIR/page"
	cp "$KS_TOP"/build/npm/node_modules/libsodium-sumo/dist/modules-sumo-esm/*.mjs \
		"$BATS_TEST_TMPDIR/page"
	run -0 node "$KS_TOP/t/page/vectors.mjs" "$BATS_TEST_TMPDIR/page" \
		"$KS_TOP/t/vectors/ed25519.txt"
	equal "$output" "914 vectors, 43 valid"
}

@test "the page is what is in its folder, with an ETag, and well formed" {
	local file

	check html "$KS_TOP/share/page/index.html"
	for file in "$KS_TOP"/share/page/*.{html,js,css,svg}; do
		curl -sSf -m 30 -o "$E2E/file" "$URL/page/${file##*/}"
		cmp "$E2E/file" "$file"
	done
	curl -sSf -m 30 -D "$E2E/head" -o "$E2E/file" "$URL/"
	cmp "$E2E/file" "$KS_TOP/share/page/index.html"
	grep -qi "^content-security-policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; " \
		"$E2E/head"
	run -0 curl -sS -m 30 -o "$E2E/file" -w '%{http_code}' \
		-H "If-None-Match: $(sed -n 's/^etag: \(.*\)\r$/\1/Ip' "$E2E/head")" "$URL/"
	equal "$output" 304
	run -0 curl -sS -m 30 "$URL/page/LICENSES"
	says 'Permission to use, copy, modify'
	says 'Frank Denis'
	run -0 curl -sS -m 30 -o "$E2E/file" -w '%{http_code}' "$URL/page/nothing.js"
	equal "$output" 404
}

@test "it loads without a word on the console, and asks nobody else" {
	in_page loads
}

@test "an epoch appears as it closes, and who ratified it is verified" {
	in_page live "$URL" "$E2E/told" 3>&- &
	local page=$!
	wait_until 120 test -s "$E2E/told"
	update carol@home.example note=1 >/dev/null
	wait "$page"
}

@test "a user who is there, one who is not, and what is published is saved" {
	in_page lookups
}

@test "a proof from disk, and a realm file of one's own" {
	in_page saved "$URL" "$CONF" "$E2E/bob.proof"
}

@test "whatever is altered is refused by its rule, and nothing is handed out" {
	in_page altered "$LIAR" "$E2E/mode"
}

@test "another history than the one remembered, and an older one, are shown" {
	in_page memory "$LIAR" "$E2E/mode"
}

@test "everything is done without a pointer" {
	in_page keyboard
}

@test "light and dark have contrast, and 320 pixels are wide enough" {
	in_page looks
}
