#!/usr/bin/env python3
"""load.py REPLICA KEY run FILE STOP [NAME]   register user after user, NAME-N, until the file STOP is there
load.py REPLICA KEY check FILE          is every one of them in the directory?
load.py REPLICA KEY flood N [BYTES]     propose N registrations straight to the log, with policies of BYTES bytes
load.py REPLICA KEY signatures          did the log ever see two signatures for one epoch?

"run" writes "USER EPOCH" to FILE for each update that was acknowledged, and
retries the others, the same bytes under the same request id, until they are.
A refusal ends it with an error.
"""

import hashlib
import os
import sys
import time

import ksproto as ks


def make_update(folder, realm, key, user, vrf=None, size=0):
    index = (vrf.index(user) if vrf else hashlib.sha256(user).digest())
    encoded_profile = ks.profile({b"name": user}, os.urandom(32))
    policy = ks.policy_of([key])
    if size > len(policy) + 2:
        policy = b"#" + b"x" * (size - len(policy) - 2) + b"\n" + policy
    encoded_entry = ks.entry(index, 0, policy, ks.commitment(encoded_profile))
    return ks.signed_update(realm, encoded_entry, [key]), encoded_profile


def realm_name(folder):
    with open(folder + "/realm.conf", encoding="utf-8") as f:
        return [line for line in f if line.startswith("realm ")][0][6:-1]


def acknowledged(folder, body, stop):
    """The epoch of the update; asks as often as it takes."""
    conn = None
    while True:
        try:
            conn = conn or ks.Conn(folder + "/run/admit", timeout=5)
            kind, reply = conn.call(ks.UPDATE, body)
            if kind == ks.UPDATE_ACCEPTED:
                return ks.Reader(reply).u64()
            code, rule, text = ks.error(reply)
            if code != 4:
                sys.exit("load.py: refused: %s: %s" % (rule, text))
        except (OSError, EOFError):
            conn = None
        if os.path.exists(stop + ".now"):
            sys.exit("load.py: stopped while an update was not acknowledged")
        time.sleep(0.01)


def run(folder, key, path, stop, name="load"):
    realm = realm_name(folder)
    vrf = ks.read_key(folder + "/keys/vrf.key")
    n = 0
    with open(path, "a", buffering=1, encoding="ascii") as acks:
        while not os.path.exists(stop):
            user = b"%s-%d" % (name.encode(), n)
            update, encoded_profile = make_update(folder, realm, key, user,
                                                  vrf)
            epoch = acknowledged(folder, os.urandom(16) + ks.var8(user) +
                                 ks.var32(update) + ks.var32(encoded_profile) +
                                 ks.var32(b""), stop)
            acks.write("%s %d\n" % (user.decode(), epoch))
            n += 1


def check(folder, _, path):
    vrf = ks.read_key(folder + "/keys/vrf.key")
    apply, publish = (ks.Conn(folder + "/run/" + s)
                      for s in ("apply", "publish"))
    known = ks.known(folder)
    with open(path, encoding="ascii") as f:
        acks = [line.split() for line in f]
    for user, epoch in acks:
        user = user.encode()
        kind, body = apply.call(ks.APPLY_ENTRY, vrf.index(user))
        if kind != ks.APPLY_ENTRY_REPLY or ks.Reader(body).u64() != int(epoch):
            sys.exit("load.py: %s is not in epoch %s" % (user, epoch))
        kind, body = publish.call(ks.LOOKUP, ks.u64(0) + ks.u64(int(epoch)) +
                                  ks.u32(20000) + ks.var8(user) +
                                  ks.var16(b"") + known)
        if kind != ks.LOOKUP_PROOF or b"\nfound present\n" not in body:
            sys.exit("load.py: %s is not published: %s" % (
                user, body if kind == ks.LOOKUP_PROOF else ks.error(body)))
    print(len(acks))


def flood(folder, key, count, size=0):
    realm = realm_name(folder)
    conn = ks.Conn(folder + "/run/log", timeout=60)
    window = 0
    for n in range(int(count)):
        update, encoded_profile = make_update(folder, realm, key,
                                              os.urandom(16), size=int(size))
        conn.send(ks.frame(ks.LOG_PROPOSE, n + 1, ks.log_entry(
            os.urandom(16), ks.ENTRY_UPDATE, update, encoded_profile)))
        window += 1
        while window > 500 or (n + 1 == int(count) and window > 0):
            kind, _, body = conn.recv()
            if kind != ks.LOG_PROPOSED:
                sys.exit("load.py: " + str(ks.error(body)))
            window -= 1


def signatures(folder, _):
    conn = ks.Conn(folder + "/run/log")
    last = int(conn.status()[b"last"])
    seen, n, index = {}, 0, 1
    while index <= last:
        kind, body = conn.call(ks.LOG_READ, ks.u64(index) + ks.u64(last) +
                               ks.u32(200000))
        reader = ks.Reader(body)
        reader.take(40)
        for _ in range(reader.u32()):
            entry = ks.Reader(reader.var32())
            entry.take(16)
            kind, body = entry.u8(), entry.var32()
            index += 1
            if kind != ks.ENTRY_SIGNATURE:
                continue
            n += 1
            if seen.setdefault(body[:12], body) != body:
                sys.exit("load.py: two signatures of epoch %d" %
                         ks.Reader(body).u64())
    print(len(seen), n)


COMMANDS = {"run": run, "check": check, "flood": flood,
            "signatures": signatures}

if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[3] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[sys.argv[3]](sys.argv[1], ks.read_key(sys.argv[2]), *sys.argv[4:])
