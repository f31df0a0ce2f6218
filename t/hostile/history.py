#!/usr/bin/env python3
"""history.py LISTEN PUBLISH WORD: a publisher that does not tell all of a history.

Listens on the socket LISTEN, passes everything on to the socket PUBLISH and back, but
changes every HISTORY_REPLY as WORD says:
    newest    the last version is left out
    middle    the second version is left out
    first     the first version is left out
    number    the last version bears another number
    epoch     the last version is said to have begun an epoch later
    nothing   there is no version
    endless   there is none, and more of them from the same epoch on
"""

import sys
import threading

import ksproto as ks
from listener import serve_for_ever


def change(word, body):
    reader = ks.Reader(body)
    after, n = reader.u64(), reader.u32()
    versions = [(reader.u64(), reader.u64()) for _ in range(n)]
    reader.end()
    if word == "newest":
        versions = versions[:-1]
    elif word == "middle":
        versions = versions[:1] + versions[2:]
    elif word == "first":
        versions = versions[1:]
    elif word == "number" and versions:
        versions[-1] = (versions[-1][0], versions[-1][1] + 1)
    elif word == "epoch" and versions:
        versions[-1] = (versions[-1][0] + 1, versions[-1][1])
    elif word == "nothing":
        versions = []
    elif word == "endless":
        versions, after = [], 1
    return ks.u64(after) + ks.u32(len(versions)) + b"".join(
        ks.u64(e) + ks.u64(v) for e, v in versions)


def back(server, client, word):
    try:
        while True:
            kind, request_id, body = server.recv()
            if kind == ks.HISTORY_REPLY:
                body = change(word, body)
            client.sendall(ks.frame(kind, request_id, body))
    except (OSError, EOFError):
        client.close()


def serve(client, publish, word):
    server = ks.Conn(publish, timeout=None)
    threading.Thread(target=back, args=(server, client, word), daemon=True).start()
    try:
        while data := client.recv(65536):
            server.send(data)
    except OSError:
        pass
    server.close()


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    listen, publish, word = sys.argv[1:]
    serve_for_ever(listen, serve, publish, word)


main()
