#!/usr/bin/env python3
"""greedy.py SOCKET          one client asks for all the places that there are
greedy.py SOCKET KEY      the same of ks-admit, with a user's key

Leaves with 0 if it got no more than a connection's share, the rest was refused
with ERROR 4, another client got places, and all came free when it left.
"""

import os
import sys

import ksproto as ks
import load

TOO_MANY = (4, "too-many-waiting")


def fail(what):
    sys.exit("greedy.py: " + what)


def waiting(path, field):
    return int(ks.Conn(path).status()[field])


def ask(path, requests):
    """Send them all, and a STATUS; return the connection and the ERRORs."""
    conn = ks.Conn(path)
    conn.send(b"".join(ks.frame(kind, n + 10, body)
                       for n, (kind, body) in enumerate(requests)))
    conn.send(ks.frame(ks.STATUS, 1))
    errors = []
    while True:
        kind, request_id, body = conn.recv()
        if request_id == 1:
            return conn, errors
        if kind == ks.ERROR:
            errors.append(ks.error(body)[:2])


def share(path, field, make, asked, allowed):
    """Of ${asked} requests of one client just ${allowed} wait."""
    before = waiting(path, field)
    greedy, errors = ask(path, [make(n) for n in range(asked)])
    if errors != [TOO_MANY] * (asked - allowed):
        fail("%d ERRORs, not %d: %s" % (len(errors), asked - allowed,
                                        errors[:3]))
    if waiting(path, field) != before + allowed:
        fail("%d wait" % waiting(path, field))
    other, errors = ask(path, [make(asked)])
    if errors or waiting(path, field) != before + allowed + 1:
        fail("another client got no place")
    other.close()
    greedy.close()
    while waiting(path, field) != before:
        pass


def apply(path):
    share(path, b"waiting", lambda n: (ks.APPLY_OUTCOME, os.urandom(16)),
          16500, 16384)
    _, errors = ask(path, [(ks.APPLY_FOLLOW, ks.u64(1))] * 3)
    if errors != [(3, "stream-repeated")] * 2:
        fail("a second stream of events: %s" % errors)


def publish(path):
    far = ks.u64(1 << 62)
    known = ks.known(os.path.dirname(os.path.dirname(path)))
    share(path, b"lookups_waiting", lambda n: (
        ks.LOOKUP, far + ks.u64(0) + ks.u32(600000) + ks.var8(b"a") +
        ks.var16(b"") + known), 1100, 1024)
    share(path, b"feeds", lambda n: (ks.FEED, far), 20, 16)


def make_update(folder, key, value):
    """An UPDATE without its request id that registers a user with ${value}."""
    profile = ks.profile({b"a": value}, os.urandom(32))
    index = ks.read_key(folder + "/keys/vrf.key").index(b"greedy")
    entry = ks.entry(index, 0, ks.policy_of([key]), ks.commitment(profile))
    update = ks.signed_update(load.realm_name(folder), entry, [key])
    return (ks.var8(b"greedy") + ks.var32(update) + ks.var32(profile) +
            ks.var32(b""))


def admit(path):
    """ks-apply is stopped: what is asked for stays open."""
    folder = os.path.dirname(os.path.dirname(path))
    key = ks.read_key(sys.argv[2])
    small = make_update(folder, key, b"x")
    share(path, b"waiting", lambda n: (ks.UPDATE, os.urandom(16) + small),
          2600, 2500)

    # Large ones come to the share of bytes first, also the same many times.
    body = os.urandom(16) + make_update(folder, key, bytes(60000))
    share(path, b"waiting", lambda n: (ks.UPDATE, body), 1200,
          (64 << 20) // len(body))


def main():
    attacks = {"apply": apply, "publish": publish, "admit": admit}
    name = os.path.basename(sys.argv[1]) if len(sys.argv) > 1 else ""
    if name not in attacks:
        sys.exit(__doc__)
    attacks[name](sys.argv[1])


main()
