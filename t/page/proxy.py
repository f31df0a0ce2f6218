#!/usr/bin/env python3
"""proxy.py PORT-FILE MODE-FILE UPSTREAM

An HTTP proxy on loopback before UPSTREAM (http://ADDRESS:PORT) that alters answers as
the word in MODE-FILE says; the file is read for each request:

    honest        nothing
    path, profile, entry, vrf, head, inclusion, user
                  a bit of that part of lookup proofs is turned over (of the user: the
                  proof of another one is given instead)
    signature     of the last line of the checkpoint
    unsigned      lookup proofs without the lines of the verifiers
    history       consistency proofs are altered
    stale         lookups are answered at epoch 1
    behind        lookups do not say what is the least that was seen
"""

import base64
import http.client
import http.server
import os
import sys
import urllib.parse


def flipped(word, at=-1):
    data = bytearray(base64.b64decode(word))
    data[at] ^= 1
    return base64.b64encode(data)


def altered(mode, body):
    lines = body.split(b"\n")

    def change(i):
        words = lines[i].split(b" ")
        words[-1] = flipped(words[-1])
        lines[i] = b" ".join(words)

    names = {"profile": b"profile ", "entry": b"entry ", "vrf": b"vrf ",
             "head": b"head "}
    if mode in names:
        change(next(i for i, line in enumerate(lines)
                    if line.startswith(names[mode])))
    elif mode == "path":
        # The last sibling, which is never an empty one.
        change(lines.index(b"c2sp.org/tlog-proof@v1") - 1)
    elif mode == "inclusion":
        change(lines.index(b"c2sp.org/tlog-proof@v1") + 2)
    elif mode == "signature":
        change(len(lines) - 2)
    elif mode == "unsigned":
        first = max(i for i, line in enumerate(lines[:-1]) if line == b"") + 1
        lines = lines[:first + 1] + [b""]
    return b"\n".join(lines)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        with open(sys.argv[2], encoding="ascii") as f:
            mode = f.read().strip()
        path = self.path
        lookup = path.startswith("/v1/lookup?")
        if lookup and mode == "user":
            path = path.replace("user=alice", "user=bob")
        if lookup and mode in ("stale", "behind"):
            query = dict(urllib.parse.parse_qsl(path.split("?")[1]))
            query.pop("epoch_min", None)
            if mode == "stale":
                query["epoch"] = 1
            path = "/v1/lookup?" + urllib.parse.urlencode(query)
        conn = http.client.HTTPConnection(
            urllib.parse.urlsplit(sys.argv[3]).netloc, timeout=60)
        headers = {k: v for k, v in self.headers.items()
                   if k.lower() not in ("host", "connection", "if-none-match")}
        conn.request("GET", path, headers=headers)
        answer = conn.getresponse()
        body = answer.read()
        if answer.status == 200 and lookup:
            body = altered(mode, body)
        if answer.status == 200 and mode == "history" and "consistency" in path:
            hashes = body.split(b"\n")
            hashes[0] = flipped(hashes[0])
            body = b"\n".join(hashes)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "connection", "date", "etag",
                                    "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        conn.close()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that went away is no matter."""


def main():
    server = Server(("127.0.0.1", 0), Handler)
    with open(sys.argv[1] + ".new", "w", encoding="ascii") as f:
        f.write("%d\n" % server.server_port)
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    server.serve_forever()


if __name__ == "__main__":
    main()
