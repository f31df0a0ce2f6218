#!/usr/bin/env bats
# ks-watch tells what changed in an entry, and no server can leave a version out.
# One realm for the whole file: each test has users, and a memory, of its own.

load lib.bash

setup_file() {
	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make main
	realm_start
	# Three versions, with epochs of others between them.
	update eve a=1 b=1
	update other-1 a=1
	update eve a=2 c=1
	update other-2 a=1
	update eve a=3 c=1
	update other-3 a=1
}

teardown_file() {
	e2e_end
}

setup() {
	realm_use main
	export KS_STATE_DIR=$BATS_TEST_TMPDIR/state
	liar=
}

teardown() {
	if [ -n "$liar" ]; then
		kill "$liar" || true
		wait "$liar" || true
	fi
}

watch() {
	ks ks-watch -r "$CONF" "$@"
}

# lie WORD: a server that lies about histories is at $BATS_TEST_TMPDIR/lie.
lie() {
	local dir=$BATS_TEST_TMPDIR/lie

	if [ -n "$liar" ]; then
		kill "$liar"
		wait "$liar" || true
	fi
	rm -rf "$dir"
	mkdir "$dir"
	"$PYTHON" "$KS_TOP/t/hostile/history.py" "$dir/publish" \
		"$REPLICA/run/publish" "$1" 3>&- &
	liar=$!
	wait_until 20 test -S "$dir/publish"
}

@test "the first look tells all there was, the next one only what is new" {
	run -0 watch alice
	says 'found absent'
	run -0 watch alice
	equal "$output" ''
	update alice a=1 b=1
	run -5 watch alice
	says 'found present'
	[[ $output =~ change\ [0-9]+\ 0\ [0-9TZ:.-]+\ user\ registered,\ key\ me\ added,\ app\ a\ added,\ app\ b\ added ]]
	run -0 watch alice
	equal "$output" ''
	update alice a=2 c=1
	update alice -a c=
	run -5 watch alice
	equal "$(grep -c ^change <<<"$output")" 2
	says ' 1 '
	says 'app a changed, app b removed, app c added'
	says 'app c removed'
	run -0 watch alice
	# Who has not looked before is told all.
	KS_STATE_DIR=$BATS_TEST_TMPDIR/new run -0 watch alice
	equal "$(grep -c ^change <<<"$output")" 3
}

@test "what it says as JSON is the same" {
	run -0 watch -j eve
	echo "$output" >"$BATS_TEST_TMPDIR/json"
	equal "$(jq -r '[.user, .found, .version, .first, .changed, .own_key_missing] | join(" ")' \
		"$BATS_TEST_TMPDIR/json")" 'eve present 2 true true false'
	equal "$(jq -r '.changes[1].what | map([.what, .name, .how] | join(" ")) | join(", ")' \
		"$BATS_TEST_TMPDIR/json")" 'app a changed, app b removed, app c added'
	run -0 watch -j eve
	equal "$(jq -r '[.first, .changed, (.changes | length)] | join(" ")' <<<"$output")" \
		'false false 0'
}

@test "a policy that has not one's own key is told of each time" {
	update bob a=1
	ks ks-keygen -n stranger -o "$BATS_TEST_TMPDIR/new" >"$BATS_TEST_TMPDIR/new.pub"
	run -0 watch -k "$(key_of bob)" bob
	ks ks-keygen -p "$(key_of bob)" >"$BATS_TEST_TMPDIR/bob.pub"
	run -0 watch -k "$BATS_TEST_TMPDIR/bob.pub" bob
	# Somebody puts another key in its place.
	{
		echo "key new $(cat "$BATS_TEST_TMPDIR/new.pub")"
		echo quorum new
	} >"$BATS_TEST_TMPDIR/policy"
	update bob -k "$BATS_TEST_TMPDIR/new" -p "$BATS_TEST_TMPDIR/policy" a=1
	run -5 watch -k "$BATS_TEST_TMPDIR/bob.pub" bob
	says 'policy changed, key new added, key me removed, own-key '
	says 'own-key missing'
	# Nothing is new, but it is missing still.
	run -5 watch -k "$BATS_TEST_TMPDIR/bob.pub" bob
	says 'own-key missing'
	run -0 watch -k "$BATS_TEST_TMPDIR/new.pub" bob
	# It was in between.
	KS_STATE_DIR=$BATS_TEST_TMPDIR/again run -5 watch -k "$BATS_TEST_TMPDIR/new" bob
	says 'user registered, key me added, app a added, own-key stranger missing'
	run -100 watch -k "$CONF" bob
	run -100 watch -k "$BATS_TEST_TMPDIR/nothing" bob
}

@test "a version that a server leaves out is missed, whichever it is" {
	for word in newest middle first number epoch nothing endless; do
		lie $word
		run -3 watch -s "unix:$BATS_TEST_TMPDIR/lie" eve
		says "eve: "
		[[ $output == *history-incomplete* || $word == epoch ]]
		# Nothing of it is remembered.
		refute ls "$KS_STATE_DIR"/watched-*
	done
	lie truth
	run -0 watch -s "unix:$BATS_TEST_TMPDIR/lie" eve
	equal "$(grep -c ^change <<<"$output")" 3
}

@test "a version that is left out after a look is missed as well" {
	update carol a=1
	run -0 watch carol
	update carol a=2
	update carol a=3
	for word in newest first nothing; do
		lie $word
		run -3 watch -s "unix:$BATS_TEST_TMPDIR/lie" carol
		says history-incomplete
	done
	run -5 watch carol
	equal "$(grep -c ^change <<<"$output")" 2
}

@test "of several servers one that has all of the history is enough" {
	lie newest
	run -0 watch -s "unix:$BATS_TEST_TMPDIR/lie" -s "unix:$REPLICA/run" eve
	says history-incomplete
	equal "$(grep -c ^change <<<"$output")" 3
}

@test "a long history comes by pages" {
	for n in $(seq 18); do
		update dora -t 1 a="$n" >/dev/null || [ $? = 4 ]
	done
	update dora a=19
	run -0 watch dora
	equal "$(grep -c '^change' <<<"$output")" 19
	run -0 watch dora
	equal "$output" ''
}

# edge DIR PORT: the folder of a ks-httpd over the sockets of the server that lies.
edge() {
	mkdir -p "$1/run" "$1/data"
	cp "$CONF" "$1/realm.conf"
	echo "http_listen 127.0.0.1:$2" >"$1/ks.conf"
	ln -s "$BATS_TEST_TMPDIR/lie/publish" "$1/run/publish"
}

@test "over HTTP it is the same" {
	local port

	port=$("$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	lie middle
	edge "$E2E/edge" "$port"
	daemon_spawn ks-httpd "$E2E/edge"
	daemon_ready ks-httpd "$E2E/edge"
	run -3 watch -s "http://127.0.0.1:$port" eve
	says history-incomplete
	lie truth
	run -0 watch -s "http://127.0.0.1:$port" eve
	equal "$(grep -c ^change <<<"$output")" 3
	run -0 watch -s "http://127.0.0.1:$port" eve
	equal "$output" ''
	daemon_signal TERM ks-httpd "$E2E/edge"
	daemon_left 0 ks-httpd "$E2E/edge"
}

@test "several users, and the exit code that says most" {
	update frank a=1
	run -0 watch frank eve
	update frank a=2
	run -5 watch eve frank
	refute grep -q 'user eve' <<<"$output"
	run -100 watch eve 'no body'
	says user-malformed
	run -111 watch -s "unix:$BATS_TEST_TMPDIR/nowhere" eve
	run -2 watch
	run -2 ks ks-watch eve
}

@test "a damaged memory is not taken for none, and what was not told is told again" {
	update grace a=1
	run -0 watch grace
	update grace a=2
	run -111 sh -c "'$KS_BIN/ks-watch' -r '$CONF' grace >/dev/full"
	run -5 watch grace
	says 'app a changed'
	for file in "$KS_STATE_DIR"/watched-*; do
		cp "$file" "$BATS_TEST_TMPDIR/whole"
		for n in 1 2 3 4 6 7 8; do
			sed "${n}s/.\$//" "$BATS_TEST_TMPDIR/whole" >"$file"
			run -100 watch grace
			says 'not a ks-watched/v1 file of grace'
		done
		head -n 5 "$BATS_TEST_TMPDIR/whole" >"$file"
		run -100 watch grace
		cp "$BATS_TEST_TMPDIR/whole" "$file"
	done
	run -0 watch grace
}
