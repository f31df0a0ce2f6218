"""Servers that a client of HTTP must not trust: what they do is the first segment of the
path, so that http://HOST:PORT/WORD is a SERVER that does WORD.

    web.py PORTS UPSTREAM [NAME CERT KEY]...

Listens on free ports of 127.0.0.1, over HTTP as "plain" and "other", and over TLS as each NAME,
and writes lines "NAME PORT" to the file PORTS.  UPSTREAM is the URL of a true ks-httpd.
"""

import os
import socket
import ssl
import sys
import threading
import time
import urllib.request

ENDLESS = 1 << 30
LINE = b"x" * 65536


def head(status, *lines):
    return ("HTTP/1.1 %s\r\n" % status + "".join(l + "\r\n" for l in lines) + "\r\n").encode()


def whole(body, kind="text/plain; charset=utf-8", status="200 OK", *lines):
    return head(status, "Content-Type: " + kind, "Content-Length: %d" % len(body), *lines) + body


def redirect(to, status="302 Found"):
    return whole(b"", "text/plain", status, "Location: " + to)


class Server:
    def __init__(self, upstream):
        self.upstream = upstream
        self.ports = {}
        self.old = None
        self.turned = False

    def forward(self, method, path, body, headers):
        """The true server's answer to what was asked."""
        keep = {k: v for k, v in headers.items() if k in ("accept", "content-type")}
        ask = urllib.request.Request(self.upstream + path, data=body if method == "POST" else None,
                                     headers=keep, method=method)
        try:
            with urllib.request.urlopen(ask, timeout=60) as answer:
                return answer.read(), "200 OK", answer.headers
        except urllib.error.HTTPError as refusal:
            return refusal.read(), "%d No" % refusal.code, refusal.headers

    def endless(self, sock, word):
        if word == "declared":
            sock.sendall(head("200 OK", "Content-Type: text/plain", "Content-Length: %d" % ENDLESS))
        elif word == "headers":
            sock.sendall(b"HTTP/1.1 200 OK\r\n")
        elif word == "header":
            sock.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        else:
            sock.sendall(head("200 OK", "Content-Type: text/plain", "Transfer-Encoding: chunked"))
        for _ in range(ENDLESS // len(LINE)):
            if word == "chunked":
                sock.sendall(b"%x\r\n" % len(LINE) + LINE + b"\r\n")
            elif word == "headers":
                sock.sendall((b"X: " + b"y" * 1000 + b"\r\n") * 64)
            else:
                sock.sendall(LINE)

    def trickle(self, sock):
        sock.sendall(head("200 OK", "Content-Type: text/plain"))
        while True:
            sock.sendall(b"k")
            time.sleep(0.02)

    def answer(self, word, rest, method, body, headers):
        """What is said at once for this word."""
        if word == "policy":
            word = "true" if method == "POST" and b"\nquorum " in body else "missing"
        if word == "misled" and rest.startswith("/pks/"):
            return whole(b"info:1:1\npub:00:1:1:::\nuid:alice@main.example:::\n")
        if word == "old" and not rest.startswith("/v1/lookup"):
            word = "true"
        elif word == "old" and not self.old:
            self.old = self.forward(method, rest, body, headers)[0]
        if word == "turns":
            word = "host" if self.turned else "true"
            self.turned = self.turned or rest.startswith("/v1/update")
        if word in ("true", "altered", "lost", "misled", "stuck"):
            text, status, said = self.forward(method, rest, body, headers)
            if word == "lost" and method == "POST":
                return b""
            if word == "altered":
                at = text.index(b"\n", len(text) // 2) - 3
                text = text[:at] + (b"B" if text[at:at + 1] == b"A" else b"A") + text[at + 1:]
            return whole(text, said["Content-Type"], status,
                         *("Ks-Rule: " + said["Ks-Rule"] for _ in range("Ks-Rule" in said)))
        return {
            "host": redirect("http://127.0.0.2:%d/true%s" % (self.ports["plain"], rest)),
            "port": redirect("http://127.0.0.1:%d/true%s" % (self.ports["other"], rest)),
            "scheme": redirect("https://127.0.0.1:%d/true%s" % (self.ports["plain"], rest)),
            "down": redirect("http://127.0.0.1:%d/true%s" % (self.ports["plain"], rest)),
            "loop": redirect("/loop" + rest, "307 Temporary Redirect"),
            "here": redirect("/true" + rest, "308 Permanent Redirect"),
            "truncated": whole(b"ks-proof/v1\n" + b"x" * 100)[:-50],
            "cut": head("200 OK", "Content-Type: text/plain", "Transfer-Encoding: chunked") +
                   b"c\r\nks-proof/v1\n\r\n",
            "old": whole(self.old or b""),
            "html": whole(b"ks-proof/v1\n<html></html>", "text/html"),
            "rubbish": whole(b"hello\n"),
            "forged": whole(b"ks-proof/v1\nhello\n"),
            "empty": whole(b""),
            "nothing": head("204 No Content"),
            "missing": whole(b"no such page", "text/html", "404 Not Found"),
            "portal": whole(b"log in first", "text/html", "511 Log in"),
            "rule": whole(b"user-malformed: \x1b[31mred\x07\nsecond\n", "text/plain",
                          "422 Unprocessable", "Ks-Rule: user-malformed"),
            "rate": whole(b"too-many-requests: later\n", "text/plain", "429 Too Many Requests",
                          "Ks-Rule: too-many-requests", "Retry-After: 1"),
            "gone": b"",
            "ssh": b"SSH-2.0-OpenSSH_9\r\n",
        }[word]

    def serve(self, sock, context):
        try:
            if context:
                sock = context.wrap_socket(sock, server_side=True)
            data = b""
            while b"\r\n\r\n" not in data:
                more = sock.recv(65536)
                if not more:
                    return
                data += more
            start, body = data.split(b"\r\n\r\n", 1)
            lines = start.decode("latin-1").split("\r\n")
            headers = {k.strip().lower(): v.strip() for k, v in (l.split(":", 1) for l in lines[1:])}
            while len(body) < int(headers.get("content-length", 0)):
                body += sock.recv(65536)
            method, path, _ = lines[0].split(" ")
            word, rest = (path[1:].split("/", 1) + [""])[:2]
            if word in ("declared", "chunked", "headers", "header"):
                self.endless(sock, word)
            elif word == "trickle":
                self.trickle(sock)
            elif word == "hang" or word == "stuck" and "bob" in rest:
                print(rest, flush=True)
                sock.recv(1)
            else:
                sock.sendall(self.answer(word, "/" + rest, method, body, headers))
        except (OSError, ssl.SSLError):
            pass
        finally:
            sock.close()

    def accept(self, listener, context):
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=self.serve, args=(sock, context), daemon=True).start()

    def listen(self, name, context=None):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        self.ports[name] = listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(listener, context), daemon=True).start()


def main(ports, upstream, *tls):
    server = Server(upstream)
    server.listen("plain")
    server.listen("other")
    for name, cert, key in zip(tls[0::3], tls[1::3], tls[2::3]):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        server.listen(name, context)
    with open(ports + ".new", "w") as out:
        for name, port in server.ports.items():
            print(name, port, file=out)
    os.rename(ports + ".new", ports)
    threading.Event().wait()


main(*sys.argv[1:])
