#!/usr/bin/env python3
"""http_leave.py HOST:PORT PID    come, ask and leave at once, thousands of times: before the request,
within it, within its body, while the answer is awaited, while it comes; by an end or a reset.  Prints
by how many KiB the process PID has grown since the first of them."""

import sys

import http_raw as http

address, pid = sys.argv[1], int(sys.argv[2])
ROUNDS, EACH = 6, 40

REQUESTS = [
    b"",
    http.get("/v1/realm")[:17],
    http.get("/v1/lookup?user=nobody&epoch_min=999999&wait_ms=600000"),
    http.get("/v1/feed/999999?wait_ms=30000"),
    http.get("/v1/tail?wait_ms=30000"),
    http.get("/v1/update", method="POST", body=bytes(60000))[:30000],
    http.get("/v1/update", "Content-Type: application/octet-stream", method="POST",
             body=bytes(16) + b"\x01a" + bytes(12)),
    http.get("/v1/openapi.json") * 30,
    http.get("/v1/feed/1"),
    http.get("/v1/history?user=alice@abuse.example"),
]


def leave(request, how):
    sock = http.connect(address)
    sock.sendall(request)
    if how == 1:
        # Take a little of what comes, if anything comes at once.
        sock.settimeout(0.002)
        try:
            sock.recv(10)
        except OSError:
            pass
    if how == 2:
        sock.close()
    else:
        http.reset(sock)


first = None
for i in range(ROUNDS):
    for k in range(EACH):
        for request in REQUESTS:
            leave(request, (i + k) % 3)
    first = first or http.memory_kib(pid)
print(http.memory_kib(pid) - first)
