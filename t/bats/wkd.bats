#!/usr/bin/env bats
# gpg with its dirmngr, as Debian has them, locates a key in the Web Key Directory of a
# domain: by its name, over HTTPS, with nothing but the address.  The name, the port 443 and
# the authority are those of a network and mount namespace of the test's own, which takes root;
# its name server says of all else, such as the SRV record of a directory, that there is none.

load lib.bash
load openpgp.bash

# A name server that knows no name; it runs in the namespace, and says so.
NO_SUCH_NAME='
import os, socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
with open("inside", "w") as file:
    file.write(str(os.getpid()))
while True:
    asked, who = server.recvfrom(4096)
    # The question, and flags: an answer, recursion available, NXDOMAIN.
    end = asked.index(0, 12) + 5
    server.sendto(asked[:2] + bytes.fromhex("8183000100000000") + bytes(2) + asked[12:end], who)
'

# Why there can be no such namespace, or nothing.
lacks() {
	[ "$(id -u)" -eq 0 ] || { echo "namespaces need root"; return; }
	[ -z "${KS_NO_JAIL:-}" ] || { echo "the daemon is jailed, which a sanitizer cannot live in"; return; }
	[ -e /etc/hosts ] || { echo "there is no /etc/hosts"; return; }
	unshare --net --mount true 2>/dev/null || echo "namespaces are refused here"
}

setup_file() {
	local why

	why=$(lacks)
	[ -z "$why" ] || return 0
	e2e_begin "$BATS_FILE_TMPDIR"
	cd "$E2E"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 10 \
		-keyout ca.key -out ca.pem -subj /CN=ca 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout host.key \
		-out host.csr -subj /CN=host 2>/dev/null
	openssl x509 -req -in host.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 10 \
		-extfile <(echo "subjectAltName=DNS:openpgpkey.advanced.example,DNS:direct.example") \
		-out host.pem 2>/dev/null
	realm_make main
	cp host.pem host.key "$REPLICA"
	printf '%s\n' "https_listen 127.0.0.1:443" "https_cert host.pem" "https_key host.key" \
		"http_domain advanced.example" "http_domain direct.example" >>"$REPLICA/ks.conf"
	realm_start
	printf '127.0.0.1 openpgpkey.advanced.example direct.example\n' >hosts
	echo 'nameserver 127.0.0.1' >resolv.conf
	unshare --net --mount sh -euc 'mount --bind hosts /etc/hosts
		mount --bind resolv.conf /etc/resolv.conf
		mount --bind ca.pem /etc/ssl/certs/ca-certificates.crt
		ip link set lo up
		exec "$0" -c "$1"' "$PYTHON" "$NO_SUCH_NAME" 3>&- &
	wait_until 30 test -s inside
	mkdir front
	printf '#!/bin/sh\nexec nsenter --net -t %s %s/ks-httpd "$@"\n' "$(cat inside)" "$KS_BIN" \
		>front/ks-httpd
	chmod +x front/ks-httpd
	KS_BIN_OF_ks_httpd=$E2E/front daemon_start ks-httpd
}

teardown_file() {
	[ -n "${E2E:-}" ] || return 0
	kill "$(cat "$E2E/inside")" || true
	e2e_end
}

setup() {
	local why

	why=$(lacks)
	[ -z "$why" ] || skip "$why"
	realm_use main
	gpg_home hkp://127.0.0.1:9
	echo standard-resolver >>"$GNUPGHOME/dirmngr.conf"
}

teardown() {
	[ -z "${GNUPGHOME:-}" ] || gpg_home_end
}

# located USER: gpg, with an empty keyring, finds the key of USER by its address alone.
located() {
	nsenter --net --mount -t "$(cat "$E2E/inside")" env GNUPGHOME="$GNUPGHOME" \
		gpg --batch --auto-key-locate clear,wkd --locate-external-keys "$1"
}

@test "gpg locates a key by the directory of its domain, by the advanced and by the direct path" {
	local domain user

	for domain in advanced direct; do
		user=carol@$domain.example
		gpg --batch --quiet --pinentry-mode loopback --passphrase= \
			--quick-gen-key "Carol <$user>" future-default
		gpg --batch --export "$user" >"$E2E/carol.pgp"
		gpg --batch --yes --quiet --delete-secret-and-public-key \
			"$(gpg --batch --with-colons --list-keys | awk -F: '/^fpr/ {print $10; exit}')"
		update "$user" "pgp=@$E2E/carol.pgp"
		run -0 located "$user"
		says "Carol <$user>"
		gpg --batch --export "$user" | cmp - "$E2E/carol.pgp"
	done
}

@test "who is not in the directory is not found" {
	run located nobody@advanced.example
	[ "$status" -ne 0 ]
	says "No data"
}
