#!/usr/bin/env bats
# ks-keyids: whose OpenPGP key has a fingerprint, from keys that a real gpg made.

load lib

setup_file() {
	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make ids -K -v 0
	export GNUPGHOME=$E2E/gnupg
	mkdir -m 0700 "$GNUPGHOME"
	local user
	for user in alice bob; do
		gpg --batch --quiet --passphrase '' --quick-generate-key \
			"$user <$user@ids.example>" ed25519 cert,sign never
		gpg --batch --quiet --passphrase '' --quick-add-key \
			"$(fingerprint $user)" cv25519 encr never
		gpg --batch --export "$user@ids.example" >"$E2E/$user.pgp"
	done
	gpgconf --kill all
	realm_start ks-keyids
	realm_start
}

teardown_file() {
	gpgconf --kill all
	e2e_end
}

setup() {
	E2E=$BATS_FILE_TMPDIR
	realm_use ids
	export GNUPGHOME=$E2E/gnupg
}

# fingerprint USER [N]: of the primary key, or of the Nth of all, in hex.
fingerprint() {
	gpg --batch --with-colons --fingerprint --fingerprint "$1@ids.example" |
		awk -F: -v n="${2:-1}" '$1 == "fpr" && ++i == n { print $10 }'
}

find_id() {
	hostile rpc "$REPLICA/run/keyids" find "$1"
}

# found ID ADDRESS...: these are told, in this order.
found() {
	local id=$1
	shift
	equal "$(find_id "$id" | tr '\n' ' ')" "$(printf '%s ' ${1+"$@"} | sed 's/^ $//')" "$id"
}

# signed_up: ks-keyids has read up to the newest signed epoch.
signed_up() {
	status_min keyids signed "$(status publish signed)"
}

caught_up() {
	wait_until 30 signed_up
}

@test "a registered key is found by fingerprint, key id, and those of its subkey" {
	update alice@ids.example "pgp=@$E2E/alice.pgp"
	caught_up
	local f s
	f=$(fingerprint alice) s=$(fingerprint alice 2)
	[ ${#f} -eq 40 ] && [ ${#s} -eq 40 ] && [ "$f" != "$s" ]
	found "$f" alice@ids.example
	found "${f:24}" alice@ids.example
	found "$s" alice@ids.example
	found "${s:24}" alice@ids.example
	found "$(fingerprint bob)"
	# The ids of others are asked in vain, and what is no id is refused.
	run -1 find_id "${f:32}"
	says key-id-malformed
	run -1 find_id ""
	says key-id-malformed
	run -0 ks ks-status -w "$REPLICA"
	says "ks-keyids up "
}

@test "two users with one key are both found, and who had it first comes first" {
	update eve@ids.example "pgp=@$E2E/alice.pgp"
	cat "$E2E/alice.pgp" "$E2E/bob.pgp" >"$E2E/both.pgp"
	update carol@ids.example "pgp=@$E2E/both.pgp"
	caught_up
	found "$(fingerprint alice)" alice@ids.example bob@ids.example
	# Of several keys in one profile, each leads to the addresses of all.
	found "$(fingerprint bob)" alice@ids.example bob@ids.example
	equal "$(status keyids entries)" 3
}

@test "what a newer version has not is not found any more" {
	update carol@ids.example note=none
	caught_up
	found "$(fingerprint bob)"
	found "$(fingerprint alice)" alice@ids.example
	update eve@ids.example "pgp=@$E2E/bob.pgp"
	caught_up
	found "$(fingerprint bob)" bob@ids.example
	equal "$(status keyids entries)" 2
}

@test "hostile keys are counted and passed over" {
	local n
	n=$(status keyids keys_unread)
	head -c 60000 /dev/urandom >"$E2E/junk"
	update mallory@ids.example "pgp=@$E2E/junk"
	# Cut, and a length that lies.
	head -c 100 "$E2E/alice.pgp" >"$E2E/cut"
	update mallory@ids.example "pgp=@$E2E/cut"
	printf '\306\377\377\377\377\377' >"$E2E/long"
	update mallory@ids.example "pgp=@$E2E/long"
	caught_up
	status_is keyids keys_unread $((n + 3))
	found "$(fingerprint alice)" alice@ids.example
}

@test "frames that are none cost their connection, and nothing else" {
	run -0 hostile keyids "$REPLICA/run/keyids" 7
	found "$(fingerprint alice)" alice@ids.example
}

@test "killed at any point it goes on, and a database that was removed is made again" {
	local i
	for i in 1 2 3 4 5; do
		update "frank@ids.example" "pgp=@$E2E/$([ $((i % 2)) = 0 ] && echo alice || echo bob).pgp" &
		daemon_kill ks-keyids
		wait $!
		daemon_start ks-keyids
	done
	caught_up
	found "$(fingerprint bob)" bob@ids.example
	hostile rpc "$REPLICA/run/keyids" rows 3 >"$E2E/before"
	hostile rpc "$REPLICA/run/keyids" rows 4 >>"$E2E/before"
	[ "$(wc -l <"$E2E/before")" -ge 10 ]
	daemon_stop ks-keyids
	rm -r "$REPLICA/data/keyids"
	daemon_start ks-keyids
	caught_up
	{
		hostile rpc "$REPLICA/run/keyids" rows 3
		hostile rpc "$REPLICA/run/keyids" rows 4
	} >"$E2E/after"
	cmp "$E2E/before" "$E2E/after"
}

@test "every row that it stores decodes, from its socket and when it is stopped" {
	local line
	caught_up
	while read -r line; do
		ks ks-dump "$REPLICA/run/keyids" "${line%% *}" >"$E2E/rows"
		equal "$(wc -l <"$E2E/rows")" "${line##*rows=}" "$line"
	done <<<"$(ks ks-dump "$REPLICA/run/keyids")"
	run -0 ks ks-dump "$REPLICA/run/keyids" id
	says "$(fingerprint alice | tr A-F a-f)000000000000000000000000"
	run -0 ks ks-dump -j "$REPLICA/run/keyids" keys
	says '"alice@ids.example"'
	daemon_stop ks-keyids
	run -0 ks ks-dump "$REPLICA/data/keyids" meta
	says 'signed_epoch='
	daemon_start ks-keyids
}

@test "it needs that the realm chose it, and a realm that did not has no service of it" {
	local S
	[ -d "$REPLICA/service/ks-keyids" ]
	grep -qx 'keyids yes' "$REPLICA/ks.conf"
	ks ks-init "$E2E/without" without.example
	[ ! -e "$E2E/without/replica1/service/ks-keyids" ]
	run -100 ks ks-keyids ${KS_NO_JAIL:+-J} -d "$E2E/without/replica1"
	says "keyids is no"
	sed -i 's/^keyids .*/keyids on/' "$E2E/without/replica1/ks.conf"
	run -100 ks ks-keyids ${KS_NO_JAIL:+-J} -d "$E2E/without/replica1"
	says "keyids must be yes or no"
	ks ks-init -s systemd -K "$E2E/systemd" other.example
	[ -e "$E2E/systemd/replica1/service/ks-keyids@.service" ]
	grep -q 'Wants=ks-keyids@%i.service' "$E2E/systemd/replica1/service/ks-replica@.target"
}
