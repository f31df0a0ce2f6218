# shellcheck shell=bash
# What the tests of realms with several replicas on this host share: each folder's
# services under an s6-svscan of its own, as on a host of its own.

# To be called in setup: everything is below the test's own folder, which becomes
# the working directory.
replicas_begin() {
	e2e_begin "$BATS_TEST_TMPDIR/e2e"
	cd "$BATS_TEST_TMPDIR"
	PATH=$KS_BIN:$PATH
	# The run scripts know of no jail that a sanitizer cannot live in.
	if [ -n "${KS_NO_JAIL:-}" ]; then
		mkdir bin
		for name in $ALL_DAEMONS ks-link; do
			printf '#!/bin/sh\nexec %s/%s -J "$@"\n' "$KS_BIN" "$name" >"bin/$name"
			chmod +x "bin/$name"
		done
	fi
}

# To be called in teardown.
replicas_end() {
	local f bad=0

	for f in "$BATS_TEST_TMPDIR"/*/*.scan; do
		[ ! -e "$f" ] || scan_stop "${f%.scan}" || bad=1
	done
	if [ "${BATS_TEST_COMPLETED:-}" != 1 ]; then
		tail -n 15 "$BATS_TEST_TMPDIR"/*/*/log/*/current || true
	fi
	# They have no proc/ of ours to look into.
	refute grep -sE 'panic|Sanitizer|runtime error' "$BATS_TEST_TMPDIR"/*/*/log/ks-*/current
	e2e_end
	equal $bad 0 "not all services stopped"
}

# A base from which the ports of ${1} replicas on this host are free, and those of
# one with an address.
port_base() {
	"$PYTHON" - "$1" <<-'END'
	import random, socket, sys
	while True:
	    base = random.randrange(10000, 31000)
	    try:
	        for n in range(int(sys.argv[1]) + 1):
	            for p in (1, 2, 3):
	                with socket.socket() as s:
	                    s.bind(("127.0.0.1", base + 10 * n + p))
	    except OSError:
	        continue
	    print(base)
	    break
	END
}

# scan_start DIR: run the services of the folder; scan_stop DIR: end them all.
scan_start() {
	KS_BIN=${KS_NO_JAIL:+$PWD/bin} s6-svscan "$1/service" >"$1.out" 2>&1 3>&- 4>&- &
	echo $! >"$1.scan"
}

scan_stop() {
	local pid

	pid=$(cat "$1.scan")
	rm "$1.scan"
	kill -TERM "$pid"
	gone() { ! kill -0 "$pid" 2>/dev/null; }
	wait_until "$STOP_S" gone
}

connected() {
	[ "$(ks ks-log -d "$1" status | sed -n 's/^etcd //p')" = connected ]
}

# The commands of the README's section ${1}.
commands_of() {
	sed -n "/^## $1\$/,/^## /p" "$KS_TOP/README.md" | sed -n '/^```sh$/,/^```$/p' | grep -v '^```'
}
