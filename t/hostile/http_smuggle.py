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
# And what is said in one way has both answered.
for headers in (["Content-Length: 5"], ["Transfer-Encoding: chunked"]):
    if len(answers(headers)) != 2:
        raise SystemExit("http_smuggle.py: %r has not two answers" % headers)
