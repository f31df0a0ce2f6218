#!/usr/bin/env bats
# The members of the log by ks-log, on real members of etcd, one by one to four
# and back, with a ks-logd beside each.

load lib.bash

setup() {
	command -v etcd >/dev/null || {
		echo "members.bats: etcd must be installed: share/install-deps" >&2
		return 1
	}
	T=$BATS_TEST_TMPDIR
	# shellcheck disable=SC2207 # words
	PORTS=($(python3 "$KS_TOP/t/bats/etcd.py" ports 10))
	"$KS_BIN/ks-init" "$T/realm" example.org >/dev/null
}

teardown() {
	local f
	for f in "$T"/*.pid; do
		[ ! -e "$f" ] || kill -9 "$(cat "$f")" 2>/dev/null || true
	done
	[ "${BATS_TEST_COMPLETED:-}" = 1 ] || tail -n 5 "$T"/*.err || true
}

client_url() {
	echo "http://127.0.0.1:${PORTS[$1]}"
}

peer_url() {
	echo "http://127.0.0.1:${PORTS[$1 + 4]}"
}

# member N CLUSTER STATE: start the member beside replica N.
member() {
	etcd --name "replica$1" --data-dir "$T/etcd$1" --log-level error \
	    --listen-client-urls "$(client_url "$1")" --advertise-client-urls "$(client_url "$1")" \
	    --listen-peer-urls "$(peer_url "$1")" --initial-advertise-peer-urls "$(peer_url "$1")" \
	    --initial-cluster "$2" --initial-cluster-state "$3" >>"$T/etcd$1.err" 2>&1 3>&- &
	echo $! >"$T/etcd$1.pid"
	disown
}

# replica N ENGINE: the folder of it, whose peers are all others.
replica() {
	local i
	cp -R "$T/realm/replica1" "$T/replica$1"
	cp "$T/realm/realm.conf" "$T/replica$1"
	{
		echo "engine $2"
		echo "name replica$1"
		echo "etcd_url $(client_url "$1")"
		for i in 1 2 3 4; do
			[ "$i" = "$1" ] || echo "peer $T/replica$i/run/log"
		done
	} >>"$T/replica$1/ks.conf"
}

logd() {
	"$KS_BIN/ks-logd" ${KS_NO_JAIL:+-J} -d "$T/replica$1" 2>>"$T/logd$1.err" 3>&- &
	echo $! >"$T/logd$1.pid"
	disown
}

# end FILE SIGNAL
end() {
	local pid
	pid=$(cat "$T/$1.pid")
	kill "-$2" "$pid"
	gone() { ! kill -0 "$pid" 2>/dev/null; }
	wait_until 20 gone
	rm "$T/$1.pid"
}

log() {
	timeout 60 "$KS_BIN/ks-log" -d "$T/replica$1" "${@:2}"
}

status_of() {
	log "$1" status 2>/dev/null | sed -n "s/^$2 //p"
}

is() {
	[ "$(status_of "$1" "$2")" = "$3" ]
}

propose() {
	head -c 40 /dev/urandom | log "$1" propose -t update
}

hashes_equal() {
	[ "$(for i in "$@"; do status_of "$i" hash; done | sort -u | wc -l)" -eq 1 ]
}

# join N VIA: a member is added beside replica N, and promoted.
join() {
	log "$2" add -w 30 "replica$1" "$(peer_url "$1")" >"$T/added"
	member "$1" "$(sed -n 's/^initial-cluster: //p' "$T/added")" "$(sed -n 's/^initial-cluster-state: //p' "$T/added")"
	log "$2" promote -w 60 "replica$1"
}

@test "members are added as learners, promoted, led and removed one at a time" {
	local id
	replica 1 etcd
	member 1 "replica1=$(peer_url 1)" new
	logd 1
	wait_until 30 is 1 etcd connected
	propose 1

	# The second one, with all that can be refused on the way.
	run -100 log 1 add "a b" "$(peer_url 2)"
	says "not the name and the peer URL"
	run -100 log 1 add replica1 "$(peer_url 2)"
	says "there is a member replica1 already"
	run -0 log 1 add -w 30 replica2 "$(peer_url 2)"
	equal "$output" "initial-cluster: replica1=$(peer_url 1),replica2=$(peer_url 2)
initial-cluster-state: existing"
	run -100 log 1 add replica3 "$(peer_url 3)"
	says "add: one at a time: promote or remove the learner $(peer_url 2)"
	id=$(log 1 members | awk '$4 == "learner" { print $1 }')
	run -111 log 1 promote -w 0 "$id"
	says "it has not caught up yet"
	member 2 "replica1=$(peer_url 1),replica2=$(peer_url 2)" existing
	replica 2 etcd
	log 1 promote -w 60 "$id"
	log 1 promote replica2
	logd 2
	wait_until 30 is 2 etcd connected
	run -100 log 1 promote replica9
	equal "$output" "ks-log: promote: there is no member replica9"

	replica 3 etcd
	join 3 2
	logd 3
	wait_until 30 is 3 etcd connected
	propose 3
	wait_until 20 hashes_equal 1 2 3
	run -0 log 3 members
	equal "${#lines[@]}" 3
	equal "$(awk '{ print $2, $3, $5 }' <<<"$output" | sort)" "replica1 $(peer_url 1) yes
replica2 $(peer_url 2) yes
replica3 $(peer_url 3) yes"
	equal "$(awk '$4 == "leader" { print $2 }' <<<"$output")" replica1
	equal "$(log 2 members -j | jq -r 'select(.role == "leader").name')" replica1
	equal "$(log 2 members -j | jq 'select(.reachable and .size > 0).id' | wc -l)" 3
	wait_until 20 is 2 etcd_leader replica1
	names() { [ "$(status_of 1 etcd_members | tr ' ' '\n' | sort | tr '\n' ' ')" = "replica1 replica2 replica3 " ]; }
	wait_until 20 names

	# Leadership, asked of one who does not lead.
	log 2 transfer replica3
	wait_until 20 is 3 leader 1
	log 2 transfer replica3
	run -100 log 2 transfer replica9
	says "no member replica9"

	# With one away nobody is added, and only that one can be removed.
	end etcd2 KILL
	away() { log 1 members | grep -q ' replica2 .* no '; }
	wait_until 20 away
	refused() { run log 1 add -w 0 replica4 "$(peer_url 4)"; [ "$status" -eq 100 ]; }
	wait_until 20 refused
	says "unhealthy cluster: a member is away"
	run -100 log 1 remove -w 0 replica3
	says "unhealthy cluster: a member is away"
	run -100 log 1 remove replica1
	says "remove: replica1 is the member beside this replica"
	wait_until 20 etcdctl --endpoints "$(client_url 1)" get ks/example.org/progress/replica2
	log 1 remove replica2
	equal "$(etcdctl --endpoints "$(client_url 1)" get ks/example.org/progress/replica2)" ""
	run -100 log 1 remove replica2
	says "there is no member replica2"

	# Its replica says so; it comes back with nothing, and gets what it lacks.
	told() { grep -qF "log: etcd at $(client_url 2) was removed from its cluster: let it join anew" "$T/logd2.err"; }
	wait_until 30 told
	equal "$(grep -c removed "$T/logd2.err")" 1
	propose 1
	rm -r "$T/etcd2"
	join 2 1
	wait_until 30 is 2 etcd connected
	wait_until 20 hashes_equal 1 2 3
	propose 2
}

@test "a standby beside a new member becomes a replica when that is promoted" {
	replica 1 etcd
	member 1 "replica1=$(peer_url 1)" new
	logd 1
	wait_until 30 is 1 etcd connected
	propose 1
	replica 2 follow
	logd 2
	wait_until 20 hashes_equal 1 2
	run -100 log 2 members
	equal "$output" "ks-log: members: the engine follow is a standby's: there are no members to change"
	# Too early, it waits and says what for.
	log 1 add -w 30 replica2 "$(peer_url 2)" >"$T/added"
	member 2 "$(sed -n 's/^initial-cluster: //p' "$T/added")" existing
	end logd2 TERM
	sed -i 's/^engine follow/engine etcd/' "$T/replica2/ks.conf"
	logd 2
	learner() { grep -qF "is a learner: ks-log promote" "$T/logd2.err"; }
	wait_until 20 learner
	log 1 promote -w 60 replica2
	wait_until 20 is 2 etcd connected
	propose 2
	wait_until 20 hashes_equal 1 2
}

@test "without etcd the members cannot be told, and it is to be tried again" {
	replica 1 etcd
	run -111 log 1 members
	says "ks-log: members: etcd at $(client_url 1): "
	run -111 log 1 add replica2 "$(peer_url 2)"
	run -2 log 1 add replica2
	run -2 log 1 promote -w x replica2
}

# gateway PATH deny|lose: what replica 1 asks etcd goes through it.
gateway() {
	[ ! -e "$T/gateway.pid" ] || end gateway KILL
	: >"$T/gateway"		# its "ready" is not this one's
	python3 "$KS_TOP/t/hostile/gateway.py" "${PORTS[9]}" "${PORTS[1]}" "$1" "$2" >"$T/gateway" 3>&- &
	echo $! >"$T/gateway.pid"
	disown
	wait_until 20 grep -q ready "$T/gateway"
}

# lost: the gateway has had its turn.
lost() {
	equal "$(grep -c lost "$T/gateway")" 1
}

@test "a change of members whose answer is lost is asked for anew, unless it came about" {
	local mode

	replica 1 etcd
	sed -i "s|^etcd_url .*|etcd_url http://127.0.0.1:${PORTS[9]}|" "$T/replica1/ks.conf"
	member 1 "replica1=$(peer_url 1)" new
	up() { [ "$(log 1 members | grep -c ' yes ')" = "$1" ]; }
	for mode in deny lose; do
		gateway /v3/cluster/member/add $mode
		wait_until 30 up 1
		log 1 add -w 30 replica2 "$(peer_url 2)" >"$T/added"
		lost
		member 2 "$(sed -n 's/^initial-cluster: //p' "$T/added")" existing
		gateway /v3/cluster/member/promote $mode
		log 1 promote -w 60 replica2
		lost
		wait_until 30 up 2
		gateway /v3/cluster/member/remove $mode
		log 1 remove -w 30 replica2
		lost
		equal "$(log 1 members | grep -c .)" 1
		# What was removed leaves by itself.
		left() { ! kill -0 "$(cat "$T/etcd2.pid")" 2>/dev/null; }
		wait_until 20 left
		rm -r "$T/etcd2" "$T/etcd2.pid"
	done
}
