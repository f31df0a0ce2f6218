#!/usr/bin/env python3
"""publisher.py LISTEN PUBLISH REPLICA LIE: a publisher that may lie.

Listens on the socket LISTEN, passes everything on to the socket PUBLISH and
back, and while the file LIE is there changes what it feeds as the word in that
file says.  With "signed" before the word it signs its lie with the key of the
folder REPLICA, so that a majority of replicas vouches for it.
"""

import base64
import hashlib
import os
import socket
import struct
import sys
import threading

import ksproto as ks
from listener import serve_for_ever

STRANGER = ks.SignKey("stranger", b"\x09" * 32)


# -- the epoch log (RFC 6962) -------------------------------------------------

def merkle_root(leaves):
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + merkle_root(leaves[:half]) +
                          merkle_root(leaves[half:])).digest()


# -- heads ---------------------------------------------------------------------

FIELDS = (("label", 16), ("realm", 32), ("epoch", 8), ("root", 32),
          ("time", 8), ("updates", 8), ("list", 32), ("policy", 32))


def split_head(head):
    reader = ks.Reader(head)
    fields = {name: reader.take(n) for name, n in FIELDS}
    reader.end()
    return fields


def join_head(fields):
    return b"".join(fields[name] for name, _ in FIELDS)


def number(field):
    return struct.unpack(">Q", field)[0]


class Liar:
    def __init__(self, publish, replica, lie):
        self.publish, self.lie = publish, lie
        self.key = ks.read_key(replica + "/keys/sign.key")
        self.realm = self.key.name

    def head_of(self, epoch):
        kind, body = ks.Conn(self.publish).call(ks.HEAD, ks.u64(epoch))
        if kind != ks.HEAD_REPLY:
            sys.exit("publisher.py: no head %d" % epoch)
        return body[:168]

    def note(self, epoch, head):
        """A note on the epoch log that ends with ${head}, signed."""
        leaves = [self.head_of(e) for e in range(1, epoch)] + [head]
        text = b"%s\n%d\n%s\n" % (self.realm.encode(), epoch,
                                  base64.b64encode(merkle_root(leaves)))
        sig = base64.b64encode(self.key.key_id() + self.key.sign(text))
        return (text + b"\n" + "\N{EM DASH} ".encode() + self.realm.encode() +
                b" " + sig + b"\n")

    def bad_update(self):
        """A registration whose signature is not by the key it names."""
        entry = ks.entry(os.urandom(32), 0, ks.policy_of([STRANGER]),
                         bytes(32))
        return ks.update(entry, [(STRANGER.pk, bytes(64))])

    def good_update(self):
        """A registration that meets every rule, but that nobody made."""
        entry = ks.entry(os.urandom(32), 0, ks.policy_of([STRANGER]),
                         bytes(32))
        return ks.signed_update(self.realm, entry, [STRANGER])

    def more(self, head, update):
        """The head with one more update, and the frame that brings it."""
        head["updates"] = ks.u64(number(head["updates"]) + 1)
        head["list"] = ks.ks_hash(b"ks-updates", head["list"] + update)
        return (ks.FEED_UPDATES, head["epoch"] + ks.u32(1) + ks.var32(update))

    def lie_about(self, word, body):
        """The frames to send instead of the FEED_HEAD with this body."""
        signed = word[0] == "signed"
        word = word[-1]
        head = split_head(body[:168])
        epoch = number(head["epoch"])
        frames = []
        if word in ("root", "fork"):
            head["root"] = bytes(32)
        elif word == "count":
            head["updates"] = ks.u64(number(head["updates"]) + 1)
        elif word == "list":
            head["list"] = bytes(32)
        elif word == "time":
            head["time"] = ks.u64(1)
        elif word == "unnamed":
            # Another policy, of which nobody is told the text.
            head["policy"] = bytes(32)
        elif word == "policy":
            text = b"quorum none\n"
            head["policy"] = hashlib.sha256(text).digest()
            frames = [(ks.FEED_POLICY, ks.u64(epoch + 1) + ks.u64(2) +
                       ks.var16(text))]
        elif word == "told":
            # The head names no other policy than the one in force.
            return [(ks.FEED_POLICY, ks.u64(epoch + 1) + ks.u64(2) +
                     ks.var16(b"quorum none\n")), (ks.FEED_HEAD, body)]
        elif word == "realm":
            head["realm"] = bytes(32)
        elif word == "epoch":
            head["epoch"] = ks.u64(epoch + 1)
        elif word == "label":
            head["label"] = b"ks/head/v2".ljust(16, b"\0")
        elif word == "bad-update":
            frames = [self.more(head, self.bad_update())]
        elif word == "added-update":
            # The root is that of the tree without it.
            frames = [self.more(head, self.good_update())]
        elif word == "smuggled":
            # The head is the true one.
            return [self.more(dict(head), self.good_update()),
                    (ks.FEED_HEAD, body)]
        elif word == "garbage":
            return [(ks.FEED_HEAD, b"garbage")]
        elif word == "note":
            return [(ks.FEED_HEAD, body[:168] + ks.var16(b"not a note"))]
        elif word == "silence":
            return []
        head = join_head(head)
        note = (ks.var16(self.note(epoch, head)) if signed else body[168:])
        return frames + [(ks.FEED_HEAD, head + note)]

    def change(self, kind, body):
        try:
            with open(self.lie, encoding="ascii") as f:
                word = f.read().split()
        except FileNotFoundError:
            word = []
        if kind != ks.FEED_HEAD or not word:
            return [(kind, body)]
        return self.lie_about(word, body)


def pass_on(source, target):
    """Bytes as they are."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for sock in (source, target):
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client, liar):
    try:
        server = ks.Conn(liar.publish, timeout=None)
    except OSError:
        client.close()
        return
    threading.Thread(target=pass_on, args=(client, server.sock),
                     daemon=True).start()
    try:
        while True:
            kind, request_id, body = server.recv()
            for kind, body in liar.change(kind, body):
                client.sendall(ks.frame(kind, request_id, body))
    except (OSError, EOFError):
        client.close()


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    listen, publish, replica, lie = sys.argv[1:]
    serve_for_ever(listen, serve, Liar(publish, replica, lie))


main()
