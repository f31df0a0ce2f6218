# shellcheck shell=bash
# Keys of OpenPGP, and a home for gpg, for the tests that need a real one.  A home is
# in a short path, as it holds sockets.

# gpg_home [KEYSERVER]: a home of this test's own.
gpg_home() {
	GNUPGHOME=$(mktemp -d "${TMPDIR:-/tmp}/gpg.XXXXXX")
	export GNUPGHOME
	: >"$GNUPGHOME/gpg.conf"
	printf 'disable-ipv6\n%s\n' "${1:+keyserver $1}" >"$GNUPGHOME/dirmngr.conf"
}

gpg_home_end() {
	[ -n "${GNUPGHOME:-}" ] || return 0
	gpgconf --kill all 3>&- || true
	rm -rf "$GNUPGHOME"
}

# Ours stands between 3>&-, so that its daemons do not keep bats waiting.
gpg() {
	timeout -k 5 "$TOOL_S" /usr/bin/gpg "$@" 3>&- 4>&-
}

# openpgp_keys: make alice.pgp (gpg, three user ids), bob.asc (sq), two.pgp (two keys
# of gpg), secret.pgp in $E2E, and FPR_ALICE and FPR_BOB.
openpgp_keys() {
	gpg_home
	local own='--batch --quiet --pinentry-mode loopback --passphrase='
	gpg $own --quick-gen-key 'Alice <alice@main.example>' future-default default 1y
	FPR_ALICE=$(gpg --batch --with-colons --list-keys | awk -F: '/^fpr/ {print $10; exit}')
	gpg $own --quick-add-uid "$FPR_ALICE" 'Alice <alice@other.example>'
	gpg --batch --export "$FPR_ALICE" >"$E2E/alice.pgp"
	gpg $own --export-secret-keys "$FPR_ALICE" >"$E2E/secret.pgp"
	for name in one two; do
		gpg $own --quick-gen-key "$name@elsewhere.example" future-default
	done
	gpg --batch --export elsewhere.example >"$E2E/two.pgp"
	sq key generate -u '<bob@main.example>' -e "$E2E/bob.key"
	sq key extract-cert "$E2E/bob.key" >"$E2E/bob.asc"
	FPR_BOB=$(sq inspect "$E2E/bob.asc" | sed -n 's/^ *Fingerprint: //p')
	export FPR_ALICE FPR_BOB
	gpg_home_end
}
