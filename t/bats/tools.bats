# The tools on their own: making a realm and keys, and every slip that a command
# line, a realm file or a proof can have.  No daemon runs here.

bats_require_minimum_version 1.5.0

setup() {
	export LC_ALL=C
	export KS_STATE_DIR=$BATS_TEST_TMPDIR/state
	PATH=$KS_BIN:$PATH
	cd "$BATS_TEST_TMPDIR" || return 1
	tools='ks-init ks-keygen ks-update ks-lookup ks-verify'
}

# fails CODE COMMAND...: the command ends with that code, says why in one line on
# standard error that begins with its name, and nothing on standard output.
fails() {
	local want=$1 code=0
	shift
	"$@" >out 2>err || code=$?
	if [ "$code" -ne "$want" ]; then
		echo "code $code, not $want: $*"
		cat out err
		return 1
	fi
	[ ! -s out ] || { echo "wrote to standard output: $*"; return 1; }
	if [ "$want" -ne 2 ]; then
		[ "$(wc -l <err)" -eq 1 ] || { cat err; return 1; }
	fi
	head -n 1 err | grep -qE "^(usage: )?${1##*/}[: ]" || { cat err; return 1; }
}

says() {
	grep -qF -- "$1" err || { cat err; return 1; }
}

realm() {
	ks-init "$@" R example.org
}

@test "every tool tells its usage and its version" {
	for t in $tools; do
		run -0 --separate-stderr "$t" -h
		[[ $output == "usage: $t "* ]]
		[ -z "$stderr" ]
		run -0 --separate-stderr "$t" -V
		[[ $output =~ ^$t\ [0-9]+\.[0-9]+ ]]
		fails 2 "$t" -Z
	done
	fails 2 ks-init
	fails 2 ks-init R
	fails 2 ks-init R example.org more
	fails 2 ks-keygen more
	fails 2 ks-keygen -p f -o g
	fails 2 ks-update -r f user a=b
	fails 2 ks-update -r f -k g user
	fails 2 ks-lookup user
	fails 2 ks-lookup -r f
	fails 2 ks-lookup -r f -e 0 user
	fails 2 ks-verify
	fails 2 ks-verify -r f a b
	fails 2 ks-verify -r f -t yesterday a
}

@test "a full disk is not taken for success" {
	[ -w /dev/full ] || skip "no /dev/full"
	run -111 sh -c 'ks-keygen -h >/dev/full'
}

@test "ks-keygen makes a key once, and tells its public half" {
	umask 000
	ks-keygen >pub
	[ "$(stat -c %a ks.key)" = 600 ]
	grep -qE '^ks-user\+[0-9a-f]{8}\+A[A-Za-z0-9+/]{43}$' pub
	ks-keygen -p ks.key | cmp - pub
	cp ks.key before
	fails 100 ks-keygen
	says "ks.key"
	cmp ks.key before
	ks-keygen -n alice@laptop -o other.key | grep -q '^alice@laptop+'
	fails 100 ks-keygen -n "two words" -o bad.key
	[ ! -e bad.key ]
	[ "$(ks-keygen -n a -o a.key)" != "$(ks-keygen -n a -o b.key)" ]
}

@test "a key that others can read, or that is none, is refused" {
	ks-keygen -o k >/dev/null
	chmod 640 k
	fails 100 ks-keygen -p k
	says "0640"
	chmod 600 k
	head -c 30 k >short
	chmod 600 short
	fails 100 ks-keygen -p short
	fails 100 ks-keygen -p missing
	[ ! -e short.tmp ]
}

@test "ks-init makes a realm whose folders hold all they need" {
	umask 077
	realm -v 2
	[ "$(ls R | tr '\n' ' ')" = "realm.conf replica1 verifier1 verifier2 " ]
	for d in R/replica1 R/verifier1 R/verifier2; do
		[ "$(stat -c %a $d/keys $d/run $d/data | sort -u)" = 700 ]
		[ "$(stat -c %a $d/keys/*.key | sort -u)" = 600 ]
		[ "$(stat -c %a $d/keys/link.crt)" = 644 ]
		[ -s $d/ks.conf ] && [ -s $d/realm.conf ]
	done
	[ "$(ls R/replica1/keys | tr '\n' ' ')" = "link.crt link.key sign.key vrf.key " ]
	[ "$(ls R/verifier2/keys | tr '\n' ' ')" = "cosign.key link.crt link.key " ]
	[ "$(ls R/replica1/service | tr '\n' ' ')" = \
	    "ks-admit ks-apply ks-logd ks-publish ks-sign " ]
	[ "$(ls R/verifier1/service)" = ks-ratify ]
	grep -qx 'upstream ../replica1/run/publish' R/verifier1/ks.conf
	for f in epoch_min_ms epoch_max_ms epoch_retry_ms cache_mib; do
		grep -qE "^$f [0-9]+$" R/replica1/ks.conf
	done
	# Public to all, whatever the umask; the keys are the realm's.
	[ "$(stat -c %a R/realm.conf)" = 644 ]
	grep -qxF "replica replica1 $(ks-keygen -p R/replica1/keys/sign.key)" \
	    R/realm.conf
	grep -qxF "witness verifier2 $(ks-keygen -p R/verifier2/keys/cosign.key)" \
	    R/realm.conf
	grep -qxF "vrf $(ks-keygen -p R/replica1/keys/vrf.key)" R/realm.conf
	ks-keygen -p R/verifier2/keys/cosign.key |
	    grep -q '^example.org/verifier2+'
	grep -qx 'group verifiers 2 verifier1 verifier2' R/realm.conf
	grep -qx 'quorum realm' R/realm.conf
	# All copies have one policy, and servers from where they lie.
	for d in replica1 verifier1 verifier2; do
		sed '1,/^policy$/d' R/$d/realm.conf |
		    cmp - <(sed '1,/^policy$/d' R/realm.conf)
	done
	grep -qx 'server unix:replica1/run' R/realm.conf
	grep -qx 'server unix:run' R/replica1/realm.conf
	grep -qx 'server unix:../replica1/run' R/verifier1/realm.conf
}

@test "no two realms have the same nonce or keys" {
	ks-init A example.org
	ks-init B example.org
	for line in nonce vrf replica witness; do
		a=$(grep "^$line " A/realm.conf) b=$(grep "^$line " B/realm.conf)
		[ -n "$a" ] && [ "$a" != "$b" ] || { echo "$a"; echo "$b"; return 1; }
	done
}

@test "ks-init without verifiers asks for the replicas alone" {
	realm -v 0 -i 200 -I 5000
	[ ! -e R/verifier1 ]
	grep -qx 'quorum replicas' R/realm.conf
	run ! grep -q '^witness' R/realm.conf
	grep -qx 'epoch_min_ms 200' R/replica1/ks.conf
	grep -qx 'epoch_max_ms 5000' R/replica1/ks.conf
}

@test "a realm names no absolute path of where it was made" {
	for s in s6 runit systemd; do
		ks-init -s $s R.$s example.org
		run ! grep -rF "$BATS_TEST_TMPDIR" R.$s
		run ! grep -rF "$KS_BIN" R.$s
		run ! grep -rE '@[A-Z_]+@' R.$s
	done
}

@test "run scripts find the daemon by KS_BIN, in the folder, wherever it is" {
	mkdir bin
	printf '#!/bin/sh\npwd; echo "$0 $*"; cd "$2" && ls keys\n' >bin/ks-sign
	chmod +x bin/ks-sign
	for s in s6 runit; do
		ks-init -s $s R.$s example.org
		mkdir moved.$s
		mv R.$s/replica1 moved.$s/elsewhere
		cd moved.$s/elsewhere/service/ks-sign
		run -0 env KS_BIN="$BATS_TEST_TMPDIR/bin" ./run
		[[ ${lines[1]} == *"bin/ks-sign -d ../.."* ]]
		[ "${lines[4]}" = sign.key ]
		cd "$BATS_TEST_TMPDIR"
	done
	run -125 R.s6/verifier1/service/ks-ratify/finish 100 0
	run -0 R.s6/verifier1/service/ks-ratify/finish 111 0
	[ "$(cat R.s6/verifier1/service/ks-ratify/notification-fd)" = 3 ]
}

@test "shell scripts and units of a realm are well formed" {
	ks-init -s s6 R.s6 example.org
	ks-init -s runit R.runit example.org
	find R.s6 R.runit -path '*service*' -type f \( -name run -o -name finish \) |
	while read -r f; do
		[ -x "$f" ] && sh -n "$f" || exit 1
	done
	command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
	ks-init -s systemd R.d example.org
	ls R.d/replica1/service
	# A unit needs its program to be there.
	mkdir units
	for f in R.d/*/service/*; do
		sed "s|^ExecStart=[^ ]*|ExecStart=/bin/true|; s|=%f|=/|; s| in %f||" "$f" \
		    >"units/$(basename "$f" | sed 's/@/@x/')"
	done
	SYSTEMD_UNIT_PATH=$PWD/units: systemd-analyze verify units/*.target \
	    units/*.service >analysis 2>&1 || { cat analysis; false; }
	run ! grep -i 'unknown\|ignor\|invalid' analysis
}

@test "ks-init never overwrites, and leaves nothing half made" {
	realm
	cp -a R before
	fails 100 ks-init R example.org
	says "not empty"
	diff -r R before
	mkdir empty
	ks-init empty/ example.org
	[ -s empty/realm.conf ]
	touch file
	fails 100 ks-init file example.org
	ln -s nowhere link
	fails 100 ks-init link example.org
	fails 100 ks-init missing/R example.org
	fails 2 ks-init -n 2 two example.org
	says "one replica"
	fails 100 ks-init bad "two words"
	fails 100 ks-init bad "a+b"
	fails 2 ks-init -v 17 bad example.org
	fails 2 ks-init -v x bad example.org
	fails 2 ks-init -s upstart bad example.org
	fails 2 ks-init -i 2000 -I 1000 bad example.org
	[ -z "$(find . -name '*.tmp*')" ]
	[ ! -e bad ] && [ ! -e two ]
}

@test "ks-init that fails in the middle takes back what it made" {
	# The longest name that exists, so that the one it is made under is too long.
	fails 100 ks-init "$(printf 'x%.0s' {1..255})" example.org
	# Files of no length: the first key cannot be written.
	run -100 sh -c 'trap "" XFSZ; ulimit -f 0; exec ks-init R example.org'
	[ -z "$(ls -A | grep -v '^out$\|^err$')" ]
}

@test "a realm file that is none is refused, with file and line" {
	realm
	ks-keygen >/dev/null
	sed '/^vrf/s/.*/vrf AAAA/' R/realm.conf >bad.conf
	for f in bad.conf /dev/null missing.conf ks.key; do
		fails 100 ks-lookup -r $f alice@example.org
		fails 100 ks-update -r $f -k ks.key alice@example.org ssh=x
		fails 100 ks-verify -r $f ks.key
	done
	fails 100 ks-lookup -r bad.conf alice@example.org
	says "bad.conf:"
}

@test "servers: a directory or a URL, and one that is away is temporary" {
	realm
	for url in R/replica1/run ftp://127.0.0.1 http://u:p@127.0.0.1 https://127.0.0.1/?q; do
		fails 100 ks-lookup -r R/realm.conf -s $url alice@example.org
	done
	fails 100 ks-lookup -r R/realm.conf -C missing.pem -s https://127.0.0.1 alice@example.org
	says "missing.pem"
	fails 111 ks-lookup -r R/realm.conf -s http://127.0.0.1:1 alice@example.org
	says "http://127.0.0.1:1: "
	fails 111 ks-lookup -r R/realm.conf alice@example.org
	says "R/replica1/run"
	grep -v '^server' R/realm.conf >none.conf
	fails 100 ks-lookup -r none.conf alice@example.org
	fails 111 ks-lookup -r none.conf -s unix:R/replica1/run alice@example.org
	ks-keygen >/dev/null
	fails 111 ks-update -r R/realm.conf -t 1 -k ks.key alice@example.org ssh=x
}

@test "a user id, a key, a policy or a profile with a slip is told at once" {
	realm
	ks-keygen >/dev/null
	up="ks-update -r R/realm.conf -t 1"
	fails 100 ks-lookup -r R/realm.conf "no user"
	says user-malformed
	fails 100 $up -k ks.key "no user" ssh=x
	says user-malformed
	fails 2 $up -k ks.key alice@example.org ssh
	fails 2 $up -k ks.key alice@example.org SSH=x
	fails 2 $up -k ks.key alice@example.org ssh=x ssh=y
	fails 2 $up -k ks.key alice@example.org ssh=
	fails 100 $up -k ks.key alice@example.org ssh=@missing
	head -c 65536 /dev/zero >big
	fails 100 $up -k ks.key alice@example.org ssh=@big
	fails 100 $up -k missing.key alice@example.org ssh=x
	fails 100 $up -k R/replica1/keys/vrf.key alice@example.org ssh=x
	echo "quorum none" >policy
	fails 100 $up -k ks.key -p policy alice@example.org ssh=x
	says "policy:1:"
	fails 100 ks-lookup -r R/realm.conf -q policy.missing alice@example.org
	printf 'key me x\n' >policy
	fails 100 ks-lookup -r R/realm.conf -q policy alice@example.org
	says "policy:1:"
}

@test "what is no proof is refused by its rule" {
	realm
	jail=${KS_NO_JAIL:+-J}
	head -c 262145 /dev/zero | tr '\0' x >long
	echo ks-proof/v1 >short
	printf 'ks-proof/v1\nrealm example.org\nuser a' >cut
	for f in R/realm.conf /dev/null short cut; do
		fails 3 ks-verify $jail -r R/realm.conf $f
		says "proof-malformed: "
		fails 3 ks-verify $jail -r R/realm.conf <$f
	done
	run -3 ks-verify $jail -r R/realm.conf long
	[[ $output == *"proof-malformed: "* ]]
	fails 100 ks-verify $jail -r R/realm.conf missing
	fails 100 ks-verify $jail -r R/realm.conf R
}
