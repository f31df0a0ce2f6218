#!/usr/bin/env python3
"""http_fuzz.py HOST:PORT SEED N [FACE]    N broken and random requests, some of them over one
connection, to a server of HTTP; FACE is httpd or hkp.  What comes back must be answers of
HTTP/1.1, never a 5xx but 501, 502, 503, 504 and 505, each within 60 s.  Prints how many there
were of each status."""

import base64
import collections
import json
import random
import socket
import sys
import threading

import http_raw as http

BYTES = [bytes([c]) for c in range(256)]
WORDS = [b"\r\n", b"\n", b"\r", b"\0", b"%", b"%00", b"%ff", b"%2e%2e/", b"//", b"?", b"&", b"=",
         b"+", b":", b" ", b"\t", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/9.9", b"Host: x\r\n",
         b"Content-Length: 5\r\n", b"Content-Length: -1\r\n",
         b"Content-Length: 99999999999999999999\r\n", b"Content-Length: 1, 2\r\n",
         b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
         b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"Connection: upgrade\r\n",
         b"X-Forwarded-For: 1.2.3.4, ::1, %s\r\n", b"Accept: application/json;q=0.0001, */*;q=9\r\n",
         b"If-None-Match: *\r\n", b"Range: bytes=0-0\r\n", b"GET ", b"POST ", b"18446744073709551616",
         b"-1", b"0x10", b"\xff\xfe", b"\xed\xa0\x80", b"{", b"}", b"[", b"\"", b"a" * 300,
         b"Cookie: " + b"c" * 5000 + b"\r\n", b"7fffffff\r\n", b"0\r\n\r\n"]

UPDATE = {"request_id": "00" * 16, "user": "alice@x.example",
          "update": base64.b64encode(bytes(200)).decode(),
          "profile": base64.b64encode(bytes(100)).decode(), "registration": ""}
PATHS = {
    "httpd": ["/", "/v1/realm", "/v1/lookup?user=alice@abuse.example", "/v1/lookup?user=%41&epoch=1",
              "/v1/lookup?user=x&epoch_min=1&wait_ms=1&known=" + "00" * 32, "/v1/checkpoint",
              "/v1/checkpoint/1", "/v1/epochs?from=1&to=3", "/v1/consistency/1/2",
              "/v1/history?user=alice@abuse.example&from=0&max=2", "/v1/feed/1", "/v1/feed/1?wait_ms=1",
              "/v1/tail?wait_ms=1", "/v1/tail?cursor=0011223344556677-1", "/v1/ratifications/1",
              "/v1/outcome/" + "ab" * 16, "/v1/status", "/v1/openapi.json", "/metrics", "/healthz",
              "/page/app.js", "/pks/lookup?op=index&search=alice@abuse.example&options=mr",
              "/pks/lookup?op=get&search=0x" + "8a" * 20 + "&exact=on",
              "/.well-known/openpgpkey/abuse.example/hu/" + "y" * 32 + "?l=alice",
              "/.well-known/openpgpkey/policy", "/none"],
    "hkp": ["/", "/pks/lookup?op=index&search=alice@abuse.example&options=mr",
            "/pks/lookup?op=get&search=0x" + "8a" * 20 + "&exact=on", "/pks/lookup?op=stats",
            "/pks/lookup?op=vindex&search=%3Calice@abuse.example%3E", "/none"],
}
BODIES = {
    "httpd": [("/v1/update", json.dumps(UPDATE).encode(), "application/json"),
              ("/v1/update", bytes(300), "application/octet-stream"),
              ("/v1/lookup?user=alice@abuse.example", b"quorum none\n", "text/plain"),
              ("/v1/ratify", bytes(84), "application/octet-stream"),
              ("/v1/cosignature/1", "\u2014 n ".encode() + base64.b64encode(bytes(76)) + b"\n",
               "text/plain"),
              ("/pks/add", b"keytext=-----BEGIN%20PGP", "application/x-www-form-urlencoded")],
    "hkp": [("/pks/add", b"keytext=-----BEGIN%20PGP", "application/x-www-form-urlencoded")],
}
# Connections at a time.
THREADS = 48
wrong = []

# What a server may say that is not the client's fault.
FINE = {501, 502, 503, 504, 505}


def chunked(rng, body):
    out = b""
    while body:
        n = rng.randrange(1, len(body) + 1)
        out += b"%x%s\r\n" % (n, rng.choice([b"", b"", b";x=y"])) + body[:n] + b"\r\n"
        body = body[n:]
    return out + b"0\r\n\r\n"


def whole(rng, face):
    """A request as it should be."""
    headers = rng.sample(["Accept: application/json", "Accept: text/plain;q=0.3, */*",
                          "If-None-Match: \"00\"", "User-Agent: fuzz", "X-Forwarded-For: 192.0.2.1",
                          "Connection: close"], rng.randrange(4))
    if rng.random() < 0.7:
        return http.get(rng.choice(PATHS[face]), *headers,
                        method=rng.choice(["GET", "GET", "GET", "HEAD", "OPTIONS", "PUT", "DELETE"]))
    path, body, kind = rng.choice(BODIES[face])
    if rng.random() < 0.5:
        body = mutated(rng, body)
    headers.append("Content-Type: " + kind)
    if rng.random() < 0.3:
        return http.get(path, *headers, "Transfer-Encoding: chunked", method="POST") + \
            chunked(rng, body)
    return http.get(path, *headers, method="POST", body=body)


def mutated(rng, data):
    for _ in range(rng.choice([1, 1, 2, 3, 8])):
        at = rng.randrange(len(data) + 1)
        how = rng.randrange(6)
        if how == 0:
            data = data[:at] + rng.choice(BYTES) + data[at + 1:]
        elif how == 1:
            data = data[:at] + rng.choice(WORDS) + data[at:]
        elif how == 2:
            data = data[:at] + data[at + rng.randrange(1, 20):]
        elif how == 3:
            data = data[:at]
        elif how == 4:
            end = min(len(data), at + rng.randrange(1, 40))
            data = data[:end] + data[at:end] * rng.randrange(1, 4) + data[end:]
        else:
            data = data[:at] + rng.randbytes(rng.randrange(1, 30)) + data[at:]
    return data


def broken(rng, face):
    how = rng.random()
    if how < 0.1:
        return rng.randbytes(rng.randrange(1, 400))
    if how < 0.13:
        return b"GET /" + rng.choice([b"a", b"%41", b"/", b"?a=b&"]) * rng.randrange(1, 20000) + \
            b" HTTP/1.1\r\nHost: h\r\n\r\n"
    if how < 0.16:
        return b"GET / HTTP/1.1\r\n" + b"".join(
            b"H%d: %s\r\n" % (i, b"v" * rng.randrange(200)) for i in range(rng.randrange(400))) + b"\r\n"
    if how < 0.3:
        # Several over one connection, the last of them garbage.
        return b"".join(whole(rng, face) for _ in range(rng.randrange(1, 4))) + \
            mutated(rng, whole(rng, face))
    return mutated(rng, whole(rng, face))


def worker(address, work, count):
    """Send these requests, each over a connection of its own; leave early from some."""
    for request, chance in work:
        if wrong:
            return
        try:
            sock = http.connect(address, 60)
            if chance < 0.1:
                sock.sendall(request)
                (http.reset if chance < 0.05 else socket.socket.close)(sock)
                count["left"] += 1
                continue
            answer = http.exchange(sock, request, 0.02)
            sock.close()
        except OSError as e:
            wrong.append("%r: %s" % (request[:2000], e))
            return
        status = http.status_of(answer)
        count[status] += 1
        # What HKP cannot answer is a 500 of another rule: see ks-hkp-proxy(1).
        fine = status in FINE or (status == 500 and b"/pks/" in request and
                                  b"\nKs-Rule: internal" not in answer and
                                  b"\nKs-Rule: out-of-memory" not in answer)
        if (answer and not status) or (status >= 500 and not fine):
            wrong.append("%r\nwas answered by %r" % (request[:2000], answer[:400]))


def main():
    address, rng, n = sys.argv[1], random.Random(int(sys.argv[2])), int(sys.argv[3])
    face = sys.argv[4] if len(sys.argv) > 4 else "httpd"
    count = collections.Counter()
    work = [(broken(rng, face), rng.random()) for _ in range(n)]
    # Queries that hardly fit, or hardly do not fit, into what the server has for a request.
    work += [(b"GET /?" + b"a=b&" * (size // 4) + b" HTTP/1.1\r\nHost: h\r\n\r\n", 1)
             for size in range(10000, 34000, 400)]
    threads = [threading.Thread(target=worker, args=(address, work[i::THREADS], count))
               for i in range(THREADS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if wrong:
        raise SystemExit("http_fuzz.py: " + wrong[0])
    print(" ".join("%s:%d" % (k, v) for k, v in sorted(count.items(), key=str)))
    # A run in which hardly anything got as far as a handler has tested little.
    if face == "httpd" and sum(v for k, v in count.items() if k != 400 and k != 0) < n / 10:
        raise SystemExit("http_fuzz.py: too few requests were understood")


main()
