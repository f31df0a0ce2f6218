#!/usr/bin/env python3
"""entries.py REPLICA KIND [NAME=VALUE...]: print the body of a log entry.

The entry is right for the replica as its ks-apply and ks-logd stand now, but
for the fields that are given: those of KIND delimiter (epoch time base hash),
signature (epoch key_id signature) and ratification (epoch key_id seconds
signature).  Numbers are decimal, the others hex.
"""

import sys
import time

import ksproto as ks


def status(folder, name):
    return {k.decode(): v.decode()
            for k, v in ks.Conn(folder + "/run/" + name).status().items()}


def delimiter(folder):
    log, apply = status(folder, "log"), status(folder, "apply")
    return {
        "epoch": int(apply["closed"]) + 1,
        "time": int(time.time() * 1000),
        "base": int(log["last"]),
        "hash": bytes.fromhex(log["hash"]),
    }, lambda f: (ks.u64(f["epoch"]) + ks.u64(f["time"]) + ks.u64(f["base"]) +
                  f["hash"])


def note_text(folder):
    """The text of the newest signed note, up to its empty line."""
    kind, body = ks.Conn(folder + "/run/publish").call(ks.HEAD, ks.u64(0))
    if kind != ks.HEAD_REPLY:
        sys.exit("entries.py: no head")
    reader = ks.Reader(body)
    reader.take(168)
    return reader.var16().split(b"\n\n")[0] + b"\n"


def signature(folder):
    key = ks.read_key(folder + "/keys/sign.key")
    text = note_text(folder)
    return {
        "epoch": int(text.split(b"\n")[1]), "key_id": key.key_id(),
        "signature": key.sign(text),
    }, lambda f: ks.u64(f["epoch"]) + f["key_id"] + f["signature"]


def ratification(folder):
    key = ks.read_key(folder + "/../verifier1/keys/cosign.key")
    text = note_text(folder)
    now = int(time.time())
    return {
        "epoch": int(text.split(b"\n")[1]), "key_id": key.key_id(4),
        "seconds": now,
        "signature": key.sign(b"cosignature/v1\ntime %d\n" % now + text),
    }, lambda f: (ks.u64(f["epoch"]) + f["key_id"] + ks.u64(f["seconds"]) +
                  f["signature"])


KINDS = {"delimiter": delimiter, "signature": signature,
         "ratification": ratification}


def main():
    if len(sys.argv) < 3 or sys.argv[2] not in KINDS:
        sys.exit(__doc__)
    fields, encode = KINDS[sys.argv[2]](sys.argv[1])
    for arg in sys.argv[3:]:
        name, value = arg.split("=")
        fields[name] = (int(value) if isinstance(fields[name], int)
                        else bytes.fromhex(value))
    sys.stdout.buffer.write(encode(fields))


main()
