#!/usr/bin/env python3
"""frames.py SOCKET ATTACK: a peer that does not keep to the frame protocol.

Leaves with 0 if the daemon answered as PROTOCOL section 11 says and then served
an honest client, with a message otherwise.  Prints the rule of each ERROR.
"""

import os
import random
import socket
import sys

import ksproto as ks

# The requests of each socket with a body that is well-formed.
REQUESTS = {
    "log": {
        ks.LOG_FOLLOW: ks.u64(1),
        ks.LOG_READ: ks.u64(1) + ks.u64(2) + ks.u32(1000),
        ks.LOG_HINT: b"",
        ks.LOG_POSITION: b"",
    },
    "apply": {
        ks.APPLY_FOLLOW: ks.u64(1),
        ks.APPLY_ENTRY: bytes(32),
        ks.APPLY_OUTCOME: bytes(16),
    },
    "publish": {
        ks.LOOKUP: (ks.u64(0) + ks.u64(0) + ks.u32(0) + ks.var8(b"alice") +
                    ks.var16(b"") + bytes(32)),
        ks.HEAD: ks.u64(0),
        ks.CONSISTENCY: ks.u64(1) + ks.u64(1),
        ks.FEED: ks.u64(1),
        ks.RATIFY: ks.u64(1) + bytes(4) + ks.u64(1) + bytes(64),
    },
    "admit": {
        ks.UPDATE: (bytes(16) + ks.var8(b"alice") + ks.var32(b"") +
                    ks.var32(b"") + ks.var32(b"")),
    },
    "sign": {},
    "ratify": {},
}
COMMON = {
    ks.STATUS: b"",
    ks.DUMP: ks.u8(1) + ks.var16(b"") + ks.var16(b"") + ks.u32(1),
}


def fail(what):
    sys.exit("frames.py: " + what)


def refused(path, data, code, request_id, what):
    """Send ${data}: an ERROR with the code comes, then the end."""
    conn = ks.Conn(path)
    try:
        conn.send(data)
    except BrokenPipeError:
        pass  # it closed before it had taken all
    try:
        kind, got_id, body = conn.recv()
    except (EOFError, ConnectionResetError):
        fail("%s: closed without an ERROR" % what)
    if kind != ks.ERROR:
        fail("%s: answered with type 0x%04x" % (what, kind))
    got, rule, _ = ks.error(body)
    if got != code or (request_id is not None and got_id != request_id):
        fail("%s: ERROR %d for request %d" % (what, got, got_id))
    if not rule:
        fail("%s: an ERROR without a rule" % what)
    print(rule)
    try:
        while conn.sock.recv(65536):
            pass
    except ConnectionResetError:
        pass
    conn.close()


def lengths(path, _):
    for n in (0, 1, 5, ks.FRAME_LEN_MAX + 1, 2 ** 31, 2 ** 32 - 1):
        refused(path, ks.u32(n) + bytes(64), 1, None, "length %d" % n)


def types(path, name):
    known = set(COMMON) | set(REQUESTS[name])
    # LOG_PROPOSE is known too, though nothing well-formed is sent here.
    known.add(ks.LOG_PROPOSE if name == "log" else ks.STATUS)
    for kind in (0, 1, 3, 5, 0x0100, 0x0102, 0x0104, 0x0107, 0x0101, 0x0202,
                 0x0204, 0x0207, 0x0302, 0x0309, 0x030c, 0x0401, 0x0402, 0xffff):
        if kind not in known:
            refused(path, ks.frame(kind, 7), 2, 7, "type 0x%04x" % kind)


def bodies(path, name):
    """Each request with a byte too few and a byte too many."""
    requests = {**COMMON, **REQUESTS[name]}
    for kind, body in requests.items():
        what = "type 0x%04x, " % kind
        refused(path, ks.frame(kind, 9, body + b"\0"), 1, 9, what + "long")
        refused(path, ks.frame(kind, 9, body + bytes(5000)), 1, 9,
                what + "longer")
        if body:
            refused(path, ks.frame(kind, 9, body[:-1]), 1, 9, what + "short")
            refused(path, ks.frame(kind, 9), 1, 9, what + "empty")


def zeros(path, name):
    """Numbers that no request may have."""
    if name in ("log", "apply"):
        kind = ks.LOG_FOLLOW if name == "log" else ks.APPLY_FOLLOW
        refused(path, ks.frame(kind, 9, ks.u64(0)), 1, 9, "follow from 0")
    if name == "publish":
        for kind, body in ((ks.LOOKUP, ks.u64(0) + ks.u64(0) + ks.u32(600001) +
                            ks.var8(b"alice") + ks.var16(b"") +
                            bytes(32)),):
            refused(path, ks.frame(kind, 9, body), 1, 9, "0x%04x" % kind)


def garbage(path, _):
    """Noise; seeded, so that a failure can be repeated."""
    seed = int(os.environ.get("KS_SEED", "20240229"))
    noise = random.Random(seed)
    for n in (1, 3, 4, 9, 10, 11, 100, 5000, 70000):
        for _ in range(5):
            conn = ks.Conn(path)
            try:
                conn.send(noise.randbytes(n))
                conn.sock.shutdown(socket.SHUT_WR)
                while conn.sock.recv(65536):
                    pass
            except (BrokenPipeError, ConnectionResetError):
                pass
            except TimeoutError:
                fail("%d bytes of noise (seed %d): no end" % (n, seed))
            conn.close()


def half(path, _):
    """Frames that are cut by a peer that goes away at every byte."""
    whole = ks.frame(ks.STATUS, 1) + ks.frame(ks.DUMP, 2, COMMON[ks.DUMP])
    for n in range(len(whole)):
        conn = ks.Conn(path)
        conn.send(whole[:n])
        conn.close()
    # One that stays is waited for, and holds up nobody.
    slow = ks.Conn(path)
    slow.send(whole[:7])
    ks.Conn(path).status()
    slow.send(whole[7:10])
    if slow.recv()[0] != ks.STATUS_REPLY:
        fail("a slow frame was not answered")


def pipelined(path, _):
    """Every byte on its own, and many requests at once."""
    conn = ks.Conn(path)
    for byte in ks.frame(ks.STATUS, 3):
        conn.send(bytes([byte]))
    conn.send(b"".join(ks.frame(ks.STATUS, n) for n in range(100, 600)))
    ids = [conn.recv()[1] for _ in range(501)]
    if sorted(ids) != [3] + list(range(100, 600)):
        fail("not every request was answered once")


def crowd(path, _):
    """200 connections at a time, each answered; then more than are served."""
    conns = [ks.Conn(path) for _ in range(200)]
    for conn in conns:
        conn.status()
    ks.Conn(path).status()
    conns += [ks.Conn(path) for _ in range(100)]
    for conn in conns[:200]:
        conn.close()
    for conn in conns[200:]:
        conn.status()


def idle(path, _):
    """As many idle connections as are served, and one client more."""
    conns = [ks.Conn(path) for _ in range(256)]
    for conn in conns:
        conn.status()
    ks.Conn(path, timeout=60).status()
    gone = 0
    for conn in conns:
        try:
            conn.status()
        except (EOFError, OSError):
            gone += 1
    # It and the daemons that are connected as well, each in the place of one.
    if not 1 <= gone <= 16:
        fail("%d of 256 idle connections gave way to one" % gone)


def deaf(path, _):
    """A peer that asks and never reads, while others are served."""
    conn = ks.Conn(path, timeout=1)
    ask = b"".join(ks.frame(ks.STATUS, n) for n in range(1000))
    try:
        for _ in range(1000):
            conn.send(ask)
        fail("16 MB of requests were read, but no reply was")
    except (TimeoutError, BrokenPipeError, ConnectionResetError):
        pass
    ks.Conn(path).status()


ATTACKS = {f.__name__: f for f in (lengths, types, bodies, zeros, garbage, half,
                                   pipelined, crowd, idle, deaf)}


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in ATTACKS:
        sys.exit(__doc__ + "\nATTACK: " + " ".join(ATTACKS))
    path = sys.argv[1]
    ATTACKS[sys.argv[2]](path, os.path.basename(path))
    ks.Conn(path).status()


main()
