#!/usr/bin/env python3
"""Clients of a realm, each with a user of its own, who update it and look users up.

  load.py REALM_CONF DIR STOP CLIENTS SERVER...
        runs until the file STOP is there; keys, memories and the history, which
        is DIR/history, are below DIR, after which the users are named, too
  load.py REALM_CONF DIR - probe SERVER...
        tries at each server to update a user, anew every few moments, until one
        succeeds: when service resumes nobody of the others may just begin something
  load.py REALM_CONF DIR - final SERVER...
        looks every user up at every server, with a memory of its own

A client's nearest server is that of its number; an update goes to it, or if it is
away to the others; a lookup at times to the nearest only, at times to any other one.

One line of JSON an operation: client, op, user, server, t0 and t1 (monotonic, in
seconds: before the tool was started, after it has ended), result, and of an update
the value.  Results: "ok" with version and epoch (of a lookup also the value; version
-1 is proven absence), "refused" (it must have no effect), "accepted" (of an update: it
must be in that epoch, though no proof came), "unknown" (of an update: it may have an
effect, once), "away" (of a lookup: no answer, or not what is enough), "wrong".
"""

import base64
import json
import os
import random
import re
import subprocess
import sys
import threading
import time

BIN = os.environ["KS_BIN"]
# How long one tool tries, and when it is a failure that it has not ended.
TRY_S, HANG_S = 10, 90
PAUSE_MAX_S = 0.1
# The first of the clients that probe, and how long they go on.
PROBE, PROBE_S = 1000, 60
# What ks-update says when it knows that it was accepted and not much more.
ACCEPTED = re.compile("accepted for epoch ([0-9]+)")


def tool(memory, *words):
    try:
        p = subprocess.run([BIN + "/" + words[0], *words[1:]], timeout=HANG_S,
                           stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           env=dict(os.environ, KS_STATE_DIR=memory))
    except subprocess.TimeoutExpired:
        return None, "", "it hangs"
    return p.returncode, p.stdout, p.stderr


def run_all(threads):
    for t in threads:
        t.start()
    for t in threads:
        t.join()


class Load:
    def __init__(self, realm, where, servers):
        self.realm, self.where, self.servers = realm, where, servers
        self.name = os.path.basename(where)
        self.lock = threading.Lock()
        self.history = open(where + "/history", "a", buffering=1)

    def note(self, **line):
        with self.lock:
            self.history.write(json.dumps(line) + "\n")

    def key(self, client):
        path = "%s/key%d" % (self.where, client)
        if not os.path.exists(path):
            subprocess.run([BIN + "/ks-keygen", "-o", path], check=True,
                           stdout=subprocess.DEVNULL)
        return path

    def user(self, client):
        return "u%d.%s@example.org" % (client, self.name)

    def server_words(self, names):
        return [w for name in names for w in ("-s", name)]

    def update(self, client, memory, value, servers, try_s=TRY_S):
        user = self.user(client)
        t0 = time.monotonic()
        code, out, err = tool(memory, "ks-update", "-r", self.realm, "-t", str(try_s),
                              "-k", self.key(client), *self.server_words(servers),
                              user, "v=" + value)
        line = dict(client=client, op="update", user=user, server=servers[0], t0=t0,
                    t1=time.monotonic(), value=value)
        words = out.split()
        if code == 0:
            line.update(result="ok", version=int(words[2]), epoch=int(words[4]))
        elif code == 100:
            line.update(result="refused", why=err)
        elif code in (4, 111) and (said := ACCEPTED.search(err)):
            line.update(result="accepted", epoch=int(said[1]), why=err)
        elif code in (3, 4, 111):
            line.update(result="wrong" if code == 3 and "step-back" not in err
                        else "unknown", why=err, code=code)
        else:
            line.update(result="wrong", why=err, code=code)
        self.note(**line)
        return line["result"]

    def lookup(self, client, memory, user, servers, **more):
        t0 = time.monotonic()
        code, out, err = tool(memory, "ks-lookup", "-j", "-w", "5", "-r", self.realm,
                              *self.server_words(servers), user)
        line = dict(client=client, op="lookup", user=user, server=servers[0], t0=t0,
                    t1=time.monotonic(), **more)
        if code == 0:
            said = json.loads(out)
            line.update(result="ok", version=said["version"], epoch=said["epoch"],
                        value=base64.b64decode(said["apps"]["v"]).decode())
        elif code == 1:
            line.update(result="ok", version=-1, epoch=json.loads(out)["epoch"])
        elif code in (4, 111) or (code == 3 and "step-back" in err):
            # A server may be behind what this client has seen.
            line.update(result="away", why=err, code=code)
        else:
            line.update(result="wrong", why=err, code=code)
        self.note(**line)

    def run(self, client, clients, stop):
        rng = random.Random(client)
        memory = "%s/memory%d" % (self.where, client)
        os.makedirs(memory, exist_ok=True)
        near = client % len(self.servers)
        far = [s for i, s in enumerate(self.servers) if i != near]
        while not os.path.exists(stop):
            rng.shuffle(far)
            if rng.random() < 0.5:
                value = "%d-%s" % (client, os.urandom(6).hex())
                self.update(client, memory, value, [self.servers[near]] + far)
            else:
                user = self.user(rng.choice((client, rng.randrange(clients))))
                one = [self.servers[near]] if rng.random() < 0.5 else far[:1]
                self.lookup(client, memory, user, one or [self.servers[near]])
            time.sleep(rng.random() * PAUSE_MAX_S)

    def probe_at(self, i, done):
        """At one server, so that none waits for another."""
        memory = "%s/memory%d" % (self.where, PROBE + i)
        os.makedirs(memory, exist_ok=True)
        deadline = time.monotonic() + PROBE_S
        while not done.is_set() and time.monotonic() < deadline:
            value = "probe-" + os.urandom(6).hex()
            if self.update(PROBE + i, memory, value, self.servers[i:i + 1], 3) == "ok":
                done.set()
            time.sleep(0.05)

    def probe(self):
        done = threading.Event()
        run_all([threading.Thread(target=self.probe_at, args=(i, done))
                 for i in range(len(self.servers))])
        if not done.is_set():
            raise SystemExit("load.py: no update in %d s" % PROBE_S)

    def final(self):
        memory = self.where + "/memory-final"
        os.makedirs(memory, exist_ok=True)
        users = set()
        with open(self.where + "/history", encoding="utf-8") as f:
            users.update(json.loads(line)["user"] for line in f)
        for user in sorted(users):
            for server in self.servers:
                self.lookup(-1, memory, user, [server], final=True)


def main(realm, where, stop, clients, *servers):
    os.makedirs(where, exist_ok=True)
    load = Load(realm, where, servers)
    if clients in ("final", "probe"):
        getattr(load, clients)()
        return
    run_all([threading.Thread(target=load.run, args=(i, int(clients), stop))
             for i in range(int(clients))])


if __name__ == "__main__":
    main(*sys.argv[1:])
