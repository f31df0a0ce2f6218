"""What the hostile HTTP clients of this folder share: raw connections to a server,
requests worth breaking, and the look at its process from outside."""

import os
import re
import select
import socket
import ssl
import struct

STATUS = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) ")


def connect(address, timeout=30, window=None):
    """A connection to "HOST:PORT", with a small receive window if told."""
    host, port = address.rsplit(":", 1)
    sock = socket.socket()
    if window:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    sock.settimeout(timeout)
    sock.connect((host, int(port)))
    return sock


def connect_tls(address, timeout=30):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connect(address, timeout))


def reset(sock):
    """Leave without a word: the peer gets an RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def read_all(sock):
    """All that comes until the end, at most 16 MB; a reset is an end."""
    data = bytearray()
    try:
        while len(data) < 1 << 24:
            part = sock.recv(65536)
            if not part:
                break
            data += part
    except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
        pass
    return bytes(data)


def exchange(sock, request, pause=0):
    """Send ${request}, say after ${pause} seconds that this was all, and return what comes."""
    try:
        sock.sendall(request)
        if pause:
            poll = select.poll()
            poll.register(sock, select.POLLIN)
            poll.poll(1000 * pause)
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    return read_all(sock)


def get(path, *headers, method="GET", body=None):
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: h", *headers]
    if body is not None:
        lines.append("Content-Length: %d" % len(body))
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


def status_of(answer):
    match = STATUS.match(answer)
    return int(match.group(1)) if match else 0


def lookup(address, user, tls=False, timeout=30):
    """The body of a lookup, or None if it is not served."""
    sock = (connect_tls if tls else connect)(address, timeout)
    try:
        sock.sendall(get("/v1/lookup?user=" + user, "Connection: close"))
        answer = read_all(sock)
    finally:
        sock.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return body if status_of(head) == 200 else None


def memory_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    raise SystemExit("no VmRSS of %d" % pid)


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))
