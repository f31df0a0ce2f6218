#!/usr/bin/env python3
"""http_siege.py HTTP HTTPS PID USER EPOCH [fast]    clients that take their time, all at once,
against the process PID that serves HTTP and HTTPS (or - for none) at these HOST:PORT: idle ones,
half-closed ones, long polls, answers (such as the bundle of EPOCH) that nobody reads; and, unless it
is to be fast, slow requests and handshakes that never end, which the server must end.  Meanwhile USER
is looked up again and again, and must be found each time.  In the end all leave: descriptors must be
what they were."""

import os
import selectors
import sys
import threading
import time

import http_raw as http

IDLE, SLOW, HALF, STUCK, UNREAD, POLLS = 1000, 60, 20, 40, 20, 100

# Longest time for one lookup meanwhile, and for all that is slow to be ended.
LOOKUP_S, END_S = 20, 60

http_at, https_at, pid, user = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
BIG = int(sys.argv[5])
FAST = "fast" in sys.argv[6:]
failed = []
done = threading.Event()
lookups = 0


def fail(text):
    failed.append(text)
    done.set()


def probe():
    """Look up all the time, over HTTP and HTTPS in turn."""
    global lookups
    while not done.is_set():
        tls = https_at != "-" and lookups % 2 == 1
        began = time.monotonic()
        try:
            if not http.lookup(https_at if tls else http_at, user, tls, LOOKUP_S):
                fail("a lookup was refused")
        except OSError as e:
            fail("a lookup failed: %s" % e)
        if time.monotonic() - began > LOOKUP_S:
            fail("a lookup took too long")
        lookups += 1
        done.wait(0.05)


def wait_ended(socks, what):
    """All of ${socks} are ended by the server."""
    left, deadline = selectors.DefaultSelector(), time.monotonic() + END_S
    for s in socks:
        left.register(s, selectors.EVENT_READ)
    while left.get_map() and not failed:
        if time.monotonic() > deadline:
            fail("%d %s were not ended" % (len(left.get_map()), what))
        for key, _ in left.select(0.5):
            try:
                if key.fileobj.recv(65536):
                    continue
            except BlockingIOError:
                continue
            except OSError:
                pass
            left.unregister(key.fileobj)


def slow():
    """A byte now and then, the request never whole: ended, though never idle."""
    text = http.get("/v1/realm", "X-Slow: " + "s" * 3000)
    socks = [http.connect(http_at) for _ in range(SLOW)]
    over, at = set(), 0
    while len(over) < SLOW and not done.is_set():
        for s in socks:
            try:
                s.send(text[at:at + 1])
            except OSError:
                over.add(s)
        at += 1
        if at > 3 * END_S:
            fail("%d slow requests were not ended" % (SLOW - len(over)))
        done.wait(0.3)
    return socks


def half():
    """A whole request, then no more to say: answered; half of one: ended."""
    for i in range(HALF):
        pause = 0 if i == 0 and not FAST else 0.05
        answer = http.exchange(http.connect(http_at), http.get("/v1/realm"), pause)
        if http.status_of(answer) != 200:
            fail("who closed his half got %r" % answer[:100])
        answer = http.exchange(http.connect(http_at), http.get("/v1/realm")[:20 + i % 10],
                               pause)
        if http.status_of(answer) not in (0, 400):
            fail("half a request got %r" % answer[:100])


def stuck():
    """A handshake that stays where it is, after nothing, a part, or garbage."""
    hello = bytes.fromhex("1603010200010001fc0303") + bytes(60)
    socks = []
    for i in range(STUCK):
        s = http.connect(https_at)
        s.sendall((hello, hello[:7], hello[:1], b"GET / HTTP/1.1\r\n\r\n")[i % 4])
        s.setblocking(False)
        socks.append(s)
    wait_ended(socks, "handshakes")


def unread():
    """Ask and ask, and read nothing."""
    socks = []
    request = http.get("/v1/feed/%d" % BIG) + http.get("/v1/openapi.json")
    for _ in range(UNREAD):
        s = http.connect(http_at, window=4096)
        s.setblocking(False)
        socks.append(s)
    for _ in range(50):
        for s in socks:
            try:
                s.send(request * 20)
            except OSError:
                pass
    return socks


def polls():
    """Wait for what does not come, and leave in every way."""
    for i in range(POLLS):
        s = http.connect(http_at)
        s.sendall(http.get("/v1/feed/999999?wait_ms=30000" if i % 2 else "/v1/tail?wait_ms=30000"))
        if i % 3 == 0:
            http.reset(s)
        elif i % 3 == 1:
            s.close()
        else:
            yield s


def main():
    # One of each before, so that nothing is first used later.
    http.lookup(http_at, user)
    if https_at != "-":
        http.lookup(https_at, user, True)
    before = http.descriptors(pid)
    prober = threading.Thread(target=probe)
    prober.start()
    keep = [http.connect(http_at) for _ in range(IDLE)]
    for s in keep[::2]:
        # Every other one has been served before it is idle.
        s.sendall(http.get("/v1/realm"))
    jobs = [half]
    if not FAST:
        jobs.append(slow)
        if https_at != "-":
            jobs.append(stuck)
    threads = [threading.Thread(target=job) for job in jobs]
    for t in threads:
        t.start()
    keep += list(polls())
    keep += unread()
    for t in threads:
        t.join()
    served = lookups
    if http.descriptors(pid) < before + IDLE // 2:
        fail("the idle ones were not kept")
    done.set()
    prober.join()
    for s in keep:
        s.close()
    deadline = time.monotonic() + END_S
    while http.descriptors(pid) > before:
        if time.monotonic() > deadline:
            fail("%d descriptors, %d before" % (http.descriptors(pid), before))
            break
        time.sleep(0.05)
    if served < 5:
        fail("only %d lookups were answered" % served)
    print("%d lookups" % served, *failed, sep="\n")
    os._exit(bool(failed))


main()
