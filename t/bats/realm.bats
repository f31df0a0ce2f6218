#!/usr/bin/env bats
# A realm comes up in any order, and its clients notice a fork and a step back.

load lib.bash

setup() {
	e2e_begin "$BATS_TEST_TMPDIR"
}

teardown() {
	e2e_end
}

# in_order NAME...: start them one by one, each ready before the next.
in_order() {
	local name

	for name; do
		daemon_start "$name"
	done
}

# works USER: an update is taken, and a ratified lookup shows it.
works() {
	run -0 update "$1" app=value
	run -0 lookup "$1" app
	equal "$output" value
}

# as_client NAME CMD...: with the memory of a client of its own.
as_client() {
	local KS_STATE_DIR

	export KS_STATE_DIR=$E2E/client.$1
	"${@:2}"
}

@test "a new realm comes up when every daemon is there before its upstream" {
	realm_make main
	in_order ks-ratify ks-admit ks-publish ks-sign ks-apply ks-logd
	works alice
}

@test "daemons come up again in any order" {
	realm_make main
	in_order ks-logd ks-apply ks-sign ks-publish ks-admit ks-ratify
	works user0
	n=1
	while read -r order; do
		realm_stop
		# shellcheck disable=SC2086
		in_order $order
		works user$n
		n=$((n + 1))
	done <<-'END'
	ks-admit ks-logd ks-ratify ks-sign ks-apply ks-publish
	ks-sign ks-publish ks-ratify ks-apply ks-logd ks-admit
	ks-apply ks-ratify ks-logd ks-publish ks-admit ks-sign
	ks-ratify ks-sign ks-admit ks-publish ks-apply ks-logd
	END
	equal "$n" 5
}

@test "a realm without a verifier works, one with three of them too" {
	realm_make none -v 0
	daemon_start $REPLICA_DAEMONS
	works alice
	daemon_stop $REPLICA_DAEMONS
	realm_make three -v 3
	daemon_start $REPLICA_DAEMONS
	for n in 1 2 3; do
		daemon_spawn ks-ratify "$REALM/verifier$n"
	done
	works alice
	run -0 lookup -w 20 alice
}

@test "two users are independent, and each sees the other's update at once" {
	realm_make main
	realm_start
	update alice a=1
	update bob b=1
	update alice a=2
	run -0 lookup bob b
	equal "$output" 1
	run -0 lookup alice
	says 'version 1'
}

# Two realms "main" and "twin" with the same keys and the same history so far.
make_twins() {
	realm_make main
	realm_start
	works alice
	realm_stop
	cp -r "$E2E/main" "$E2E/twin"
	# The verifier of each follows its own replica.
	realm_use main
}

@test "a client that saw one history refuses another, and keeps the evidence" {
	make_twins
	realm_start
	as_client bob works bob
	realm_use twin
	realm_start
	as_client carol works carol
	realm_use main
	as_client bob lookup alice
	seen=$(as_client bob lookup alice | sed -n 's/^epoch //p')
	wait_until 20 hostile rpc "$E2E/twin/replica1/run/publish" root $((seen + 2))
	run as_client bob lookup -s "unix:$E2E/twin/replica1/run" alice
	equal "$status" 3
	says ': fork: '
	evidence=$(find "$E2E/client.bob" -name '*fork*')
	[ -n "$evidence" ]
	# Both checkpoints are there, each signed by the replica and the verifier.
	equal "$(cat $evidence | grep -c '^— main.example ')" 2
	# A client that saw nothing cannot know.
	run -0 as_client new lookup -s "unix:$E2E/twin/replica1/run" alice
	# The evidence does not stop the client from going on where it was.
	run -0 as_client bob lookup alice
}

@test "a client refuses a server that was put back to an older state" {
	make_twins
	realm_start
	as_client bob works bob
	as_client bob lookup bob
	# Only its publisher serves the older state, so that it stays older.
	realm_use twin
	daemon_start ks-publish
	run as_client bob lookup -w 0 -s "unix:$REPLICA/run" alice
	equal "$status" 3
	says ': step-back: '
	run -0 as_client new lookup -w 0 -s "unix:$REPLICA/run" alice
}
