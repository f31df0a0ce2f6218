"""What ks puts on the wire and signs, written from share/doc/PROTOCOL.md alone.

The tests use it to say what our own programs refuse to say: wrong updates,
broken frames, lying heads.  It shares no code with them but libsodium.
"""

import base64
import ctypes
import ctypes.util
import hashlib
import socket
import struct

FRAME_LEN_MAX = 1048576

# Frames (section 11).
ERROR, STATUS, STATUS_REPLY, DUMP, DUMP_REPLY = 1, 2, 3, 4, 5
LOG_PROPOSE, LOG_PROPOSED, LOG_FOLLOW, LOG_ENTRIES = 0x101, 0x102, 0x103, 0x104
LOG_READ, LOG_HINT, LOG_HINT_REPLY = 0x105, 0x106, 0x107
LOG_POSITION, LOG_POSITION_REPLY = 0x108, 0x109
APPLY_FOLLOW, APPLY_EVENTS, APPLY_ENTRY, APPLY_ENTRY_REPLY = (
    0x201, 0x202, 0x203, 0x204)
APPLY_NO_ENTRY, APPLY_OUTCOME, APPLY_ACCEPTED = 0x205, 0x206, 0x207
LOOKUP, LOOKUP_PROOF, HEAD, HEAD_REPLY = 0x301, 0x302, 0x303, 0x304
CONSISTENCY, CONSISTENCY_REPLY, FEED, FEED_UPDATES = 0x305, 0x306, 0x307, 0x308
FEED_HEAD, FEED_RATIFICATION, RATIFY, RATIFY_PROPOSED = (
    0x309, 0x30a, 0x30b, 0x30c)
FEED_POLICY = 0x30d
HISTORY, HISTORY_REPLY, BUNDLE, TAIL = 0x30e, 0x30f, 0x310, 0x311
RATIFICATIONS, RATIFICATIONS_REPLY = 0x312, 0x313
UPDATE, UPDATE_ACCEPTED, OUTCOME = 0x401, 0x402, 0x403
KEYIDS_FIND, KEYIDS_FOUND = 0x501, 0x502

# Types of log entries (section 6).
ENTRY_UPDATE, ENTRY_DELIMITER, ENTRY_SIGNATURE, ENTRY_RATIFICATION = 1, 2, 3, 4
ENTRY_APPROVAL = 5


def load_sodium():
    for name in ("libsodium.so.23", ctypes.util.find_library("sodium")):
        try:
            return ctypes.CDLL(name)
        except (OSError, TypeError):
            continue
    raise SystemExit("ksproto: libsodium is not there")


sodium = load_sodium()
if sodium.sodium_init() < 0:
    raise SystemExit("ksproto: sodium_init failed")


# -- section 1: conventions -------------------------------------------------

def u8(n):
    return struct.pack(">B", n)


def u16(n):
    return struct.pack(">H", n)


def u32(n):
    return struct.pack(">I", n)


def u64(n):
    return struct.pack(">Q", n)


def var8(x):
    return u8(len(x)) + x


def var16(x):
    return u16(len(x)) + x


def var32(x):
    return u32(len(x)) + x


class Reader:
    """Takes fields from the front of bytes; what is too short is an error."""

    def __init__(self, data):
        self.data = data

    def take(self, n):
        if len(self.data) < n:
            raise ValueError("record too short")
        head, self.data = self.data[:n], self.data[n:]
        return head

    def u8(self):
        return self.take(1)[0]

    def u16(self):
        return struct.unpack(">H", self.take(2))[0]

    def u32(self):
        return struct.unpack(">I", self.take(4))[0]

    def u64(self):
        return struct.unpack(">Q", self.take(8))[0]

    def var8(self):
        return self.take(self.u8())

    def var16(self):
        return self.take(self.u16())

    def var32(self):
        return self.take(self.u32())

    def end(self):
        if self.data:
            raise ValueError("bytes left over")


# -- section 3: names and hashes --------------------------------------------

def ks_hash(personal, data, salt=b""):
    return hashlib.blake2b(data, digest_size=32, person=personal, salt=salt
                           ).digest()


def known(folder):
    """What a LOOKUP says of the realm file in the folder: hash of its policy."""
    with open(folder + "/realm.conf", "rb") as f:
        return hashlib.sha256(f.read().split(b"\npolicy\n", 1)[1]).digest()


def normalise(user):
    return bytes(c + 32 if 65 <= c <= 90 else c for c in user)


class VrfKey:
    """A key of c2sp.org/vrf-r255."""

    SUITE = b"\xffc2sp.org/vrf-r255"

    def __init__(self, scalar):
        self.x = scalar
        self.pk = ctypes.create_string_buffer(32)
        sodium.crypto_scalarmult_ristretto255_base(self.pk, self.x)

    def output(self, alpha):
        digest = hashlib.sha512(self.SUITE + b"\x82" + self.pk.raw + alpha
                                ).digest()
        h = ctypes.create_string_buffer(32)
        gamma = ctypes.create_string_buffer(32)
        sodium.crypto_core_ristretto255_from_hash(h, digest)
        if sodium.crypto_scalarmult_ristretto255(gamma, self.x, h.raw) != 0:
            raise ValueError("vrf")
        return hashlib.sha512(self.SUITE + b"\x03" + gamma.raw + b"\x00"
                              ).digest()

    def index(self, user):
        return self.output(normalise(user))[:32]


class SignKey:
    """An Ed25519 key with a name."""

    def __init__(self, name, seed):
        pk = ctypes.create_string_buffer(32)
        sk = ctypes.create_string_buffer(64)
        sodium.crypto_sign_seed_keypair(pk, sk, seed)
        self.name, self.pk, self.sk = name, pk.raw, sk.raw

    def sign(self, message):
        sig = ctypes.create_string_buffer(64)
        sodium.crypto_sign_detached(sig, None, message,
                                    ctypes.c_ulonglong(len(message)), self.sk)
        return sig.raw

    def key_id(self, kind=1):
        return hashlib.sha256(self.name.encode() + b"\n" + u8(kind) + self.pk
                              ).digest()[:4]

    def vkey(self, kind=1):
        return "%s+%s+%s" % (self.name, self.key_id(kind).hex(),
                             base64.b64encode(u8(kind) + self.pk).decode())


def read_key(path):
    """The key of a secret key file (section 10)."""
    with open(path, encoding="ascii") as f:
        magic, kind, name, secret = f.read().split()
    if magic != "ks-secret-key/v1":
        raise ValueError(path)
    secret = base64.b64decode(secret)
    return VrfKey(secret) if kind == "vrf" else SignKey(name, secret)


# -- section 4: entries, profiles and updates --------------------------------

def profile(apps, nonce):
    return u8(1) + nonce + u16(len(apps)) + b"".join(
        var8(a) + var16(apps[a]) for a in sorted(apps))


def commitment(encoded_profile):
    return ks_hash(b"ks-commitment", encoded_profile)


def entry(index, version, policy, commit):
    return u8(1) + index + u64(version) + var16(policy) + commit


def update_message(realm, encoded_entry):
    return b"ks/update/v1\n" + realm.encode() + b"\n" + encoded_entry


def update(encoded_entry, signatures):
    return (u8(1) + var16(encoded_entry) + u8(len(signatures)) +
            b"".join(pk + sig for pk, sig in signatures))


def signed_update(realm, encoded_entry, keys):
    message = update_message(realm, encoded_entry)
    return update(encoded_entry,
                  sorted((k.pk, k.sign(message)) for k in keys))


def policy_of(keys, need=None):
    """A policy that asks for ${need} (default all) of the keys."""
    names = ["k%d" % i for i in range(len(keys))]
    lines = ["key %s %s" % (n, k.vkey()) for n, k in zip(names, keys)]
    if len(keys) == 1:
        lines.append("quorum k0")
    else:
        lines.append("group all %s %s" % (need or "all", " ".join(names)))
        lines.append("quorum all")
    return ("\n".join(lines) + "\n").encode()


# -- section 6: the log -------------------------------------------------------

def log_entry(request_id, kind, body, erasable=b""):
    return request_id + u8(kind) + var32(body) + var32(erasable)


# -- section 11: frames --------------------------------------------------------

def frame(kind, request_id, body=b""):
    return u32(6 + len(body)) + u16(kind) + u32(request_id) + body


class Conn:
    """A connection to a daemon's socket."""

    def __init__(self, path, timeout=20):
        self.sock = socket.socket(socket.AF_UNIX)
        # Without a timeout: a full backlog is waited for, not an error.
        self.sock.connect(path)
        self.sock.settimeout(timeout)

    def send(self, data):
        self.sock.sendall(data)

    def take(self, n):
        data = b""
        while len(data) < n:
            part = self.sock.recv(n - len(data))
            if not part:
                raise EOFError("the daemon closed the connection")
            data += part
        return data

    def recv(self):
        """One frame: (type, request id, body)."""
        n = struct.unpack(">I", self.take(4))[0]
        if not 6 <= n <= FRAME_LEN_MAX:
            raise ValueError("frame of %d bytes" % n)
        data = self.take(n)
        return (struct.unpack(">H", data[:2])[0],
                struct.unpack(">I", data[2:6])[0], data[6:])

    def call(self, kind, body=b"", request_id=1):
        self.send(frame(kind, request_id, body))
        kind, got, body = self.recv()
        if got != request_id:
            raise ValueError("answer to another request")
        return kind, body

    def status(self):
        kind, body = self.call(STATUS)
        if kind != STATUS_REPLY:
            raise ValueError("no STATUS_REPLY")
        reader = Reader(body)
        text = reader.var32()
        reader.end()
        return dict(line.split(b" ", 1) for line in text.splitlines())

    def close(self):
        self.sock.close()


def error(body):
    """The fields of an ERROR: (code, rule, text)."""
    reader = Reader(body)
    fields = reader.u16(), reader.var8().decode(), reader.var16().decode()
    reader.end()
    return fields
