#!/usr/bin/env python3
"""Hosts on one machine: each is a network namespace with an address of its own, and
a process namespace in which its supervisor is process 1.  Needs root, iproute2 and
/dev/net/tun.

  lab.py serve DIR PID NAME=ADDRESS=FOLDER...
        makes the hosts and the wire between them, and answers at DIR/control until
        the process PID has ended; then nothing of it is left
  lab.py DIR COMMAND [ARGUMENT...]
        start NAME          power on: s6-svscan FOLDER/service
        kill NAME           power cut: silence on the wire, and SIGKILL to all
        pause NAME          SIGSTOP to all; resume NAME
        cut A,B C,D         nothing passes between any of A,B and any of C,D
        oneway A,B C,D      nothing passes from A,B to C,D
        slow MS A,B C,D     what passes between them takes so long, each way
        loss PERCENT A,B C,D
        heal                the wire is whole again (hosts without power stay off)
        Each of these prints the time (monotonic, in seconds) since which it is so.
        count               lines "FROM TO passed P dropped D delayed L"
        run NAME COMMAND... in the network of the host

The wire is a process, this one, and not veth, a bridge and netem: it needs less of
the kernel (netem is often missing), each direction of each pair has its own faults,
and what a fault did is counted.
"""

import ctypes
import fcntl
import heapq
import os
import random
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN_NO_PI = 0x400454ca, 0x1001
PR_SET_PDEATHSIG = 1
PACKET_MAX = 1 << 16
# What a slow wire may hold, in packets for each direction; the rest is lost.
QUEUE_MAX = 2000

libc = ctypes.CDLL(None, use_errno=True)


class Host:
    def __init__(self, name, address, folder):
        self.name, self.address, self.folder = name, address, folder
        self.process = None
        made = threading.Thread(target=self._make_network)
        made.start()
        made.join()
        if self.tun < 0:
            raise SystemExit("lab.py: no namespace or no TUN device for %s: %s" %
                             (name, self.error))

    def _make_network(self):
        """In a thread, which alone goes into the new namespace."""
        self.tun = -1
        try:
            if libc.unshare(CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "unshare")
            tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"eth0", IFF_TUN_NO_PI))
            self.net = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
            for words in ("link set lo up", "link set eth0 up mtu 1500",
                          "addr add %s/24 dev eth0" % self.address):
                subprocess.run(["ip"] + words.split(), check=True)
            self.tun = tun
        except (OSError, subprocess.CalledProcessError) as e:
            self.error = e

    def enter(self, pid="self"):
        return ["nsenter", "--net=/proc/%s/fd/%d" % (pid, self.net)]

    def start(self):
        """Must be called by the main thread: PDEATHSIG is that of the thread."""
        def dies_with_us():
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        log = open(self.folder + "/svscan.log", "ab")
        self.process = subprocess.Popen(
            self.enter() + ["unshare", "--pid", "--mount", "--fork", "--kill-child",
                            "--mount-proc", "s6-svscan", self.folder + "/service"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[self.net],
            preexec_fn=dies_with_us)
        log.close()

    def has_power(self):
        return self.process is not None and self.process.poll() is None

    def init(self):
        """The host's process 1, once it is there."""
        pid = self.process.pid
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            children = f.read().split()
        return int(children[0]) if children else None

    def processes(self):
        space = os.readlink("/proc/%d/ns/pid" % self.init())
        for name in os.listdir("/proc"):
            try:
                if name.isdigit() and os.readlink("/proc/%s/ns/pid" % name) == space:
                    yield int(name)
            except OSError:
                pass

    def signal(self, number):
        if not self.has_power():
            return
        for _ in range(2):  # what was forked meanwhile too
            for pid in list(self.processes()):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass


class Wire:
    """Faults are of directions: (from, to) -> value."""

    def __init__(self, hosts):
        self.hosts = hosts
        self.by_address = {socket.inet_aton(h.address): h for h in hosts}
        self.off, self.dropped = set(), set()
        self.delay_s, self.loss = {}, {}
        self.queue, self.queued, self.number = [], {}, 0
        self.counts = {}

    def heal(self):
        self.dropped.clear()
        self.delay_s.clear()
        self.loss.clear()

    def count(self, way):
        return self.counts.setdefault(way, [0, 0, 0])

    def read(self, host):
        """Pass on what the host has sent."""
        for _ in range(64):
            try:
                packet = os.read(host.tun, PACKET_MAX)
            except BlockingIOError:
                return
            to = self.by_address.get(packet[16:20]) if packet[0] >> 4 == 4 else None
            if to is not None:
                self.carry(host, to, packet)

    def carry(self, host, to, packet):
        way = (host.name, to.name)
        count, delay_s = self.count(way), self.delay_s.get(way, 0)
        if (way in self.dropped or host.name in self.off or to.name in self.off or
                random.random() * 100 < self.loss.get(way, 0) or
                self.queued.get(way, 0) >= QUEUE_MAX):
            count[1] += 1
        elif delay_s > 0:
            self.number += 1
            self.queued[way] = self.queued.get(way, 0) + 1
            heapq.heappush(self.queue, (time.monotonic() + delay_s, self.number, way,
                                        to, packet))
            count[2] += 1
        else:
            self.put(to, packet)
            count[0] += 1

    def put(self, to, packet):
        try:
            os.write(to.tun, packet)
        except OSError:
            pass  # its receive queue is full: lost, as on any wire

    def due(self):
        """Deliver what is due; how long until there is more, at most a second."""
        now = time.monotonic()
        while self.queue and self.queue[0][0] <= now:
            _, _, way, to, packet = heapq.heappop(self.queue)
            self.queued[way] -= 1
            if way not in self.dropped and to.name not in self.off:
                self.put(to, packet)
        return max(0, self.queue[0][0] - now) if self.queue else 1


class Lab:
    def __init__(self, where, hosts):
        self.hosts = {h.name: h for h in hosts}
        self.wire = Wire(hosts)
        self.wire.off = set(self.hosts)
        self.control = socket.socket(socket.AF_UNIX)
        self.control.bind(where + "/control")
        self.control.listen(16)

    def ways(self, a, b):
        for x in a.split(","):
            for y in b.split(","):
                if x not in self.hosts or y not in self.hosts:
                    raise ValueError("no such host")
                if x != y:
                    yield (x, y)

    def both_ways(self, a, b):
        return list(self.ways(a, b)) + list(self.ways(b, a))

    def do_start(self, name):
        host = self.hosts[name]
        if host.has_power():
            raise ValueError("it has power already")
        host.start()
        self.wire.off.discard(name)

    def do_kill(self, name):
        host = self.hosts[name]
        self.wire.off.add(name)
        if not host.has_power():
            return
        init = host.init()
        if init is None:
            raise ValueError("it has just started")
        os.kill(init, signal.SIGKILL)
        # Process 1 has ended only after all in its namespace have.
        host.process.wait(30)

    def do_pause(self, name):
        self.hosts[name].signal(signal.SIGSTOP)

    def do_resume(self, name):
        self.hosts[name].signal(signal.SIGCONT)

    def do_cut(self, a, b):
        self.wire.dropped.update(self.both_ways(a, b))

    def do_oneway(self, a, b):
        self.wire.dropped.update(self.ways(a, b))

    def do_slow(self, ms, a, b):
        self.wire.delay_s.update((w, int(ms) / 1000) for w in self.both_ways(a, b))

    def do_loss(self, percent, a, b):
        self.wire.loss.update((w, int(percent)) for w in self.both_ways(a, b))

    def do_heal(self):
        self.wire.heal()

    def do_count(self):
        return "".join("%s %s passed %d dropped %d delayed %d\n" % (way + tuple(n))
                       for way, n in sorted(self.wire.counts.items()))

    def do_enter(self, name):
        return "\n".join(self.hosts[name].enter(os.getpid()))

    def answer(self):
        conn, _ = self.control.accept()
        with conn:
            conn.settimeout(5)
            try:
                words = conn.makefile().readline().split()
                since = "%.3f\n" % time.monotonic()
                result = getattr(self, "do_" + words[0])(*words[1:])
                conn.sendall(b"ok\n" + (result or since).encode())
            except Exception as e:  # the lab goes on whatever was asked
                conn.sendall(("%s: %s\n" % (type(e).__name__, e)).encode())

    def serve(self, pid):
        guard = os.pidfd_open(pid)
        selector = selectors.DefaultSelector()
        selector.register(guard, selectors.EVENT_READ, None)
        selector.register(self.control, selectors.EVENT_READ, self.answer)
        for host in self.hosts.values():
            selector.register(host.tun, selectors.EVENT_READ, host)
        while True:
            for key, _ in selector.select(self.wire.due()):
                if key.fileobj == guard:
                    return
                if isinstance(key.data, Host):
                    self.wire.read(key.data)
                else:
                    key.data()


def serve(where, pid, *hosts):
    try:
        # A wire waits for nobody.
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK,
                              os.sched_param(1))
    except OSError:
        pass
    Lab(where, [Host(*h.split("=")) for h in hosts]).serve(int(pid))


def ask(where, *words):
    conn = socket.socket(socket.AF_UNIX)
    conn.settimeout(60)
    conn.connect(where + "/control")
    conn.sendall((" ".join(words) + "\n").encode())
    first, _, rest = conn.makefile().read().partition("\n")
    if first != "ok":
        raise SystemExit("lab.py: %s: %s" % (" ".join(words), first))
    return rest


def main(first, *words):
    if first == "serve":
        serve(*words)
    elif words[0] == "run":
        command = ask(first, "enter", words[1]).split("\n") + list(words[2:])
        os.execvp(command[0], command)
    else:
        sys.stdout.write(ask(first, *words))


if __name__ == "__main__":
    main(*sys.argv[1:])
