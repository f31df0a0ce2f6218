#!/usr/bin/env bats
# ks-init makes a realm of several replicas, each beside its member of etcd: what
# is in its folders, and that they run, where they were made and elsewhere.

load lib.bash
load replicas.bash

setup() {
	replicas_begin
}

teardown() {
	replicas_end
}

@test "each replica's folder has its member, its certificates and its links" {
	local d m

	umask 077
	ks-init -n 3 -p 20000 R example.org
	equal "$(ls R | tr '\n' ' ')" "ca realm.conf replica1 replica2 replica3 verifier1 "
	equal "$(stat -c '%a %n' R/ca R/ca/* | tr '\n' ' ')" \
	    "700 R/ca 644 R/ca/etcd-ca.crt 600 R/ca/etcd-ca.key "
	for d in R/replica1 R/replica2 R/replica3; do
		equal "$(ls $d/keys | tr '\n' ' ')" "etcd-ca.crt etcd-client.crt etcd-client.key etcd.crt etcd.key link.crt link.key sign.key vrf.key "
		equal "$(stat -c %a $d/keys/*.key | sort -u)" 600
		equal "$(stat -c %a $d/keys $d/data $d/run | sort -u)" 700
		equal "$(ls $d/service | tr '\n' ' ')" "etcd ks-admit ks-apply ks-link ks-logd ks-publish ks-sign "
		cmp $d/keys/etcd-ca.crt R/ca/etcd-ca.crt
		cmp $d/keys/vrf.key R/replica1/keys/vrf.key
		openssl verify -CAfile R/ca/etcd-ca.crt -purpose sslserver -verify_ip 127.0.0.1 $d/keys/etcd.crt
		openssl verify -CAfile R/ca/etcd-ca.crt -purpose sslclient $d/keys/etcd-client.crt
		grep -qx "name ${d#R/}" $d/ks.conf
		grep -qx "name: ${d#R/}" $d/etcd.conf
		equal "$(grep -c '^peer run/link-replica[123]-log$' $d/ks.conf)" 2
		refute grep -q "^\(peer\|link\) .*${d#R/}" $d/ks.conf
	done
	# No two have a key in common, but the VRF's.
	equal "$(cat R/*/keys/*.key R/ca/*.key | grep -v '^-----\|^#' | sort | uniq -d | wc -l)" \
	    "$(grep -vc '^-----\|^#' R/replica1/keys/vrf.key)"
	grep -qx 'link_listen 127.0.0.1:20021' R/replica2/ks.conf
	grep -qx 'link replica3 log 127.0.0.1:20031' R/replica2/ks.conf
	grep -qx 'etcd_url https://127.0.0.1:20022' R/replica2/ks.conf
	grep -qx 'listen-peer-urls: https://127.0.0.1:20023' R/replica2/etcd.conf
	equal "$(grep '^initial' R/replica?/etcd.conf | grep -v advertise | sed 's/^[^:]*://' | sort -u | wc -l)" 3
	equal "$(ls R/verifier1/service | tr '\n' ' ')" "ks-link ks-ratify "
	equal "$(grep -c '^upstream run/link-replica[123]-publish$' R/verifier1/ks.conf)" 3
	grep -qx 'link replica3 publish 127.0.0.1:20031' R/verifier1/ks.conf
	[ ! -e R/verifier1/keys/etcd.key ]
	grep -qx 'group replicas 2 replica1 replica2 replica3' R/realm.conf
	equal "$(grep -c '^server unix:replica[123]/run$' R/realm.conf)" 3
	# No two verifiers hang on the same replica first.
	ks-init -n 3 -v 4 V example.org
	equal "$(for d in 1 2 3 4; do sed -n '/^upstream/{p;q}' V/verifier$d/ks.conf; done | tr -dc '1-3')" 1231
	# Two realms are never one cluster.
	ks-init -n 3 -p 20000 S example.org
	[ "$(grep token: R/replica1/etcd.conf)" != "$(grep token: S/replica1/etcd.conf)" ]
}

@test "with an address a host, each has the same ports and its own certificate" {
	ks-init -n 3 -a 192.0.2.1,192.0.2.2,2001:DB8::3 R example.org
	grep -qx 'link_listen \[2001:db8::3\]:7101' R/replica3/ks.conf
	grep -qx 'link replica3 log \[2001:db8::3\]:7101' R/replica1/ks.conf
	grep -qx 'link replica2 publish 192.0.2.2:7101' R/verifier1/ks.conf
	grep -qx 'listen-client-urls: https://127.0.0.1:7102' R/replica3/etcd.conf
	grep -qx 'listen-peer-urls: https://\[2001:db8::3\]:7103' R/replica3/etcd.conf
	openssl verify -CAfile R/ca/etcd-ca.crt -verify_ip 2001:db8::3 R/replica3/keys/etcd.crt
	run ! openssl verify -CAfile R/ca/etcd-ca.crt -verify_ip 192.0.2.1 R/replica2/keys/etcd.crt
}

@test "one replica with an address has the engine local, and is followed over ks-link" {
	ks-init -a 192.0.2.1 -p 9000 R example.org
	equal "$(ls R | tr '\n' ' ')" "realm.conf replica1 verifier1 "
	[ ! -e R/replica1/etcd.conf ]
	refute grep -q '^engine' R/replica1/ks.conf
	grep -qx 'link_listen 192.0.2.1:9001' R/replica1/ks.conf
	equal "$(ls R/replica1/service | tr '\n' ' ')" "ks-admit ks-apply ks-link ks-logd ks-publish ks-sign "
	equal "$(grep '^upstream' R/verifier1/ks.conf)" "upstream run/link-replica1-publish"
}

@test "a single replica with an address is followed by a verifier that is elsewhere" {
	ks-init -i 20 -I 300 -a 127.0.0.1 -p "$(port_base 1)" R example.org
	realm_use R
	CONF=$PWD/R/realm.conf
	mkdir elsewhere
	mv R/verifier1 elsewhere/
	scan_start R/replica1
	scan_start elsewhere/verifier1
	ready() { ks ks-status R/replica1 && ks ks-status elsewhere/verifier1; }
	wait_until "$READY_S" ready
	update alice a=1
	run -0 lookup alice
	says "ratified verifier1 "
}

# refuses CODE PATTERN ARGUMENT...: ks-init leaves with CODE, one line, and nothing.
refuses() {
	run "-$1" ks-init "${@:3}" refused example.org
	equal "${#lines[@]}" 1
	says "$2"
	[ ! -e refused ]
}

@test "what cannot be a cluster is refused" {
	refuses 2 "must be odd" -n 2
	refuses 2 "too large" -n 9
	refuses 2 "only with -a" -p 7000
	refuses 100 "not 3 addresses" -n 3 -a 192.0.2.1,192.0.2.2
	refuses 100 "not 3 addresses" -n 3 -a 192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4
	refuses 100 "not a numeric address" -n 3 -a 192.0.2.1,192.0.2.2,
	refuses 100 "not a numeric address" -a localhost
	refuses 100 "given twice" -n 3 -a ::1,192.0.2.1,0:0::1
	refuses 100 "cannot connect" -a 0.0.0.0
	refuses 100 "cannot connect" -a ::0
	refuses 100 "would need port 65543" -n 3 -p 65530
}

@test "nothing names where the realm was made, for any supervisor" {
	local s

	for s in s6 runit systemd; do
		ks-init -n 3 -s $s R.$s example.org
		refute grep -rF "$BATS_TEST_TMPDIR" R.$s
		refute grep -rE '@[A-Z_]+@' R.$s
	done
	for s in R.s6 R.runit; do
		sh -n $s/replica1/service/etcd/run
		[ -x $s/replica1/service/etcd/run ]
		[ ! -e $s/replica1/service/etcd/finish ]
	done
	[ ! -e R.s6/replica1/service/etcd/notification-fd ]
	grep -qx 'Wants=ks-etcd@%i.service' R.systemd/replica1/service/ks-replica@.target
	grep -qx 'ExecStart=etcd --config-file etcd.conf' R.systemd/replica1/service/ks-etcd@.service
	command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
	mkdir units
	for f in R.systemd/replica1/service/*; do
		sed "s|^ExecStart=[^ ]*|ExecStart=/bin/true|; s|=%f|=/|; s| in %f||" "$f" \
		    >"units/$(basename "$f" | sed 's/@/@x/')"
	done
	SYSTEMD_UNIT_PATH=$PWD/units: systemd-analyze verify units/*.target \
	    units/*.service >analysis 2>&1 || { cat analysis; false; }
	refute grep -i 'unknown\|ignor\|invalid' analysis
}

# answers ADDRESS CERTIFICATE: etcd of replica2 answers this one, which comes to its
# port for peers from this address.
answers() {
	local keys=$PWD/R/replica2/keys

	printf 'GET /version HTTP/1.0\r\n\r\n' | timeout 20 openssl s_client -quiet \
	    -connect "$(sed -n 's,^listen-peer-urls: https://,,p' R/replica2/etcd.conf)" \
	    -bind "$1:0" -CAfile "$keys/etcd-ca.crt" -cert "$keys/$2.crt" -key "$keys/$2.key" \
	    2>/dev/null | grep '"etcdserver":'
}

@test "three replicas run as made; a folder that was moved away goes on" {
	local i

	ks-init -n 3 -i 20 -I 300 -p "$(port_base 3)" R example.org
	realm_use R
	CONF=$PWD/R/realm.conf
	for i in replica1 replica2 replica3 verifier1; do scan_start R/$i; done
	for i in 1 2 3; do wait_until "$READY_S" connected R/replica$i; done
	update alice a=1
	run -0 lookup alice a
	equal "$output" 1
	all_sign() { [ "$(lookup alice | grep -c '^signed replica[123]$')" = 3 ]; }
	wait_until "$READY_S" all_sign

	for i in replica1 replica2 replica3 verifier1; do
		run -0 ks ks-status -w R/$i
		says "ks-link up "
		says "certificate keys/link.crt state=good "
	done
	run -0 ks ks-status R/replica2
	equal "$(grep -c '^certificate keys/etcd.* state=good ' <<<"$output")" 3
	says " etcd=connected "

	# The client's certificate is of no use elsewhere, a member's only where it is.
	for i in etcd-client etcd; do
		answers 127.0.0.1 $i
		refute answers 127.0.0.2 $i
	done

	scan_stop R/replica3
	mkdir other
	mv R/replica3 other/host
	scan_start other/host
	update alice a=2
	wait_until "$READY_S" connected other/host
	moved() { lookup -s "unix:$PWD/other/host/run" alice a | grep -qx 2; }
	wait_until "$READY_S" moved
	s6-svc -d other/host/service/etcd
	unwell() { ks ks-status other/host >said || [ $? = 1 ]; grep -q ' etcd=waiting ' said && grep -qx 'healthy no' said; }
	wait_until "$READY_S" unwell
}
