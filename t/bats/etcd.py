#!/usr/bin/env python3
"""What etcd.bats needs beyond logd.py.

  etcd.py ports N              N free TCP ports of 127.0.0.1
  etcd.py persist SOCKET ACKS STOP
        proposes one entry after another, each again with its request id until it
        is acknowledged, until the file STOP is there; ACKS gets "INDEX ID" lines;
        prints how many, the longest time without one in milliseconds, and how
        often the answer was that nobody knows
  etcd.py flood SOCKET MIB     proposes so much before it reads an answer
  etcd.py one SOCKET BYTES     proposes one entry; prints the index, or the error
"""

import os
import socket
import struct
import sys
import time

from logd import (ERROR, PROPOSE, PROPOSED, STATUS, Conn, entry, finished, frame,
                  propose, started)


def ports(count):
    held = [socket.socket() for _ in range(int(count))]
    for s in held:
        s.bind(("127.0.0.1", 0))
    print(*[s.getsockname()[1] for s in held])


def answer(path, data):
    """PROPOSED's index, or the error's text; None if the daemon went away."""
    try:
        c = Conn(path)
        c.send(frame(PROPOSE, 1, data))
        got = c.take()
    except (ConnectionError, FileNotFoundError):
        return None
    if got is None:
        return None
    if got[0] == PROPOSED:
        return struct.unpack(">Q", got[2])[0]
    assert got[0] == ERROR, got
    n = got[2][2]
    return "%s: %s" % (got[2][3:3 + n].decode(), got[2][5 + n:].decode())


def persist(path, acks, stop):
    count, last, gap, unknown = 0, time.monotonic(), 0.0, 0
    with open(acks, "w") as out:
        while not os.path.exists(stop):
            rid = os.urandom(16)
            data = entry(os.urandom(40), rid=rid)
            while not os.path.exists(stop):
                index = answer(path, data)
                if isinstance(index, int):
                    out.write("%d %s\n" % (index, rid.hex()))
                    out.flush()
                    gap = max(gap, time.monotonic() - last)
                    last = time.monotonic()
                    count += 1
                    break
                assert index is None or index.startswith("log-unavailable: "), index
                unknown += 1
                time.sleep(0.02)
    print(count, round(gap * 1000), unknown)


def flood(path, mib):
    """All is sent, then the answers are read; prints how much waited at most."""
    acks, count, most = [], int(mib) * 8, 0
    thread = started(propose, path, count, count, acks, (1 << 17) - 25)
    while thread.is_alive():
        c = Conn(path)
        c.send(frame(STATUS, 1))
        lines = c.take()[2][4:].decode().split("\n")
        most = max([most] + [int(x.split()[1]) for x in lines
                             if x.startswith("etcd_waiting ")])
        thread.join(0.05)
    finished([thread])
    assert len(acks) == count
    print(most)


def one(path, size):
    print(answer(path, entry(os.urandom(int(size)))))


if __name__ == "__main__":
    {"ports": ports, "persist": persist, "one": one, "flood": flood}[sys.argv[1]](*sys.argv[2:])
