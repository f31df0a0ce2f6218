#!/usr/bin/env python3
"""keyids.py SOCKET SEED    send broken and random frames to ks-keyids; each must be
answered by ERROR, or by KEYIDS_FOUND, and others be served afterwards"""

import random
import sys

import ksproto as ks

path, rng = sys.argv[1], random.Random(int(sys.argv[2]))


def answer(kind, body):
    """The type of the answer to one frame on a connection of its own."""
    conn = ks.Conn(path)
    try:
        return conn.call(kind, body)
    finally:
        conn.close()


def refused(kind, body, code):
    got, text = answer(kind, body)
    if got != ks.ERROR or ks.error(text)[0] != code:
        raise SystemExit("keyids.py: %#x %s was not refused" % (kind, body.hex()))


refused(ks.KEYIDS_FIND, b"", 1)
refused(ks.KEYIDS_FIND, b"\x08abc", 1)
refused(ks.KEYIDS_FIND, ks.var8(bytes(8)) + b"x", 1)
refused(ks.KEYIDS_FIND, bytes(300), 1)
refused(ks.KEYIDS_FOUND, bytes(10), 2)
for length in set(range(256)) - {8, 20, 32}:
    refused(ks.KEYIDS_FIND, ks.var8(bytes(length)), 3)
for _ in range(300):
    body = rng.randbytes(rng.choice((1, 9, 21, 33, rng.randrange(300))))
    if rng.random() < 0.7 and body:
        body = bytes([len(body) - 1 & 0xff]) + body[1:]
    kind, _ = answer(ks.KEYIDS_FIND, body)
    if kind not in (ks.ERROR, ks.KEYIDS_FOUND):
        raise SystemExit("keyids.py: a frame of type %#x" % kind)

# Many in one go, answered in order.
conn = ks.Conn(path)
conn.send(b"".join(ks.frame(ks.KEYIDS_FIND, i, ks.var8(rng.randbytes(20)))
                   for i in range(1, 1001)))
for i in range(1, 1001):
    kind, got, body = conn.recv()
    if (kind, got) != (ks.KEYIDS_FOUND, i):
        raise SystemExit("keyids.py: answer %d is %#x of %d" % (i, kind, got))
