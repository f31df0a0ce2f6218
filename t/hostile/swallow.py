#!/usr/bin/env python3
"""swallow.py LISTEN TARGET close|keep: a server whose answers are lost.

Listens on the socket LISTEN and passes what comes on to the socket TARGET.  When
that answers, nothing goes back: the connection is closed, or kept in silence.
For each answer that was swallowed a line is printed.
"""

import socket
import sys
import threading

from listener import serve_for_ever


def pass_on(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass


def serve(client, path, mode):
    target = socket.socket(socket.AF_UNIX)
    target.connect(path)
    threading.Thread(target=pass_on, args=(client, target), daemon=True).start()
    while target.recv(65536):
        print("swallowed", flush=True)
        if mode == "close":
            client.shutdown(socket.SHUT_RDWR)
            client.close()
            return


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    listen, path, mode = sys.argv[1:]
    serve_for_ever(listen, serve, path, mode)


main()
