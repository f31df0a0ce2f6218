#!/usr/bin/env python3
"""rpc.py SOCKET status [NAME]      print what a daemon says of itself
rpc.py SOCKET outcome HEX...       print "accepted EPOCH" or the rule, for each request id
rpc.py SOCKET recorded INDEX       print "accepted" or the rule in the row of the log's index (socket apply)
rpc.py SOCKET rows TABLE           print the rows of a table in hex
rpc.py SOCKET root EPOCH           print the directory root of the epoch (socket publish)
rpc.py SOCKET note EPOCH           print the checkpoint of the epoch with its signatures (socket publish)
rpc.py SOCKET entry KEYS USER      print "VERSION EPOCH" of the user, or "none" (socket apply)
rpc.py SOCKET history USER FROM MAX    print "EPOCH VERSION" of each version, then "next EPOCH" (socket publish)
rpc.py SOCKET bundle EPOCH         write the frames of the epoch's bundle, each with the request id 0
rpc.py SOCKET tail EPOCH N         print the first N frames of the tail from the epoch on
rpc.py SOCKET ratifications EPOCH  print the key id of each
rpc.py SOCKET asked HEX            print "accepted EPOCH" or the rule, for a request id (socket admit)
rpc.py SOCKET find HEX             print each address, then "more" if there are (socket keyids)
"""

import sys

import ksproto as ks


def status(conn, args):
    fields = {k.decode(): v.decode() for k, v in conn.status().items()}
    if args:
        print(fields[args[0]])
        return
    for name, value in fields.items():
        print(name, value)


def outcome(conn, args):
    for request_id in args:
        kind, body = conn.call(ks.APPLY_OUTCOME, bytes.fromhex(request_id))
        if kind == ks.APPLY_ACCEPTED:
            print("accepted", ks.Reader(body).u64())
        else:
            print(ks.error(body)[1])


def recorded(conn, args):
    key = ks.u64(int(args[0]))
    kind, body = conn.call(ks.DUMP, ks.u8(8) + ks.var16(key) +
                           ks.var16(key + b"\0") + ks.u32(1))
    reader = ks.Reader(body)
    if kind != ks.DUMP_REPLY or (reader.u8(), reader.u32()) != (0, 1):
        raise SystemExit("rpc.py: no outcome of " + args[0])
    reader.var16()
    row = ks.Reader(reader.var32())
    row.take(18)
    print(row.var8().decode() or "accepted")


def rows(conn, args):
    start, more = b"", 1
    while more:
        kind, body = conn.call(ks.DUMP, ks.u8(int(args[0])) + ks.var16(start) +
                               ks.var16(b"") + ks.u32(1000))
        if kind != ks.DUMP_REPLY:
            raise SystemExit(ks.error(body)[1])
        reader = ks.Reader(body)
        more = reader.u8()
        for _ in range(reader.u32()):
            key, value = reader.var16(), reader.var32()
            print(key.hex(), value.hex())
            start = key + b"\0"


def root(conn, args):
    kind, body = conn.call(ks.HEAD, ks.u64(int(args[0])))
    if kind != ks.HEAD_REPLY:
        raise SystemExit(ks.error(body)[1])
    print(body[56:88].hex())


def note(conn, args):
    reader = expect(*conn.call(ks.HEAD, ks.u64(int(args[0]))), ks.HEAD_REPLY)
    reader.take(168)
    sys.stdout.buffer.write(reader.var16())


def entry(conn, args):
    vrf = ks.read_key(args[0] + "/vrf.key")
    kind, body = conn.call(ks.APPLY_ENTRY, vrf.index(args[1].encode()))
    if kind == ks.APPLY_NO_ENTRY:
        print("none")
        return
    reader = ks.Reader(body)
    epoch = reader.u64()
    encoded = ks.Reader(reader.var16())
    encoded.take(33)
    print(encoded.u64(), epoch)


def expect(kind, body, *wanted):
    if kind == ks.ERROR:
        raise SystemExit(ks.error(body)[1])
    if kind not in wanted:
        raise SystemExit("rpc.py: a frame of type %#x" % kind)
    return ks.Reader(body)


def history(conn, args):
    reader = expect(*conn.call(ks.HISTORY, ks.var8(args[0].encode()) +
                               ks.u64(int(args[1])) + ks.u32(int(args[2]))),
                    ks.HISTORY_REPLY)
    more = reader.u64()
    for _ in range(reader.u32()):
        print(reader.u64(), reader.u64())
    print("next", more)
    reader.end()


def bundle(conn, args):
    kind, start = 0, 0
    while kind != ks.FEED_HEAD:
        if kind != ks.FEED_POLICY:
            kind, body = conn.call(ks.BUNDLE, ks.u64(int(args[0])) +
                                   ks.u32(start))
        else:
            kind, _, body = conn.recv()
        reader = expect(kind, body, ks.FEED_UPDATES, ks.FEED_POLICY,
                        ks.FEED_HEAD)
        if kind == ks.FEED_UPDATES:
            reader.u64()
            start += reader.u32()
        sys.stdout.buffer.write(ks.frame(kind, 0, body))


def tail(conn, args):
    names = {ks.FEED_HEAD: "head", ks.FEED_RATIFICATION: "ratification"}
    conn.send(ks.frame(ks.TAIL, 1, ks.u64(int(args[0]))))
    for _ in range(int(args[1])):
        kind, _, body = conn.recv()
        reader = expect(kind, body, *names)
        if kind == ks.FEED_HEAD:
            reader.take(48)
        print(names[kind], reader.u64(), flush=True)


def ratifications(conn, args):
    reader = expect(*conn.call(ks.RATIFICATIONS, ks.u64(int(args[0]))),
                    ks.RATIFICATIONS_REPLY)
    reader.u64()
    for _ in range(reader.u8()):
        print(reader.take(4).hex())
        reader.take(72)
    reader.end()


def asked(conn, args):
    kind, body = conn.call(ks.OUTCOME, bytes.fromhex(args[0]))
    if kind == ks.ERROR:
        print(ks.error(body)[1])
    else:
        print("accepted", expect(kind, body, ks.UPDATE_ACCEPTED).u64())


def find(conn, args):
    reader = expect(*conn.call(ks.KEYIDS_FIND, ks.var8(bytes.fromhex(args[0]))),
                    ks.KEYIDS_FOUND)
    reader.u64()
    more = reader.u8()
    for _ in range(reader.u8()):
        print(reader.var8().decode())
    reader.end()
    if more:
        print("more")


COMMANDS = {"find": find,
            "history": history, "bundle": bundle, "tail": tail,
            "ratifications": ratifications, "asked": asked,
            "status": status, "outcome": outcome, "recorded": recorded,
            "rows": rows, "root": root, "note": note, "entry": entry}

if len(sys.argv) < 3 or sys.argv[2] not in COMMANDS:
    sys.exit(__doc__)
COMMANDS[sys.argv[2]](ks.Conn(sys.argv[1]), sys.argv[3:])
