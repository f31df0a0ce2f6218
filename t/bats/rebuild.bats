#!/usr/bin/env bats
# The log is the truth: every other database is rebuilt from it, to the same heads;
# a database that does not belong to its log is refused.

load lib.bash

setup() {
	e2e_begin "$BATS_TEST_TMPDIR"
	realm_make main
}

teardown() {
	e2e_end
}

# rows SOCKET TABLE COUNT: the first rows of the table.
rows() {
	local dir=$REPLICA

	[ "$1" != ratify ] || dir=$VERIFIER
	hostile rpc "$dir/run/$1" rows "$2" | head -n "$3"
}

# snapshot FILE EPOCHS: all that is said about these epochs, by whoever says it.
snapshot() {
	{
		rows apply 4 "$2"	# heads and the roots of the epoch log
		rows publish 5 "$2" | cut -c 1-417	# heads and roots
		rows sign 2 "$2" | sed 's/..$//'	# what was signed
		rows apply 5 "$2"	# signatures
		rows publish 7 "$2"
	} >"$1"
	[ "$(wc -l <"$1")" -eq $((5 * $2)) ]
}

# some_updates: users and versions in more than one epoch.
some_updates() {
	update alice a=1
	update bob b=1
	update alice a=2
	update carol c=1
}

shows_them() {
	run -0 lookup -w 20 alice a
	equal "$output" 2
	run -0 lookup bob b
	equal "$output" 1
	run -1 lookup dave
}

@test "without the databases of ks-apply and ks-publish the same heads come out of the log" {
	realm_start
	some_updates
	wait_until 20 eval '[ "$(status publish signed)" -ge 4 ]'
	snapshot "$E2E/before" 4
	first=$(lookup alice | sed -n 's/^epoch //p')
	realm_stop
	rm -r "$REPLICA/data/apply" "$REPLICA/data/publish"
	realm_start
	wait_until 20 eval '[ "$(status publish signed)" -ge 4 ]'
	snapshot "$E2E/after" 4
	cmp "$E2E/before" "$E2E/after"
	shows_them
	run -0 lookup -e "$first" alice a
	equal "$output" 2
	update dave d=1
	run -0 lookup dave
	says 'ratified verifier1'
}

@test "each database alone is rebuilt" {
	realm_start
	some_updates
	wait_until 20 eval '[ "$(status publish signed)" -ge 4 ]'
	snapshot "$E2E/before" 4
	for name in apply publish ratify; do
		dir=$REPLICA
		[ $name != ratify ] || dir=$VERIFIER
		daemon_stop ks-$name
		rm -r "$dir/data/$name"
		daemon_start ks-$name
		wait_until 20 eval '[ "$(status publish signed)" -ge 4 ]'
		snapshot "$E2E/after" 4
		cmp "$E2E/before" "$E2E/after"
		shows_them
		update user-$name a=b
	done
}

@test "a verifier that starts from nothing reaches the same roots, and ratifies again" {
	realm_start
	some_updates
	daemon_stop ks-ratify
	rm -r "$VERIFIER/data/ratify"
	daemon_start ks-ratify
	update dave d=1
	run -0 lookup -w 20 dave
	says 'ratified verifier1'
	[ "$(status ratify users)" -eq 4 ]
}

@test "a long rebuild tells how far it is, and answers no question before it is done" {
	realm_start
	hostile load "$REPLICA" "$(key_of load)" flood 12000
	wait_until 60 status_is apply pending 0
	wait_until 60 eval '[ "$(status ratify users)" -eq 12000 ]'
	users=$(status apply users)
	signed=$(status publish signed)
	snapshot "$E2E/before" "$signed"
	realm_stop
	rm -r "$REPLICA"/data/{apply,publish} "$VERIFIER/data/ratify"
	realm_start
	wait_until 120 eval '[ "$(status publish users)" -eq '"$users"' ]'
	wait_until 60 eval '[ "$(status ratify users)" -eq '"$users"' ]'
	grep -Eq '^ks-apply: replaying: entry [0-9]+ of [0-9]+, epoch [0-9]+$' \
		"$(daemon_stderr ks-apply)"
	snapshot "$E2E/after" "$signed"
	cmp "$E2E/before" "$E2E/after"
}

# Two realms "main" and "twin": the same keys, another history since epoch 1.
two_histories() {
	realm_start
	update alice a=1
	realm_stop
	cp -r "$E2E/main" "$E2E/twin"
	for realm in main twin; do
		realm_use $realm
		daemon_start ks-logd ks-apply ks-sign ks-publish ks-admit
		for n in 1 2 3; do
			hostile update -r "$REPLICA" -k "$(key_of $realm$n)" send $realm$n
			wait_until 20 status_is apply pending 0
		done
		wait_until 20 eval '[ "$(status sign epoch)" -ge 8 ]'
		daemon_stop ks-logd ks-apply ks-sign ks-publish ks-admit
	done
	realm_use main
}

@test "ks-sign signs no second history of what it signed, and leaves with 100" {
	two_histories
	rm -r "$REPLICA"/data/{log,apply,publish}
	cp -r "$E2E/twin/replica1/data/log" "$REPLICA/data/log"
	daemon_start ks-logd ks-apply
	daemon_spawn ks-sign
	daemon_left 100 ks-sign
	run -0 cat "$(daemon_stderr ks-sign)"
	says 'not signed'
	# Nothing new is signed: the log has the twin's signatures alone.
	hostile load "$REPLICA" "$(key_of load)" signatures
	# Starting it again changes nothing.
	daemon_spawn ks-sign
	daemon_left 100 ks-sign
}

@test "ks-apply refuses a log that is not its own, and leaves with 100" {
	two_histories
	rm -r "$REPLICA/data/log"
	cp -r "$E2E/twin/replica1/data/log" "$REPLICA/data/log"
	daemon_start ks-logd
	daemon_spawn ks-apply
	daemon_left 100 ks-apply
	run -0 cat "$(daemon_stderr ks-apply)"
	says 'not of this replica'
	# A log that lost its end, or all of it, is not its own either.
	daemon_stop ks-logd
	rm -r "$REPLICA/data/log"
	daemon_start ks-logd
	daemon_spawn ks-apply
	daemon_left 100 ks-apply
}

# damage FILE HOW: a database file as a bad disk leaves it.
damage() {
	case $2 in
	noise) head -c 8192 /dev/zero | tr '\0' '\245' ;;		# no page at all
	zeros) head -c 8192 /dev/zero ;;				# never written
	bit) head -c 41 "$1" | tail -c 1 | tr '\0-\377' '\1-\377\0' ;;	# one byte of the first page
	esac | dd of="$1" bs=1 seek="$([ "$2" = bit ] && echo 40 || echo 0)" conv=notrunc status=none
}

@test "a database that is damaged is refused, and rebuilt when it is removed" {
	realm_start
	some_updates
	for name in apply publish; do
		for how in noise zeros bit; do
			daemon_stop ks-$name
			file=$(find "$REPLICA/data/$name" -type f -size +8k -name '*.db' | head -n 1)
			[ -n "$file" ]
			damage "$file" $how
			# It cannot tell this from a disk that fails for now.  Berkeley DB
			# leaks what it had when recovery fails: we close what can be closed.
			ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 daemon_spawn ks-$name
			daemon_left 111 ks-$name
			run -0 cat "$(daemon_stderr ks-$name)"
			says "data/$name: cannot open the database"
			rm -r "$REPLICA/data/$name"
			daemon_start ks-$name
			shows_them
		done
	done
}
