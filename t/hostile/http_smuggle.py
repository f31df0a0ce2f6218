#!/usr/bin/env python3
"""http_smuggle.py HOST:PORT    requests that say in two ways, or in none that is known, where their body
ends, each with another request behind: that one must never be answered"""

import sys

import http_raw as http

BEHIND = http.get("/v1/realm")
BODY = b"0\r\n\r\n"


def answers(headers):
    request = http.get("/v1/ratify", *headers, method="POST") + BODY + BEHIND
    return http.exchange(http.connect(sys.argv[1]), request, 0.05).split(b"HTTP/1.1 ")[1:]


for headers in (["Content-Length: 5", "Transfer-Encoding: chunked"],
                ["Transfer-Encoding: chunked", "Content-Length: 5"],
                ["Content-Length: 5", "Content-Length: 3"], ["Content-Length: 5", "Content-Length: 5"],
                ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
                ["Content-Length: 5, 3"], ["Content-Length: +5"], ["Content-Length: 0x5"],
                ["Transfer-Encoding: gzip, chunked"], ["Transfer-Encoding: x"]):
    got = answers(headers)
    if any(not a.startswith(b"4") for a in got):
        raise SystemExit("http_smuggle.py: %r was answered by %r" % (headers, got))
# Where one of the two is nothing, what is behind must not be taken for the next request either.
for path in ("/v1/ratify", "/v1/ratify?x=1"):
    for length in ("0", "5"):
        request = http.get(path, "Content-Length: 0", "Content-Length: " + length, method="POST")
        got = http.exchange(http.connect(sys.argv[1]), request + BEHIND, 0.05).split(b"HTTP/1.1 ")[1:]
        if len(got) != 1 or not got[0].startswith(b"400"):
            raise SystemExit("http_smuggle.py: 0 and %s at %s was answered by %r" % (length, path, got))
# And what is said in one way has both answered.
for headers in (["Content-Length: 5"], ["Transfer-Encoding: chunked"]):
    if len(answers(headers)) != 2:
        raise SystemExit("http_smuggle.py: %r has not two answers" % headers)
