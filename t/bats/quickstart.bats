#!/usr/bin/env bats
# The README's commands for other people's software work as they stand.

load lib.bash
load replicas.bash

setup() {
	e2e_begin "$BATS_TEST_TMPDIR"
	cd "$E2E"
}

teardown() {
	gpgconf --homedir "$E2E/dave" --kill all || :
	gpgconf --homedir "$E2E/gnupg" --kill all || :
	e2e_end
}

# Two free ports.
ports() {
	"$PYTHON" - <<-'END'
	import socket
	s = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
	print(*(x.getsockname()[1] for x in s))
	END
}

@test "the commands of README, Other people's software, work as they stand" {
	local http hkp

	[ -z "${KS_NO_JAIL:-}" ] || skip "these daemons are jailed, which a sanitizer cannot live in"
	# Nothing but the ports, which may be in use, is another.
	read -r http hkp <<<"$(ports)"
	{
		echo "trap 'kill \$(jobs -p) 2>/dev/null || :; wait || :' EXIT"
		commands_of "Other people's software" | sed "s/:8080/:$http/g
			s/^ks-hkp-proxy /&-l 127.0.0.1:$hkp /
			s/:11371/:$hkp/g"
	} >script
	grep -q '^ks-init -K -H ' script
	mkdir -m 0700 gnupg
	run -0 env PATH="$KS_BIN:$PATH" KS_BIN= GNUPGHOME="$PWD/gnupg" \
	    timeout -k 30 120 bash -eu -o pipefail script 3>&- 4>&-
	says "healthy yes"
	says "carol@example.org version 0 epoch "
	says "found present"
	grep -qx healthy <<<"$output"
	grep -q '^pub ' <<<"$output"
	grep -q 'uid .*carol@example.org' <<<"$output"
	# It is what he has now.
	gpg --homedir dave --batch --export carol@example.org | cmp - carol.pgp
}
