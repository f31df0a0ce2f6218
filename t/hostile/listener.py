"""The listening half of the servers that play a daemon's part."""

import os
import socket
import threading


def serve_for_ever(path, serve, *args):
    """Listen on the socket path; serve(client, *args) in a thread for each client."""
    if os.path.exists(path):
        os.unlink(path)
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    sock.listen(16)
    while True:
        client, _ = sock.accept()
        threading.Thread(target=serve, args=(client, *args), daemon=True).start()
