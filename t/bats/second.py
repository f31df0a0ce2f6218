#!/usr/bin/env python3
"""Hold ks-verify against contrib/ks-verify.py and the page's verifier, for second.bats.

second.py users REPLICA NAME...     register users, each with a key of its own
second.py pick DIR                  names of the proofs in DIR that differ in kind
second.py cosign SECONDS VERIFIER... <PROOF     add cosignatures of this time
second.py lines REALM.CONF PROOF... every line removed, twice, swapped, altered
second.py realm REALM.CONF PROOF    the same with the realm file
second.py times REALM PROOF         times, cosignatures and policies
second.py made REALM                proofs that the keys of REALM sign and no
                                    honest server would make
second.py evidence REALM            evidence that its keys sign, true and false
second.py vectors                   the published vectors, without ks-verify

The last six print how many cases there were of each outcome, and fail if the three
(of evidence two: the page looks at proofs only) differ in exit code, rule or standard
output.  KS_BIN is where ks-verify is, KS_PAGE where the page is if not in share.
"""

import base64
import collections
import concurrent.futures
import functools
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", "hostile"))

import ksproto as ks  # noqa: E402

spec = importlib.util.spec_from_file_location(
    "second", os.path.join(TOP, "contrib", "ks-verify.py"))
second = importlib.util.module_from_spec(spec)
spec.loader.exec_module(second)

# Cases share most of their signatures; each is verified once.
for slow in ("vrf_verify", "ed25519_verify", "ed25519_key_ok"):
    setattr(second, slow, functools.lru_cache(None)(getattr(second, slow)))

NOW = int(time.time())

# Of the many changes within a line, a proof gets one in so many.
LINES_STRIDE = 10


def read(path):
    with open(path, "rb") as f:
        return f.read()


# -- both, compared ------------------------------------------------------------

class Case:
    """A question to both: ${what} names it when they differ."""

    def __init__(self, what, proof, realm, now=NOW, user=None, epoch=None,
                 policy=None):
        self.what, self.proof, self.realm = what, proof, realm
        self.now, self.user, self.epoch, self.policy = now, user, epoch, policy

    def first(self, folder):
        """(exit code, rule, standard output) of ks-verify."""
        args = [os.path.join(os.environ["KS_BIN"], "ks-verify"),
                "-t", str(self.now)]
        if os.environ.get("KS_NO_JAIL"):
            args.append("-J")
        for option, data in (("-r", self.realm), ("-q", self.policy)):
            if data is not None:
                args += [option, self.file(folder, data)]
        for option, word in (("-u", self.user), ("-e", self.epoch)):
            if word is not None:
                args += [option, str(word)]
        done = subprocess.run(args, input=self.proof, capture_output=True,
                              timeout=60, check=False)
        parts = (done.stderr.decode(errors="replace").splitlines() or
                 [""])[-1].split(": ")
        rule = ""
        if done.returncode in (3, 4):
            rule = parts[2] if len(parts) > 2 else "(no rule)"
        return done.returncode, rule, done.stdout

    @staticmethod
    def file(folder, data):
        path = os.path.join(folder, ks.ks_hash(b"file", data).hex())
        if not os.path.exists(path):
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as f:
                f.write(data)
            os.rename(f.name, path)
        return path

    def second(self):
        """The same of the second implementation."""
        try:
            realm = parse(second.Realm, self.realm)
            policy = self.policy
            if policy is not None:
                policy = parse(second.Policy, policy)
            user = self.user
            if user is not None:
                user = second.normalise(os.fsencode(user))
        except (second.Broken, ValueError):
            return 100, "", b""
        code, why, out = second.judge(realm, self.proof, self.now * 1000, user,
                                      self.epoch, policy)
        return code, why[0] if why else "", out


    def question(self):
        """It in JSON, for t/page/judge.mjs."""
        def text(data):
            return None if data is None else b64(data).decode()

        return json.dumps({
            "proof": text(self.proof), "realm": text(self.realm),
            "policy": text(self.policy), "now_ms": "%d" % (self.now * 1000),
            "user": None if self.user is None else text(os.fsencode(self.user)),
            "epoch": None if self.epoch is None else str(self.epoch)})


class Page:
    """The verifier of the page, in a process of its own."""

    SODIUM = ("build/npm/node_modules/libsodium-sumo/dist/modules-sumo-esm/"
              "libsodium-sumo.mjs")

    def __init__(self, folder):
        folder = os.path.join(folder, "page")
        shutil.copytree(os.environ.get("KS_PAGE") or
                        os.path.join(TOP, "share", "page"), folder)
        shutil.copy(os.path.join(TOP, self.SODIUM), folder)
        self.node = subprocess.Popen(
            ["node", os.path.join(TOP, "t", "page", "judge.mjs"), folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, case):
        """(exit code, rule, standard output)"""
        self.node.stdin.write(case.question().encode() + b"\n")
        self.node.stdin.flush()
        code, rule, out = json.loads(self.node.stdout.readline())
        return code, rule, base64.b64decode(out)

    def close(self):
        self.node.stdin.close()
        return self.node.wait(60)


@functools.lru_cache(64)
def parse(kind, data):
    return kind(data)


def proven(out):
    """The rule that evidence proves, by what is said of it."""
    lines = out.decode(errors="replace").splitlines()
    return lines[2] if lines[:1] == ["misbehaviour proven"] else ""


def compare(cases, with_page=True):
    """Ask all, print the outcomes, exit with 1 if they ever differ."""
    if os.environ.get("KS_NO_JAIL"):
        cases = cases[::8]      # a program under a sanitizer starts slowly
    outcomes = collections.Counter()
    differ = 0
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        page = Page(folder) if with_page else None
        firsts = pool.map(lambda case: case.first(folder), cases)
        for case, first in zip(cases, firsts):
            found = case.second()
            shown = page.ask(case) if page else first
            outcomes["%d %s" % (first[0], first[1] or proven(first[2]))] += 1
            if first == found == shown:
                continue
            differ += 1
            if differ <= int(os.environ.get("DIFFERENCES", "20")):
                print("%s:\n  ks-verify    %s\n  ks-verify.py %s\n  the page     %s" %
                      (case.what[:200], first, found, shown), file=sys.stderr)
        if page and page.close() != 0:
            sys.exit("second.py: the page's verifier does not leave well")
    for outcome, n in sorted(outcomes.items()):
        print(n, outcome)
    print(len(cases), "cases,", differ, "differ")
    sys.exit(1 if differ or not cases else 0)


# -- alterations ------------------------------------------------------------------

def b64(data):
    return base64.b64encode(data)


def words_instead(word):
    """What a word of a line is replaced by."""
    try:
        data = base64.b64decode(word, validate=True)
    except ValueError:
        data = b""
    if len(data) >= 12:
        for i in sorted({0, 1, 4, 8, 12, 15, 16, 31, 32, 33, 47, 48, 63, 64, 79,
                         80, 87, 88, 120, 135, 136, len(data) // 2,
                         len(data) - 1}):
            if i < len(data):
                for bit in (0x01, 0x80):
                    yield b64(data[:i] + bytes([data[i] ^ bit]) + data[i + 1:])
        yield b64(data[:-1])
        yield b64(data + b"\0")
        yield b64(data[:1])
        yield b64(data * 2)
        yield b64(bytes(len(data)))
        yield b64(b"\xff" * len(data))
        yield word.rstrip(b"=")
        yield word + b"="
        yield word[:-1]
        yield word + b"===="
        yield word[:8] + b" " + word[8:]
        yield word.replace(b"+", b"-").replace(b"/", b"_")
        # The last digit before the padding, with bits that stand for nothing.
        digits = word.rstrip(b"=")
        yield digits[:-1] + bytes([digits[-1] + 1]) + word[len(digits):]
    if word.isdigit():
        n = int(word)
        for m in (0, 1, 2, n - 1, n + 1, n + 2, 255, 256, 257, 2 * n, 2**31,
                  2**32, 2**32 + n, 2**63 - 1, 2**63, 2**64 - 1, 2**64,
                  2**64 + n, 10**30, -n):
            yield b"%d" % m
        yield b"0" + word
        yield b"+" + word
        yield word + b".0"
        yield b"0x%x" % n
        yield b""
    for other in (b"", b"-", b"present", b"empty", b"other", b"erased", b"none",
                  b"any", b"all", b"x", b"PRESENT", b"x" * 129, b"user1"):
        yield other
    yield word.upper()
    yield word + b"x"
    yield word + b"\t"
    yield word + b"\0"
    yield word + b"\r"
    yield word + b"\x7f"
    yield word + b"\xff"
    yield word + "\u00a0".encode()
    yield word + "\u00e9".encode()
    yield word + b"+"


def altered_texts(text):
    """(what, text) for every alteration of a text's lines."""
    lines = text.split(b"\n")

    def join(i, *instead, over=1):
        return b"\n".join(lines[:i] + list(instead) + lines[i + over:])

    for i, line in enumerate(lines):
        yield "line %d removed" % i, join(i)
        yield "line %d twice" % i, join(i, line, line)
        yield "line %d emptied" % i, join(i, b"")
        yield "cut before line %d" % i, b"\n".join(lines[:i])
        yield "cut after line %d" % i, b"\n".join(lines[:i] + [b""])
        for extra in (b"", b" ", b"#", b"extra QUJD", b"x y", b"-", b"\t",
                      b64(bytes(32)), b"server http://x.example/"):
            yield ("change before line %d: %r" % (i, extra),
                   join(i, extra, over=0))
        for j in range(i + 1, min(i + 3, len(lines))):
            swapped = lines[:]
            swapped[i], swapped[j] = lines[j], lines[i]
            yield "lines %d and %d swapped" % (i, j), b"\n".join(swapped)
        for new in (b" " + line, line + b" ", line.replace(b" ", b"  ", 1),
                    line.replace(b" ", b"\t", 1), line + b" x", b"x" + line):
            yield "change of line %d: %r" % (i, new), join(i, new)
        words = line.split(b" ")
        for w, word in enumerate(words):
            for new in dict.fromkeys(words_instead(word)):
                if new == word:
                    continue
                changed = b" ".join(words[:w] + [new] + words[w + 1:])
                yield "change of line %d: %r" % (i, changed), join(i, changed)
    yield "nothing", b""
    yield "CRLF", text.replace(b"\n", b"\r\n")
    yield "a byte more", text + b"x"
    yield "a line more", text + b"x\n"
    yield "twice", text + text
    yield "too long", text + b"\n" * 262144
    yield "BOM", b"\xef\xbb\xbf" + text


def note_of(proof):
    """The note at the end of a proof, which may have notes in its chain too."""
    start = max(proof.find(b"\nc2sp.org/tlog-proof@v1\n"), 0)
    return proof[proof.index(b"\n\n", start) + 2:]


def signature_lines(proof):
    """Proofs with more signature lines."""
    note = note_of(proof)
    last = note.split(b"\n")[-2]
    name, data = last.split(b" ")[1:]
    data = base64.b64decode(data)
    key_id = data[:4]
    broken = data[:-1] + bytes([data[-1] ^ 1])
    for what, line in (
            ("known, twice", last),
            ("known, broken", name + b" " + b64(broken)),
            ("known id, other name", b"other.example " + b64(broken)),
            ("known name, other id", name + b" " + b64(b"abcd" + broken[4:])),
            ("known, no signature", name + b" " + b64(key_id)),
            ("known, short", name + b" " + b64(data[:-1])),
            ("known, long", name + b" " + b64(data + b"\0")),
            ("known, one byte", name + b" " + b64(data[:5])),
            ("unknown, short", b"x " + b64(b"abcde")),
            ("unknown, id only", b"x " + b64(b"abcd")),
            ("unknown, no id", b"x " + b64(b"abc")),
            ("unknown, nothing", b"x "),
            ("unknown, no base64", b"x !!!!"),
            ("unknown, post-quantum", b"x " + b64(bytes(5000))),
            ("no name", b" " + b64(data)),
            ("name with +", b"a+b " + b64(data)),
            ("name with NBSP", "a\u00a0b ".encode() + b64(data)),
            ("name with U+3000", "a\u3000b ".encode() + b64(data)),
            ("name with U+0085", "a\u0085b ".encode() + b64(data)),
            ("name with U+200B", "a\u200bb ".encode() + b64(data)),
            ("name with U+180E", "a\u180eb ".encode() + b64(data)),
            ("name with U+2028", "a\u2028b ".encode() + b64(data)),
            ("name beyond ASCII", "\u00e9 ".encode() + b64(data)),
            ("name with DEL", b"a\x7f " + b64(data)),
            ("name not UTF-8", b"a\xff " + b64(data)),
            ("name with a surrogate", b"a\xed\xa0\x80 " + b64(data)),
            ("name, overlong UTF-8", b"a\xc1\xa1 " + b64(data)),
            ("long name", b"n" * 200 + b" " + b64(data)),
            ("very long name", b"n" * 1000 + b" " + b64(data))):
        if not line.startswith(second.Checkpoint.DASH):
            line = second.Checkpoint.DASH + line
        yield "signature: " + what, proof + line + b"\n"
    for dash in (b"- ", "\u2014".encode(), "\u2013 ".encode(), b""):
        yield "dash %r" % dash, proof + dash + b"x " + b64(data) + b"\n"
    for n in (13, 14, 15, 16, 17, 31, 32, 63, 64, 65, 100, 128, 200, 256, 300,
              1000, 4000):
        line = second.Checkpoint.DASH + b"x " + b64(data) + b"\n"
        yield "%d unknown signatures" % n, proof + line * n


def lines(realm_path, *paths):
    realm = read(realm_path)
    cases = []
    for number, path in enumerate(paths):
        proof = read(path)
        cases.append(Case(path, proof, realm))
        altered = [*altered_texts(proof), *signature_lines(proof)]
        # Changes of a line there are many: each proof gets its share of them.
        cases += [Case("%s: %s" % (path, what), text, realm)
                  for i, (what, text) in enumerate(altered)
                  if i % LINES_STRIDE == number % LINES_STRIDE or
                  not what.startswith("change ")]
    compare(cases)


def realm_file(realm_path, proof_path):
    realm, proof = read(realm_path), read(proof_path)
    cases = [Case("realm file: " + what, proof, text)
             for i, (what, text) in enumerate(altered_texts(realm))
             if i % 3 == 0 or not what.startswith("change ")]
    # A key that is a point, which few of the altered ones are: the generator.
    other = b64(bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f"
                              "58e30b6aa582dd8db6a65945e08d2d76"))
    cases.append(Case("realm file: another VRF key", proof, b"\n".join(
        b"vrf " + other if line.startswith(b"vrf ") else line
        for line in realm.split(b"\n"))))
    compare(cases)


def cosigned(proof, key, seconds):
    text = note_of(proof)
    text = text[:text.index(b"\n\n") + 1]
    message = b"cosignature/v1\ntime %d\n" % seconds + text
    data = key.key_id(4) + ks.u64(seconds) + key.sign(message)
    return (proof + second.Checkpoint.DASH + key.name.encode() + b" " +
            b64(data) + b"\n")


# -- times, cosignatures, policies ----------------------------------------------

def known_keys(folder):
    """The replica's key and the list of the verifiers' of a realm's folder."""
    verifiers = sorted(d for d in os.listdir(folder) if d.startswith("verifier"))
    return (ks.read_key(folder + "/replica1/keys/sign.key"),
            [ks.read_key("%s/%s/keys/cosign.key" % (folder, d))
             for d in verifiers])


def policies(realm):
    """Policies of a client's own, good and bad, by name."""
    text = parse(second.Realm, realm).policy_text
    keys = b"".join(line + b"\n" for line in text.splitlines()
                    if line.startswith((b"replica ", b"witness ")))
    replica, *witnesses = keys.splitlines(True)
    w = b" verifier1 verifier2 verifier3\n"
    for rest in (
            b"quorum none\n", b"quorum replica1\n", b"quorum verifier1\n",
            b"group g any" + w + b"quorum g\n",
            b"group g all" + w + b"quorum g\n",
            b"group g 2" + w + b"quorum g\n",
            b"group g 02" + w + b"quorum g\n",
            b"group g 4" + w + b"quorum g\n",
            b"group g 0" + w + b"quorum g\n",
            b"group g -1" + w + b"quorum g\n",
            b"group g 1\nquorum g\n", b"group g any\nquorum g\n",
            b"group g any replica1" + w + b"quorum g\n",
            b"group g 3 replica1" + w + b"quorum g\n",
            b"group g 2" + w + b"group h all g replica1\nquorum h\n",
            b"group g 2" + w + b"group h any g replica1\nquorum h\n",
            b"group g 2" + w + b"group h all g verifier1\nquorum h\n",
            b"group g any verifier1 verifier2\n"
            b"group h all g verifier3\nquorum h\n",
            b"group g any verifier1 verifier1\nquorum g\n",
            b"group g any none\nquorum g\n", b"group g any g\nquorum g\n",
            b"group none any replica1\nquorum none\n",
            b"group verifier1 any replica1\nquorum verifier1\n",
            b"quorum g\ngroup g any" + w, b"quorum g\n",
            b"quorum none\nquorum none\n", b"", b"quorum replica1",
            b"quorum replica1 \n", b"\tquorum\t replica1\t\n",
            b" # x\n\n \t\n#\nquorum replica1\n#\n", b"quorum replica1 x\n",
            b"quorum\n", b"QUORUM none\n", b"quorum replica1\nx\n",
            b"quorum replica1\n# \xff\xe9\n", b"# \x7f\nquorum replica1\n",
            b"# \x01\nquorum replica1\n", b"# \r\nquorum replica1\n",
            b"group \xff any" + w + b"quorum \xff\n",
            b"group " + b"n" * 255 + b" any" + w + b"quorum " + b"n" * 255 + b"\n",
            b"group " + b"n" * 256 + b" any" + w + b"quorum " + b"n" * 256 + b"\n",
            b"#" * (8192 - len(keys) - 13) + b"\nquorum none\n",
            b"#" * (8193 - len(keys) - 13) + b"\nquorum none\n"):
        yield keys + rest
    for url in (b" http://x", b" x", b" http://x y", b" \xff",
                b" http://" + b"u" * 248, b" http://" + b"u" * 249):
        yield replica[:-1] + url + b"\nquorum replica1\n"
        yield witnesses[0][:-1] + url + b"\nquorum verifier1\n"
    yield witnesses[0] + b"quorum verifier1\n"
    yield b"quorum none\n"
    yield witnesses[0] + witnesses[0].replace(b"verifier1 ", b"again ", 1) + (
        b"quorum verifier1\n")
    yield witnesses[0].replace(b"witness", b"replica") + b"quorum verifier1\n"
    yield replica.replace(b"replica", b"witness", 1) + b"quorum replica1\n"
    yield b"log " + replica.split()[2] + b"\n" + keys + b"quorum none\n"
    yield b"key " + replica.split(b" ", 1)[1] + b"quorum replica1\n"
    for n in (59, 60, 61, 62):
        extra = b"".join(
            b"witness w%d %s\n" % (i, ks.SignKey("w", ks.ks_hash(
                b"w", ks.u8(i))).vkey(4).encode()) for i in range(n))
        yield keys + extra + b"quorum none\n"
    # A key that breaks rule S2: the neutral element, and one of small order.
    for public in (ks.u8(1) + bytes(31), bytes(32), b"\xec" + b"\xff" * 30 +
                   b"\x7f", b"\xff" * 32):
        bad = ks.SignKey("bad", bytes(32))
        bad.pk = public
        yield keys + b"witness bad %s\nquorum none\n" % bad.vkey(4).encode()
    # One of mixed order: a good key plus the point of order 2.
    good = second.ed25519_decode(ks.SignKey("bad", bytes(32)).pk)
    bad = ks.SignKey("bad", bytes(32))
    bad.pk = second.ed25519_encode(second.point_add(good, (0, -1, 1, 0)))
    yield keys + b"witness bad %s\nquorum none\n" % bad.vkey(4).encode()
    for n in (63, 64, 65):
        groups = b"".join(b"group g%d any %s\n" % (
            i, b"g%d" % (i - 1) if i else b"replica1") for i in range(n))
        yield keys + groups + b"quorum g%d\n" % (n - 1)


def times(folder, path):
    realm, bare = read(folder + "/realm.conf"), read(path)
    _, (a, b, c) = known_keys(folder)
    made = parse(second.Realm, realm)
    fresh = made.fresh_ms // 1000
    head = second.Proof(bare)
    epoch = second.Head(head.head).epoch
    head_s = second.Head(head.head).time // 1000
    cases = []

    def ask(what, signers, **more):
        proof = bare
        for key, seconds in signers:
            proof = cosigned(proof, key, seconds)
        cases.append(Case("%s %r" % (what, more), proof, realm, **more))

    own = list(policies(realm))
    sets = ([], [(a, NOW)], [(a, NOW), (b, NOW - 100)], [(b, NOW - fresh - 900),
            (c, NOW - fresh - 500)],
            [(a, NOW), (b, NOW - fresh - 900), (c, NOW - fresh - 500)])
    for policy in own:
        for n, signers in enumerate(sets):
            ask("policy %r, set %d" % (policy[-60:], n), signers, policy=policy)
    # Another key may sign, under any name, but as a replica only under the origin's.
    for name, kind in (("home.example", 1), ("other.example", 1),
                       ("other.example", 4)):
        key = ks.SignKey(name, b"\1" * 32)
        text = bare[bare.index(b"\n\n") + 2:]
        text = text[:text.index(b"\n\n") + 1]
        line = b" ".join((second.Checkpoint.DASH.strip(), name.encode(), b64(
            key.key_id() + key.sign(text)))) + b"\n"
        word = b"replica" if kind == 1 else b"witness"
        policy = b"%s x %s\nquorum x\n" % (word, key.vkey(kind).encode())
        cases.append(Case("%s of %s" % (word, name),
                          cosigned(bare + line, key, NOW), realm, policy=policy))
    # The age of a proof, and of each cosignature, on both sides of every limit.
    edges = [head_s + d for d in (-301, -300, -299, -1, 0, 1, 2, 299, 300, 301,
                                  fresh - 1, fresh, fresh + 1, fresh + 2,
                                  fresh + 300, fresh + 301, 10**9)]
    for now in edges + [0, 1]:
        for policy in (None, own[0], own[1], own[3]):
            ask("time", [(a, head_s), (b, head_s + 1)], now=now, policy=policy)
            ask("time", [(a, head_s + 300), (b, head_s + 301)], now=now,
                policy=policy)
    for x in (0, 1, NOW - fresh, NOW - fresh - 1, NOW - fresh + 1, NOW + 299,
              NOW + 300, NOW + 301, 2**53, 2**62, 2**63 - 1, 2**63, 2**64 - 1):
        for policy in (None, own[0], own[2], own[12]):
            ask("cosigned at %d" % x, [(a, x)], policy=policy)
            ask("cosigned at %d too" % x, [(a, NOW), (b, x)], policy=policy)
            ask("and later", [(a, NOW), (b, x)], policy=policy, now=NOW + fresh)
            ask("twice, %d last" % x, [(a, NOW - 5), (a, x)], policy=policy)
            ask("twice, %d first" % x, [(a, x), (a, NOW - 5)], policy=policy)
    for e in (1, epoch - 1, epoch, epoch + 1, 2**63 - 1):
        for signers in sets:
            ask("epoch", signers, epoch=e)
            ask("epoch", signers, epoch=e, now=NOW + 2 * fresh)
    user = head.user.decode()
    for other in (user, user.upper(), user + "x", "", " ", user + " ", "\u00e9",
                  "\x7f", "a" * 254, "a" * 255, "\u00c9", "a\u00a0b"):
        ask("user", sets[1], user=other)
    compare(cases)


# -- made-up proofs ----------------------------------------------------------------

class Maker:
    """Makes proofs of an epoch log of one head, signed with a realm's keys."""

    def __init__(self, folder):
        self.conf = read(folder + "/realm.conf")
        self.realm = parse(second.Realm, self.conf)
        self.tree = second.Tree(self.realm.nonce)
        self.replica, self.verifiers = known_keys(folder)
        self.x = int.from_bytes(
            ks.read_key(folder + "/replica1/keys/vrf.key").x, "little")
        self.user = b"made"
        self.vrf, self.index = self.prove(self.user)

    def prove(self, alpha, flip=0):
        """The proof and index of ${alpha}; ${flip} changes Gamma's last byte."""
        h = second.vrf_hash_input(self.realm.vrf, alpha)
        gamma = second.ristretto_encode(second.point_multiply(self.x, h))
        gamma = gamma[:31] + bytes([gamma[31] ^ flip])
        k = 2**200 + 12345
        c = second.vrf_challenge(
            self.realm.vrf, second.ristretto_encode(h), gamma,
            second.ristretto_encode(
                second.point_multiply(k, second.ED25519_BASE)),
            second.ristretto_encode(second.point_multiply(k, h)))
        s = (k + int.from_bytes(c, "little") * self.x) % second.L
        output = second.hashlib.sha512(
            second.VRF_SUITE + b"\x03" + gamma + b"\0").digest()
        return gamma + c + s.to_bytes(32, "little"), output[:32]

    def head(self, root, **field):
        get = field.get
        return (get("magic", b"ks/head/v1" + bytes(6)) +
                get("realm", second.sha256(self.realm.name)) +
                ks.u64(get("epoch", 1)) + root +
                ks.u64(get("time", NOW * 1000)) + ks.u64(get("updates", 0)) +
                bytes(32) +
                get("policy", second.sha256(self.realm.policy_text)) +
                get("more", b""))

    def note(self, text, replica=True, verifiers=None):
        """The note of ${text}, by all keys; or not the replica, or fewer."""
        note = text + b"\n"
        if replica:
            note += second.Checkpoint.DASH + self.replica.name.encode() + b" "
            note += b64(self.replica.key_id() + self.replica.sign(text)) + b"\n"
        for key in self.verifiers[:verifiers]:
            note = cosigned(b"\n\n" + note, key, NOW)[2:]
        return note

    def proof(self, found, path=(), root=None, **field):
        """A proof whose place hashes to ${root}, or to what is in the path."""
        get = field.get
        if root is None:
            try:
                root = self.tree.climb(self.index, get("terminal"), list(path))
            except (second.Refused, ValueError):
                root = bytes(32)
        head = self.head(root, **field)
        log_root = get("log_root", second.sha256(b"\0" + head))
        for before in get("before", ()):
            log_root = second.sha256(b"\1" + before + log_root)
        text = get("text", b"%s\n%d\n%s\n" % (
            get("origin", self.realm.name), get("size", 1), b64(log_root)))
        lines = [b"ks-proof/v1", b"realm " + self.realm.name,
                 b"user " + get("user", self.user),
                 b"vrf " + b64(get("vrf", self.vrf)),
                 b"policies %d" % len(get("chain", ())), *get("chain", ()),
                 b"head " + b64(head), *found, b"path %d" % len(path)]
        lines += [b"-" if x is None else b64(x) for x in path]
        lines += [b"c2sp.org/tlog-proof@v1", b"index %d" % get("number", 0)]
        lines += [b64(x) for x in get("inclusion", ())]
        return b"\n".join(lines) + b"\n\n" + self.note(
            text, **get("signers", {}))

    def link(self, new, **field):
        """A link to the policy ${new}, and the leaf that it stands for."""
        get = field.get
        head = self.head(bytes(32), **{"policy": second.sha256(new), **field})
        leaf = root = second.sha256(b"\0" + head)
        for before in get("before", ()):
            root = second.sha256(b"\1" + before + root)
        note = self.note(b"%s\n%d\n%s\n" % (
            get("origin", self.realm.name), get("size", 1), b64(root)),
            **get("signers", {}))
        note = get("note", note)
        inclusion = get("inclusion", get("before", ()))
        return b"\n".join(
            [b"policy " + b64(get("other", new)),
             b"policy-head " + b64(head), b"inclusion %d" % len(inclusion),
             *map(b64, inclusion), b"note %d" % note.count(b"\n"),
             note[:-1]]), leaf

    def present(self, entry, profile, path=(), **field):
        terminal = self.tree.leaf(len(path), self.index,
                                  ks.ks_hash(b"ks-entry", entry))
        found = [b"found present", b"entry " + b64(entry), b"profile " +
                 (b64(profile) if profile is not None else b"erased")]
        return self.proof(found, path, terminal=terminal, **field)

    def entry(self, profile, version=0, policy=b"x", index=None):
        return ks.entry(index or self.index, version, policy,
                        ks.commitment(profile))

    def other(self, leaf, path=(), **field):
        terminal = self.tree.leaf(len(path), leaf[:32], leaf[32:])
        return self.proof([b"found other", b"other " + b64(leaf)], path,
                          terminal=terminal, **field)

    def empty(self, path=(), **field):
        terminal = self.tree.empty(min(len(path), 256), self.index)
        return self.proof([b"found empty"], path, terminal=terminal, **field)


def made_heads(m):
    """Proofs with unusual heads and checkpoints."""
    profile = ks.profile({b"a": b"b"}, bytes(32))
    entry = m.entry(profile)
    for what, field in (
            ("good", {}), ("magic", {"magic": b"ks/head/v2" + bytes(6)}),
            ("padding", {"magic": b"ks/head/v1" + bytes(5) + b"x"}),
            ("realm", {"realm": bytes(32)}), ("epoch 0", {"epoch": 0}),
            ("epoch 2", {"epoch": 2}),
            ("epoch 2, size 2", {"epoch": 2, "size": 2}),
            ("updates", {"updates": 1000000}),
            ("too many updates", {"updates": 1000001}),
            ("number", {"number": 1}), ("policy", {"policy": bytes(32)}),
            ("longer", {"more": b"\0"}), ("time 0", {"time": 0}),
            ("time", {"time": NOW * 1000 + 300000}),
            ("future", {"time": NOW * 1000 + 300001}),
            ("far future", {"time": 2**64 - 1}), ("size 0", {"size": 0}),
            ("size 2", {"size": 2}), ("size", {"size": 2**64 - 1}),
            ("inclusion", {"inclusion": [bytes(32)]}),
            ("long inclusion", {"inclusion": [bytes(32)] * 64}),
            ("longer inclusion", {"inclusion": [bytes(32)] * 65}),
            ("origin", {"origin": b"other.example"}),
            ("origin with +", {"origin": b"a+b"}),
            ("no origin", {"origin": b""}),
            ("log root", {"log_root": bytes(32)}),
            ("short log root", {"log_root": bytes(31)}),
            ("no checkpoint", {"text": b"hello\n"}),
            ("no number", {"text": m.realm.name + b"\n01\n" + b64(bytes(32)) +
                           b"\n"})):
        yield what, m.present(entry, profile, **field)
    for more in (b"extension\n", b"\n", b"\nx\n"):
        head = m.head(m.tree.empty(0, bytes(32)))
        yield "extension %r" % more, m.empty(
            text=b"%s\n1\n%s\n" % (m.realm.name, b64(second.sha256(
                b"\0" + head))) + more)


def made_entries(m):
    """Proofs with unusual entries, profiles and VRF proofs."""
    profile = ks.profile({b"a": b"b"}, bytes(32))
    entry = m.entry(profile)
    for what, e in (
            ("version", m.entry(profile, 2**64 - 1)),
            ("policy", m.entry(profile, 0, b"p" * 4096)),
            ("long policy", m.entry(profile, 0, b"p" * 4097)),
            ("no policy", m.entry(profile, 0, b"")),
            ("other index", m.entry(profile, 0, b"x", bytes(32))),
            ("longer", entry + b"\0"), ("shorter", entry[:-1]),
            ("byte", b"\2" + entry[1:])):
        yield "entry: " + what, m.present(e, profile)
    names = {"none": {}, "long name": {b"a" * 64: b""}, "too long name":
             {b"a" * 65: b""}, "no name": {b"": b""}, "case": {b"A": b""},
             "letters": {b"a-z0_9.": b""}, "+": {b"a+": b""},
             "256": {b"%d" % i: b"" for i in range(256)},
             "257": {b"%d" % i: b"" for i in range(257)},
             "long": {b"a": bytes(65535 - 40)}, "full": {b"a": bytes(65497)},
             "too long": {b"a": bytes(65498)}, "two": {b"a": bytes(60000),
                                                      b"b": bytes(6000)}}
    profiles = {k: ks.profile(v, bytes(32)) for k, v in names.items()}
    head = ks.u8(1) + bytes(32)
    a, b = ks.var8(b"a") + ks.var16(b""), ks.var8(b"b") + ks.var16(b"")
    profiles.update({
        "unsorted": head + ks.u16(2) + b + a, "twice": head + ks.u16(2) + a + a,
        "longer": profile + b"\0", "shorter": profile[:-1],
        "byte": b"\0" + profile[1:], "short": b"\1", "count": head + ks.u16(9)})
    for what, p in profiles.items():
        yield "profile: " + what, m.present(m.entry(p), p)
        yield "profile: other, " + what, m.present(entry, p)
    yield "profile: erased", m.present(entry, None)
    for user in (b"\xc3\xa9", b"a" * 254, b"a" * 255, b"a b", b"\xc2\xa0", b"A",
                 b"\xc3\x89", b"a\x7f", b"\xc2\x85", b"\xf4\x90\x80\x80"):
        vrf, index = m.prove(user)
        other = m.entry(profile, 0, b"x", index)
        root = m.tree.leaf(0, index, ks.ks_hash(b"ks-entry", other))
        yield "user %r" % user, m.present(other, profile, user=user, vrf=vrf,
                                          root=root)
    for flip in (0x80, 0x40, 0x01):
        vrf, index = m.prove(m.user, flip)
        other = m.entry(profile, 0, b"x", index)
        root = m.tree.leaf(0, index, ks.ks_hash(b"ks-entry", other))
        yield "Gamma ^ %d" % flip, m.present(other, profile, vrf=vrf, root=root)
    s = int.from_bytes(m.vrf[48:], "little") + second.L
    yield "s + L", m.present(entry, profile,
                             vrf=m.vrf[:48] + s.to_bytes(32, "little"))
    yield "identity", m.present(entry, profile, vrf=bytes(80))


def made_paths(m):
    """Proofs of trees that are none, or not in canonical form."""
    profile = ks.profile({b"a": b"b"}, bytes(32))
    entry, some = m.entry(profile), b"\x55" * 32

    def flipped(bit):
        n = int.from_bytes(m.index, "big") ^ 1 << (255 - bit)
        return n.to_bytes(32, "big")

    def blank(depth):
        return m.tree.empty(depth, flipped(depth - 1))

    for what, path in (
            ("", []), ("one", [some]), ("gap", [None, some]),
            ("gaps", [None] * 255 + [some]), ("full", [some] * 256),
            ("full, odd", [some, None] * 127 + [some, some]),
            ("257", [some] * 257), ("last empty", [some, None]),
            ("only empty", [None]), ("all empty", [None] * 256)):
        yield "present: " + what, m.present(entry, profile, path)
        yield "empty: " + what, m.empty(path)
        for bit in (0, len(path) - 1, len(path), len(path) + 1, 254, 255):
            if 0 <= bit < 256:
                yield "other %d: %s" % (bit, what), m.other(
                    flipped(bit) + some, path)
        yield "itself: " + what, m.other(m.index + some, path)
    # An empty sibling as the hash that it has.
    for path in ([blank(1), some], [some, blank(2)], [blank(1)],
                 [None, blank(2), some]):
        short = [None if i < len(path) and x == blank(i + 1) else x
                 for i, x in enumerate(path)]
        terminal = m.tree.leaf(len(path), m.index,
                               ks.ks_hash(b"ks-entry", entry))
        root = m.tree.climb(m.index, terminal, short)
        yield "empty as a hash", m.present(entry, profile, path, root=root)


def made_chains(m):
    """Proofs with chains of policies, at the second epoch if not said."""
    profile = ks.profile({b"a": b"b"}, bytes(32))
    entry = m.entry(profile)
    own = m.realm.policy_text
    keys = b"".join(line + b"\n" for line in own.splitlines()
                    if line.startswith((b"replica ", b"witness ")))
    new, none = own + b"# new\n", keys + b"quorum none\n"
    few = keys.splitlines(True)[0] + b"quorum replica1\n"
    alone = {"verifiers": 0}

    def proof(policy, *links, **field):
        chain, leaves = zip(*links) if links else ((), ())
        field = {"epoch": 2, "number": 1, "size": 2, "before": leaves[-1:],
                 "inclusion": leaves[-1:], "policy": second.sha256(policy),
                 "chain": chain, **field}
        return m.present(entry, profile, **field)

    for what, field in (
            ("good", {}), ("epoch", {"epoch": 2}), ("epoch 0", {"epoch": 0}),
            ("realm", {"realm": bytes(32)}), ("policy", {"policy": bytes(32)}),
            ("magic", {"magic": bytes(16)}), ("longer", {"more": b"\0"}),
            ("future", {"time": 2**64 - 1}), ("size 2", {"size": 2}),
            ("size 0", {"size": 0}), ("inclusion", {"inclusion": [bytes(32)]}),
            ("inclusion 64", {"inclusion": [bytes(32)] * 64}),
            ("inclusion 65", {"inclusion": [bytes(32)] * 65}),
            ("origin", {"origin": b"other.example"}),
            ("origin with +", {"origin": b"a+b"}), ("other", {"other": own}),
            ("nothing", {"other": b"\n"}), ("no note", {"note": b"hello\n"}),
            ("empty note", {"note": b"\n"}),
            ("no replica", {"signers": {"replica": False}}),
            ("nobody else", {"signers": alone}),
            ("one verifier", {"signers": {"verifiers": 1}}),
            ("two verifiers", {"signers": {"verifiers": 2}})):
        yield "link: " + what, proof(new, m.link(new, **field))
    good, leaf = m.link(new)
    for what, policy in (
            ("empty", b"\n"), ("no replica", b"quorum none\n"),
            ("text", b"hello\n"), ("no LF", new[:-1]), ("few", few),
            ("none", none), ("long", own + b"#" * 8000 + b"\n"),
            ("longest", own + b"#" * (8191 - len(own)) + b"\n"),
            ("too long", own + b"#" * (8192 - len(own)) + b"\n"),
            ("NUL", own + b"# \0\n"), ("realm", own.replace(
                m.realm.name + b"+", b"other.example+"))):
        yield "new policy: " + what, proof(policy, m.link(policy))
        yield "new policy, alone: " + what, proof(
            policy, m.link(policy), signers=alone)
    # The head of the proof: what it names, and when.
    yield "names the old one", proof(own, (good, leaf))
    yield "names another", proof(few, (good, leaf))
    yield "no link", proof(new, before=[leaf], inclusion=[leaf])
    yield "no link, old", proof(own, before=[leaf], inclusion=[leaf])
    yield "the link's epoch", m.present(
        entry, profile, policy=second.sha256(new), chain=[m.link(new)[0]])
    yield "before the link's", proof(
        new, m.link(new, epoch=2, size=2, before=[leaf]), epoch=1, number=0,
        size=1, before=[], inclusion=[])
    # Several links.
    for what, second_policy, third in (
            ("two", few, few), ("back again", own, own), ("and back", new, new)):
        link, last = m.link(second_policy, epoch=2, size=2, before=[leaf])
        both = second.sha256(b"\1" + leaf + last)
        for swap in (0, 1):
            for known in (own, new, few):
                chain = [good, link][::-1 if swap else 1]
                yield ("%s, %d" % (what, swap), m.conf.replace(own, known),
                       m.present(entry, profile, epoch=3, number=2, size=3,
                                 before=[both], inclusion=[both], chain=chain,
                                 policy=second.sha256(third)))
    yield "twice", proof(new, (good, leaf), (good, leaf))
    for n in (15, 16, 17):
        yield "%d links" % n, proof(new, *[(good, leaf)] * n)
        yield "%d links, known" % n, m.conf.replace(own, new), proof(
            new, *[(good, leaf)] * n)


def made(folder):
    m = Maker(folder)
    cases = [Case("made: " + what, proof[-1], [m.conf, *proof[:-1]][-1])
             for part in (made_heads, made_entries, made_paths, made_chains)
             for what, *proof in part(m)]
    compare(cases)


# -- evidence ------------------------------------------------------------------------

class Accuser(Maker):
    """Makes evidence of an epoch after heads of its choice."""

    def history(self, *heads):
        self.heads = list(heads)

    def text(self, rule, *lines, **field):
        chain = field.get("chain", ())
        epoch = field.get("stated", len(self.heads))
        return b"\n".join([
            b"ks-evidence/v1", b"realm " + self.realm.name, b"rule " + rule,
            b"epoch %d" % epoch, b"policies %d" % len(chain), *chain,
            *lines]) + b"\n"

    def note_lines(self, heads, **field):
        root = second.Evidence.log_root(0, [], heads)
        note = self.note(b"%s\n%d\n%s\n" % (self.realm.name, len(heads),
                                            b64(root)),
                         **field.get("signers", {}))
        return [b"note %d" % note.count(b"\n"), note[:-1]]

    def fork(self, other, **field):
        return self.text(b"fork", *self.note_lines(self.heads, **field),
                         *self.note_lines(other, **field), **field)

    def about(self, rule, *updates, **field):
        heads = self.heads
        n = len(heads)
        before = [second.sha256(b"\0" + h) for h in heads[:max(n - 2, 0)]]
        new = field.get("next")
        listed = field.get("count", len(updates))
        return self.text(
            rule, *self.note_lines(heads, **field),
            b"before %d" % len(before), *map(b64, before),
            b"previous " + (b64(heads[-2]) if n > 1 else b"-"),
            b"head " + b64(heads[-1]),
            b"next-policy " + (b64(new) if new is not None else b"-"),
            b"updates %d" % listed, *updates, **field)


def evidence_heads(m):
    empty = m.tree.empty(0, bytes(32))
    nothing = ks.ks_hash(b"ks-updates", b"")

    def head(root=empty, **field):
        data = m.head(root, **field)
        return data[:104] + field.get("list", nothing) + data[136:]

    good, bad = head(), head(root=bytes(32))
    m.history(good)
    for rule in (b"fork", b"root-mismatch", b"policy-changed", b"x", b""):
        yield m.about(rule)
    yield m.fork([good])
    yield m.fork([bad])
    yield m.fork([good, good])
    yield m.fork([bad], signers={"replica": False})
    yield m.fork([bad], signers={"verifiers": 0})
    yield m.fork([bad], stated=2)
    yield m.fork([bad], stated=0)
    own = m.realm.policy_text
    new, none = own + b"# new\n", b"quorum none\n"
    # A link of the epoch itself leads to a policy that was not in force.
    m.history(head(root=bytes(32), policy=second.sha256(new)))
    for chain in ((), (m.link(new)[0],)):
        yield m.about(b"root-mismatch", chain=chain, next=new)
        yield m.about(b"root-mismatch", chain=chain)
        yield m.fork([bad], chain=chain)
    for rule, one in (
            (b"root-mismatch", bad), (b"realm-mismatch", head(realm=bytes(32))),
            (b"epoch-not-next", head(epoch=2)), (b"head-malformed", bytes(168)),
            (b"updates-count", head(updates=1)),
            (b"policy-malformed", head(policy=second.sha256(none))),
            (b"policy-malformed", head(policy=second.sha256(new))),
            (b"root-mismatch", head(root=bytes(32),
                                    policy=second.sha256(new))),
            (b"time-decreases", head(time=0))):
        m.history(one)
        for text in (None, own, new, none, none * 700):
            yield m.about(rule, next=text)
        yield m.about(rule, signers={"replica": False})
        m.history(good, head(epoch=2)[:16] + one[16:])
        yield m.about(rule)
    for time_ms in (NOW * 1000 - 1, NOW * 1000, NOW * 1000 + 1):
        m.history(good, head(epoch=2, time=time_ms))
        yield m.about(b"time-decreases")
        m.history(good, head(epoch=2), head(epoch=3, time=time_ms))
        yield m.about(b"time-decreases")
    # Under the second policy, and what leads to it.
    first = head(policy=second.sha256(new))
    link, leaf = m.link(new)
    for signers in ({}, {"verifiers": 0}, {"replica": False}):
        for name in (new, own):
            head2 = head(epoch=2, root=bytes(32), policy=second.sha256(name))
            m.history(first, head2)
            link = m.link(new, signers=signers)[0]
            for chain in ((), (link,), (link, link)):
                yield m.about(b"root-mismatch", chain=chain)
                yield m.about(b"root-mismatch", chain=chain, next=own)
                yield m.fork([first, bad], chain=chain)


def evidence_updates(m):
    """Epochs of one or two updates of one user, in any order of wrongs."""
    keys = [ks.SignKey(n, ks.ks_hash(b"second", n.encode())) for n in "ab"]
    index, realm = bytes(31) + b"\1", m.realm.name.decode()
    place = [b"found empty", b"path 0"]

    def entry(version, owners, where=index):
        return ks.entry(where, version, ks.policy_of(owners), bytes(32))

    def value(data):
        return ks.ks_hash(b"ks-entry", data)

    def head(root, updates):
        chain = ks.ks_hash(b"ks-updates", b"")
        for u in updates:
            chain = ks.ks_hash(b"ks-updates", chain + u)
        data = m.head(root, updates=len(updates))
        return data[:104] + chain + data[136:]

    def update(u, *lines):
        return b"\n".join([b"update " + b64(u), *lines])

    def there(data, path=()):
        return [b"found present", b"current " + b64(data),
                b"path %d" % len(path), *map(b64, path)]

    one = entry(0, keys[:1])
    good = ks.signed_update(realm, one, keys[:1])
    root = m.tree.leaf(0, index, value(one))
    rules = (b"root-mismatch", b"updates-count", b"signature-invalid",
             b"version-must-rise", b"registration-version", b"new-policy-unmet",
             b"old-policy-unmet", b"update-malformed", b"policy-malformed")
    seconds = [ks.signed_update(realm, entry(version, owners), signers)
               for version in (0, 1) for owners in (keys[:1], keys[1:], keys)
               for signers in (keys[:1], keys[1:], keys)]
    seconds += [good[:-1] + bytes([good[-1] ^ 1]), good[:-1], b"x", good + b"x",
                ks.signed_update(realm, ks.entry(index, 1, b"x\n", bytes(32)),
                                 keys[:1])]
    for u in seconds:
        for root_then in (root, bytes(32)):
            m.history(head(root_then, [good, u]))
            for rule in rules:
                yield m.about(rule, update(good, *place), update(u, *there(one)))
        m.history(head(root, [good, u]))
        yield m.about(b"update-malformed", update(good, *place), update(u))
        m.history(head(root, [u]))
        for rule in rules:
            yield m.about(rule, update(u, *place))
            yield m.about(rule, update(u, *there(one)))
    # A second user: the leaf in the way moves down.
    for where in (bytes(31) + b"\2", b"\x80" + bytes(31), bytes(32)):
        two = entry(0, keys[1:], where)
        u = ks.signed_update(realm, two, keys[1:])
        replay = second.Replay(m.realm, root)
        path = replay.split(where, index + value(one), [])
        after = m.tree.climb(
            where, m.tree.leaf(len(path), where, value(two)), path)
        lines = [b"found other", b"other " + b64(index + value(one)), b"path 0"]
        for root_then in (after, bytes(32)):
            m.history(head(root_then, [good, u]))
            for rule in rules[:2]:
                yield m.about(rule, update(good, *place), update(u, *lines))
                yield m.about(rule, update(good), update(u))
                yield m.about(rule, update(good, *place), update(u, *place))


def evidence(folder):
    m = Accuser(folder)
    texts = [*evidence_heads(m), *evidence_updates(m)]
    cases = [Case("evidence: %r" % text, text, m.conf) for text in texts]
    proven = [text for text in texts
              if not second.judge_evidence(parse(second.Realm, m.conf), text)[0]]
    # Every line altered, in as many of those that prove something.
    for number, text in enumerate(proven[::max(len(proven) // 6, 1)]):
        cases += [Case("evidence: " + what, altered, m.conf) for i,
                  (what, altered) in enumerate(altered_texts(text))
                  if i % 12 == number % 12 or not what.startswith("change ")]
    compare(cases, with_page=False)


# -- published vectors ---------------------------------------------------------------

VRF_VECTOR = """
54136cd90d99fbd1d4e855d9556efea87ba0337f2a6ce22028d0f5726fcb854e
633273702e6f72672f7672662d72323535
0a97d961262fb549b4175c5117860f42ae44a123f93c476c439eddd1c0cff9265c805525233e2284dbed45e593b8eea31d5ca9734d72bcbba9738d5237f955f3b2422351149d1312503b6441a47c940c
dd653f0879b48c3ef69e13551239bec4cbcc1c18fe8894de2e9e1c790e18273603bf1c6c25d7a797aeff3c43fd32b974d3fcbd4bcce916007097922a3ea3a794
"""


def vectors():
    """c2sp.org/vrf-r255, and rule S1 on the edge cases of C2SP/CCTV."""
    key, alpha, proof, output = map(bytes.fromhex, VRF_VECTOR.split())
    if second.vrf_verify(key, alpha, proof) != output:
        sys.exit("second.py: the VRF vector")
    valid = count = 0
    for line in read(TOP + "/t/vectors/ed25519.txt").splitlines():
        if line.startswith(b"#") or not line:
            continue
        number, flags, key, signature, message = line.split(b" ", 4)
        got = second.ed25519_verify(bytes.fromhex(key.decode()), message,
                                    bytes.fromhex(signature.decode()))
        # What is wrong with it, but for a key or R of mixed order, which S1 allows.
        want = not set(flags) - set(b"-ar")
        if got != want:
            sys.exit("second.py: vector %r is %r" % (number, got))
        valid += got
        count += 1
    print(count, "vectors,", valid, "valid")


# -- what the test needs ---------------------------------------------------------------

def users(replica, *names):
    conf = read(replica + "/realm.conf")
    realm = parse(second.Realm, conf).name.decode()
    vrf = ks.read_key(replica + "/keys/vrf.key")
    conn = ks.Conn(replica + "/run/admit")
    for n, name in enumerate(names):
        user = name.encode()
        key = ks.SignKey(name, ks.ks_hash(b"second", user))
        profile = ks.profile({b"ssh": user, b"x": bytes(10)}, os.urandom(32))
        entry = ks.entry(vrf.index(user), 0, ks.policy_of([key]),
                         ks.commitment(profile))
        conn.send(ks.frame(ks.UPDATE, n + 1, os.urandom(16) + ks.var8(user) +
                           ks.var32(ks.signed_update(realm, entry, [key])) +
                           ks.var32(profile) + ks.var32(b"")))
    for _ in names:
        kind, _, body = conn.recv()
        if kind != ks.UPDATE_ACCEPTED:
            sys.exit("second.py: %r" % (ks.error(body),))


def cosign(seconds, *verifiers):
    proof = sys.stdin.buffer.read()
    for folder in verifiers:
        key = ks.read_key(folder + "/keys/cosign.key")
        proof = cosigned(proof, key, int(seconds))
    sys.stdout.buffer.write(proof)


def pick(folder):
    """The first name of each kind of path: what is found, "-" in it, its depth."""
    kinds = {}
    deepest = (-1, "")
    for name in sorted(os.listdir(folder)):
        proof = second.Proof(read(os.path.join(folder, name)))
        kinds.setdefault((proof.found, None in proof.path), name)
        deepest = max(deepest, (len(proof.path), name))
    print(*sorted({*kinds.values(), deepest[1]}), sep="\n")


COMMANDS = {"users": users, "cosign": cosign, "lines": lines,
            "realm": realm_file, "times": times, "made": made,
            "evidence": evidence, "vectors": vectors, "pick": pick}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
