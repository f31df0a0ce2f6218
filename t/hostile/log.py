#!/usr/bin/env python3
"""log.py LISTEN LOG WORD: a log that cannot take anything for a while.

Listens on the socket LISTEN and passes everything on to the socket LOG and back,
but while the file WORD is there a LOG_PROPOSE is answered with log-unavailable:
if the word in it is "unavailable" without passing it on, if it is "doubt" after
passing it on, so that it takes effect nevertheless.
"""

import socket
import sys
import threading

import ksproto as ks
from listener import serve_for_ever

UNAVAILABLE = ks.u16(4) + ks.var8(b"log-unavailable") + ks.var16(b"for a while")


def word(path):
    try:
        with open(path, encoding="ascii") as f:
            return f.read().strip()
    except FileNotFoundError:
        return ""


class Peer:
    def __init__(self, client, log, path):
        self.client, self.log, self.path = client, log, path
        self.lock = threading.Lock()
        self.doubted = set()

    def answer(self, kind, request_id, body):
        with self.lock:
            self.client.sendall(ks.frame(kind, request_id, body))

    def ask(self, kind, request_id, body):
        said = word(self.path) if kind == ks.LOG_PROPOSE else ""
        if said == "doubt":
            self.doubted.add(request_id)
        if said:
            self.answer(ks.ERROR, request_id, UNAVAILABLE)
        if said != "unavailable":
            self.log.send(ks.frame(kind, request_id, body))

    def back(self):
        try:
            while True:
                kind, request_id, body = self.log.recv()
                if request_id not in self.doubted:
                    self.answer(kind, request_id, body)
        except (OSError, EOFError):
            pass
        try:
            self.client.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(sock, path, word_path):
    client = ks.Conn.__new__(ks.Conn)
    client.sock = sock
    try:
        peer = Peer(sock, ks.Conn(path, timeout=None), word_path)
        threading.Thread(target=peer.back, daemon=True).start()
        while True:
            peer.ask(*client.recv())
    except (OSError, EOFError):
        sock.close()


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    listen, path, word_path = sys.argv[1:]
    serve_for_ever(listen, serve, path, word_path)


main()
