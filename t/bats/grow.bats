#!/usr/bin/env bats
# What ks-init does for a replica that is there: new certificates for its etcd
# member, a further replica from it, a member for one that had none.

load lib.bash
load replicas.bash

setup() {
	replicas_begin
}

teardown() {
	replicas_end
}

# The serial number of the certificate that the member of the folder ${1} shows.
shown_serial() {
	local port

	port=$(sed -n 's/^etcd_url .*://p' "$1/ks.conf")
	openssl s_client -connect "127.0.0.1:$port" -CAfile "$1/keys/etcd-ca.crt" \
	    -cert "$1/keys/etcd-client.crt" -key "$1/keys/etcd-client.key" </dev/null 2>/dev/null |
	    openssl x509 -noout -serial
}

serial_is() {
	[ "$(shown_serial "$1")" = "$(openssl x509 -noout -serial -in "$1/keys/etcd.crt")" ]
}

# refuses CODE PATTERN ARGUMENT...: ks-init leaves with CODE and a line, and
# changes nothing.
refuses() {
	local before

	before=$(what_is_there)
	run "-$1" ks-init "${@:3}"
	says "$2"
	equal "$(what_is_there)" "$before"
}

# All but what running services write.
what_is_there() {
	find . -maxdepth 3
	find . -path '*/keys/*' -o -path '*/ca/*' -o -name '*.conf' -type f | sort | xargs md5sum
}

@test "new certificates: all new, of the same authority, and a running realm takes them" {
	local d f before

	ks-init -n 3 -v 0 -i 20 -p "$(port_base 3)" R example.org
	realm_use R
	CONF=$PWD/R/realm.conf
	for d in R/replica?; do scan_start $d; done
	for d in R/replica?; do wait_until "$READY_S" connected $d; done
	update alice a=1
	mkdir safe
	mv R/ca safe/
	refuses 100 "No such file" -r R/replica1
	for d in R/replica?; do
		before=$(md5sum $d/keys/*)
		run -0 ks-init -r $d -C safe/ca
		equal "$output" "$d: new certificates: restart etcd, then ks-logd, one replica at a time"
		for f in etcd.key etcd.crt etcd-client.key etcd-client.crt; do
			refute grep -qxF "$(md5sum $d/keys/$f)" <<<"$before"
		done
		for f in etcd-ca.crt sign.key vrf.key link.key link.crt; do
			grep -qxF "$(md5sum $d/keys/$f)" <<<"$before"
		done
		equal "$(stat -c %a $d/keys/*.key | sort -u)" 600
		s6-svc -r $d/service/etcd
		wait_until "$READY_S" serial_is $d
		s6-svc -r $d/service/ks-logd
		wait_until "$READY_S" connected $d
	done
	update alice a=2
	run -0 lookup alice a
	equal "$output" 2
}

@test "what is no authority of the realm's, or no such folder, is refused" {
	ks-init -n 3 R example.org
	ks-init -n 3 S example.org
	ks-init one example.org
	refuses 100 "not the authority whose certificates are taken here" -r R/replica1 -C S/ca
	refuses 100 "not the authority whose certificates are taken here" -j R/replica1 -C S/ca R/replica4
	cp R/ca/etcd-ca.crt S/ca/
	refuses 100 "not the key of the certificate" -r R/replica1 -C S/ca
	chmod 644 R/ca/etcd-ca.key
	refuses 100 "chmod 600" -r R/replica1
	refuses 100 "verifier1/ks.conf:" -r R/verifier1
	refuses 100 "no name in ks.conf" -r one/replica1
	refuses 100 "nowhere" -r nowhere
	refuses 2 "usage" -r R/replica1 -n 3
	refuses 2 "usage" -r R/replica1 more
	refuses 2 "usage" -r R/replica1 -e R/replica2
	refuses 2 "usage" -j R/replica1
}

# line WHERE: what ks-init -j printed for there.
line() {
	sed -n "s/^$1: //p" told
}

@test "a further replica: a standby that serves verified lookups once the others know it" {
	local d base

	base=$(port_base 4)
	ks-init -n 3 -i 20 -I 2000 -p "$base" R example.org
	ks-init -j R/replica2 -p "$base" R/replica4 >told
	cat told
	cmp R/replica4/keys/vrf.key R/replica1/keys/vrf.key
	equal "$(stat -c %a R/replica4/keys/*.key | sort -u)" 600
	openssl verify -CAfile R/ca/etcd-ca.crt R/replica4/keys/etcd.crt
	[ -e R/replica4/service/etcd/down ]
	refute grep -q '^initial-cluster' R/replica4/etcd.conf
	grep -qx 'engine follow' R/replica4/ks.conf
	grep -qx 'epoch_max_ms 2000' R/replica4/ks.conf
	equal "$(line policy)" "replica replica4 $(ks-keygen -p R/replica4/keys/sign.key)"
	equal "$(line 'ks-log add')" "replica4 https://127.0.0.1:$((base + 43))"
	equal "$(sed -n 's/^server //p' R/replica4/realm.conf | tr '\n' ' ')" \
	    "unix:run unix:../replica1/run unix:../replica2/run unix:../replica3/run "
	refute grep -rF "$BATS_TEST_TMPDIR" R/replica4

	# The others are told as it printed.
	for d in R/replica? R/verifier1; do
		[ $d = R/replica4 ] || sed -i "s/^policy\$/$(line realm.conf)\n&/" $d/realm.conf
	done
	for d in R/replica[123]; do line 'ks.conf of replicas' >>$d/ks.conf; done
	line 'ks.conf of verifiers' >>R/verifier1/ks.conf
	realm_use R
	CONF=$PWD/R/realm.conf
	for d in R/replica? R/verifier1; do scan_start $d; done
	for d in R/replica[123]; do wait_until "$READY_S" connected $d; done
	update alice a=1
	shows() { lookup -s "unix:$PWD/R/replica4/run" alice a | grep -qx "$1"; }
	wait_until "$READY_S" shows 1
	all_sign() { [ "$(lookup -s "unix:$PWD/R/replica4/run" alice | grep -c '^signed replica[123]$')" = 3 ]; }
	wait_until "$READY_S" all_sign
	s6-svstat -o up R/replica4/service/etcd | grep -qx false
	run -0 ks ks-status -w R/replica4
	says "engine=follow "
	says " signing=0 "

	# The next is made from what the second now knows.
	ks-init -j R/replica2 -a 127.0.0.1 -p "$((base + 100))" R/other >told
	equal "$(grep -c '^peer ' R/other/ks.conf)" 4
	refuses 100 "the realm has one of this name" -j R/replica2 -p "$base" R/replica4
	refuses 100 "replica4 is there already" -j R/replica2 -a 127.0.0.1 -p "$((base + 40))" R/x
	refuses 100 "with -a" -j R/replica2 R/x
	refuses 100 "NAME is of letters" -j R/replica2 -a 127.0.0.1 -p 40000 R/x+y
	refuses 100 "exists" -j R/replica1 -a 127.0.0.1 -p 40000 R/other
}

@test "a replica with the engine local goes on in etcd, with its users" {
	local base s

	base=$(port_base 1)
	ks-init -i 20 -I 300 R example.org
	realm_use R
	CONF=$PWD/R/realm.conf
	scan_start R/replica1
	scan_start R/verifier1
	ready() { lookup -w 1 nobody >/dev/null || [ $? = 1 ]; }
	wait_until "$READY_S" ready
	update alice a=1
	lookup -o proof alice
	run -111 ks-init -e R/replica1 -p "$base"
	says "stop its ks-logd first"
	[ ! -e R/ca ]
	cp R/replica1/ks.conf before

	s6-svc -wD -d R/replica1/service/ks-logd
	echo '# mine' >>R/replica1/service/ks-sign/run
	run -0 ks-init -e R/replica1 -p "$base"
	equal "$output" "R/replica1: the log goes on in etcd: start its etcd and ks-link, then ks-logd"
	# Nothing of the configuration but the engine is new, nor of the services.
	equal "$(diff before R/replica1/ks.conf | grep -c '^<')" 0
	grep -qx '# mine' R/replica1/service/ks-sign/run
	equal "$(stat -c %a R/ca/etcd-ca.key R/replica1/keys/*.key | sort -u)" 600
	grep -qx "initial-cluster: replica1=https://127.0.0.1:$((base + 13))" R/replica1/etcd.conf
	s6-svscanctl -a R/replica1/service
	s6-svc -u R/replica1/service/ks-logd
	wait_until "$READY_S" connected R/replica1
	run -0 lookup alice a
	equal "$output" 1
	update alice a=2
	run -0 lookup alice a
	equal "$output" 2
	# What was proven before still is.
	verify proof
	refuses 100 "its engine is etcd already" -e R/replica1
	run -0 ks-init -r R/replica1

	# A further one can follow it.
	ks-init -j R/replica1 -p "$base" R/replica2
	for s in runit systemd; do
		ks-init -s $s R.$s example.org
		ks-init -e R.$s/replica1
		find R.$s/replica1/service | grep etcd
	done
	[ ! -e R.runit/replica1/service/etcd/notification-fd ]
	grep -qx 'Wants=ks-etcd@%i.service' R.systemd/replica1/service/ks-replica@.target
	grep -qx 'Wants=ks-admit@%i.service' R.systemd/replica1/service/ks-replica@.target
}
