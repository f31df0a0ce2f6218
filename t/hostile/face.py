#!/usr/bin/env python3
"""face.py PORT PUBLISH WORD [CERT KEY]: the HTTP of a publisher, which may do wrong.

Serves on the port PORT of 127.0.0.1, by TLS if there are CERT and KEY, what a verifier
asks for, from the socket PUBLISH.  While the file WORD is there every answer is as the
words in that file say:
    hang            there is none
    status N        it has this status, and says nothing
    rule N RULE     it has this status and this rule
    redirect URL    it leads there
    declared        it says to be of a terabyte
    endless         it does not end
    cut             it ends in its middle
    garbage         it is not what was asked for
    trickle         of the bundle of an epoch comes one byte, and then nothing
    limit           every second one is refused as too many
    huge            the bundle of an epoch has 100 MB of updates; how many bytes were
                    taken is in the file WORD.sent
"""

import base64
import http.server
import json
import os
import ssl
import struct
import sys
import threading
import time
import urllib.parse

import ksproto as ks

FRAMES = "application/octet-stream"


class Tail:
    """What came since, gathered by a thread."""

    def __init__(self, publish):
        self.publish, self.events = publish, []
        self.more = threading.Condition()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                conn = ks.Conn(self.publish, timeout=None)
                conn.send(ks.frame(ks.TAIL, 1, ks.u64(1)))
                while True:
                    kind, _, body = conn.recv()
                    if kind == ks.ERROR:
                        break
                    self.add(ks.frame(kind, 0, body))
            except (OSError, EOFError):
                pass
            time.sleep(0.05)

    def add(self, event):
        with self.more:
            if event not in self.events:
                self.events.append(event)
                self.more.notify_all()

    def since(self, cursor, wait_s):
        with self.more:
            if len(self.events) <= cursor:
                self.more.wait(wait_s)
            return b"".join(self.events[cursor:]), len(self.events)


class Refusal(Exception):
    pass


class Face(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    publish = word_file = tail = None
    count = 0

    def log_message(self, *_):
        pass

    def answer(self, kind, body, **headers):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, rule=""):
        self.send_response(status)
        if rule:
            self.send_header("Ks-Rule", rule)
        if status == 429:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def call(self, *args):
        conn = ks.Conn(self.publish)
        kind, body = conn.call(*args)
        conn.close()
        if kind == ks.ERROR:
            code, rule, _ = ks.error(body)
            raise Refusal({3: 422, 4: 503, 5: 404}.get(code, 500), rule)
        return body

    def bundle(self, epoch, wait_s):
        """From a FEED, so that a publisher that lies in one lies here too."""
        conn = ks.Conn(self.publish, timeout=max(wait_s, 2))
        conn.send(ks.frame(ks.FEED, 1, ks.u64(epoch)))
        frames, kind = [], None
        try:
            while kind != ks.FEED_HEAD:
                kind, _, body = conn.recv()
                frames.append(ks.frame(kind, 0, body))
        except TimeoutError as err:
            raise Refusal(404, "epoch-unknown") from err
        except EOFError as err:
            raise Refusal(503, "unavailable") from err
        finally:
            conn.close()
        return frames

    def ratifications(self, epoch):
        reader = ks.Reader(self.call(ks.RATIFICATIONS, ks.u64(epoch)))
        at, n = reader.u64(), reader.u8()
        return b"".join(ks.frame(ks.FEED_RATIFICATION, 0,
                                 ks.u64(at) + reader.take(76)) for _ in range(n))

    def words(self):
        try:
            with open(self.word_file, encoding="ascii") as f:
                return f.read().split()
        except FileNotFoundError:
            return []

    def stream(self, length, more):
        """A body in pieces, of which there is no end."""
        self.send_response(200)
        self.send_header("Content-Type", self.headers["Accept"])
        self.send_header("Ks-Cursor", "1")
        self.send_header(*length)
        self.end_headers()
        while more():
            self.wfile.write(b"10000\r\n" + bytes(65536) + b"\r\n")

    def wrong(self, words):
        """Do as the words say; return whether that is all."""
        if words[0] == "hang":
            time.sleep(600)
        elif words[0] in ("status", "rule"):
            self.refuse(int(words[1]), *words[2:])
        elif words[0] == "redirect":
            self.send_response(302)
            self.send_header("Location", words[1])
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif words[0] == "declared":
            self.stream(("Content-Length", str(1 << 40)), lambda: False)
            time.sleep(600)
        elif words[0] == "endless":
            self.stream(("Transfer-Encoding", "chunked"), lambda: True)
        elif words[0] == "garbage":
            self.answer(self.headers["Accept"], b"garbage" * 100, Ks_Cursor="1")
        elif words[0] == "limit":
            Face.count += 1
            if Face.count % 2 == 0:
                return False
            self.refuse(429, "too-many-requests")
        else:
            return False
        return True

    def feed(self, epoch, wait_s):
        frames = self.bundle(epoch, wait_s)
        # Also of what was asked before there was a word.
        words = self.words()
        if words and words[0] != "limit" and self.wrong(words):
            return
        body = b"".join(frames)
        if words[:1] == ["cut"]:
            body = body[:-20]
        if words[:1] != ["trickle"]:
            self.answer(FRAMES, body)
            return
        self.send_response(200)
        self.send_header("Content-Type", FRAMES)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:1])
        self.wfile.flush()
        time.sleep(600)

    def huge(self, epoch):
        update = ks.var32(bytes(1000))
        part = ks.frame(ks.FEED_UPDATES, 0,
                        ks.u64(epoch) + ks.u32(250) + 250 * update)
        self.send_response(200)
        self.send_header("Content-Type", FRAMES)
        self.send_header("Content-Length", str(400 * len(part) + 1))
        self.end_headers()
        for n in range(400):
            self.wfile.write(part)
            with open(self.word_file + ".new", "w", encoding="ascii") as f:
                f.write(str(n * len(part)))
            os.replace(self.word_file + ".new", self.word_file + ".sent")
        self.close_connection = True

    def get(self):
        words = self.words()
        if words and self.wrong(words):
            return
        url = urllib.parse.urlsplit(self.path)
        args = dict(urllib.parse.parse_qsl(url.query))
        wait_s = int(args.get("wait_ms", "0")) / 1000
        path = url.path.split("/")
        if path[:3] == ["", "v1", "feed"] and words == ["huge"]:
            self.huge(int(path[3]))
        elif path[:3] == ["", "v1", "feed"]:
            self.feed(int(path[3]), wait_s)
        elif path[:3] == ["", "v1", "ratifications"]:
            self.answer(FRAMES, self.ratifications(int(path[3])))
        elif path == ["", "v1", "tail"]:
            body, cursor = self.tail.since(int(args.get("cursor", "0")), wait_s)
            self.answer(FRAMES, body, Ks_Cursor=str(cursor))
        elif path == ["", "v1", "checkpoint"]:
            reader = ks.Reader(self.call(ks.HEAD, ks.u64(0)))
            head = reader.take(168)
            self.answer("application/json", json.dumps({
                "epoch": struct.unpack(">Q", head[48:56])[0],
                "head": base64.b64encode(head).decode(),
                "note": reader.var16().decode()}).encode())
        else:
            self.refuse(404, "not-found")

    def run(self, function):
        try:
            function()
        except Refusal as refusal:
            self.refuse(*refusal.args)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except OSError:
            self.refuse(502)

    def do_GET(self):
        self.run(self.get)

    def post(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        words = self.words()
        if words and self.wrong(words):
            return
        self.call(ks.RATIFY, body)
        self.answer("text/plain; charset=utf-8", b"proposed\n")

    def do_POST(self):
        self.run(self.post)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass


def main():
    if len(sys.argv) not in (4, 6):
        sys.exit(__doc__)
    port, Face.publish, Face.word_file = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    Face.tail = Tail(Face.publish)
    server = Server(("127.0.0.1", port), Face)
    if len(sys.argv) == 6:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*sys.argv[4:])
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    server.serve_forever()


main()
