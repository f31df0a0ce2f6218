#!/usr/bin/env python3
"""Is what a cluster did right?  Each violation is a line "RULE: ...", the exit code 1.

  check.py history FILE [FRESH_S]
        what load.py wrote: each user is a register with rising versions
  check.py past REALM_CONF FILE SERVER...
        each acknowledged update, by a verified lookup of the epoch that it was told
  check.py replicas DIR...
        of running replicas: one log, one head for each epoch, as far as any two go
  check.py verifiers DIR...
        none has halted, and there is no evidence
  check.py resumed FILE TIME
        milliseconds from TIME (monotonic, in seconds) to the first acknowledgement of
        an update that was begun since

Of a history:
  wrong         a tool ended as it never may: a proof that does not verify, a fork
  version-twice two acknowledged updates of one user have one version
  twice         one update is two versions
  two-values    one version, or one epoch, of a user was shown with two values
  invented      a value was shown that nobody had begun to write, or that was refused
  reordered     a later update, or epoch, has a lower version
  step-back     a client was shown an older epoch than before
  lost-update   an update that a client had acknowledged is not in what it is shown
                next; or not in the end; or not in an epoch since
  stale-read    somebody was shown an older state than was acknowledged FRESH_S ago
"""

import base64
import collections
import json
import os
import subprocess
import sys

BIN = os.environ.get("KS_BIN", "build/bin")
# So many entries at the end of the shortest log are compared one by one.
READ_LAST = 1000


class Report:
    def __init__(self):
        self.lines = []

    def add(self, rule, text, *args):
        self.lines.append("%s: %s" % (rule, text % args))

    def end(self, summary):
        for line in self.lines[:50]:
            print(line)
        print(summary)
        return 1 if self.lines else 0


# -- histories ---------------------------------------------------------------

def operations(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.endswith("\n")]


def one_value(report, user, shown):
    """Versions and epochs of a user, each with what was shown for it."""
    value_of, version_of, version_at = {}, {}, {}
    for op in shown:
        version, epoch = op["version"], op["epoch"]
        if version >= 0 and version_of.setdefault(op["value"], version) != version:
            report.add("twice", "%s: %s is version %d and %d", user, op["value"],
                       version_of[op["value"]], version)
        if value_of.setdefault(version, op.get("value")) != op.get("value"):
            report.add("two-values", "%s version %d is %s and %s", user, version,
                       value_of[version], op.get("value"))
        if op["op"] == "lookup" and version_at.setdefault(epoch, version) != version:
            report.add("two-values", "%s at epoch %d has version %d and %d", user, epoch,
                       version_at[epoch], version)
    last = -1
    for epoch in sorted(version_at):
        if version_at[epoch] < last:
            report.add("reordered", "%s at epoch %d has version %d, before it had %d",
                       user, epoch, version_at[epoch], last)
        last = max(last, version_at[epoch])


def written(report, user, ops, shown):
    begun = {op["value"]: op for op in ops if op["op"] == "update"}
    for op in shown:
        if op["version"] < 0:
            continue
        update = begun.get(op["value"])
        if update is None or update["t0"] > op["t1"]:
            report.add("invented", "%s version %d is %s", user, op["version"], op["value"])
        elif update["result"] == "refused":
            report.add("invented", "%s: %s was refused, and shown", user, op["value"])


def acknowledged(report, user, acks):
    acks = sorted(acks, key=lambda a: a["t0"])
    seen = collections.Counter(a["version"] for a in acks)
    for version, n in seen.items():
        if n > 1:
            report.add("version-twice", "%s version %d", user, version)
    for i, a in enumerate(acks):
        for b in acks[i + 1:]:
            if a["t1"] < b["t0"] and a["version"] >= b["version"]:
                report.add("reordered", "%s: %s is version %d, the later %s is %d", user,
                           a["value"], a["version"], b["value"], b["version"])


def looked_up(report, user, acks, reads, fresh_s):
    for read in reads:
        for ack in acks:
            if read["version"] >= ack["version"]:
                continue
            if ack["epoch"] <= read["epoch"]:
                report.add("lost-update", "%s version %d is in epoch %d; epoch %d shows %d",
                           user, ack["version"], ack["epoch"], read["epoch"],
                           read["version"])
            elif ack["t1"] >= read["t0"]:
                continue
            elif read.get("final") or ack["client"] == read["client"]:
                report.add("lost-update", "%s version %d; client %d is shown %d later",
                           user, ack["version"], read["client"], read["version"])
            elif ack["t1"] + fresh_s < read["t0"]:
                report.add("stale-read", "%s version %d; %d is shown after %.1f s", user,
                           ack["version"], read["version"], read["t0"] - ack["t1"])


def by(key, ops):
    groups = collections.defaultdict(list)
    for op in ops:
        groups[op[key]].append(op)
    return sorted(groups.items())


def memories(report, ops):
    for client, mine in by("client", [op for op in ops if op["result"] == "ok"]):
        last = 0
        for op in sorted(mine, key=lambda op: op["t0"]):
            if op["epoch"] < last:
                report.add("step-back", "client %d is shown epoch %d after %d", client,
                           op["epoch"], last)
            last = max(last, op["epoch"])


def history(path, fresh_s="1e9"):
    report, ops = Report(), operations(path)
    for op in ops:
        if op["result"] == "wrong":
            report.add("wrong", "client %d, %s at %s: %s", op["client"], op["op"],
                       op["server"], op.get("why", "").strip())
    memories(report, ops)
    for user, group in by("user", ops):
        shown = [op for op in group if op["result"] == "ok"]
        acks = [op for op in shown if op["op"] == "update"]
        reads = [op for op in shown if op["op"] == "lookup"]
        one_value(report, user, shown)
        written(report, user, group, shown)
        acknowledged(report, user, acks)
        looked_up(report, user, acks, reads, float(fresh_s))
    count = collections.Counter((op["op"], op["result"]) for op in ops)
    return report.end(", ".join("%d %ss %s" % (n, o, r) for (o, r), n in sorted(count.items())))


def in_past(report, ack, shown, later):
    """Is the update in what a lookup of its epoch shows, or one that came after it?"""
    where = "%s at epoch %d" % (ack["user"], ack["epoch"])
    if shown is None or "version" not in shown:
        report.add("lost-update", "%s: nothing is shown", where)
    elif shown["version"] < ack.get("version", 0):
        report.add("lost-update", "%s: version %d is, not %d", where, shown["version"],
                   ack["version"])
    else:
        value = base64.b64decode(shown["apps"]["v"]).decode()
        if value != ack["value"] and value not in later:
            report.add("lost-update", "%s: %s is shown, not %s", where, value, ack["value"])


def past(realm, path, *servers):
    report, ops = Report(), operations(path)
    updates = [op for op in ops if op["op"] == "update"]
    acks = [op for op in updates if op["result"] in ("ok", "accepted")]
    for n, ack in enumerate(acks):
        p = subprocess.run([BIN + "/ks-lookup", "-j", "-r", realm, "-s",
                            servers[n % len(servers)], "-e", str(ack["epoch"]),
                            ack["user"]], capture_output=True, text=True)
        later = {op["value"] for op in updates
                 if op["user"] == ack["user"] and op["t1"] > ack["t0"]}
        in_past(report, ack, json.loads(p.stdout) if p.stdout else None, later)
    return report.end("%d acknowledged updates looked up in the past" % len(acks))


def resumed(path, since):
    since = float(since)
    ends = [op["t1"] for op in operations(path)
            if op["op"] == "update" and op["result"] == "ok" and op["t0"] >= since]
    if not ends:
        return 1
    print(round((min(ends) - since) * 1000))
    return 0


# -- replicas and verifiers --------------------------------------------------

def ks(*words):
    p = subprocess.run([BIN + "/" + words[0], *words[1:]], capture_output=True, text=True)
    if p.returncode != 0:
        raise SystemExit("check.py: %s: %s" % (" ".join(words), p.stderr.strip()))
    return p.stdout.splitlines()


def last_of(folder):
    return int(dict(line.split(" ", 1) for line in ks("ks-log", "-d", folder, "status"))["last"])


def entries(folder, low, high):
    """Each with the running hash after it, which is that of all before, too."""
    return ks("ks-log", "-d", folder, "read", str(low), str(high))


def first_difference(one, other, end):
    """The first entry that is not the same in both; end + 1 if there is none."""
    low, high = 1, end + 1
    while low < high:
        middle = (low + high) // 2
        if entries(one, middle, middle) == entries(other, middle, middle):
            low = middle + 1
        else:
            high = middle
    return low


def one_log(report, folders):
    end = min(last_of(f) for f in folders)
    last = [entries(f, max(1, end - READ_LAST + 1), end) for f in folders]
    for folder, mine in zip(folders, last):
        if mine != last[0]:
            report.add("log-differs", "%s and %s from entry %d on", folders[0], folder,
                       first_difference(folders[0], folder, end))
    return end


def heads(folder, stage):
    """epoch -> what is to be the same everywhere"""
    rows = {}
    for line in ks("ks-dump", "%s/run/%s" % (folder, stage), "epoch"):
        fields = dict(word.split("=", 1) for word in line.split()[1:])
        rows[int(fields["key"])] = tuple((n, v) for n, v in sorted(fields.items())
                                         if n.startswith("head."))
    return rows


def one_head(report, folders):
    first, epochs = {}, set()
    for folder in folders:
        for stage in ("apply", "publish"):
            for epoch, head in heads(folder, stage).items():
                epochs.add(epoch)
                where, other = first.setdefault(epoch, (folder + "/" + stage, head))
                if other != head:
                    report.add("two-heads", "epoch %d: %s has %s, %s/%s has %s", epoch,
                               where, other, folder, stage, head)
    if epochs and epochs != set(range(1, max(epochs) + 1)):
        report.add("two-heads", "epochs are missing below %d", max(epochs))
    return len(epochs)


def replicas(*folders):
    report = Report()
    entries = one_log(report, folders)
    epochs = one_head(report, folders)
    return report.end("%d entries, %d epochs of %d replicas" % (entries, epochs, len(folders)))


def verifiers(*folders):
    report = Report()
    for folder in folders:
        for name in os.listdir(folder + "/evidence"):
            report.add("evidence", "%s/evidence/%s", folder, name)
        for line in ks("ks-status", folder):
            if " halted=" in line and " halted=0" not in line:
                report.add("halted", "%s", line)
    return report.end("%d verifiers object to nothing" % len(folders))


if __name__ == "__main__":
    sys.exit({"history": history, "past": past, "resumed": resumed, "replicas": replicas,
              "verifiers": verifiers}[sys.argv[1]](*sys.argv[2:]))
