#!/usr/bin/env bats
# Every example of every manual page is run as it stands.
#
# The page's script runs in a folder with a realm "example" (also reached by
# "replica1", "verifier1" and "realm.conf"), in which alice@example.org is
# registered with ks.key, her OpenPGP key is in gpg, and alice.proof is at hand.
# The realm runs, but for the daemon of the page: its own example starts it.

load lib.bash

setup_file() {
	export EXAMPLES_GNUPG=$BATS_FILE_TMPDIR/gnupg
	mkdir -m 0700 "$EXAMPLES_GNUPG"
	gpg --homedir "$EXAMPLES_GNUPG" --batch --quiet --passphrase '' \
		--quick-generate-key 'Alice <alice@example.org>' ed25519 sign never
}

teardown_file() {
	gpgconf --homedir "$EXAMPLES_GNUPG" --kill all || true
}

# What a page's script is wrapped in: a daemon goes to the background, and is
# waited for until its socket answers; a command that follows for ever gets two seconds;
# evidence, which an honest realm does not give, is t/bats/verifier.bats's.  Under a
# sanitizer nothing is jailed.
wrap() {
	sed -E -e '/evidence\//d' \
		-e 's/^(ks-[a-z]+ -d [^ ]+)( &)?$/\1 \&/; t daemon; b' \
		-e ': daemon' \
		-e 's|^(ks-([a-z]+) -d ([^ ]+)) &$|\1 \&\nuntil answers \3/run/$(socket \2); do :; done|' |
		sed -E -e 's/^(.* follow)$/timeout 2 \1 || [ $? = 124 ]/' \
			${KS_NO_JAIL:+-e "s/^(${ALL_DAEMONS// /|}|ks-link|ks-httpd|ks-verify|ks-hkp-proxy) /&-J /"}
}

# Run the examples of ${1}; its daemon, if it is one, is not started before.
examples_of() {
	local page=$KS_TOP/share/man/$1 program=${1%.*} dir=$BATS_TEST_TMPDIR/dir

	e2e_begin "$BATS_TEST_TMPDIR/e2e"
	mkdir -p "$dir"
	REALM=$dir/example REPLICA=$dir/example/replica1
	VERIFIER=$dir/example/verifier1 CONF=$dir/example/realm.conf
	export REALM REPLICA VERIFIER CONF GNUPGHOME=$EXAMPLES_GNUPG
	export PATH=$KS_BIN:$PATH
	ks ks-init -i 20 -I 300 "$REALM" example.org
	realm_start
	cd "$dir"
	ln -s example/replica1 example/verifier1 example/realm.conf .
	echo ssh-ed25519 AAAA >id.pub
	if [ "$program" != ks-keygen ] && [ "$program" != ks-init ]; then
		ks ks-keygen -o ks.key
		ks ks-update -r realm.conf -k ks.key -o alice.proof \
			alice@example.org pgp=@id.pub ssh=@id.pub
	fi
	if [[ " $ALL_DAEMONS " == *" $program "* ]] &&
		"$KS_TOP/t/examples-of" "$page" | grep -q "^$program -d"; then
		daemon_stop "$program"
	fi
	{
		echo "trap 'kill \$(jobs -p) 2>/dev/null || :; wait || :' EXIT"
		echo 'socket() { case $1 in logd) echo log ;; *) echo "$1" ;; esac; }'
		echo 'answers() { python3 -c "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])" "$1" 2>/dev/null; }'
		"$KS_TOP/t/examples-of" "$page" | wrap
	} >script
	grep -q '^ks-\|| *ks-\|(ks-' script
	run -0 timeout -k 5 60 bash -euo pipefail script 3>&- 4>&-
}

teardown() {
	cd /
	# Traces of daemons that the example started are checked too.
	e2e_end
}

@test "every manual page has examples, and a test here" {
	local page

	for page in "$KS_TOP"/share/man/*; do
		[ -n "$("$KS_TOP/t/examples-of" "$page")" ] ||
			{ echo "${page##*/} has no examples"; false; }
		grep -q "examples_of ${page##*/}\$" "$BATS_TEST_FILENAME" ||
			{ echo "${page##*/} is not run"; false; }
	done
}

@test "the examples of ks-admit(8) work" {
	examples_of ks-admit.8
}

@test "the examples of ks-apply(8) work" {
	examples_of ks-apply.8
}

@test "the examples of ks-hkp-proxy(1) work" {
	examples_of ks-hkp-proxy.1
}

@test "the examples of ks-httpd(8) work" {
	examples_of ks-httpd.8
}

@test "the examples of ks-init(1) work" {
	examples_of ks-init.1
}

@test "the examples of ks-keyids(8) work" {
	examples_of ks-keyids.8
}

@test "the examples of ks-keygen(1) work" {
	examples_of ks-keygen.1
}

@test "the examples of ks-log(1) work" {
	examples_of ks-log.1
}

@test "the examples of ks-logd(8) work" {
	examples_of ks-logd.8
}

@test "the examples of ks-lookup(1) work" {
	examples_of ks-lookup.1
}

@test "the examples of ks-publish(8) work" {
	examples_of ks-publish.8
}

@test "the examples of ks-sign(8) work" {
	examples_of ks-sign.8
}

@test "the examples of ks-update(1) work" {
	examples_of ks-update.1
}

@test "the examples of ks-verify(1) work" {
	examples_of ks-verify.1
}

@test "the examples of ks-watch(1) work" {
	examples_of ks-watch.1
}

@test "the examples of ks-ratify(8) work" {
	examples_of ks-ratify.8
}

@test "the examples of ks-link(8) work" {
	examples_of ks-link.8
}

@test "the examples of ks-dump(1) work" {
	examples_of ks-dump.1
}

@test "the examples of ks-rotate(1) work" {
	examples_of ks-rotate.1
}

@test "the examples of ks-status(1) work" {
	examples_of ks-status.1
}

@test "the examples of ks-bench(1) work" {
	examples_of ks-bench.1
}
