#!/usr/bin/env python3
"""update.py [-b FAULT] [-v VERSION] [-P POLICY] [-i REQUEST-ID] [-a APP=VALUE]
          -r REPLICA -k KEY[,KEY...] send|entry|body|request|json USER

Make an update of USER in the realm of the folder REPLICA, signed with the KEY
files, broken as FAULT says.  "send" gives it to ks-admit and prints
"accepted EPOCH" or the rule; "entry" prints the log entry that ks-admit would
have proposed; "body" its body alone; "request" the body of the UPDATE frame that
"send" sends, "json" the same for HTTP.  POLICY is a file; without it the policy
asks for all of the keys.
"""

import base64
import getopt
import json
import os
import sys

import ksproto as ks

# What is done to the parts, by the name of the fault.  Each takes and returns
# the dictionary of the parts before they are put together.
STRANGER = ks.SignKey("stranger", b"\x07" * 32)


def realm_name(folder):
    with open(folder + "/realm.conf", encoding="utf-8") as f:
        for line in f:
            if line.startswith("realm "):
                return line[6:-1]
    raise SystemExit("update.py: no realm in realm.conf")


def garble_entry(parts):
    """Faults of the entry, before it is signed."""
    fault = parts["fault"]
    if fault == "commitment":
        parts["commitment"] = bytes(32)
    elif fault == "policy-garbage":
        parts["policy"] = b"this is no policy\n"
    elif fault == "policy-empty":
        parts["policy"] = b""
    elif fault == "policy-none":
        parts["policy"] = b"quorum none\n"
    elif fault == "policy-long":
        parts["policy"] += b"# " + b"x" * 4096 + b"\n"
    elif fault == "index":
        parts["index"] = bytes(32)
    elif fault == "profile-unsorted":
        parts["profile"] = (ks.u8(1) + bytes(32) + ks.u16(2) + ks.var8(b"b") +
                            ks.var16(b"1") + ks.var8(b"a") + ks.var16(b"2"))
    elif fault == "profile-trailing":
        parts["profile"] += b"\0"
    elif fault == "profile-short":
        parts["profile"] = parts["profile"][:-1]
    elif fault == "profile-long":
        parts["profile"] = ks.profile(
            {b"a": b"x" * 40000, b"b": b"x" * 40000}, bytes(32))
    if fault.startswith("profile-"):
        parts["commitment"] = ks.commitment(parts["profile"])
    elif fault == "no-profile":
        parts["profile"] = b""


def garble_update(parts, encoded_entry, keys):
    """The update of the entry, with the faults that come after the entry."""
    fault, realm = parts["fault"], parts["realm"]
    if fault == "entry-trailing":
        encoded_entry += b"\0"
    elif fault == "entry-version-byte":
        encoded_entry = b"\2" + encoded_entry[1:]
    message = ks.update_message(realm, encoded_entry)
    if fault == "other-realm":
        message = ks.update_message("other.example", encoded_entry)
    sigs = sorted((k.pk, k.sign(message)) for k in keys)
    if fault == "signature":
        pk, sig = sigs[0]
        sigs[0] = (pk, sig[:32] + bytes([sig[32] ^ 1]) + sig[33:])
    elif fault == "signature-extra":
        sigs = sorted(sigs + [(STRANGER.pk, bytes(64))])
    elif fault == "stranger":
        sigs = [(STRANGER.pk, STRANGER.sign(message))]
    elif fault == "twice":
        sigs = sigs[:1] * 2
    elif fault == "unsorted":
        sigs = sorted(sigs + [(STRANGER.pk, STRANGER.sign(message))])[::-1]
    elif fault == "unsigned":
        sigs = []
    elif fault == "many":
        sigs = sorted((k.pk, k.sign(message)) for k in (
            ks.SignKey("x", bytes([i]) * 32) for i in range(33)))
    encoded = ks.update(encoded_entry, sigs)
    if fault == "update-trailing":
        encoded += b"\0"
    elif fault == "update-short":
        encoded = encoded[:-1]
    elif fault == "update-version-byte":
        encoded = b"\0" + encoded[1:]
    return encoded


def main():
    opts, args = getopt.getopt(sys.argv[1:], "b:v:P:i:a:r:k:")
    opt = {"-b": "", "-v": "0", "-i": os.urandom(16).hex()}
    opt.update(opts)
    if len(args) != 2 or "-r" not in opt or "-k" not in opt:
        sys.exit(__doc__)
    command, user = args[0], os.fsencode(args[1])
    folder = opt["-r"]
    keys = [ks.read_key(k) for k in opt["-k"].split(",")]
    apps = dict(a.encode().split(b"=", 1) for o, a in opts if o == "-a")
    encoded_profile = ks.profile(apps, ks.ks_hash(b"nonce", bytes.fromhex(opt["-i"])))
    parts = {
        "fault": opt["-b"], "realm": realm_name(folder),
        "profile": encoded_profile,
        "commitment": ks.commitment(encoded_profile),
        "policy": ks.policy_of(keys),
        "index": ks.read_key(folder + "/keys/vrf.key").index(user),
    }
    if "-P" in opt:
        with open(opt["-P"], "rb") as f:
            parts["policy"] = f.read()
    garble_entry(parts)
    encoded_entry = ks.entry(parts["index"], int(opt["-v"]), parts["policy"],
                             parts["commitment"])
    update = garble_update(parts, encoded_entry, keys)
    request_id = bytes.fromhex(opt["-i"])
    if command == "body":
        sys.stdout.buffer.write(update)
    elif command == "entry":
        sys.stdout.buffer.write(ks.log_entry(
            request_id, ks.ENTRY_UPDATE, update, parts["profile"]))
    elif command in ("request", "json", "send"):
        registration = b"proof" if opt["-b"] == "registration" else b""
        request = (request_id + ks.var8(user) + ks.var32(update) +
                   ks.var32(parts["profile"]) + ks.var32(registration))
        if command == "request":
            sys.stdout.buffer.write(request)
            return
        if command == "json":
            print(json.dumps({
                "request_id": request_id.hex(), "user": user.decode(),
                "update": base64.b64encode(update).decode(),
                "profile": base64.b64encode(parts["profile"]).decode()}))
            return
        kind, body = ks.Conn(folder + "/run/admit").call(ks.UPDATE, request)
        if kind == ks.UPDATE_ACCEPTED:
            print("accepted", ks.Reader(body).u64())
        else:
            print(ks.error(body)[1])
    else:
        sys.exit(__doc__)


main()
