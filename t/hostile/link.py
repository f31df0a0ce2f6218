#!/usr/bin/env python3
"""A peer of ks-link that is nobody's friend.

link.py cert DIR FROM TO           make DIR/link.key and DIR/link.crt, valid from FROM to TO
                                   seconds from now; print its pin
link.py dial ADDR DIR REALM SERVICE    connect with the certificate in DIR and greet; print
                                   "accepted" or the rule of the refusal, or "closed"
link.py raw ADDR DIR HEX           connect, send these bytes instead; print as dial
link.py bare ADDR                  connect without a certificate; print as dial
link.py garbage ADDR               send what is no TLS; print how many bytes came back
link.py idle ADDR COUNT FILE       open COUNT connections, say nothing, write FILE, stay
link.py serve DIR FILE [REPLY]     write a port to FILE; for each that connects, shake hands with
                                   the certificate in DIR and send REPLY (hex), or with DIR "-"
                                   send garbage; print how many bytes it sent to us after that
link.py echo SOCKET                be a service that sends back what it gets, to the end of each half
link.py send SOCKET BYTES          send so many bytes, end that half, then read: print "same" or not
link.py stuff SOCKET               send until nobody takes more for a second; print how many bytes
link.py hold SOCKET COUNT FILE     open COUNT connections, ask each for STATUS, print how many
                                   were answered, write FILE, stay
"""

import base64
import datetime
import hashlib
import os
import select
import signal
import socket
import ssl
import sys
import threading
import time

import ksproto as ks

ED25519 = bytes.fromhex("300506032b6570")


# -- a certificate ----------------------------------------------------------

def der(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(body).to_bytes(size, "big") + body


def utc(seconds):
    then = datetime.datetime.fromtimestamp(time.time() + seconds, datetime.timezone.utc)
    return der(0x17, then.strftime("%y%m%d%H%M%SZ").encode())


def pem(path, label, body):
    with open(path, "w") as f:
        f.write("-----BEGIN %s-----\n%s-----END %s-----\n" % (
            label, base64.encodebytes(body).decode(), label))
    os.chmod(path, 0o600)


def cert(folder, start, end):
    seed = os.urandom(32)
    key = ks.SignKey("link", seed)
    name = der(0x30, der(0x31, der(0x30, der(0x06, b"\x55\x04\x03"),
                                   der(0x0c, b"hostile"))))
    tbs = der(0x30, der(0xa0, der(0x02, b"\x02")), der(0x02, b"\x01" + os.urandom(8)),
              ED25519, name, der(0x30, utc(int(start)), utc(int(end))), name,
              der(0x30, ED25519, der(0x03, b"\0" + key.pk)))
    whole = der(0x30, tbs, ED25519, der(0x03, b"\0" + key.sign(tbs)))
    os.makedirs(folder, exist_ok=True)
    pem(folder + "/link.key", "PRIVATE KEY", der(
        0x30, der(0x02, b"\0"), ED25519, der(0x04, der(0x04, seed))))
    pem(folder + "/link.crt", "CERTIFICATE", whole)
    print("SHA256:" + hashlib.sha256(whole).hexdigest())


# -- both sides of TLS ------------------------------------------------------

def context(server, folder):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    ctx.check_hostname = False
    ctx.verify_mode = ssl.CERT_NONE
    if folder:
        ctx.load_cert_chain(folder + "/link.crt", folder + "/link.key")
    return ctx


def connect(addr):
    host, port = addr.rsplit(":", 1)
    conn = socket.create_connection((host, int(port)), 20)
    return conn


def greeting(*words):
    body = b"\1" + b"".join(ks.u8(len(w)) + w for w in words)
    return ks.u16(len(body)) + body


def ask(addr, folder, data):
    """What the other side replies to these bytes."""
    try:
        conn = context(False, folder).wrap_socket(connect(addr))
        conn.sendall(data)
        reply = b""
        while len(reply) < 2 or len(reply) < 2 + int.from_bytes(reply[:2], "big"):
            more = conn.recv(1)
            if not more:
                return "closed"
            reply += more
    except (ssl.SSLError, ConnectionError, socket.timeout):
        return "closed"
    rule = reply[4:].decode()
    if rule and conn.recv(1):
        return "more than a refusal"
    if not rule:
        # Leave as one does who has nothing more to ask.
        conn.unwrap()
    return rule or "accepted"


def dial(addr, folder, realm, service):
    print(ask(addr, folder, greeting(realm.encode(), service.encode())))


def raw(addr, folder, data):
    print(ask(addr, folder, bytes.fromhex(data)))


def bare(addr):
    print(ask(addr, None, greeting(b"link.example", b"log")))


def garbage(addr):
    conn = connect(addr)
    got = b""
    try:
        conn.sendall(os.urandom(4096))
        while more := conn.recv(4096):
            got += more
    except ConnectionError:
        pass
    # A TLS alert, at most.
    print(len(got) if got[:1] not in (b"", b"\x15") or len(got) > 7 else "nothing")


def stay(path):
    """Say in the file that all is there; stay until killed."""
    with open(path + ".new", "w") as f:
        f.write("there\n")
    os.rename(path + ".new", path)
    signal.pause()


def idle(addr, count, path):
    held = [connect(addr) for _ in range(int(count))]
    stay(path)
    del held


def serve_one(conn, folder, reply):
    conn.settimeout(20)
    if folder == "-":
        conn.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" * 100)
        got = b""
    else:
        try:
            tls = context(True, folder).wrap_socket(conn, server_side=True)
            if reply:
                tls.sendall(bytes.fromhex(reply))
            got = b""
            while more := tls.recv(65536):
                got += more
        except (OSError, ssl.SSLError):
            pass
    print(len(got), flush=True)
    conn.close()


def serve(folder, path, reply=""):
    listener = socket.create_server(("127.0.0.1", 0))
    with open(path + ".new", "w") as f:
        f.write("%d\n" % listener.getsockname()[1])
    os.rename(path + ".new", path)
    listener.settimeout(50)
    while True:
        conn, _ = listener.accept()
        serve_one(conn, folder, reply)


# -- what is carried --------------------------------------------------------

def unix(path):
    conn = socket.socket(socket.AF_UNIX)
    conn.connect(path)
    return conn


def echo_one(conn):
    try:
        while data := conn.recv(65536):
            conn.sendall(data)
        conn.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    conn.close()


def echo(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(100)
    while True:
        threading.Thread(target=echo_one, args=(listener.accept()[0],),
                         daemon=True).start()


def send(path, count):
    conn = unix(path)
    data = os.urandom(int(count))

    def write():
        conn.sendall(data)
        conn.shutdown(socket.SHUT_WR)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    got = b""
    while more := conn.recv(1 << 20):
        got += more
    writer.join()
    print("same" if got == data else "%d of %d bytes" % (len(got), len(data)))


def stuff(path):
    conn = unix(path)
    conn.setblocking(False)
    count = 0
    while select.select([], [conn], [], 1)[1]:
        count += conn.send(bytes(65536))
    print(count)


def hold(path, count, done):
    held, answered = [], 0
    for _ in range(int(count)):
        conn = unix(path)
        conn.settimeout(20)
        held.append(conn)
        try:
            conn.sendall(ks.u32(6) + ks.u16(ks.STATUS) + ks.u32(1))
            answered += bool(conn.recv(1))
        except OSError:
            pass
    print(answered, flush=True)
    stay(done)


COMMANDS = {f.__name__: f for f in (cert, dial, raw, bare, garbage, idle, serve, echo,
                                    send, stuff, hold)}

if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
    sys.exit(__doc__)
COMMANDS[sys.argv[1]](*sys.argv[2:])
