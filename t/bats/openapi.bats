#!/usr/bin/env bats
# The description that ks-httpd serves is what it does: every path and status, every answer's
# type and shape.

load lib.bash

setup_file() {
	e2e_begin "$BATS_FILE_TMPDIR"
	realm_make main
	printf 'http_listen 127.0.0.1:0\nhttp_rate 0\nhttp_proxy 127.0.0.1\n' >>"$REPLICA/ks.conf"
	realm_start
	daemon_start ks-httpd
	update alice@main.example 'text=hello' >"$E2E/alice"
}

teardown_file() {
	e2e_end
}

setup() {
	realm_use main
	T=$BATS_TEST_TMPDIR
	URL=http://$(status httpd http_listen)
}

# one METHOD PATH STATUS [JQ-EXPRESSION]: a request, with more of it as the expression says.
one() {
	local more=${4:-'{}'}

	jq -nc --arg m "$1" --arg p "$2" --argjson s "$3" '{method: $m, path: $p, status: $s} + '"$more"
}

# with FILE TYPE: the rest of a request with the body in the file.
with() {
	printf '{base64: "%s", type: "%s"}' "$(base64 -w 0 "$1")" "$2"
}

@test "every route of the server is in its description, and nothing else is" {
	sed -n 's/^	{ "\([A-Z]*\)", "\([^"]*\)",.*/\1 \2/p' "$KS_TOP/cmd/ks-httpd/routes.c" |
		sort >"$T/routes"
	[ "$(wc -l <"$T/routes")" -gt 20 ]
	curl -sS --noproxy '*' "$URL/v1/openapi.json" | jq -r '.paths | to_entries[] |
		.key as $path | .value | keys[] | ascii_upcase + " " + ($path | gsub("\\{[a-z_]+\\}"; "*"))' |
		sort >"$T/described"
	cmp "$KS_TOP/share/openapi.json" <(curl -sS --noproxy '*' "$URL/v1/openapi.json")
	diff "$T/routes" "$T/described"
}

@test "every path and status of the description is what the server does" {
	local id=000102030405060708090a0b0c0d0e0f late=ff0102030405060708090a0b0c0d0e0f key epoch octet

	key=$(key_of bob@main.example)
	octet=application/octet-stream
	epoch=$(sed -n 's/.* epoch //p' "$E2E/alice")
	hostile update -r "$REPLICA" -k "$key" -i "$id" request bob@main.example >"$T/update"
	hostile update -r "$REPLICA" -k "$key" -a text=new request bob@main.example >"$T/refused"
	hostile update -r "$REPLICA" -k "$key" -i "$late" -a text=late entry bob@main.example >"$T/entry"
	sed -n '/^policy$/,$p' "$CONF" | sed 1d >"$T/policy"
	echo nonsense >"$T/nonsense"
	# What a verifier would send; it is in the log already, and taken again.
	wait_until 30 eval "curl -sS --noproxy '*' -o '$T/frames' '$URL/v1/ratifications/$epoch' && [ -s '$T/frames' ]"
	tail -c +11 "$T/frames" >"$T/ratify"
	hostile rpc "$REPLICA/run/publish" note "$epoch" | grep '^— main.example/verifier1 ' >"$T/line"
	"$PYTHON" -c 'import sys; b = bytearray(open(sys.argv[1], "rb").read()); b[8] ^= 1; sys.stdout.buffer.write(b)' \
		"$T/ratify" >"$T/stranger"
	{
		one GET /v1/realm 200
		one GET '/v1/lookup?user=alice@main.example' 200
		one GET '/v1/lookup?user=nobody@main.example' 200
		one GET '/v1/lookup?user=a%20b' 422
		one POST '/v1/lookup?user=alice@main.example' 200 "$(with "$T/policy" text/plain)"
		one POST '/v1/lookup?user=alice@main.example' 422 "$(with "$T/nonsense" text/plain)"
		one POST /v1/update 200 "$(with "$T/update" $octet)"
		one POST /v1/update 415 "$(with "$T/update" text/plain)"
		one POST /v1/update 422 "$(with "$T/refused" $octet)"
		one POST /v1/update 400 "$(with "$T/nonsense" application/json)"
		one GET "/v1/outcome/$id" 200
		one GET "/v1/outcome/$late" 422
		one GET /v1/checkpoint 200
		one GET "/v1/checkpoint/$epoch" 200
		one GET /v1/checkpoint/999999999 404
		one GET '/v1/epochs?from=1&to=2' 200
		one GET '/v1/epochs?from=999999999' 404
		one GET "/v1/consistency/1/$epoch" 200
		one GET /v1/consistency/1/999999999 404
		one GET '/v1/history?user=alice@main.example' 200
		one GET '/v1/history?user=a%20b' 422
		one GET "/v1/feed/$epoch" 200
		one GET /v1/feed/999999999 404
		one GET /v1/tail 200
		one GET "/v1/ratifications/$epoch" 200
		one GET /v1/ratifications/999999999 404
		one POST /v1/ratify 200 "$(with "$T/ratify" $octet)"
		one POST /v1/ratify 400 "$(with "$T/nonsense" $octet)"
		one POST /v1/ratify 422 "$(with "$T/stranger" $octet)"
		one POST "/v1/cosignature/$epoch" 200 "$(with "$T/line" text/plain)"
		one POST "/v1/cosignature/$epoch" 400 "$(with "$T/nonsense" text/plain)"
		one POST "/v1/cosignature/$((epoch + 1))" 422 "$(with "$T/line" text/plain)"
		one POST /v1/cosignature/999999999 404 "$(with "$T/line" text/plain)"
		one GET /v1/status 200
		one GET /v1/openapi.json 200
		one GET /healthz 200
		one GET /metrics 200
		one GET /metrics 403 '{headers: {"X-Forwarded-For": "192.0.2.1"}}'
		one GET / 200
		one GET /page/page.js 200
		one GET /page/page.css 200
		one GET /page/nothing 404
	} | jq -s . >"$T/requests"
	# The late update, which no edge has seen, is refused by the log once the first is in.
	curl -sS --noproxy '*' -o /dev/null -H "Content-Type: $octet" --data-binary "@$T/update" "$URL/v1/update"
	ks ks-log -d "$REPLICA" propose "$T/entry" >/dev/null
	run -0 timeout 120 "$PYTHON" "$KS_TOP/t/openapi/check.py" "$URL" "$T/requests"
	says ' requests, 0 faults'
}

@test "the checker finds what is not as described" {
	# A path that is not described, a status that did not come, and all that was not asked.
	one GET /v1/realm 404 | jq -s . >"$T/requests"
	run -1 timeout 60 "$PYTHON" "$KS_TOP/t/openapi/check.py" "$URL" "$T/requests"
	says 'GET /v1/realm: 200, not 404'
	says 'GET /v1/lookup: 200 was never seen'
	one GET /v1/undescribed 200 | jq -s . >"$T/requests"
	run -1 timeout 60 "$PYTHON" "$KS_TOP/t/openapi/check.py" "$URL" "$T/requests"
	says 'GET /v1/undescribed: no operation of the description'
}
