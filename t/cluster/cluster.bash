# shellcheck shell=bash
# A realm on hosts of its own: t/cluster/lab.py makes them, each runs what ks-init
# put into its folder under s6.  Loaded after t/bats/lib.bash; e2e_begin was called.
#
#   cluster_make N [MORE]        folders, hosts and wire of N replicas, one verifier, and
#                                hosts for MORE replicas; nothing runs
#   cluster_start HOST...        power on, and wait until they work
#   cluster_end                  nothing of it is left
#   lab COMMAND...               a fault: see lab.py

LAB=$KS_TOP/t/cluster

# Election timeout of etcd, as it stands in etcd.conf; service resumes within three
# of them.  A machine of two cores on which all hosts and the rest of the tests run is
# given RESUME_FACTOR times as long: what was measured is printed.
ELECTION_MS=1000
RESUME_FACTOR=${RESUME_FACTOR:-3}

# How old a proof may be, in seconds; so long somebody may be shown an older state.
FRESH_S=20

# How long a host may take until it is where the others are.
CATCH_UP_S=${CATCH_UP_S:-90}

# Why there can be no cluster here; nothing if there can be.
cluster_lacks() {
	local tool

	for tool in ip nsenter unshare s6-svscan s6-svc etcd etcdctl jq; do
		command -v $tool >/dev/null || { echo "$tool is missing"; return; }
	done
	[ "$(id -u)" -eq 0 ] || { echo "network namespaces need root"; return; }
	[ -c /dev/net/tun ] || { echo "there is no /dev/net/tun"; return; }
	unshare --net --pid --mount --fork --mount-proc true 2>/dev/null ||
		echo "no namespaces here"
}

python() {
	"$PYTHON" "$@" 3>&-
}

lab() {
	python "$LAB/lab.py" "$CLUSTER" "$@"
}

cluster_make() {
	local n=$1 more=${2:-0} i address=() hosts=("verifier1=10.77.0.100=$E2E/cluster/realm/verifier1")

	CLUSTER=$E2E/cluster
	REALM=$CLUSTER/realm
	CONF=$REALM/realm.conf
	LOAD=$CLUSTER/load
	export CLUSTER REALM CONF LOAD
	mkdir -p "$CLUSTER"
	for ((i = 1; i <= n; i++)); do address+=("10.77.0.$i"); done
	ks ks-init -n "$n" -a "$(IFS=,; echo "${address[*]}")" -i 50 -I 1000 \
		"$REALM" example.org
	sed -i "s/^fresh .*/fresh $FRESH_S/" "$REALM"/realm.conf "$REALM"/*/realm.conf
	sed -i 's/^cache_mib .*/cache_mib 8/' "$REALM"/*/ks.conf
	for ((i = 1; i <= n + more; i++)); do
		hosts+=("replica$i=10.77.0.$i=$REALM/replica$i")
	done
	cluster_serve "${hosts[@]}"
}

# The lab ends with this process, whatever ends it.
cluster_serve() {
	local bin=$KS_BIN name

	# The run scripts know of no jail that a sanitizer cannot live in.
	if [ -n "${KS_NO_JAIL:-}" ]; then
		bin=$CLUSTER/bin
		mkdir "$bin"
		for name in $ALL_DAEMONS ks-link; do
			printf '#!/bin/sh\nexec %s/%s -J "$@"\n' "$KS_BIN" "$name" >"$bin/$name"
			chmod +x "$bin/$name"
		done
	fi
	KS_BIN=$bin "$PYTHON" "$LAB/lab.py" serve "$CLUSTER" $$ "$@" \
		>"$CLUSTER/lab.err" 2>&1 3>&- &
	echo $! >"$CLUSTER/lab.pid"
	disown
	wait_until 30 test -S "$CLUSTER/control"
}

cluster_end() {
	local pid

	[ -s "$CLUSTER/lab.pid" ] || return 0
	pid=$(cat "$CLUSTER/lab.pid")
	kill "$pid" 2>/dev/null || true
	gone() { ! kill -0 "$pid" 2>/dev/null; }
	wait_until 30 gone
	cat "$CLUSTER/lab.err"
}

replicas() {
	local folder

	for folder in "$REALM"/replica*; do
		[ ! -d "$folder/service" ] || echo "${folder##*/}"
	done
}

healthy() {
	ks ks-status "$REALM/$1" >/dev/null
}

cluster_start() {
	local host

	for host; do lab start "$host" >/dev/null; done
	for host; do wait_until "$CATCH_UP_S" works "$host"; done
}

# All that the folder has services for answers, and its log is connected.
works() {
	healthy "$1"
	case $1 in
	replica*) log_is "$1" etcd connected || log_is "$1" follow following ;;
	esac
}

# log_field HOST FIELD: of the STATUS of its ks-logd.
log_field() {
	timeout 10 "$KS_BIN/ks-log" -d "$REALM/$1" status 2>/dev/null 3>&- | sed -n "s/^$2 //p"
}

log_is() {
	[ "$(log_field "$1" "$2")" = "$3" ]
}

# The replica whose member of etcd leads, if one does; and when one does.
leader() {
	local host

	for host in $(replicas); do
		! log_is "$host" leader 1 || { echo "$host"; return; }
	done
	return 1
}

leader_now() {
	wait_until 60 leader
	leader
}

# Any replica that does not lead; and all but those named, with commas.
follower() {
	others "$(leader_now)" | cut -d, -f1
}

others() {
	replicas | grep -vxF "$(printf '%s\n' "$@")" | paste -sd,
}

# ks_log HOST ARGUMENT...: on the host, whose etcd it may have to speak with.
ks_log() {
	lab run "$1" timeout -k 5 "$TOOL_S" "$KS_BIN/ks-log" -d "$REALM/$1" "${@:2}"
}

# process_kill HOST NAME: its supervisor starts it again.
process_kill() {
	s6-svc -k "$REALM/$1/service/$2"
}

process_pid() {
	s6-svstat -o pid "$REALM/$1/service/$2"
}

# Is another process than ${3} the service now?
process_anew() {
	local pid

	pid=$(process_pid "$1" "$2")
	[ "$pid" != -1 ] && [ "$pid" != "$3" ]
}

# The wire is whole, and every host has power and works; after a test that failed too.
cluster_heal() {
	local folder

	lab heal >/dev/null
	for folder in "$REALM"/{replica,verifier}*; do
		lab resume "${folder##*/}" >/dev/null 2>&1 || true
		lab start "${folder##*/}" >/dev/null 2>&1 || true
	done
	all_work
}

# -- load ---------------------------------------------------------------------

servers() {
	local host

	for host in $(replicas); do echo "unix:$REALM/$host/run"; done
}

load_start() {
	mkdir -p "$LOAD"
	rm -f "$LOAD/stop"
	# shellcheck disable=SC2046
	KS_BIN=$KS_BIN setsid "$PYTHON" "$LAB/load.py" "$CONF" "$LOAD" "$LOAD/stop" "$1" \
		$(servers) \
		>"$LOAD/err" 2>&1 3>&- &
	echo $! >"$LOAD/pid"
	disown
}

load_stop() {
	local pid

	[ -s "$LOAD/pid" ] || return 0
	pid=$(cat "$LOAD/pid")
	touch "$LOAD/stop"
	gone() { ! kill -0 "$pid" 2>/dev/null; }
	wait_until 120 gone
	rm "$LOAD/pid"
	equal "$(cat "$LOAD/err")" ""
}

# load_kill: with all tools that it has started.
load_kill() {
	local pid

	[ -s "$LOAD/pid" ] || return 0
	pid=$(cat "$LOAD/pid")
	kill -KILL -- "-$pid" 2>/dev/null || true
	gone() { ! kill -0 -- "-$pid" 2>/dev/null; }
	wait_until 30 gone
	rm "$LOAD/pid"
}

check() {
	python "$LAB/check.py" "$@"
}

# Seconds of the clock that load.py uses.
monotonic() {
	cut -d' ' -f1 /proc/uptime
}

# resumes WHAT SINCE: an update that was begun since then is acknowledged; tell how long
# that took, which is not too long.
resumes() {
	local ms

	# shellcheck disable=SC2046
	python "$LAB/load.py" "$CONF" "$LOAD" - probe $(servers)
	ms=$(check resumed "$LOAD/history" "$2")
	echo "# failover: $ms ms: $1" >&3
	[ "$ms" -le $((3 * ELECTION_MS * RESUME_FACTOR)) ]
}

# operations COUNT: so many more have ended, well or not.
operations() {
	local then

	then=$(($(grep -c . "$LOAD/history") + $1))
	enough() { [ "$(grep -c . "$LOAD/history")" -ge $then ]; }
	wait_until 240 enough
}

# progress [COUNT]: so many updates more are acknowledged, or fail.
acknowledged() {
	cat "$LOAD/history" 2>/dev/null | grep -c '"op": "update".*"result": "ok"' || true
}

progress() {
	local then

	then=$(($(acknowledged) + ${1:-20}))
	more() { [ "$(acknowledged)" -ge $then ]; }
	wait_until 60 more
}

# -- at rest --------------------------------------------------------------------

same_log() {
	local host

	# shellcheck disable=SC2046
	[ "$(for host in $(replicas); do log_field "$host" hash; done | sort -u | wc -l)" -eq 1 ]
}

# Every host works and is where the others are.
all_work() {
	local host

	for host in $(replicas); do wait_until "$CATCH_UP_S" works "$host"; done
}

# What can be said while the load goes on.
cluster_check_running() {
	# shellcheck disable=SC2046
	{
		check history "$LOAD/history" $((FRESH_S + 2))
		check replicas $(replicas | sed "s|^|$REALM/|")
		check verifiers "$REALM"/verifier*
	}
}

# No daemon said what only a bug of ours says.
cluster_stderr() {
	refute grep -sE 'panic|Sanitizer|runtime error|Assertion' "$REALM"/*/log/ks-*/current
}

# Nothing was lost, reordered or shown to some only.
cluster_check() {
	local folders

	load_stop
	all_work
	cluster_stderr
	folders=$(replicas | sed "s|^|$REALM/|")
	# shellcheck disable=SC2046,SC2086
	{
		python "$LAB/load.py" "$CONF" "$LOAD" - final $(servers)
		check history "$LOAD/history" $((FRESH_S + 2))
		check past "$CONF" "$LOAD/history" $(servers)
		check replicas $folders
		check verifiers "$REALM"/verifier*
	}
}
