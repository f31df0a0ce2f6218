#!/usr/bin/env bats
# contrib/nginx/ks.conf in the real nginx, as an ordinary process, in front of a real
# ks-httpd.  Each test comes from an address of its own: there are limits.

load lib.bash

# free_port: a port of 127.0.0.1 that nobody listens at.
free_port() {
	"$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# nginx_start: with the file of contrib, but ports, folders and certificate of this test.
nginx_start() {
	local plain http=$1
	plain=$(free_port)
	mkdir -p "$N/tmp" "$N/cache"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
		-subj /CN=keys.example.org -addext subjectAltName=DNS:keys.example.org \
		-keyout "$N/key.pem" -out "$N/cert.pem" 2>/dev/null
	sed -e "s|127.0.0.1:8080|127.0.0.1:$http|" -e "/\[::\]/d" \
		-e "s|listen 80;|listen 127.0.0.1:$plain;|" \
		-e "s|listen 443 |listen 127.0.0.1:$TLS |" \
		-e "s|/var/cache/nginx/ks|$N/cache|" \
		-e "s|/etc/letsencrypt/live/keys.example.org/fullchain.pem|$N/cert.pem|" \
		-e "s|/etc/letsencrypt/live/keys.example.org/privkey.pem|$N/key.pem|" \
		"$KS_TOP/contrib/nginx/ks.conf" >"$N/ks.conf"
	# All that was to be replaced was.
	refute grep -E '8080|letsencrypt|/var/cache|listen (80|443)' "$N/ks.conf"
	cat >"$N/nginx.conf" <<-END
	user $(id -un);
	worker_processes 1;
	pid $N/pid;
	error_log $N/error.log;
	events { worker_connections 512; }
	http {
		access_log off;
		client_body_temp_path $N/tmp/body;
		proxy_temp_path $N/tmp/proxy;
		fastcgi_temp_path $N/tmp/fastcgi;
		uwsgi_temp_path $N/tmp/uwsgi;
		scgi_temp_path $N/tmp/scgi;
		include $N/ks.conf;
	}
	END
	nginx -p "$N" -c "$N/nginx.conf" -e "$N/error.log" -g 'daemon off;' >"$N/out" 2>&1 3>&- 4>&- &
	echo $! >"$N/child"
	echo "$plain" >"$N/plain"
	listens() { (exec 5<>"/dev/tcp/127.0.0.1/$TLS"); }
	wait_until 20 listens
}

setup_file() {
	local http
	e2e_begin "$BATS_FILE_TMPDIR"
	N=$E2E/nginx
	mkdir "$N"
	command -v nginx >/dev/null || return 0
	http=$(free_port)
	TLS=$(free_port)
	echo "$TLS" >"$E2E/tls"
	realm_make main
	printf 'http_listen 127.0.0.1:%s\nhttp_proxy 127.0.0.1\nhttp_rate 5\n' "$http" >>"$REPLICA/ks.conf"
	realm_start
	daemon_start ks-httpd
	nginx_start "$http"
	update alice@main.example text=0 >"$E2E/alice"
}

teardown_file() {
	local pid
	if [ -e "$E2E/nginx/child" ]; then
		pid=$(cat "$E2E/nginx/child")
		kill "$pid" || true
		left() { ! kill -0 "$pid" 2>/dev/null; }
		wait_until 20 left
	fi
	e2e_end
}

setup() {
	command -v nginx >/dev/null || skip "there is no nginx"
	realm_use main
	T=$BATS_TEST_TMPDIR
	N=$E2E/nginx
	TLS=$(cat "$E2E/tls")
	FROM=127.0.1.$BATS_TEST_NUMBER
}

# get PATH FILE [OPTION...]: by nginx, from FROM: the body into FILE, the headers into
# FILE.h; prints the status.
get() {
	curl -sS -m 60 --interface "$FROM" --cacert "$N/cert.pem" \
		--resolve "keys.example.org:$TLS:127.0.0.1" \
		-D "$2.h" -o "$2" -w '%{http_code}\n' "${@:3}" "https://keys.example.org:$TLS$1"
}

# header FILE NAME: a header of the answer whose body is in FILE.
header() {
	sed -n "s/^$2: *\\(.*\\)\\r\$/\\1/Ip" "$1.h"
}

@test "bundles and consistency proofs come from the cache, also without ks-httpd" {
	local epoch
	epoch=$(sed -n 's/.* epoch //p' "$E2E/alice")
	equal "$(get "/v1/feed/$epoch" "$T/first")" 200
	equal "$(header "$T/first" ks-cache)" MISS
	equal "$(get "/v1/feed/$epoch" "$T/second")" 200
	equal "$(header "$T/second" ks-cache)" HIT
	cmp "$T/first" "$T/second"
	equal "$(get "/v1/feed/$epoch?wait_ms=500" "$T/second")" 200
	equal "$(header "$T/second" ks-cache)" HIT
	equal "$(get "/v1/consistency/1/$epoch" "$T/proof")" 200
	equal "$(get "/v1/consistency/1/$epoch" "$T/proof" -H 'Accept: application/json')" 200
	equal "$(header "$T/proof" ks-cache)" MISS
	equal "$(header "$T/proof" content-type)" application/json
	# What is not there yet is not kept, and an error is none of the bundle.
	equal "$(get /v1/feed/999999999 "$T/none")" 404
	equal "$(get /v1/feed/999999999 "$T/none")" 404
	equal "$(header "$T/none" ks-cache)" MISS
	equal "$(get "/v1/feed/$epoch?x=1" "$T/none")" 400

	daemon_stop ks-httpd
	equal "$(get "/v1/feed/$epoch" "$T/second")" 200
	equal "$(header "$T/second" ks-cache)" HIT
	cmp "$T/first" "$T/second"
	equal "$(get "/v1/consistency/1/$epoch" "$T/proof")" 200
	equal "$(get '/v1/lookup?user=alice@main.example' "$T/gone")" 502
	daemon_start ks-httpd
}

@test "lookups and the realm file do not come from the cache" {
	local n
	for n in 1 2; do
		equal "$(get '/v1/lookup?user=alice@main.example' "$T/proof.$n")" 200
		equal "$(header "$T/proof.$n" ks-cache)" ""
		update alice@main.example "text=$n" >/dev/null
	done
	verify "$T/proof.2" | grep -q "text"
	refute cmp -s "$T/proof.1" "$T/proof.2"
	equal "$(get /v1/realm "$T/realm")" 200
	equal "$(header "$T/realm" ks-cache)" ""
}

# burst N: N requests at once, each with another X-Forwarded-For; prints how many
# ks-httpd has refused.  At 5 a second it lets through some twenty.
burst() {
	local n
	for n in $(seq "$1"); do
		printf 'url = "https://keys.example.org:%s/v1/realm"\noutput = /dev/null\n' "$TLS"
		printf 'interface = %s\ncacert = %s\nresolve = keys.example.org:%s:127.0.0.1\n' \
			"$FROM" "$N/cert.pem" "$TLS"
		printf 'header = "X-Forwarded-For: 192.0.2.%s"\n' "$n"
		printf 'write-out = "%%{http_code} %%header{ks-rule}\\n"\nsilent\nnext\n'
	done | sed '$d' >"$T/config"
	curl -K "$T/config" >"$T/said"
	equal "$(wc -l <"$T/said")" "$1" >&2
	grep -c '^429 too-many-requests$' "$T/said" || true
}

@test "the limit of requests is about the client's address, which he cannot choose" {
	[ "$(burst 150)" -ge 30 ]
	grep -q '^200 ' "$T/said"
	# Another one is served, though he comes by the same nginx.
	equal "$(FROM=127.0.2.1 burst 10)" 0
	equal "$(grep -c '^200 ' "$T/said")" 10
}

@test "plain HTTP is sent to HTTPS, metrics stay inside, bodies have a limit" {
	run -0 curl -sS -m 20 -o /dev/null -w '%{http_code} %{redirect_url}' -H 'Host: keys.example.org' \
		"http://127.0.0.1:$(cat "$N/plain")/v1/realm"
	equal "$output" "301 https://keys.example.org/v1/realm"
	equal "$(get /metrics "$T/metrics")" 404
	head -c 1100000 /dev/zero >"$T/large"
	equal "$(get /v1/update "$T/said" --data-binary "@$T/large" -H 'Content-Type: application/octet-stream')" 413
	equal "$(get /v1/realm "$T/realm")" 200
	cmp "$T/realm" "$REPLICA/realm.conf"
}

@test "a bundle that was cut off is not kept" {
	local pid port
	port=$(sed -n 's/^http_listen 127.0.0.1://p' "$REPLICA/ks.conf")
	daemon_stop ks-httpd
	"$PYTHON" - "$port" "$T/ready" <<-'END' 3>&- &
	import socket, sys
	s = socket.socket()
	s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	s.bind(("127.0.0.1", int(sys.argv[1])))
	s.listen(8)
	open(sys.argv[2], "w").close()
	while True:
	    c = s.accept()[0]
	    c.recv(65536)
	    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
	              b"Cache-Control: public, max-age=31536000, immutable\r\n"
	              b"Transfer-Encoding: chunked\r\n\r\n5\r\nhalf \r\n")
	    c.close()
	END
	pid=$!
	wait_until 20 test -e "$T/ready"
	# It began with 200; that it ended too early is what curl sees.
	run get /v1/feed/1 "$T/half"
	kill "$pid"
	wait "$pid" || true
	[ "$status" -ne 0 ]
	[[ $(head -n 1 "$T/half.h") == *" 200"* ]]
	daemon_start ks-httpd
	equal "$(get /v1/feed/1 "$T/whole")" 200
	equal "$(header "$T/whole" ks-cache)" MISS
	hostile rpc "$REPLICA/run/publish" bundle 1 | cmp - "$T/whole"
}
