# shellcheck shell=bash
# What the end-to-end tests stand on: realms, their daemons as plain background
# processes, the tools with a deadline, and a check at the end of every test
# (t/bats/harness.bats tests all of this).
#
#   e2e_begin DIR       in setup (or setup_file): everything of the test is below DIR
#   e2e_end             in teardown (or teardown_file): see there
#
# Below E2E=DIR: realm/ or what realm_make is told, keys/, trace/, home/, and proc/
# with the standard error, pid and exit code of each daemon.

bats_require_minimum_version 1.5.0

KS_TOP=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
KS_BIN=${KS_BIN:-$KS_TOP/${BUILD:-build}/bin}
export KS_TOP KS_BIN

# The system's own Python: another one in PATH may be a script that needs the HOME
# which a test takes away.
[ -n "${PYTHON:-}" ] || PYTHON=/usr/bin/python3
[ -x "$PYTHON" ] || PYTHON=$(python3 -c 'import sys; print(sys.executable)')
# Nothing is written beside the sources.
PYTHONDONTWRITEBYTECODE=1
export PYTHON PYTHONDONTWRITEBYTECODE

# Longest life of a tool, and longest time that a daemon takes to be ready and
# to drain, in seconds; what sanitizers need fits too.
TOOL_S=${TOOL_S:-60}
READY_S=${READY_S:-60}
STOP_S=${STOP_S:-30}

REPLICA_DAEMONS="ks-logd ks-apply ks-sign ks-publish ks-admit"
ALL_DAEMONS="$REPLICA_DAEMONS ks-ratify"

# The exit code of a program in which a sanitizer found something: none of ours.
SANITIZER_CODE=86

# -- waiting ----------------------------------------------------------------

now_us() {
	echo "${EPOCHREALTIME//[!0-9]/}"
}

# wait_until SECONDS CMD...: until CMD succeeds; fail if it has not by then.
wait_until() {
	local seconds=$1 deadline=$((${EPOCHREALTIME//[!0-9]/} + $1 * 1000000))
	shift
	until "$@" >/dev/null 2>&1; do
		if ((${EPOCHREALTIME//[!0-9]/} >= deadline)); then
			echo "wait_until: not within $seconds s: $*" >&2
			return 1
		fi
		sleep 0.02
	done
}

# refute CMD...: fail if CMD succeeds ("! CMD" does not fail a bats test).
refute() {
	if "$@"; then
		echo "refute: succeeded: $*" >&2
		return 1
	fi
}

# equal GOT WANT [WHAT]
equal() {
	[ "$1" = "$2" ] && return
	printf '%s\n     got: %s\nexpected: %s\n' "${3:-not equal}" "$1" "$2" >&2
	return 1
}

# says PATTERN: the output of the last "run" matches the shell pattern somewhere.
# shellcheck disable=SC2154
says() {
	# shellcheck disable=SC2053
	[[ $output == *$1* ]] && return
	printf 'expected to find: %s\nin: %s\n' "$1" "$output" >&2
	return 1
}

# -- begin and end ----------------------------------------------------------

e2e_begin() {
	E2E=$1
	mkdir -p "$E2E"/{proc,trace,keys,home}
	HOME=$E2E/home
	KS_TRACE_DIR=$E2E/trace
	ASAN_OPTIONS=exitcode=$SANITIZER_CODE${ASAN_OPTIONS:+:$ASAN_OPTIONS}
	UBSAN_OPTIONS=exitcode=$SANITIZER_CODE:print_stacktrace=1
	unset XDG_STATE_HOME XDG_DATA_HOME XDG_CONFIG_HOME
	export E2E HOME KS_TRACE_DIR ASAN_OPTIONS UBSAN_OPTIONS
}

# Stop what runs and fail unless every daemon left with 0 on SIGTERM, none had
# left before without the test's knowledge, none acted before it had persisted,
# and none said what only a bug of ours says.
e2e_end() {
	local bad=0 pidfile s

	for pidfile in "$E2E"/proc/*.pid; do
		[ -e "$pidfile" ] || continue
		s=${pidfile%.pid}
		if [ -e "$s.rc" ]; then
			echo "e2e_end: ${s##*/} had left, with $(cat "$s.rc")"
			rm -f "$s.pid" "$s.rc"
			bad=1
			continue
		fi
		kill -CONT "$(cat "$pidfile")" || true
		kill -TERM "$(cat "$pidfile")" || true
	done
	for pidfile in "$E2E"/proc/*.pid; do
		[ -e "$pidfile" ] || continue
		e2e_reap "${pidfile%.pid}" 0 || bad=1
	done
	e2e_traces || bad=1
	e2e_stderr || bad=1
	if [ $bad -ne 0 ] || [ "${BATS_TEST_COMPLETED:-1}" != 1 ]; then
		for s in "$E2E"/proc/*.err; do
			[ -s "$s" ] || continue
			echo "--- ${s##*/}"
			tail -n 25 "$s"
		done
	fi
	return $bad
}

e2e_traces() {
	local traces=("$E2E"/trace/*.trace)

	[ -e "${traces[0]}" ] || return 0
	"$KS_TOP/t/trace-check" "${traces[@]}"
}

e2e_stderr() {
	local found

	found=$(grep -sE 'panic|Sanitizer|runtime error|Assertion' "$E2E"/proc/*.err) ||
		return 0
	echo "e2e_end: $found"
	return 1
}

# Wait until the daemon of state file ${1} has left, with the exit code ${2}.
e2e_reap() {
	local s=$1 code=$2 rc

	if ! wait_until "$STOP_S" test -e "$s.rc"; then
		echo "${s##*/} does not stop" >&2
		kill -KILL "$(cat "$s.pid")" || true
		wait_until "$STOP_S" test -e "$s.rc" || true
		rm -f "$s.pid" "$s.rc"
		return 1
	fi
	rc=$(cat "$s.rc")
	rm -f "$s.pid" "$s.rc"
	[ "$rc" = "$code" ] && return
	echo "${s##*/} left with $rc, not $code" >&2
	return 1
}

# -- daemons ----------------------------------------------------------------

# daemon_dir NAME: the folder of the daemon in the realm at hand.
daemon_dir() {
	case $1 in
	ks-ratify) echo "$VERIFIER" ;;
	*) echo "$REPLICA" ;;
	esac
}

# Store in S where the state of daemon ${1} in the folder ${2} is kept.
daemon_state() {
	local dir=${2:-$(daemon_dir "$1")}

	dir=${dir#"$E2E"/}
	S=$E2E/proc/${dir//\//%}.$1
}

daemon_stderr() {
	local S

	daemon_state "$@"
	echo "$S.err"
}

daemon_pid() {
	local S

	daemon_state "$@"
	cat "$S.pid"
}

# daemon_spawn NAME [DIR]: start it, without waiting.  KS_BIN_OF_NAME, with _ for
# each -, names another folder to take it from.
daemon_spawn() {
	local name=$1 dir=${2:-$(daemon_dir "$1")} S bin
	bin=KS_BIN_OF_${name//-/_}
	bin=${!bin:-$KS_BIN}

	daemon_state "$name" "$dir"
	if [ -e "$S.pid" ]; then
		echo "daemon_spawn: $name of $dir was started already" >&2
		return 1
	fi
	rm -f "$S.rc" "$S.ready"
	# A shell of its own notes how it ended, whoever killed it and started it.
	sh -c 's=$1; shift
	"$@" </dev/null >/dev/null 2>>"$s.err" 9>"$s.ready" &
	echo $! >"$s.pid"
	wait $!; echo $? >"$s.new"; mv "$s.new" "$s.rc"' hold "$S" \
		"$bin/$name" ${KS_NO_JAIL:+-J} -d "$dir" -R 9 >/dev/null 2>&1 3>&- 4>&- &
	wait_until "$READY_S" test -s "$S.pid"
}

# daemon_ready NAME [DIR]: wait until it has told that it is ready.
daemon_ready() {
	local S

	daemon_state "$@"
	wait_until "$READY_S" eval "[ -s '$S.ready' ] || [ -e '$S.rc' ]"
	if [ ! -s "$S.ready" ]; then
		echo "$1 left before it was ready, with $(cat "$S.rc")" >&2
		return 1
	fi
}

# daemon_start NAME...: start them at once and wait until all are ready.
daemon_start() {
	local name

	for name; do
		daemon_spawn "$name"
	done
	for name; do
		daemon_ready "$name"
	done
}

# daemon_signal SIGNAL NAME [DIR]
daemon_signal() {
	kill "-$1" "$(daemon_pid "${@:2}")"
}

# daemon_left CODE NAME [DIR]: it leaves, by itself, with CODE.
daemon_left() {
	local S

	daemon_state "${@:2}"
	e2e_reap "$S" "$1"
}

# daemon_stop NAME...: SIGTERM to all at once; each must leave with 0.
daemon_stop() {
	local name

	for name; do
		daemon_signal TERM "$name"
	done
	for name; do
		daemon_left 0 "$name"
	done
}

# daemon_kill NAME...: SIGKILL to all at once.
daemon_kill() {
	local name

	for name; do
		daemon_signal KILL "$name"
	done
	for name; do
		daemon_left 137 "$name"
	done
}

daemon_running() {
	local S

	daemon_state "$@"
	[ -s "$S.pid" ] && [ ! -e "$S.rc" ]
}

# -- realms -----------------------------------------------------------------

# realm_use NAME: the realm of this name is the one at hand.
realm_use() {
	REALM=$E2E/$1
	REPLICA=$REALM/replica1
	VERIFIER=$REALM/verifier1
	CONF=$REALM/realm.conf
	export REALM REPLICA VERIFIER CONF
}

# realm_make NAME [OPTION...]: make a realm with short intervals, and use it.
realm_make() {
	realm_use "$1"
	ks ks-init -i 20 -I 300 "${@:2}" "$REALM" "$1.example"
	sed -i -e 's/^epoch_retry_ms .*/epoch_retry_ms 100/' \
		-e 's/^cache_mib .*/cache_mib 8/' "$REALM"/*/ks.conf
}

# realm_start [NAME...]: start these daemons of the realm at hand, or all.
realm_start() {
	# shellcheck disable=SC2046,SC2086
	daemon_start ${*:-$(daemons_of_realm)}
}

# All daemons of the realm at hand.
daemons_of_realm() {
	echo "$REPLICA_DAEMONS"
	[ ! -d "$VERIFIER" ] || echo ks-ratify
}

realm_stop() {
	# shellcheck disable=SC2046,SC2086
	daemon_stop ${*:-$(daemons_of_realm)}
}

# -- tools ------------------------------------------------------------------

# ks TOOL ARGUMENT...: one of our programs, with a deadline.
ks() {
	timeout -k 5 "$TOOL_S" "$KS_BIN/$1" "${@:2}" 3>&-
}

# key_of USER: the user's key file, made when first asked for.
key_of() {
	local file=$E2E/keys/$1

	[ -e "$file" ] || ks ks-keygen -o "$file" >/dev/null
	echo "$file"
}

# update USER ARGUMENT...: register or update with the user's own key.
update() {
	ks ks-update -r "$CONF" -k "$(key_of "$1")" "$@"
}

lookup() {
	ks ks-lookup -r "$CONF" "$@"
}

verify() {
	ks ks-verify ${KS_NO_JAIL:+-J} -r "$CONF" "$@"
}

# hostile SCRIPT ARGUMENT...: a peer of t/hostile.
hostile() {
	timeout -k 5 "$TOOL_S" "$PYTHON" "$KS_TOP/t/hostile/$1.py" "${@:2}" 3>&-
}

# status SOCKET FIELD: a field of the STATUS of run/SOCKET.
status() {
	local dir=$REPLICA

	[ "$1" != ratify ] || dir=$VERIFIER
	hostile rpc "$dir/run/$1" status "$2"
}

# status_is SOCKET FIELD VALUE; status_min: at least VALUE.
status_is() {
	[ "$(status "$1" "$2")" = "$3" ]
}

status_min() {
	[ "$(status "$1" "$2")" -ge "$3" ]
}
