#!/usr/bin/env bats
# The replicated log with the engine etcd: three real ks-logd beside three real
# members of etcd, on loopback ports, with certificates on all sides.

load lib.bash

setup_file() {
	command -v etcd etcdctl openssl >/dev/null || {
		echo "etcd.bats: etcd, etcdctl and openssl must be installed: share/install-deps" >&2
		return 1
	}
	T=$BATS_FILE_TMPDIR
	export T ETCDCTL_API=3
	local p
	p=$(client ports 6)
	# shellcheck disable=SC2206 # words
	p=($p)
	export C1=${p[0]} C2=${p[1]} C3=${p[2]} P1=${p[3]} P2=${p[4]} P3=${p[5]}
	export CLUSTER="m1=https://127.0.0.1:$P1,m2=https://127.0.0.1:$P2,m3=https://127.0.0.1:$P3"
	make_certificates
	make_realm
	local i
	for i in 1 2 3; do start_member $i; done
	for i in 1 2 3; do start_logd $i; done
	for i in 1 2 3; do wait_until 30 is "$i" etcd connected; done
	wait_until 20 has_leader
}

teardown_file() {
	local f
	for f in "$T"/*.pid; do
		[ ! -e "$f" ] || kill -9 "$(cat "$f")" 2>/dev/null || true
	done
}

teardown() {
	local f
	for f in "$BATS_TEST_TMPDIR"/*.pid; do
		[ ! -e "$f" ] || kill -9 "$(cat "$f")" 2>/dev/null || true
	done
	[ "${BATS_TEST_COMPLETED:-}" = 1 ] || tail -n 5 "$T"/logd*.err "$BATS_TEST_TMPDIR"/*.err || true
}

client() {
	timeout 60 python3 "$KS_TOP/t/bats/etcd.py" "$@"
}

# sign_certificate NAME CA USES
sign_certificate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=${1##*/}" \
	    -keyout "$1.key" -out "$1.csr" 2>/dev/null
	openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -days "${DAYS:-90}" -out "$1.pem" \
	    -extfile <(echo "subjectAltName=IP:127.0.0.1
extendedKeyUsage=$3") 2>/dev/null
}

make_certificates() {
	local ca
	for ca in ca other-ca; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 \
		    -subj "/CN=$ca" -keyout "$T/$ca.key" -out "$T/$ca.pem" 2>/dev/null
	done
	# etcd's gateway connects to its own member with the member's certificate.
	sign_certificate "$T/member" "$T/ca" serverAuth,clientAuth
	sign_certificate "$T/client" "$T/ca" clientAuth
	sign_certificate "$T/stranger" "$T/other-ca" clientAuth
	chmod 600 "$T"/*.key
}

# A realm whose policy has three replicas, and the directory of each.
make_realm() {
	local i
	for i in 1 2 3; do
		"$KS_BIN/ks-init" "$T/realm$i" example.org >/dev/null
		grep '^replica ' "$T/realm$i/realm.conf" | sed "s/ replica1 / replica$i /" >>"$T/replicas"
	done
	sed -e "/^replica /{r $T/replicas
d}" "$T/realm1/realm.conf" >"$T/realm.conf"
	for i in 1 2 3; do
		cp -R "$T/realm1/replica1" "$T/replica$i"
		# No service of it runs here.
		cp "$T/realm.conf" "$T/replica$i/realm.conf"
	done
	for i in 1 2 3; do
		{
			echo "engine etcd"
			echo "name replica$i"
			echo "etcd_url https://127.0.0.1:$(port $i)"
			echo "etcd_ca $T/ca.pem"
			echo "etcd_cert $T/client.pem"
			echo "etcd_key $T/client.key"
			for j in 1 2 3; do
				[ $j = $i ] || echo "peer $T/replica$j/run/log"
			done
		} >>"$T/replica$i/ks.conf"
	done
}

port() {
	eval "echo \$C$1"
}

start_member() {
	local i=$1 p
	p=$(eval "echo \$P$i")
	etcd --name "m$i" --data-dir "$T/m$i" --log-level error \
	    --listen-client-urls "https://127.0.0.1:$(port "$i")" \
	    --advertise-client-urls "https://127.0.0.1:$(port "$i")" \
	    --listen-peer-urls "https://127.0.0.1:$p" \
	    --initial-advertise-peer-urls "https://127.0.0.1:$p" \
	    --initial-cluster "$CLUSTER" \
	    --client-cert-auth --trusted-ca-file "$T/ca.pem" \
	    --cert-file "$T/member.pem" --key-file "$T/member.key" \
	    --peer-client-cert-auth --peer-trusted-ca-file "$T/ca.pem" \
	    --peer-cert-file "$T/member.pem" --peer-key-file "$T/member.key" \
	    >>"$T/member$i.log" 2>&1 3>&- &
	echo $! >"$T/member$i.pid"
	disown
}

# Kill the process of pid file ${1}.pid with the signal ${2}, and wait for its end.
end() {
	local pid
	pid=$(cat "$1.pid")
	kill "-$2" "$pid"
	gone() { ! kill -0 "$pid" 2>/dev/null; }
	wait_until 20 gone
	rm "$1.pid"
}

# start_in DIR STATE: ks-logd in DIR; STATE.pid, its log STATE.err.
start_in() {
	"$KS_BIN/ks-logd" ${KS_NO_JAIL:+-J} -d "$1" 2>>"$2.err" 3>&- &
	echo $! >"$2.pid"
	disown
}

start_logd() {
	start_in "$T/replica$1" "$T/logd$1"
	wait_until 20 is "$1" engine etcd
}

# The value of a line of STATUS of a directory, or of replica number ${1}.
status_in() {
	timeout 20 "$KS_BIN/ks-log" -d "$1" status 2>/dev/null | sed -n "s/^$2 //p"
}

status_of() {
	status_in "$T/replica$1" "$2"
}

is() {
	[ "$(status_of "$1" "$2")" = "$3" ]
}

leader() {
	local i
	for i in 1 2 3; do
		! is $i leader 1 || echo $i
	done
}

has_leader() {
	[ "$(leader | wc -l)" -eq 1 ]
}

ctl() {
	etcdctl --endpoints "https://127.0.0.1:$C1,https://127.0.0.1:$C2,https://127.0.0.1:$C3" \
	    --cacert "$T/ca.pem" --cert "$T/client.pem" --key "$T/client.key" "$@"
}

# All three have the same log, which has what is in the files of acknowledgements.
logs_are_equal() {
	local i acks
	same() { [ "$(for i in 1 2 3; do status_of $i last; done | sort -u | wc -l)" -eq 1 ]; }
	wait_until 20 same
	equal "$(status_of 2 hash)" "$(status_of 1 hash)"
	equal "$(status_of 3 hash)" "$(status_of 1 hash)"
	for acks in "$@"; do
		timeout 60 python3 "$KS_TOP/t/bats/logd.py" check "$T/replica1/run/log" "$acks"
	done
}

press() {
	client persist "$T/replica$1/run/log" "$BATS_TEST_TMPDIR/acks$1" "$BATS_TEST_TMPDIR/stop" \
	    >"$BATS_TEST_TMPDIR/pressed$1" 3>&- &
}

has_lines() {
	[ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]
}

@test "entries proposed at each replica come out equal and in the same order at all" {
	local i
	for i in 1 2 3; do press $i; done
	for i in 1 2 3; do wait_until 20 has_lines "$BATS_TEST_TMPDIR/acks$i" 100; done
	touch "$BATS_TEST_TMPDIR/stop"
	wait
	cat "$BATS_TEST_TMPDIR"/pressed*
	logs_are_equal "$BATS_TEST_TMPDIR"/acks?
	equal "$(cat "$T"/logd?.err | grep -vc etcd)" 0
}

@test "a flood of large proposals comes out whole, and waits outside" {
	run -0 client flood "$T/replica1/run/log" 20
	echo "$output of 160 waited in ks-logd"
	# 7 to a batch, 8 batches that wait, 4 that are on their way.
	[ "$output" -gt 20 ]
	[ "$output" -le 100 ]
	logs_are_equal
}

@test "the leading member killed under load: nothing acknowledged is lost, service resumes" {
	local l i
	wait_until 20 has_leader
	l=$(leader)
	for i in 1 2 3; do [ $i = "$l" ] || press $i; done
	for i in 1 2 3; do [ $i = "$l" ] || wait_until 20 has_lines "$BATS_TEST_TMPDIR/acks$i" 50; done
	end "$T/member$l" KILL
	for i in 1 2 3; do
		[ $i = "$l" ] || wait_until 30 has_lines "$BATS_TEST_TMPDIR/acks$i" \
		    $(($(wc -l <"$BATS_TEST_TMPDIR/acks$i") + 50))
	done
	touch "$BATS_TEST_TMPDIR/stop"
	wait
	for i in 1 2 3; do
		[ $i != "$l" ] || continue
		echo "# failover seen at replica$i: $(cut -d' ' -f2 "$BATS_TEST_TMPDIR/pressed$i") ms" >&3
		# What was on its way to the old leader is put again: nobody need ask twice.
		awk '$2 < 5000 && $3 > 0 { exit 1 }' "$BATS_TEST_TMPDIR/pressed$i"
	done
	is "$l" leader 0
	start_member "$l"
	logs_are_equal "$BATS_TEST_TMPDIR"/acks?
	wait_until 20 is "$l" etcd connected
}

@test "what is proposed while there is no leader is taken once there is one" {
	local i
	client one "$T/replica1/run/log" 10
	for i in 2 3; do kill -STOP "$(cat "$T/member$i.pid")"; done
	leaderless() { is 1 etcd_leader -; }
	wait_until 30 leaderless || { for i in 2 3; do kill -CONT "$(cat "$T/member$i.pid")"; done; false; }
	client one "$T/replica1/run/log" 20 >"$BATS_TEST_TMPDIR/one" 3>&- &
	waits() { [ "$(status_of 1 etcd_waiting)" -eq 1 ]; }
	wait_until 10 waits || true
	for i in 2 3; do kill -CONT "$(cat "$T/member$i.pid")"; done
	wait
	cat "$BATS_TEST_TMPDIR/one"
	grep -qE '^[0-9]+$' "$BATS_TEST_TMPDIR/one"
	for i in 1 2 3; do wait_until 20 is $i etcd connected; done
	logs_are_equal
}

@test "ks-logd killed under load and started again has all that it acknowledged" {
	local i
	for i in 1 2; do press $i; done
	for i in 1 2; do wait_until 20 has_lines "$BATS_TEST_TMPDIR/acks$i" 50; done
	end "$T/logd1" KILL
	wait_until 20 has_lines "$BATS_TEST_TMPDIR/acks2" 100
	touch "$BATS_TEST_TMPDIR/stop"
	start_logd 1
	wait || true # the client of the one that was killed may have failed
	logs_are_equal "$BATS_TEST_TMPDIR"/acks?
}

@test "a replica behind what etcd keeps catches up from a peer, and goes on" {
	local i revision
	wait_until 10 is 3 etcd connected
	end "$T/logd3" TERM
	for i in 1 2 3 4 5; do
		client one "$T/replica1/run/log" 60000
	done
	revision=$(ctl get --prefix ks/ -w json --keys-only | jq .header.revision)
	ctl compact "$revision"
	start_logd 3
	logs_are_equal
	grep -qF "this replica is behind the tail that etcd keeps: fetch the missing entries from a peer" "$T/logd3.err"
	wait_until 10 is 3 etcd connected
	i=$(client one "$T/replica3/run/log" 10)
	equal "$i" "$(status_of 3 last)"
	logs_are_equal
}

@test "a replica that starts with nothing, its peers gone at first, catches up" {
	end "$T/logd3" TERM
	rm -r "$T/replica3/data"
	end "$T/logd1" TERM
	end "$T/logd2" TERM
	start_logd 3
	wait_until 10 is 3 etcd behind
	run client one "$T/replica3/run/log" 10
	says "log-unavailable: this replica is behind"
	start_logd 1
	start_logd 2
	logs_are_equal
	wait_until 10 is 3 etcd connected
}

@test "what is in etcd's key and no batch is skipped by all alike" {
	local value
	ctl put ks/example.org/log "no batch"
	ctl put ks/example.org/log "$(printf '\001\001')"
	client one "$T/replica2/run/log" 10
	logs_are_equal
	equal "$(for value in 1 2 3; do status_of $value etcd_skipped; done | sort -u)" 2
}

@test "each replica writes how far it is, and the leader trims etcd to it" {
	local i
	sed -i 's/^engine etcd/&\netcd_keep 5\netcd_max 1000/' "$T"/replica?/ks.conf
	for i in 1 2 3; do
		end "$T/logd$i" TERM
		start_logd $i
	done
	for i in 1 2 3; do wait_until 20 is $i etcd connected; done
	for i in 1 2 3 4 5 6 7 8 9; do client one "$T/replica$((i % 3 + 1))/run/log" 10; done
	progress() { [ "$(ctl get ks/example.org/progress/replica2 --print-value-only)" = "$(status_of 2 etcd_revision)" ]; }
	wait_until 10 progress
	trimmed() { [ "$(status_of "$(leader)" etcd_compacted)" -gt 0 ]; }
	wait_until 15 trimmed
	logs_are_equal
}

# A directory of replica1 with other lines than ${T}'s, and nothing in it.
other_replica() {
	cp -R "$T/realm1/replica1" "$BATS_TEST_TMPDIR/replica"
	cp "$T/realm.conf" "$BATS_TEST_TMPDIR/replica"
	grep -vE "$1" "$T/replica1/ks.conf" >"$BATS_TEST_TMPDIR/replica/ks.conf"
	cat >>"$BATS_TEST_TMPDIR/replica/ks.conf"
}

@test "etcd takes our certificate only, and we take etcd's only; each refusal is one line" {
	local what
	for what in "no certificate|etcd_cert|etcd_key" "another's|etcd_cert|etcd_key" "another CA|etcd_ca"; do
		case $what in
		no*) echo ;;
		*CA*) echo "etcd_ca $T/other-ca.pem" ;;
		*) printf 'etcd_cert %s\netcd_key %s\n' "$T/stranger.pem" "$T/stranger.key" ;;
		esac | other_replica "${what#*|}"
		start_in "$BATS_TEST_TMPDIR/replica" "$BATS_TEST_TMPDIR/one"
		wait_until 20 test -s "$BATS_TEST_TMPDIR/one.err"
		wait_until 20 alone_is etcd waiting
		run client one "$BATS_TEST_TMPDIR/replica/run/log" 10
		equal "$output" "log-unavailable: etcd cannot be reached"
		end "$BATS_TEST_TMPDIR/one" TERM
		cat "$BATS_TEST_TMPDIR/one.err"
		equal "$(wc -l <"$BATS_TEST_TMPDIR/one.err")" 1
		grep -q "^ks-logd: waiting for etcd at https://127.0.0.1:$C1: " "$BATS_TEST_TMPDIR/one.err"
		rm -r "$BATS_TEST_TMPDIR/replica" "$BATS_TEST_TMPDIR/one.err"
	done
}

# refused LINE PATTERN: ks-logd with this line of ks.conf leaves with 100 and one line.
refused() {
	other_replica "^${1%% *} " <<<"$1"
	run -100 timeout 20 "$KS_BIN/ks-logd" ${KS_NO_JAIL:+-J} -d "$BATS_TEST_TMPDIR/replica"
	echo "$output"
	[ "${#lines[@]}" -eq 1 ]
	says "$2"
	rm -r "$BATS_TEST_TMPDIR/replica"
}

@test "what is wrong in ks.conf is refused with 100 and one line" {
	refused "engine raft" "engine must be local, etcd or follow"
	refused "name replica 1" "name must be one word"
	refused "etcd_url http://192.0.2.1:1" "it is http://, which is for 127.0.0.1"
	refused "etcd_url http://127.0.0.1:1" "http://, which takes no certificates"
	refused "etcd_url https://etcd.example:1" "not a numeric address"
	refused "etcd_keep 100001" "etcd_keep is above etcd_max"
	refused "etcd_key $T/none" "No such file"
	chmod 644 "$T/stranger.key"
	refused "etcd_key $T/stranger.key" "stranger.key"
}

# A member alone, without certificates: NAME PORTS... OPTION...
start_alone() {
	local state=$BATS_TEST_TMPDIR/$1 client=http://127.0.0.1:$2 peer=http://127.0.0.1:$3
	shift 3
	etcd --name a --data-dir "$state" --log-level error --listen-client-urls "$client" \
	    --advertise-client-urls "$client" --listen-peer-urls "$peer" \
	    --initial-advertise-peer-urls "$peer" --initial-cluster "a=$peer" \
	    --initial-cluster-token "$state" "$@" >"$state.log" 2>&1 3>&- &
	echo $! >"$state.pid"
	disown
}

alone_is() {
	[ "$(status_in "$BATS_TEST_TMPDIR/replica" "$1")" = "$2" ]
}

@test "etcd out of space is told as such, and another cluster, or engine, is refused" {
	local p
	# shellcheck disable=SC2207 # words
	p=($(client ports 2))
	start_alone a "${p[@]}" --quota-backend-bytes 1000000
	other_replica "^(etcd|peer|engine)" <<<"engine etcd
etcd_url http://127.0.0.1:${p[0]}"
	start_in "$BATS_TEST_TMPDIR/replica" "$BATS_TEST_TMPDIR/one"
	wait_until 20 alone_is etcd connected
	full() {
		local i
		for i in 1 2 3 4; do client one "$BATS_TEST_TMPDIR/replica/run/log" 100000; done | grep log-una
	}
	wait_until 20 full
	wait_until 10 alone_is etcd_space none
	run client one "$BATS_TEST_TMPDIR/replica/run/log" 10
	equal "$output" "log-unavailable: etcd is out of space: at each member etcdctl defrag, then etcdctl alarm disarm"
	equal "$(grep -c "out of space" "$BATS_TEST_TMPDIR/one.err")" 1
	end "$BATS_TEST_TMPDIR/one" TERM

	end "$BATS_TEST_TMPDIR/a" TERM
	start_alone b "${p[@]}"
	run -100 timeout 30 "$KS_BIN/ks-logd" ${KS_NO_JAIL:+-J} -d "$BATS_TEST_TMPDIR/replica"
	says "this log is of cluster"
	equal "$(grep -vcE 'waiting for etcd|for tests only' <<<"$output")" 1

	sed -i 's/^engine etcd/engine local/' "$BATS_TEST_TMPDIR/replica/ks.conf"
	run -100 timeout 20 "$KS_BIN/ks-logd" ${KS_NO_JAIL:+-J} -d "$BATS_TEST_TMPDIR/replica"
	equal "$output" "ks-logd: ks.conf: the log is that of an etcd cluster, which the engine local cannot go on with"
}

@test "new replicas agree on where the log begins" {
	equal "$(ctl get ks/example.org/base --print-value-only)" \
	    "0 $(python3 -c 'import hashlib; print(hashlib.blake2b(b"example.org", digest_size=32, person=b"ks-log").hexdigest())')"
	equal "$(ctl get ks/example.org/base -w json | jq .kvs[0].version)" 1
}

# ks.conf of the directory ${1}: an etcd alone at port ${2}, and what more is said.
alone_conf() {
	local dir=$1 url=http://127.0.0.1:$2
	shift 2
	grep -vE "^(etcd|peer|engine|name)" "$T/replica1/ks.conf" >"$dir/ks.conf"
	printf '%s\n' "engine etcd" "name ${dir##*/}" "etcd_url $url" "$@" >>"$dir/ks.conf"
}

@test "the log of a replica alone goes on in etcd, and a new replica fetches it" {
	local p dir=$BATS_TEST_TMPDIR/replica hash
	# shellcheck disable=SC2207 # words
	p=($(client ports 2))
	other_replica "^(etcd|peer|engine|name)" <<<"engine local"
	start_in "$dir" "$BATS_TEST_TMPDIR/one"
	wait_until 20 alone_is engine local
	client one "$dir/run/log" 100
	client one "$dir/run/log" 60000
	hash=$(status_in "$dir" hash)
	end "$BATS_TEST_TMPDIR/one" TERM

	start_alone a "${p[@]}"
	alone_conf "$dir" "${p[0]}"
	start_in "$dir" "$BATS_TEST_TMPDIR/one"
	wait_until 20 alone_is etcd connected
	equal "$(status_in "$dir" hash)" "$hash"
	equal "$(etcdctl --endpoints "http://127.0.0.1:${p[0]}" get ks/example.org/base --print-value-only)" "2 $hash"
	equal "$(client one "$dir/run/log" 10)" 3

	cp -R "$T/realm1/replica1" "$BATS_TEST_TMPDIR/second"
	alone_conf "$BATS_TEST_TMPDIR/second" "${p[0]}" "peer $dir/run/log"
	cp "$T/realm.conf" "$BATS_TEST_TMPDIR/second"
	sed -i 's/^name .*/name replica2/' "$BATS_TEST_TMPDIR/second/ks.conf"
	sed -i 's/^name .*/name replica1/' "$dir/ks.conf"
	start_in "$BATS_TEST_TMPDIR/second" "$BATS_TEST_TMPDIR/two"
	followed() { [ "$(status_in "$BATS_TEST_TMPDIR/second" hash)" = "$(status_in "$dir" hash)" ]; }
	wait_until 20 followed
	client one "$BATS_TEST_TMPDIR/second/run/log" 10
	wait_until 20 followed
	equal "$(status_in "$dir" last)" 4

	end "$BATS_TEST_TMPDIR/one" TERM
	sed -i 's/^engine etcd/engine local/' "$dir/ks.conf"
	run -100 timeout 20 "$KS_BIN/ks-logd" ${KS_NO_JAIL:+-J} -d "$dir"
	equal "$output" "ks-logd: ks.conf: the log is that of an etcd cluster, which the engine local cannot go on with"

	# One that began alone finds the log of others: it does not follow.
	rm -r "$dir/data"
	sed -i 's/^engine etcd/engine local/' "$dir/ks.conf"
	start_in "$dir" "$BATS_TEST_TMPDIR/one"
	wait_until 20 alone_is engine local
	for p in 1 2 3; do client one "$dir/run/log" 100; done
	end "$BATS_TEST_TMPDIR/one" TERM
	sed -i 's/^engine local/engine etcd/' "$dir/ks.conf"
	run -100 timeout 20 "$KS_BIN/ks-logd" ${KS_NO_JAIL:+-J} -d "$dir"
	says "log: entry 2 is another than that after which etcd at http://127.0.0.1:* goes on: remove data/log"
	equal "$(grep -vc 'for tests only' <<<"$output")" 1
}

@test "a standby of the cluster becomes a replica of it, and the other way round" {
	local dir=$BATS_TEST_TMPDIR/replica
	other_replica "^(etcd|peer|engine|name)" <<<"engine follow
peer $T/replica1/run/log
peer $T/replica2/run/log"
	start_in "$dir" "$BATS_TEST_TMPDIR/one"
	copied() { [ "$(status_in "$dir" hash)" = "$(status_of 2 hash)" ]; }
	wait_until 20 copied
	equal "$(client one "$dir/run/log" 10)" "$(status_of 1 last)"
	logs_are_equal
	equal "$(status_in "$dir" etcd_cluster)" "$(status_of 1 etcd_cluster)"
	end "$BATS_TEST_TMPDIR/one" TERM
	client one "$T/replica1/run/log" 10

	grep -E "^(etcd_|peer)" "$T/replica1/ks.conf" | sed 's/^etcd_keep.*//; s/^etcd_max.*//' >>"$dir/ks.conf"
	sed -i 's/^engine follow/engine etcd\nname replica4/' "$dir/ks.conf"
	start_in "$dir" "$BATS_TEST_TMPDIR/one"
	wait_until 20 alone_is etcd connected
	wait_until 20 copied
	client one "$dir/run/log" 10
	logs_are_equal
	end "$BATS_TEST_TMPDIR/one" TERM

	sed -i 's/^engine etcd/engine follow/' "$dir/ks.conf"
	start_in "$dir" "$BATS_TEST_TMPDIR/one"
	wait_until 20 alone_is follow following
	client one "$dir/run/log" 10
	wait_until 20 copied
	end "$BATS_TEST_TMPDIR/one" TERM
	# It wrote its progress; nobody waits for it.
	ctl del ks/example.org/progress/replica4
}

# start_secure NAME CERT OPTION...: a member alone with the certificate CERT.
start_secure() {
	local state=$BATS_TEST_TMPDIR/$1 cert=$2
	shift 2
	etcd --name a --data-dir "$state" --log-level error --listen-client-urls "https://127.0.0.1:${PORTS[0]}" \
	    --advertise-client-urls "https://127.0.0.1:${PORTS[0]}" --listen-peer-urls "http://127.0.0.1:${PORTS[1]}" \
	    --initial-advertise-peer-urls "http://127.0.0.1:${PORTS[1]}" --initial-cluster "a=http://127.0.0.1:${PORTS[1]}" \
	    --initial-cluster-token "$state" --cert-file "$cert.pem" --key-file "$cert.key" \
	    "$@" >"$state.log" 2>&1 3>&- &
	echo $! >"$state.pid"
	disown
}

# The folder of a replica beside that member, which has no peers.
secure_replica() {
	other_replica "^(etcd_url|peer)" <<<"etcd_url https://127.0.0.1:${PORTS[0]}"
}

@test "etcd that asks for no certificate, or has the keys of another realm, is refused with 100 and one line" {
	# shellcheck disable=SC2207 # words
	PORTS=($(client ports 2))
	start_secure open "$T/member"
	secure_replica
	run -100 timeout 30 "$KS_BIN/ks-logd" ${KS_NO_JAIL:+-J} -d "$BATS_TEST_TMPDIR/replica"
	says "answers whoever comes without a certificate: write client-cert-auth: true into etcd.conf"
	equal "$(grep -vc 'waiting for etcd' <<<"$output")" 1
	equal "$(etcdctl --endpoints "https://127.0.0.1:${PORTS[0]}" --cacert "$T/ca.pem" get --prefix ks/)" ""
	etcdctl --endpoints "https://127.0.0.1:${PORTS[0]}" --cacert "$T/ca.pem" put ks/other.example/log x
	end "$BATS_TEST_TMPDIR/open" TERM
	start_secure open "$T/member" --client-cert-auth --trusted-ca-file "$T/ca.pem"
	run -100 timeout 30 "$KS_BIN/ks-logd" ${KS_NO_JAIL:+-J} -d "$BATS_TEST_TMPDIR/replica"
	says "is another realm's, it has the key ks/other.example/log: a cluster is for one realm"
	equal "$(grep -vc 'waiting for etcd' <<<"$output")" 1
}

@test "certificates that have expired are told by one line: ours with 100, etcd's by waiting" {
	# shellcheck disable=SC2207 # words
	PORTS=($(client ports 2))
	DAYS=-1 sign_certificate "$T/old" "$T/ca" serverAuth,clientAuth
	chmod 600 "$T/old.key"
	start_secure a "$T/old" --client-cert-auth --trusted-ca-file "$T/ca.pem"
	secure_replica
	start_in "$BATS_TEST_TMPDIR/replica" "$BATS_TEST_TMPDIR/one"
	told() { grep -q "waiting for etcd at https://127.0.0.1:${PORTS[0]}: .*certificate has expired.*: renew etcd's certificate" "$BATS_TEST_TMPDIR/one.err"; }
	wait_until 30 told
	wait_until 20 alone_is etcd waiting
	end "$BATS_TEST_TMPDIR/one" TERM

	sed -i "s|^etcd_cert .*|etcd_cert $T/old.pem|; s|^etcd_key .*|etcd_key $T/old.key|" "$BATS_TEST_TMPDIR/replica/ks.conf"
	run -100 timeout 20 "$KS_BIN/ks-logd" ${KS_NO_JAIL:+-J} -d "$BATS_TEST_TMPDIR/replica"
	says "ks-logd: $T/old.pem: the certificate has expired at "
	says ": renew it (ks-init -r)"
	equal "${#lines[@]}" 1
}

@test "a log that is another than the peers' serves nothing: 100 and one line" {
	local dir=$BATS_TEST_TMPDIR/replica
	client one "$T/replica1/run/log" 10
	# Its own cluster, its own entries; and the log socket of a replica of ours.
	# shellcheck disable=SC2207 # words
	PORTS=($(client ports 2))
	start_secure a "$T/member" --client-cert-auth --trusted-ca-file "$T/ca.pem"
	secure_replica
	start_in "$dir" "$BATS_TEST_TMPDIR/one"
	wait_until 20 alone_is etcd connected
	client one "$dir/run/log" 10
	[ "$(status_in "$dir" etcd_cert_days)" -gt 80 ]
	end "$BATS_TEST_TMPDIR/one" TERM
	echo "peer $T/replica1/run/log" >>"$dir/ks.conf"
	run -100 timeout 30 "$KS_BIN/ks-logd" ${KS_NO_JAIL:+-J} -d "$dir"
	says "log: it is another log than that of $T/replica1/run/log, at entry 1 or before"
	equal "$(grep -vc 'waiting for etcd' <<<"$output")" 1
}

@test "each reason why etcd is not there is told once, with what to do" {
	# shellcheck disable=SC2207 # words
	PORTS=($(client ports 2))
	other_replica "^(etcd|peer|engine)" <<<"engine etcd
etcd_url http://127.0.0.1:${PORTS[0]}"
	start_in "$BATS_TEST_TMPDIR/replica" "$BATS_TEST_TMPDIR/one"
	wait_until 20 grep -q "waiting for etcd at .*connect" "$BATS_TEST_TMPDIR/one.err"
	start_alone a "${PORTS[@]}" --enable-grpc-gateway=false
	wait_until 20 grep -q "HTTP status 404: write enable-grpc-gateway: true into etcd.conf" "$BATS_TEST_TMPDIR/one.err"
	end "$BATS_TEST_TMPDIR/a" KILL
	start_alone a "${PORTS[@]}"
	wait_until 20 alone_is etcd connected
	equal "$(grep -c "waiting for etcd" "$BATS_TEST_TMPDIR/one.err")" "$(grep "waiting for etcd" "$BATS_TEST_TMPDIR/one.err" | sed 's/[0-9]//g' | sort -u | wc -l)"
	equal "$(grep -c "connected to etcd" "$BATS_TEST_TMPDIR/one.err")" 1
}
