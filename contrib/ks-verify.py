#!/usr/bin/env python3
"""ks-verify.py -r REALM.CONF [-e EPOCH] [-q FILE] [-t TIME] [-u USER] [PROOF]

Verify a saved lookup proof, or evidence, offline: a second implementation of ks-verify(1),
written from share/doc/PROTOCOL.md and the standards that it names.  It shares no
code with the first one, libsodium included, and needs nothing but Python.

It is here to be compared with (t/bats/second.bats) and to be read.  It keeps no
secret, so nothing in it takes constant time.
"""

import base64
import calendar
import datetime
import getopt
import hashlib
import os
import re
import struct
import sys
import time

# Section 2.
REALM_NAME_MAX = 128
USER_LEN_MAX = 254
APP_LEN_MAX = 64
PROFILE_APPS_MAX = 256
PROFILE_LEN_MAX = 65536
ENTRY_POLICY_MAX = 4096
ENTRY_LEN_MAX = 75 + ENTRY_POLICY_MAX
INCLUSION_MAX = 64
POLICY_LEN_MAX = 8192
POLICY_KEYS_MAX = 64
POLICY_GROUPS_MAX = 64
POLICY_NAME_MAX = 255
POLICY_URL_MAX = 255
KEY_NAME_MAX = 255
POLICY_CHAIN_MAX = 16
NOTE_SIGS_MAX = 64
NOTE_SIG_MAX = 6144
REALM_FILE_MAX = 65536
SERVERS_MAX = 8
LINKS_MAX = 64
SERVER_LEN_MAX = 1023
REGISTRATION_MAX = 32
FRESH_MAX = 315360000
PROOF_LEN_MAX = 262144
EVIDENCE_LEN_MAX = 4 << 30
UPDATE_SIGS_MAX = 32
UPDATE_LEN_MAX = 4 + ENTRY_LEN_MAX + 96 * UPDATE_SIGS_MAX
EPOCH_UPDATES_MAX = 1000000
CLOCK_SKEW_MS = 300000

U64_MAX = (1 << 64) - 1


class Refused(Exception):
    """The proof breaks the rule that is the first argument."""

    def __str__(self):
        return ": ".join(self.args)


class Broken(Exception):
    """A file that is not from a stranger, or an argument, is no good."""


def want(condition, rule, why):
    if not condition:
        raise Refused(rule, why)


# -- section 1: conventions --------------------------------------------------

class Reader:
    """Takes fields from the front of a record; too few bytes: ValueError."""

    def __init__(self, data):
        self.data = data

    def take(self, n):
        if len(self.data) < n:
            raise ValueError("record too short")
        field, self.data = self.data[:n], self.data[n:]
        return field

    def uint(self, n):
        return int.from_bytes(self.take(n), "big")

    def var(self, n):
        return self.take(self.uint(n))

    def end(self):
        if self.data:
            raise ValueError("bytes left over")


def unbase64(text):
    """The bytes, at least one, of canonical, padded base64; else ValueError."""
    data = base64.b64decode(text, validate=True)
    if not data or base64.b64encode(data) != text:
        raise ValueError("base64 is not canonical")
    return data


def undecimal(text, largest=U64_MAX):
    """A number without leading zeroes, not above ${largest}; else ValueError."""
    if not re.fullmatch(rb"0|[1-9][0-9]{0,19}", text) or int(text) > largest:
        raise ValueError("no number")
    return int(text)


def ks_hash(personal, data, salt=b""):
    return hashlib.blake2b(data, digest_size=32, person=personal,
                           salt=salt).digest()


def sha256(data):
    return hashlib.sha256(data).digest()


# -- the curve of RFC 8032: -x^2 + y^2 = 1 + d x^2 y^2 over GF(p) ---------------
# A point is (X, Y, Z, T) with x = X/Z, y = Y/Z, x y = T/Z.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_M1 = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)


def point_add(a, b):
    u = (a[1] - a[0]) * (b[1] - b[0]) % P
    v = (a[1] + a[0]) * (b[1] + b[0]) % P
    w = 2 * a[3] * b[3] * D % P
    z = 2 * a[2] * b[2] % P
    e, f, g, h = v - u, z - w, z + w, v + u
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_negate(a):
    return (-a[0] % P, a[1], a[2], -a[3] % P)


def point_multiply(n, a):
    total = IDENTITY
    while n:
        if n & 1:
            total = point_add(total, a)
        a = point_add(a, a)
        n >>= 1
    return total


def point_is_identity(a):
    return a[0] % P == 0 and (a[1] - a[2]) % P == 0


def root_of_ratio(u, v):
    """(is u/v a square, its root or that of sqrt(-1) u/v, even), RFC 9496 4.2."""
    r = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    check = v * r * r % P
    square = check == u % P
    flipped = check == -u % P
    if flipped or check == -u * ROOT_M1 % P:
        r = r * ROOT_M1 % P
    return (square or flipped), (P - r if r & 1 else r)


def ed25519_decode(data):
    """The point of a canonical encoding, else ValueError (RFC 8032 5.1.3)."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    square, x = root_of_ratio(y * y - 1, D * y * y + 1)
    if y >= P or not square or (x == 0 and sign):
        raise ValueError("no point")
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def ed25519_encode(a):
    inverse = pow(a[2], -1, P)
    x, y = a[0] * inverse % P, a[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


ED25519_BASE = ed25519_decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def ed25519_key_ok(key):
    """Rule S2."""
    try:
        a = ed25519_decode(key)
    except ValueError:
        return False
    return not point_is_identity(a) and point_is_identity(point_multiply(L, a))


def ed25519_verify(key, message, signature):
    """Rule S1."""
    if len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    try:
        a, r = ed25519_decode(key), ed25519_decode(signature[:32])
    except ValueError:
        return False
    if s >= L or any(point_is_identity(point_multiply(8, x)) for x in (a, r)):
        return False
    h = hashlib.sha512(signature[:32] + key + message).digest()
    h = int.from_bytes(h, "little") % L
    left = point_add(point_multiply(s, ED25519_BASE),
                     point_negate(point_multiply(h, a)))
    return ed25519_encode(left) == signature[:32]


# -- ristretto255, RFC 9496 section 4 ------------------------------------------

ROOT_AD_MINUS_1 = int("25063068953384623474111414158702152701"
                      "244531502492656460079210482610430750235")
INVROOT_A_MINUS_D = int("54469307008909316920995813868745141605"
                        "393597292927456921205312896311721017578")


def positive(x):
    x %= P
    return P - x if x & 1 else x


def ristretto_decode(data):
    """The element of a canonical encoding, else ValueError (4.3.1)."""
    s = int.from_bytes(data, "little")
    if len(data) != 32 or s >= P or s & 1:
        raise ValueError("no element")
    ss = s * s % P
    u1, u2 = 1 - ss, 1 + ss
    v = (-D * u1 * u1 - u2 * u2) % P
    square, i = root_of_ratio(1, v * u2 * u2 % P)
    x = positive(2 * s * i * u2)
    y = u1 * i * i * u2 * v % P
    t = x * y % P
    if not square or t & 1 or y == 0:
        raise ValueError("no element")
    return (x, y, 1, t)


def ristretto_encode(a):
    """4.3.2"""
    x, y, z, t = a
    u1, u2 = (z + y) * (z - y) % P, x * y % P
    _, i = root_of_ratio(1, u1 * u2 * u2 % P)
    d1, d2 = i * u1 % P, i * u2 % P
    z_inverse = d1 * d2 * t % P
    if t * z_inverse % P & 1:
        x, y = y * ROOT_M1 % P, x * ROOT_M1 % P
        d = d1 * INVROOT_A_MINUS_D % P
    else:
        d = d2
    if x * z_inverse % P & 1:
        y = -y
    return positive(d * (z - y)).to_bytes(32, "little")


def ristretto_map(data):
    """MAP of 4.3.4, of 32 bytes."""
    t = (int.from_bytes(data, "little") & ((1 << 255) - 1)) % P
    r = ROOT_M1 * t * t % P
    u = (r + 1) * (1 - D * D) % P
    v = (-1 - r * D) * (r + D) % P
    square, s = root_of_ratio(u, v)
    c = P - 1
    if not square:
        s, c = -positive(s * t) % P, r
    n = (c * (r - 1) * (D - 1)**2 - v) % P
    w0, w1 = 2 * s * v % P, n * ROOT_AD_MINUS_1 % P
    w2, w3 = (1 - s * s) % P, (1 + s * s) % P
    return (w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P)


def ristretto_from_hash(data):
    """The one-way map, of 64 bytes."""
    return point_add(ristretto_map(data[:32]), ristretto_map(data[32:]))


# -- c2sp.org/vrf-r255, with RFC 9381 section 5 --------------------------------

VRF_SUITE = b"\xffc2sp.org/vrf-r255"


def vrf_challenge(*points):
    data = b"".join(points)
    return hashlib.sha512(VRF_SUITE + b"\x02" + data + b"\x00").digest()[:16]


def vrf_hash_input(key, alpha):
    digest = hashlib.sha512(VRF_SUITE + b"\x82" + key + alpha).digest()
    return ristretto_from_hash(digest)


def vrf_key_ok(key):
    try:
        return ristretto_encode(ristretto_decode(key)) != bytes(32)
    except ValueError:
        return False


def vrf_verify(key, alpha, proof):
    """The 64 bytes of output that ${proof} shows; else ValueError."""
    gamma_string, c_string, s_string = proof[:32], proof[32:48], proof[48:]
    c = int.from_bytes(c_string, "little")
    s = int.from_bytes(s_string, "little")
    if len(proof) != 80 or s >= L:
        raise ValueError("no VRF proof")
    y, gamma = ristretto_decode(key), ristretto_decode(gamma_string)
    h = vrf_hash_input(key, alpha)
    u = point_add(point_multiply(s, ED25519_BASE),
                  point_negate(point_multiply(c, y)))
    v = point_add(point_multiply(s, h), point_negate(point_multiply(c, gamma)))
    if vrf_challenge(key, ristretto_encode(h), gamma_string,
                     ristretto_encode(u), ristretto_encode(v)) != c_string:
        raise ValueError("VRF proof does not verify")
    return hashlib.sha512(VRF_SUITE + b"\x03" + gamma_string + b"\x00").digest()


# -- section 3: names ----------------------------------------------------------

def realm_name_ok(name):
    return (1 <= len(name) <= REALM_NAME_MAX and
            all(0x21 <= c <= 0x7e and c != 0x2b for c in name))


def normalise(user):
    """The user id in normal form, else ValueError."""
    user.decode()
    if not 1 <= len(user) <= USER_LEN_MAX or any(
            c <= 0x20 or c == 0x7f for c in user):
        raise ValueError("user-malformed")
    return bytes(c + 32 if 0x41 <= c <= 0x5a else c for c in user)


# -- section 4: entries and profiles -------------------------------------------

class Entry:
    def __init__(self, data):
        r = Reader(data)
        if r.uint(1) != 1:
            raise ValueError("entry of an unknown version")
        self.index = r.take(32)
        self.version = r.uint(8)
        self.policy = r.var(2)
        self.commitment = r.take(32)
        r.end()
        if not self.policy:
            raise ValueError("entry without a policy")


class Update:
    def __init__(self, data):
        r = Reader(data)
        if r.uint(1) != 1:
            raise ValueError("update of an unknown version")
        self.entry_data = r.var(2)
        count = r.uint(1)
        if len(self.entry_data) > ENTRY_LEN_MAX or not (
                1 <= count <= UPDATE_SIGS_MAX):
            raise ValueError("no or too many signatures, or too long an entry")
        self.signatures = [(r.take(32), r.take(64)) for _ in range(count)]
        r.end()
        keys = [key for key, _ in self.signatures]
        if keys != sorted(set(keys)):
            raise ValueError("keys that do not ascend")
        self.entry = Entry(self.entry_data)


def profile_apps(data):
    """The list of (application, value) of a profile; else ValueError."""
    r = Reader(data)
    if r.uint(1) != 1:
        raise ValueError("profile of an unknown version")
    r.take(32)
    count = r.uint(2)
    if count > PROFILE_APPS_MAX:
        raise ValueError("too many applications")
    apps = [(r.var(1), r.var(2)) for _ in range(count)]
    r.end()
    names = [name for name, _ in apps]
    if names != sorted(set(names)) or not all(
            re.fullmatch(rb"[a-z0-9._-]{1,%d}" % APP_LEN_MAX, n) for n in names):
        raise ValueError("application names")
    return apps


# -- policies: c2sp.org/tlog-policy, section 10 ----------------------------------

# Also the types of their vkeys.
REPLICA, WITNESS, USER_KEY = 1, 4, 1


class Key:
    """A key of a policy: from the line KIND NAME VKEY."""

    def __init__(self, name, kind, vkey):
        parts = vkey.split(b"+", 2)
        if len(parts) != 3 or not note_key_name_ok(parts[0]):
            raise Broken("a vkey does not parse")
        self.name, self.kind, self.key_name = name, kind, parts[0]
        try:
            data = unbase64(parts[2])
        except ValueError:
            raise Broken("a vkey does not parse") from None
        self.public = data[1:]
        if len(data) != 33 or data[0] != kind:
            raise Broken("a vkey is of the wrong type")
        self.id = sha256(self.key_name + b"\n" + data)[:4]
        if self.id.hex().encode() != parts[1]:
            raise Broken("the id of a vkey is not that of its key")
        if not ed25519_key_ok(self.public):
            raise Broken("a public key breaks rule S2")


class Policy:
    def __init__(self, text, user=False):
        """Parse that of a realm or client, or that of a user; else Broken."""
        self.user = user
        self.keys = []
        self.groups = {}        # name: (threshold, members)
        self.quorum = None
        self.members = set()
        if not 1 <= len(text) <= POLICY_LEN_MAX or text[-1:] != b"\n":
            raise Broken("the policy is empty, too long, or has no last LF")
        if re.search(rb"[^\t\n\x20-\x7e\x80-\xff]", text):
            raise Broken("a control character in the policy")
        for line in text.split(b"\n")[:-1]:
            words = re.findall(rb"[^ \t]+", line)
            if words and not words[0].startswith(b"#"):
                self.line(words)
        if self.quorum is None:
            raise Broken("no quorum line")

    def line(self, words):
        if words[0] in (b"replica", b"witness") and any(
                len(word) > POLICY_URL_MAX for word in words[3:]):
            raise Broken("a URL is too long")
        if self.user != (words[0] == b"key") and words[0] in (
                b"replica", b"witness", b"key"):
            raise Broken("a key that does not belong into such a policy")
        if words[0] == b"key" and len(words) == 3:
            self.add_key(Key(words[1], USER_KEY, words[2]))
        elif words[0] == b"replica" and len(words) in (3, 4):
            self.add_key(Key(words[1], REPLICA, words[2]))
        elif words[0] == b"witness" and len(words) in (3, 4):
            self.add_key(Key(words[1], WITNESS, words[2]))
        elif words[0] == b"group" and len(words) >= 4:
            self.add_group(words[1], words[2], words[3:])
        elif words[0] == b"quorum" and len(words) == 2 and self.quorum is None:
            if not self.defined(words[1]) and (
                    words[1] != b"none" or self.user):
                raise Broken("the quorum is not defined above it")
            self.quorum = words[1]
        else:
            raise Broken("a line of the policy does not parse")

    def defined(self, name):
        return name in self.groups or any(k.name == name for k in self.keys)

    def add_name(self, name):
        if name == b"none" or self.defined(name):
            raise Broken("a name is there twice, or is none")
        if len(name) > POLICY_NAME_MAX:
            raise Broken("a name is too long")

    def add_key(self, key):
        self.add_name(key.name)
        if len(self.keys) == POLICY_KEYS_MAX:
            raise Broken("more than POLICY_KEYS_MAX keys")
        if any(k.id == key.id or k.public == key.public for k in self.keys):
            raise Broken("a key is there twice")
        self.keys.append(key)

    def add_group(self, name, threshold, members):
        self.add_name(name)
        if len(self.groups) == POLICY_GROUPS_MAX:
            raise Broken("more than POLICY_GROUPS_MAX groups")
        for member in members:
            if not self.defined(member) or member in self.members:
                raise Broken("a member is not defined above, or is in two groups")
            self.members.add(member)
        if threshold in (b"any", b"all"):
            k = 1 if threshold == b"any" else len(members)
        else:
            try:
                k = undecimal(threshold, len(members))
            except ValueError:
                k = 0
        if k < 1:
            raise Broken("a threshold that is none")
        self.groups[name] = (k, members)

    def met(self, keys):
        """Do the signatures of these keys make the quorum?"""
        names = {k.name for k in keys}
        if self.quorum == b"none":
            replicas = any(k.kind == REPLICA for k in self.keys)
            return self.majority(keys) if replicas else bool(names)
        # Groups name only what stands above them, so one pass in order will do.
        for name, (k, members) in self.groups.items():
            if sum(m in names for m in members) >= k:
                names.add(name)
        return bool(keys) and self.quorum in names

    def majority(self, keys):
        replicas = [k for k in self.keys if k.kind == REPLICA]
        return sum(k in keys for k in replicas) >= len(replicas) // 2 + 1


def realm_policy(text, realm):
    """The policy of the realm of this name; else Broken."""
    policy = Policy(text)
    replicas = [k for k in policy.keys if k.kind == REPLICA]
    if not replicas or any(k.key_name != realm for k in replicas):
        raise Broken("no replica, or one with another name than the realm's")
    return policy


# -- section 10: the realm file ---------------------------------------------------

class Realm:
    def __init__(self, data):
        """Parse; else Broken."""
        if len(data) > REALM_FILE_MAX:
            raise Broken("longer than REALM_FILE_MAX")
        lines, self.policy_text = self.split(data)
        if lines[:1] != [b"ks-realm/v1"]:
            raise Broken("the first line is not ks-realm/v1")
        values = {}
        servers = 0
        links, pins = {}, set()
        for line in lines[1:]:
            if not line or line.startswith(b"#"):
                continue
            name, space, value = line.partition(b" ")
            if not space or not value:
                raise Broken("a line without a value")
            if name == b"server":
                servers += 1
                if len(value) > SERVER_LEN_MAX or not re.fullmatch(
                        rb"(unix:|https?://)[\x21-\x7e]+", value):
                    raise Broken("a server that is no URL of ours")
            elif name == b"link":
                link = re.fullmatch(rb"([^ \0]{1,%d}) (SHA256:[0-9a-f]{64})"
                                    rb"( replica| verifier| edge)?"
                                    % POLICY_NAME_MAX, value)
                if not link:
                    raise Broken("a link without a certificate's hash")
                peer, pin, role = link.groups()
                if peer in links or pin in pins:
                    raise Broken("a link that is there twice")
                links[peer] = role
                pins.add(pin)
            elif name in values or name not in (
                    b"realm", b"nonce", b"vrf", b"fresh", b"registration"):
                raise Broken("a line is unknown or there twice")
            values[name] = value
        try:
            self.name = values[b"realm"]
            self.nonce = unbase64(values[b"nonce"])
            self.vrf = unbase64(values[b"vrf"])
            self.fresh_ms = undecimal(values[b"fresh"], FRESH_MAX) * 1000
        except (KeyError, ValueError):
            raise Broken("a line is missing or does not parse") from None
        if not realm_name_ok(self.name) or servers > SERVERS_MAX or (
                len(links) > LINKS_MAX):
            raise Broken("the realm's name, or too many servers or links")
        if len(self.nonce) != 16 or not vrf_key_ok(self.vrf):
            raise Broken("the nonce or the VRF key")
        if self.fresh_ms == 0:
            raise Broken("fresh is 0")
        if not re.fullmatch(rb"[a-z0-9-]{1,%d}" % REGISTRATION_MAX,
                            values.get(b"registration", b"")):
            raise Broken("registration is no word")
        self.policy = realm_policy(self.policy_text, self.name)
        names = {k.name for k in self.policy.keys}
        if any(not role and peer not in names for peer, role in links.items()):
            raise Broken("a link to nobody in the policy")

    @staticmethod
    def split(data):
        """The lines up to "policy", and the text after it."""
        lines = []
        while data:
            line, newline, data = data.partition(b"\n")
            if line == b"policy" and newline:
                return lines, data
            lines.append(line)
        raise Broken("no policy")


# -- notes: c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature ---------------

def note_key_name_ok(name):
    if not 1 <= len(name) <= KEY_NAME_MAX:
        return False
    try:
        name = name.decode()
    except UnicodeDecodeError:
        return False
    return not any(c.isspace() or c == "+" for c in name)


class Checkpoint:
    """A note whose text is a checkpoint; else ValueError."""

    DASH = "\u2014 ".encode()

    def __init__(self, note):
        note.decode()
        if re.search(rb"[\x00-\x09\x0b-\x1f]", note) or note[-1:] != b"\n":
            raise ValueError("a control character, or no last LF, in the note")
        cut = note.rfind(b"\n\n")
        if cut < 0:
            raise ValueError("no empty line in the note")
        self.text = note[:cut + 1]
        self.signatures = [self.signature(line)
                           for line in note[cut + 2:].split(b"\n")[:-1]]
        if not 1 <= len(self.signatures) <= NOTE_SIGS_MAX:
            raise ValueError("a note with no or too many signatures")
        lines = self.text.split(b"\n")[:-1]
        # No extension lines in ours.
        if len(lines) != 3 or not note_key_name_ok(lines[0]):
            raise ValueError("the text of the note is no checkpoint")
        self.origin = lines[0]
        self.size = undecimal(lines[1])
        self.root = unbase64(lines[2])
        if len(self.root) != 32:
            raise ValueError("a root that is no hash")

    def signature(self, line):
        """(key name, key id, signature) of a signature line."""
        if not line.startswith(self.DASH):
            raise ValueError("no signature line")
        name, space, value = line[len(self.DASH):].partition(b" ")
        data = unbase64(value)
        if not space or not note_key_name_ok(name) or not (
                5 <= len(data) <= NOTE_SIG_MAX):
            raise ValueError("no signature line")
        return name, data[:4], data[4:]

    def signed_by(self, keys):
        """{key: seconds, or None for a replica} of the lines of known keys."""
        signed = {}
        for name, key_id, signature in self.signatures:
            for key in keys:
                if (key.key_name, key.id) != (name, key_id):
                    continue
                seconds = None
                message = self.text
                want(key.kind == WITNESS or name == self.origin,
                     "signature-invalid", "a replica of another log")
                if key.kind == WITNESS:
                    want(len(signature) == 72, "signature-invalid",
                         "a cosignature of another length")
                    seconds = struct.unpack(">Q", signature[:8])[0]
                    want(seconds < 1 << 63, "signature-invalid",
                         "a cosignature's time is out of range")
                    message = b"cosignature/v1\ntime %d\n" % seconds + message
                    signature = signature[8:]
                want(ed25519_verify(key.public, message, signature),
                     "signature-invalid", "that of a known key does not verify")
                # One that signed twice counts once, with its newest time.
                if seconds is not None:
                    seconds = max(seconds, signed.get(key, 0))
                signed[key] = seconds
        return signed


def inclusion_root(leaf, index, size, path):
    """The root that the audit path leads to (RFC 6962 2.1.1); else ValueError."""
    if index >= size:
        raise ValueError("no such leaf")
    node, last, last_node = sha256(b"\x00" + leaf), size - 1, index
    for sibling in path:
        if last == 0:
            raise ValueError("audit path too long")
        if last_node & 1 or last_node == last:
            node = sha256(b"\x01" + sibling + node)
            while not last_node & 1 and last_node:
                last_node >>= 1
                last >>= 1
        else:
            node = sha256(b"\x01" + node + sibling)
        last_node >>= 1
        last >>= 1
    if last:
        raise ValueError("audit path too short")
    return node


# -- section 7: head records ------------------------------------------------------

class Head:
    def __init__(self, data):
        r = Reader(data)
        if r.take(16) != b"ks/head/v1" + bytes(6):
            raise ValueError("no head record")
        self.realm = r.take(32)
        self.epoch = r.uint(8)
        self.root = r.take(32)
        self.time = r.uint(8)
        self.updates = r.uint(8)
        self.list = r.take(32)
        self.policy = r.take(32)
        r.end()
        if self.epoch == 0 or self.updates > EPOCH_UPDATES_MAX:
            raise ValueError("no such epoch, or too many updates")


# -- section 8: the directory tree --------------------------------------------------

class Tree:
    def __init__(self, nonce):
        self.nonce = nonce

    @staticmethod
    def prefix(index, depth):
        n = int.from_bytes(index, "big") >> (256 - depth) << (256 - depth)
        return n.to_bytes(32, "big")

    def hash(self, what, depth, *fields):
        return ks_hash(b"ks-tree-" + what,
                       struct.pack(">H", depth) + b"".join(fields), self.nonce)

    def empty(self, depth, index):
        return self.hash(b"empty", depth, self.prefix(index, depth))

    def leaf(self, depth, index, value):
        return self.hash(b"leaf", depth, index, value)

    def climb(self, index, terminal, siblings):
        """The root above ${terminal}; an empty sibling is None."""
        number = int.from_bytes(index, "big")
        for depth in range(len(siblings), 0, -1):
            bit = 1 << (256 - depth)
            other = (number ^ bit).to_bytes(32, "big")
            sibling = siblings[depth - 1]
            blank = self.empty(depth, other)
            want(sibling != blank, "path-invalid",
                 "an empty sibling is written as a hash")
            pair = [terminal, blank if sibling is None else sibling]
            if number & bit:
                pair.reverse()
            terminal = self.hash(b"node", depth - 1,
                                 self.prefix(index, depth - 1), *pair)
        return terminal


# -- section 9: lookup proofs ---------------------------------------------------

class Lines:
    """The lines of a proof, one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def next(self):
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise ValueError("it ends too early")
        line, self.at = self.data[self.at:end], end + 1
        return line

    @property
    def rest(self):
        return self.data[self.at:]

    def field(self, name):
        found, space, value = self.next().partition(b" ")
        if found != name or not space:
            raise ValueError("no %s line where it should be" % name.decode())
        return value

    def sized(self, name, size):
        return sized(self.field(name), size)

    def count(self, name, largest):
        return undecimal(self.field(name), largest)

    def path(self):
        """The siblings, None for an empty one."""
        lines = [self.next() for _ in range(self.count(b"path", 256))]
        return [None if line == b"-" else sized(line, 32) for line in lines]

    def note(self):
        """The bytes of a note after the number of its lines."""
        return b"".join(self.next() + b"\n"
                        for _ in range(self.count(b"note", PROOF_LEN_MAX)))


def sized(text, size):
    data = unbase64(text)
    if len(data) != size:
        raise ValueError("%d bytes, not %d" % (len(data), size))
    return data


class Link:
    """A link of a policy chain; ValueError if it does not parse."""

    def __init__(self, lines):
        self.text = unbase64(lines.field(b"policy"))
        if len(self.text) > POLICY_LEN_MAX:
            raise ValueError("longer than any policy")
        self.hash = sha256(self.text)
        self.head = lines.sized(b"policy-head", 168)
        self.inclusion = [sized(lines.next(), 32) for _ in
                          range(lines.count(b"inclusion", INCLUSION_MAX))]
        self.checkpoint = Checkpoint(lines.note())

    def verify(self, realm, policy, enough):
        """The policy that follows ${policy}; else Refused."""
        checkpoint = self.checkpoint
        try:
            new = realm_policy(self.text, realm.name)
            head = Head(self.head)
            root = inclusion_root(self.head, head.epoch - 1, checkpoint.size,
                                  self.inclusion)
            signed = checkpoint.signed_by(policy.keys)
        except (Broken, ValueError, Refused) as e:
            raise Refused("policy-chain-invalid", str(e)) from None
        want(checkpoint.origin == realm.name and root == checkpoint.root and
             head.epoch == checkpoint.size and head.policy == self.hash and
             head.realm == sha256(realm.name), "policy-chain-invalid",
             "the head of a link is not that of its checkpoint or policy")
        want(enough(policy, signed), "policy-chain-unmet",
             "too few have signed a link")
        return new


class Chain:
    """The policies of a realm, by a chain of links."""

    def __init__(self, lines):
        self.links = [Link(lines) for _ in
                      range(lines.count(b"policies", POLICY_CHAIN_MAX))]

    def verify(self, realm, size, enough=Policy.met):
        """[(e, hash, policy)] from the realm file's on, up to the one that a
        head of epoch ${size} names; else Refused.  ${enough} says who has to
        sign."""
        known = sha256(realm.policy_text)
        eras = [(0, known, realm.policy)]
        links = self.links
        for i, link in enumerate(self.links):
            if link.hash == known:
                links = self.links[i + 1:]
        for link in links:
            epoch = link.checkpoint.size
            want(eras[-1][0] < epoch <= size, "policy-chain-invalid",
                 "the epochs of the links do not rise up to the checkpoint's")
            eras.append((epoch, link.hash, link.verify(
                realm, eras[-1][2], enough)))
        return eras


class Proof:
    """The fields of a proof; ValueError if it does not parse."""

    def __init__(self, data):
        if len(data) > PROOF_LEN_MAX:
            raise ValueError("longer than PROOF_LEN_MAX")
        lines = Lines(data)
        if lines.next() != b"ks-proof/v1":
            raise ValueError("the first line is not ks-proof/v1")
        self.realm = lines.field(b"realm")
        if not realm_name_ok(self.realm):
            raise ValueError("no realm name")
        self.user = lines.field(b"user")
        if normalise(self.user) != self.user:
            raise ValueError("the user is not normalised")
        self.vrf = lines.sized(b"vrf", 80)
        self.chain = Chain(lines)
        self.head = lines.sized(b"head", 168)
        self.found = lines.field(b"found")
        self.entry = self.profile = self.other = None
        if self.found == b"present":
            self.entry = unbase64(lines.field(b"entry"))
            if len(self.entry) > ENTRY_LEN_MAX:
                raise ValueError("longer than any entry")
            profile = lines.field(b"profile")
            if profile != b"erased":
                self.profile = unbase64(profile)
                if len(self.profile) > PROFILE_LEN_MAX:
                    raise ValueError("longer than any profile")
        elif self.found == b"other":
            self.other = lines.sized(b"other", 64)
        elif self.found != b"empty":
            raise ValueError("found what?")
        self.path = lines.path()
        if lines.next() != b"c2sp.org/tlog-proof@v1":
            raise ValueError("no tlog-proof")
        self.index = undecimal(lines.field(b"index"))
        self.inclusion = []
        while line := lines.next():
            self.inclusion.append(sized(line, 32))
        if len(self.inclusion) > INCLUSION_MAX:
            raise ValueError("more hashes than any log needs")
        self.checkpoint = Checkpoint(lines.rest)


class Result:
    """What a proof shows; "unmet" is None, or (rule, why)."""

    def __init__(self):
        self.present = False
        self.version = self.apps = self.time = self.unmet = None
        self.signed = []


def place_root(tree, index, found, value, other, path):
    """The root of the tree in which this is found at the place of ${index}: a
    leaf of ${value}, the leaf ${other}, or nothing; else Refused."""
    depth = len(path)
    if found == b"present":
        terminal = tree.leaf(depth, index, value)
    elif found == b"other":
        leaf, value = other[:32], other[32:]
        want(leaf != index and
             tree.prefix(leaf, depth) == tree.prefix(index, depth),
             "path-invalid", "the other leaf is not in the way")
        terminal = tree.leaf(depth, leaf, value)
    else:
        # The leaf that would be the sibling at depth 256 stands higher.
        want(depth < 256, "path-invalid", "no place so deep is empty")
        terminal = tree.empty(depth, index)
    want(not path or path[-1] is not None, "path-invalid",
         "the last sibling is empty")
    return tree.climb(index, terminal, path)


def check_place(realm, proof, index, head, result):
    """That the place found is in the tree of the head."""
    value = None
    if proof.found == b"present":
        try:
            entry = Entry(proof.entry)
        except ValueError as e:
            raise Refused("entry-mismatch", str(e)) from None
        want(entry.index == index, "entry-mismatch", "it is not of this index")
        if proof.profile is not None:
            try:
                result.apps = profile_apps(proof.profile)
            except ValueError as e:
                raise Refused("profile-mismatch", str(e)) from None
            want(ks_hash(b"ks-commitment", proof.profile) == entry.commitment,
                 "profile-mismatch", "it does not open the commitment")
        result.present, result.version = True, entry.version
        value = ks_hash(b"ks-entry", proof.entry)
    want(place_root(Tree(realm.nonce), index, proof.found, value, proof.other,
                    proof.path) == head.root, "path-invalid",
         "it does not lead to the root in the head")


def proof_time(policy, signed, head, checkpoint):
    """The time of a proof in ms, or None."""
    times = []
    if head.epoch == checkpoint.size and policy.majority(signed):
        times.append(head.time)
    replicas = [k for k in signed if k.kind == REPLICA]
    # Where the replicas alone are enough, no cosignature says when.
    if not policy.met(replicas):
        witnesses = [k for k in signed if k.kind == WITNESS]
        times += [signed[w] * 1000 for w in witnesses if policy.met(
            replicas + [k for k in witnesses if signed[k] >= signed[w]])]
    return max(times, default=None)


def verify(realm, data, now_ms, user=None, epoch=None, policy=None):
    """Verify the proof ${data} and return a Result, or raise Refused.

    ${user} (normalised) is who was asked for, ${epoch} the epoch that was asked
    for, ${policy} replaces the realm's quorum and known keys of the checkpoint.
    """
    result = Result()
    try:
        proof = Proof(data)
    except ValueError as e:
        raise Refused("proof-malformed", str(e)) from None
    want(proof.realm == realm.name, "realm-mismatch", "it is of another realm")
    want(user in (None, proof.user), "user-mismatch", "it is of another user")
    try:
        index = vrf_verify(realm.vrf, proof.user, proof.vrf)[:32]
    except ValueError as e:
        raise Refused("vrf-invalid", str(e)) from None
    try:
        head = Head(proof.head)
    except ValueError as e:
        raise Refused("head-malformed", str(e)) from None
    want(head.realm == sha256(realm.name), "head-malformed",
         "it is of another realm")
    check_place(realm, proof, index, head, result)
    checkpoint = proof.checkpoint
    want(proof.index == head.epoch - 1, "inclusion-invalid",
         "the index is not that of the epoch")
    try:
        root = inclusion_root(proof.head, proof.index, checkpoint.size,
                              proof.inclusion)
    except ValueError as e:
        raise Refused("inclusion-invalid", str(e)) from None
    want(root == checkpoint.root, "inclusion-invalid",
         "the head is not in the epoch log")
    want(checkpoint.origin == realm.name, "origin-mismatch",
         "the checkpoint is of another log")
    eras = proof.chain.verify(realm, checkpoint.size)
    policy = policy or [p for e, _, p in eras if e < checkpoint.size][-1]
    signed = checkpoint.signed_by(policy.keys)
    want(head.epoch < checkpoint.size or head.policy == eras[-1][1],
         "policy-changed", "the head names another realm policy")
    latest_ms = now_ms + CLOCK_SKEW_MS
    want(head.time <= latest_ms, "time-future", "the head is of the future")
    signed = {k: s for k, s in signed.items()
              if s is None or s * 1000 <= latest_ms}

    result.user, result.epoch = proof.user, head.epoch
    result.time = proof_time(policy, signed, head, checkpoint)
    result.signed = [(k, signed[k]) for k in policy.keys if k in signed]
    if epoch is not None:
        want(head.epoch == epoch, "epoch-mismatch", "it is of another epoch")
    if not policy.met(signed):
        result.unmet = ("quorum-unmet", "too few have signed")
    elif epoch is None and head.epoch != checkpoint.size:
        result.unmet = ("not-fresh", "this is the state at an older epoch")
    elif epoch is None and (result.time is None or
                            result.time < now_ms - realm.fresh_ms):
        result.unmet = ("not-fresh", "it is too old")
    return result


# -- section 13: evidence ------------------------------------------------------------

EVIDENCE = b"ks-evidence/v1\n"


def keys_meet(policy, keys):
    return policy.met([k for k in policy.keys if k.public in keys])


def update_rule(realm, update, current, old):
    """The rule of section 5 that the update breaks, or None; ${old} is the policy
    of ${current}, if there is one."""
    new = update.entry
    try:
        policy = Policy(new.policy, True)
    except Broken:
        return b"policy-malformed"
    if current is None and new.version != 0:
        return b"registration-version"
    if current is not None and new.version <= current.version:
        return b"version-must-rise"
    message = b"ks/update/v1\n" + realm.name + b"\n" + update.entry_data
    if not all(ed25519_verify(key, message, signature)
               for key, signature in update.signatures):
        return b"signature-invalid"
    keys = {key for key, _ in update.signatures}
    if not keys_meet(policy, keys):
        return b"new-policy-unmet"
    if current is not None and not keys_meet(old, keys):
        return b"old-policy-unmet"
    return None


class Replay:
    """The updates of an epoch in evidence, one after the other."""

    def __init__(self, realm, root):
        self.realm, self.tree = realm, Tree(realm.nonce)
        self.root, self.rule = root, None
        self.list = ks_hash(b"ks-updates", b"")

    def next(self, lines, plain):
        data = unbase64(lines.field(b"update"))
        if len(data) > UPDATE_LEN_MAX:
            raise ValueError("longer than any update")
        self.list = ks_hash(b"ks-updates", self.list + data)
        if plain or self.rule:
            return
        try:
            update = Update(data)
        except ValueError:
            self.rule = b"update-malformed"
            return
        self.place(lines, update)

    def place(self, lines, update):
        """The place of its index before it, its rules, and the root after it."""
        index, current, other = update.entry.index, None, None
        self.policy = None
        found, value = lines.field(b"found"), None
        if found == b"present":
            data = unbase64(lines.field(b"current"))
            if len(data) > ENTRY_LEN_MAX:
                raise ValueError("longer than any entry")
            value, current = ks_hash(b"ks-entry", data), Entry(data)
            if current.index != index:
                raise ValueError("the entry before is of another index")
            self.policy = Policy(current.policy, True)
        elif found == b"other":
            other = lines.sized(b"other", 64)
        elif found != b"empty":
            raise ValueError("found what?")
        path = lines.path()
        if place_root(self.tree, index, found, value, other,
                      path) != self.root:
            raise ValueError("the path is not that of the tree before it")
        self.rule = update_rule(self.realm, update, current, self.policy)
        if self.rule:
            return
        if found == b"other":
            path = self.split(index, other, path)
        leaf = self.tree.leaf(len(path), index,
                              ks_hash(b"ks-entry", update.entry_data))
        self.root = self.tree.climb(index, leaf, path)

    def split(self, index, other, path):
        """The path where the leaf in the way has made room."""
        both = int.from_bytes(index, "big") ^ int.from_bytes(other[:32], "big")
        depth = 256 - both.bit_length() + 1
        empty = [None] * (depth - 1 - len(path))
        return path + empty + [self.tree.leaf(depth, other[:32], other[32:])]


class Evidence:
    """Evidence that proves something; ValueError, Refused or Broken if not."""

    def __init__(self, realm, data):
        self.realm, self.lines = realm, Lines(data)
        self.previous, self.signed = None, []
        lines = self.lines
        if len(data) > EVIDENCE_LEN_MAX or lines.next() + b"\n" != EVIDENCE:
            raise ValueError("too long, or not labelled")
        if lines.field(b"realm") != realm.name:
            raise ValueError("it is about another realm")
        self.rule = lines.field(b"rule")
        self.epoch = lines.count(b"epoch", U64_MAX)
        if self.epoch == 0:
            raise ValueError("epochs begin with 1")
        eras = Chain(lines).verify(realm, self.epoch - 1, Policy.majority)
        _, self.known, self.policy = eras[-1]
        broken = self.fork() if self.rule == b"fork" else self.check_epoch()
        if lines.rest or broken != self.rule:
            raise ValueError("it goes on, or not this rule is broken")

    def note(self):
        """The root of the next note, which a majority signed."""
        checkpoint = Checkpoint(self.lines.note())
        signed = checkpoint.signed_by(self.policy.keys)
        if not self.policy.majority(signed) or (
                checkpoint.origin != self.realm.name or
                checkpoint.size != self.epoch):
            raise ValueError("no majority has signed, or another epoch")
        self.signed.append([k for k in self.policy.keys
                            if k in signed and k.kind == REPLICA])
        return checkpoint.root

    def fork(self):
        if self.note() == self.note():
            raise ValueError("both notes are of one history")
        return b"fork"

    def check_epoch(self):
        """The rule that the epoch breaks."""
        lines = self.lines
        root = self.note()
        size = max(self.epoch - 2, 0)
        if lines.count(b"before", INCLUSION_MAX) != size.bit_count():
            raise ValueError("another number of subtrees")
        subtrees = [sized(lines.next(), 32) for _ in range(size.bit_count())]
        leaves = []
        if self.epoch == 1:
            if lines.field(b"previous") != b"-":
                raise ValueError("nothing is before the first epoch")
        else:
            leaves.append(lines.sized(b"previous", 168))
        leaves.append(lines.sized(b"head", 168))
        text = lines.field(b"next-policy")
        text = None if text == b"-" else unbase64(text)
        if text is not None and len(text) > POLICY_LEN_MAX:
            raise ValueError("longer than any policy")
        if self.log_root(size, subtrees, leaves) != root:
            raise ValueError("the heads are not those of the signed log")
        if self.epoch > 1:
            self.previous = Head(leaves[0])
            if (self.previous.epoch, self.previous.realm,
                    self.previous.policy) != (
                        self.epoch - 1, sha256(self.realm.name), self.known):
                raise ValueError("the head before is wrong itself")
        rule, head = self.head_rule(leaves[-1], text)
        if rule:
            if lines.next() != b"updates 0":
                raise ValueError("it goes on")
            return rule
        return self.updates_rule(head)

    @staticmethod
    def log_root(size, subtrees, leaves):
        """The root of the log of ${size} leaves when these are appended."""
        subtrees = subtrees[:]
        for leaf in leaves:
            node, size = sha256(b"\x00" + leaf), size + 1
            for _ in range((size & -size).bit_length() - 1):
                node = sha256(b"\x01" + subtrees.pop() + node)
            subtrees.append(node)
        node = subtrees.pop()
        while subtrees:
            node = sha256(b"\x01" + subtrees.pop() + node)
        return node

    def head_rule(self, data, text):
        """(the rule that the head breaks, or None; the head)"""
        try:
            head = Head(data)
        except ValueError:
            return b"head-malformed", None
        if head.realm != sha256(self.realm.name):
            return b"realm-mismatch", head
        if head.epoch != self.epoch:
            return b"epoch-not-next", head
        if self.previous and head.time < self.previous.time:
            return b"time-decreases", head
        if (text is None) != (head.policy == self.known) or (
                text is not None and sha256(text) != head.policy):
            raise ValueError("the next policy is not the one that it names")
        if text is not None:
            try:
                realm_policy(text, self.realm.name)
            except Broken:
                return b"policy-malformed", head
        return None, head

    def updates_rule(self, head):
        """The rule that the updates break, or what they lead to."""
        n = self.lines.count(b"updates", EPOCH_UPDATES_MAX)
        root = Tree(self.realm.nonce).empty(0, bytes(32))
        replay = Replay(self.realm,
                        self.previous.root if self.previous else root)
        for _ in range(n):
            replay.next(self.lines, n != head.updates)
        if replay.list != head.list:
            raise ValueError("the updates are not those of the signed head")
        if n != head.updates:
            return b"updates-count"
        if replay.rule is None and replay.root != head.root:
            return b"root-mismatch"
        return replay.rule


def judge_evidence(realm, data):
    """(exit code, why if it is 3, standard output)"""
    try:
        evidence = Evidence(realm, data)
    except (ValueError, Refused, Broken) as e:
        return 3, ("nothing is proven", str(e)), b""
    out = b"misbehaviour proven\nrealm %s\nrule %s\nepoch %d\n" % (
        realm.name, evidence.rule, evidence.epoch)
    for word, keys in zip((b"signed", b"signed-other"), evidence.signed):
        for key in keys:
            out += b"%s %s\n" % (word, re.sub(rb"[^\x20-\x7e]", b"?", key.name))
    return 0, None, out


# -- the command line ---------------------------------------------------------------

def rfc3339(ms):
    if ms is None:
        return "none"
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)
    timespec = "milliseconds" if ms % 1000 else "seconds"
    return at.isoformat(timespec=timespec) + "Z"


def instant_ms(text):
    """RFC 3339 in UTC, or seconds since 1970."""
    if re.fullmatch(r"[0-9]{1,15}", text):
        return int(text) * 1000
    found = re.fullmatch(
        r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,3})\d*)?Z", text, re.ASCII)
    if not found:
        raise ValueError("no time")
    seconds = calendar.timegm(time.strptime(found[1], "%Y-%m-%dT%H:%M:%S"))
    return seconds * 1000 + int((found[2] or "").ljust(3, "0"))


def shown(name):
    """A name without what could move a terminal's cursor."""
    return re.sub(b"\xc2[\x80-\x9f]", b"?", name)


def report(result):
    out = [b"user " + shown(result.user),
           b"found present" if result.present else b"found absent",
           b"epoch %d" % result.epoch]
    if result.present:
        out.append(b"version %d" % result.version)
    out.append(b"time " + rfc3339(result.time).encode())
    for key, seconds in result.signed:
        if key.kind == REPLICA:
            out.append(b"signed " + shown(key.name))
        else:
            when = rfc3339(seconds * 1000).encode()
            out.append(b"ratified %s %s" % (shown(key.name), when))
    if result.present and result.apps is None:
        out.append(b"profile erased")
    for name, value in result.apps or ():
        out.append(b"app %s %d" % (name, len(value)))
    return b"\n".join(out) + b"\n"


def judge(realm, data, *arguments):
    """(exit code, why if it is 3 or 4, standard output) of proof or evidence."""
    if data.startswith(EVIDENCE):
        return judge_evidence(realm, data)
    arguments = realm, data, *arguments
    try:
        result = verify(*arguments)
    except Refused as e:
        return 3, e.args, b""
    code = 0 if result.present else 1
    return 4 if result.unmet else code, result.unmet, report(result)


def fail(code, *why):
    print("ks-verify.py:", ": ".join(why), file=sys.stderr)
    return code


def load(path, what):
    try:
        with open(path, "rb") as f:
            return what(f.read())
    except (OSError, Broken) as e:
        raise Broken("%s: %s" % (path, e)) from None


def main():
    try:
        options, operands = getopt.getopt(sys.argv[1:], "he:q:r:t:u:")
        option = dict(options)
        now_ms = int(time.time() * 1000)
        if "-t" in option:
            now_ms = instant_ms(option["-t"])
        epoch = None
        if "-e" in option:
            epoch = undecimal(option["-e"].encode())
            if epoch == 0:
                raise ValueError("epochs begin with 1")
    except (getopt.GetoptError, ValueError) as e:
        return fail(2, str(e))
    if "-h" in option:
        print(__doc__.split("\n", 1)[0])
        return 0
    if "-r" not in option or len(operands) > 1:
        return fail(2, __doc__.split("\n", 1)[0])
    try:
        realm = load(option["-r"], Realm)
        policy = load(option["-q"], Policy) if "-q" in option else None
        user = None
        if "-u" in option:
            user = normalise(os.fsencode(option["-u"]))
        # One byte more than the limit is enough to see that it is too long.
        with open(operands[0] if operands else 0, "rb") as f:
            data = f.read(PROOF_LEN_MAX + 1)
            if data.startswith(EVIDENCE):
                data += f.read(EVIDENCE_LEN_MAX)
    except (OSError, ValueError, Broken) as e:
        return fail(100, str(e))
    code, why, out = judge(realm, data, now_ms, user, epoch, policy)
    sys.stdout.buffer.write(out)
    return fail(code, *why) if why else code


if __name__ == "__main__":
    sys.exit(main())
