#!/usr/bin/env python3
"""A client of the socket `log`, written from PROTOCOL alone, for logd.bats.

  logd.py load SOCKET ACKS COUNT PROPOSERS FOLLOWERS
        proposes COUNT entries over PROPOSERS connections with many in flight,
        while FOLLOWERS follow; checks what they saw; ACKS gets "INDEX ID" lines
  logd.py press SOCKET ACKS     proposes until the server goes away
  logd.py check SOCKET ACKS     every line of ACKS is in the log, the hash holds
  logd.py slow SOCKET MIB       proposes MIB while one follower does not read
  logd.py bytes SOCKET          what was proposed comes back bit by bit
  logd.py hostile SOCKET        each malformed frame costs one ERROR, no more
"""

import hashlib
import os
import select
import socket
import struct
import sys
import threading

ERROR, STATUS = 0x0001, 0x0002
PROPOSE, PROPOSED, FOLLOW, ENTRIES, READ, HINT, HINT_REPLY = range(0x101, 0x108)
REALM = b"example.org"


def running(data):
    return hashlib.blake2b(data, digest_size=32, person=b"ks-log").digest()


def entry(body=b"body", kind=1, erasable=b"", rid=None):
    return ((rid or os.urandom(16)) + struct.pack(">BI", kind, len(body)) + body +
            struct.pack(">I", len(erasable)) + erasable)


def parse(data):
    kind, n = struct.unpack(">BI", data[16:21])
    return data[:16], kind, data[21:21 + n]


def frame(kind, rid, body=b""):
    return struct.pack(">IHI", 6 + len(body), kind, rid) + body


class Conn:
    def __init__(self, path):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(30)
        self.s.connect(path)
        self.buf = b""

    def send(self, data):
        self.s.sendall(data)

    def take(self):
        """The next frame, or None at the end."""
        while True:
            if len(self.buf) >= 4:
                n = struct.unpack(">I", self.buf[:4])[0]
                if len(self.buf) >= 4 + n:
                    kind, rid = struct.unpack(">HI", self.buf[4:10])
                    body, self.buf = self.buf[10:4 + n], self.buf[4 + n:]
                    return kind, rid, body
            try:
                more = self.s.recv(1 << 20)
            except ConnectionError:
                return None
            if not more:
                return None
            self.buf += more


def entries(body):
    first, = struct.unpack(">Q", body[:8])
    n, = struct.unpack(">I", body[40:44])
    out, at = [], 44
    for _ in range(n):
        size, = struct.unpack(">I", body[at:at + 4])
        out.append(body[at + 4:at + 4 + size])
        assert len(out[-1]) == size
        at += 4 + size
    assert at == len(body)
    return first, body[8:40], out


class Replay:
    """The log from its first entry on: indices without a gap, hashes right."""

    def __init__(self):
        self.hash = running(REALM)
        self.ids = [None]

    def take(self, body):
        first, before, got = entries(body)
        assert first == len(self.ids), (first, len(self.ids))
        assert before == self.hash
        for e in got:
            rid, kind, text = parse(e)
            self.hash = running(self.hash + struct.pack(">Q", len(self.ids)) +
                                rid + bytes([kind]) + text)
            self.ids.append(rid)
        return len(got)


def follow(path, count, out, reads=None):
    c, r = Conn(path), Replay()
    c.send(frame(FOLLOW, 7, struct.pack(">Q", 1)))
    if reads is not None:
        assert reads.wait(60)
    frames = 0
    while len(r.ids) <= count:
        kind, rid, body = c.take()
        assert kind == ENTRIES and rid == 7 and len(body) < 600000
        assert r.take(body) <= 4096
        frames += 1
    out.append(r)


def propose(path, count, window, acks, size=40):
    c, waiting, sent, last = Conn(path), {}, 0, 0
    while sent < count or waiting:
        while sent < count and len(waiting) < window:
            sent += 1
            rid = os.urandom(16)
            waiting[sent] = rid
            c.send(frame(PROPOSE, sent, entry(os.urandom(size), rid=rid)))
        got = c.take()
        if got is None:
            return False
        assert got[0] == PROPOSED, got
        index, = struct.unpack(">Q", got[2])
        assert index > last, "one connection's proposals keep their order"
        last = index
        acks.append((index, waiting.pop(got[1])))
    return True


def started(f, *args):
    failed = []

    def run():
        try:
            f(*args)
        except BaseException as e:
            failed.append(e)
            raise
    t = threading.Thread(target=run, daemon=True)
    t.failed = failed
    t.start()
    return t


def finished(threads):
    for t in threads:
        t.join(60)
        assert not t.is_alive() and not t.failed


def write_acks(name, acks):
    with open(name, "a") as f:
        for index, rid in acks:
            f.write("%d %s\n" % (index, rid.hex()))


def load(path, name, count, proposers, followers):
    count, proposers, acks, seen = int(count), int(proposers), [], []
    total = count // proposers * proposers
    threads = [started(follow, path, total, seen) for _ in range(int(followers))]
    threads += [started(propose, path, count // proposers, 200, acks)
                for _ in range(proposers)]
    finished(threads)
    assert len(acks) == total and len(seen) == int(followers)
    assert sorted(i for i, _ in acks) == list(range(1, total + 1))
    for r in seen:
        assert r.hash == seen[0].hash
        assert all(r.ids[index] == rid for index, rid in acks)
    write_acks(name, acks)


def press(path, name):
    acks = []
    try:
        propose(path, 1 << 40, 50, acks, 500)
    except ConnectionError:
        pass
    assert acks
    write_acks(name, acks)


def check(path, name):
    c = Conn(path)
    c.send(frame(HINT, 1))
    kind, rid, body = c.take()
    leader, last = struct.unpack(">BQ", body)
    assert (kind, rid) == (HINT_REPLY, 1) and leader <= 1
    r = Replay()
    while len(r.ids) <= last:
        c.send(frame(READ, 2, struct.pack(">QQI", len(r.ids), last, 1 << 18)))
        kind, rid, body = c.take()
        assert kind == ENTRIES and r.take(body) > 0
    with open(name) as f:
        lines = [line.split() for line in f]
    assert lines
    for index, rid in lines:
        assert r.ids[int(index)].hex() == rid, "acknowledged and lost"
    print("%d entries, %d acknowledged" % (last, len(lines)))


def slow(path, mib):
    go, acks, seen = threading.Event(), [], []
    count = int(mib) * 8
    thread = started(follow, path, count, seen, go)
    assert propose(path, count, 4, acks, (1 << 17) - 25)
    with open("/proc/%s/status" % os.environ["LOGD_PID"]) as f:
        rss = [int(x.split()[1]) for x in f if x.startswith("VmHWM")][0]
    go.set()
    finished([thread])
    print("high water %d KiB" % rss)


def whole(path):
    c = Conn(path)
    sent = [entry(b"", 3), entry(bytes(range(256)), 1, b"profile"),
            entry(b"x" * (131072 - 25), 2), entry(b"", 4, b"y" * (131072 - 25))]
    for i, e in enumerate(sent):
        c.send(frame(PROPOSE, i, e))
    for i in range(len(sent)):
        assert c.take() == (PROPOSED, i, struct.pack(">Q", i + 1))
    c.send(frame(READ, 9, struct.pack(">QQI", 1, 9, 1 << 20)))
    assert entries(c.take()[2])[2] == sent
    c.send(frame(READ, 9, struct.pack(">QQI", 2, 3, 0)))
    assert entries(c.take()[2])[2] == sent[1:2]
    c.send(frame(READ, 9, struct.pack(">QQI", 5, 9, 99)))
    assert entries(c.take()[2])[2] == []
    c.send(frame(FOLLOW, 3, struct.pack(">Q", 5)))
    assert entries(c.take()[2])[2] == []
    c.send(frame(PROPOSE, 4, sent[0]))
    assert {c.take()[0], c.take()[0]} == {PROPOSED, ENTRIES}


def refused(path, request, code, rule, closes):
    """Exactly one ERROR of this code and rule (None: any)."""
    c = Conn(path)
    c.send(request)
    kind, rid, body = c.take()
    n = body[2]
    got = struct.unpack(">H", body[:2])[0], body[3:3 + n].decode()
    assert kind == ERROR and got[0] == code and rule in (None, got[1]), got
    if closes:
        assert c.take() is None
    else:
        c.send(frame(STATUS, 99))
        assert c.take()[0:2] == (STATUS + 1, 99)


def hostile(path):
    u64 = struct.Struct(">Q").pack
    for n in (0, 5, 1048577, 0xffffffff):
        refused(path, struct.pack(">IHI", n, PROPOSE, 1), 1, None, True)
    for kind in (0, PROPOSED, ENTRIES, HINT_REPLY, 0x201, 0xffff):
        refused(path, frame(kind, 1), 2, None, True)
    for body in (b"", u64(1)[:7], u64(1) + b"x", u64(0)):
        refused(path, frame(FOLLOW, 1, body), 1, None, True)
    for body in (b"", u64(1) * 2, u64(0) + u64(1) + b"\0\0\0\1"):
        refused(path, frame(READ, 1, body), 1, None, True)
    refused(path, frame(HINT, 1, b"x"), 1, None, True)
    refused(path, frame(STATUS, 1, b"x"), 1, None, True)
    refused(path, frame(4, 1, b"\2" + b"\xff" * 12), 1, None, True)
    good = entry()
    for body in (b"", good[:-1], good + b"x", good[:16] + b"\0" + good[17:],
                 good[:16] + b"\6" + good[17:], b"\xff" * 40,
                 entry(b"x" * (131072 - 24)), b"x" * 1048570):
        refused(path, frame(PROPOSE, 1, body), 3, "entry-malformed", False)
    far = u64(1 << 63)
    refused(path, frame(FOLLOW, 1, far), 3, "log-shorter", False)
    refused(path, frame(READ, 1, far * 2 + b"\0\0\0\1"), 3, "log-shorter", False)
    c = Conn(path)
    c.send(frame(FOLLOW, 1, u64(1)) + frame(FOLLOW, 2, u64(1)))
    assert [c.take()[0], c.take()[0]] == [ENTRIES, ERROR]
    noise = Conn(path)
    try:
        noise.send(os.urandom(1 << 16))
    except ConnectionError:
        pass
    select.select([noise.s], [], [], 10)
    half = Conn(path)
    half.send(frame(PROPOSE, 1, good)[:20])
    half.s.close()


if __name__ == "__main__":
    {"load": load, "press": press, "check": check, "slow": slow,
     "bytes": whole, "hostile": hostile}[sys.argv[1]](*sys.argv[2:])
