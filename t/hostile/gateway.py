#!/usr/bin/env python3
"""gateway.py LISTEN TARGET PATH deny|lose: an HTTP server of which one answer is lost.

Listens on the port LISTEN of 127.0.0.1 and passes everything on to the port TARGET
and back, but the first request for PATH: that is not passed on (deny), or is, and
its answer does not come back (lose).  Its connection is closed, and a line printed.
"""

import socket
import sys
import threading

done = threading.Event()


def back(server, client, lost):
    try:
        while data := server.recv(65536):
            if lost.is_set():
                break
            client.sendall(data)
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def serve(client, target, path, mode):
    server = socket.create_connection(("127.0.0.1", target))
    lost = threading.Event()
    threading.Thread(target=back, args=(server, client, lost), daemon=True).start()
    try:
        while data := client.recv(65536):
            if path in data and not done.is_set():
                done.set()
                lost.set()
                print("lost", flush=True)
                if mode == "deny":
                    break
            server.sendall(data)
    except OSError:
        pass
    client.close()
    server.close()


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    listen, target, path, mode = sys.argv[1:]
    sock = socket.create_server(("127.0.0.1", int(listen)))
    print("ready", flush=True)
    while True:
        client, _ = sock.accept()
        threading.Thread(target=serve, daemon=True,
                         args=(client, int(target), path.encode(), mode)).start()


main()
