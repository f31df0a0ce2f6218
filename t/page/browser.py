"""A browser, by the WebDriver protocol: chromedriver and a headless Chromium, with a
profile of its own that is thrown away.  Nothing but the standard library."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en-GB")

# How long anything in the page may take, on a slow machine.
WAIT_S = 60


class Element:
    def __init__(self, browser, number):
        self.browser, self.number = browser, number

    def call(self, what, body=None):
        return self.browser.call("POST" if body is not None else "GET",
                                 "/element/%s/%s" % (self.number, what), body)

    @property
    def text(self):
        return self.call("text")

    def click(self):
        self.call("click", {})

    def type(self, text):
        self.call("value", {"text": text})


class Browser:
    """The one that `begin` has started, and told of in a file."""

    def __init__(self, told):
        with open(told, encoding="utf-8") as f:
            self.base, self.session, self.pid, self.folder = json.load(f)

    @classmethod
    def begin(cls, told):
        """Start one that outlives this process, until `close`."""
        self = cls.__new__(cls)
        self.session, self.folder = "", tempfile.mkdtemp(prefix="ks-browser.")
        with open(self.folder + "/driver", "w", encoding="utf-8") as out:
            # It takes a free port, and says which.
            driver = subprocess.Popen(
                ["chromedriver", "--port=0"], stdout=out, stderr=out,
                stdin=subprocess.DEVNULL, start_new_session=True,
                env=dict(os.environ, HOME=self.folder, TMPDIR=self.folder))
        self.pid = driver.pid
        try:
            self.base = "http://127.0.0.1:" + cls.port(driver, self.folder)
            self.session = "/session/" + self.call("POST", "/session", {
                "capabilities": {"alwaysMatch": {
                    "goog:loggingPrefs": {"browser": "ALL"},
                    "goog:chromeOptions": {"args": [
                        *FLAGS, "--user-data-dir=" + self.folder + "/profile",
                        "--window-size=1280,900"]}}}})["sessionId"]
        except BaseException:
            self.close()
            raise
        with open(told, "w", encoding="utf-8") as f:
            json.dump([self.base, self.session, self.pid, self.folder], f)
        return self

    @staticmethod
    def port(driver, folder):
        deadline = time.monotonic() + WAIT_S
        while driver.poll() is None and time.monotonic() < deadline:
            with open(folder + "/driver", encoding="utf-8") as f:
                found = re.search(r"started successfully on port (\d+)", f.read())
            if found:
                return found[1]
            time.sleep(0.02)
        raise RuntimeError("chromedriver does not start")

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + self.session + path, data, method=method,
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise RuntimeError(json.load(e)["value"]["message"]) from None

    def close(self):
        """End the browser, its driver and what they left."""
        try:
            self.call("DELETE", "")
        except (OSError, RuntimeError):
            pass
        try:
            # Its process group, so that no helper of the browser stays.
            os.killpg(self.pid, signal.SIGKILL)
        except OSError:
            pass
        shutil.rmtree(self.folder, ignore_errors=True)

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *args):
        return self.call("POST", "/execute/sync", {
            "script": script, "args": list(args)})

    def find(self, css):
        found = self.call("POST", "/element", {
            "using": "css selector", "value": css})
        return Element(self, found[ELEMENT])

    def active(self):
        return Element(self, self.call("GET", "/element/active")[ELEMENT])

    def keys(self, *keys):
        """Press and let go each of these keys."""
        self.call("POST", "/actions", {"actions": [{
            "type": "key", "id": "keyboard", "actions": [
                {"type": kind, "value": key} for key in keys
                for kind in ("keyDown", "keyUp")]}]})

    def command(self, name, **params):
        return self.call("POST", "/goog/cdp/execute", {
            "cmd": name, "params": params})

    def scheme(self, name):
        """As if the system were "light" or "dark"."""
        self.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": name}])

    def size(self, width, height, mobile=False):
        self.command("Emulation.setDeviceMetricsOverride", width=width,
                     height=height, deviceScaleFactor=1, mobile=mobile)

    def screenshot(self, path, whole=True):
        shot = self.command("Page.captureScreenshot", format="png",
                            captureBeyondViewport=whole)
        with open(path, "wb") as f:
            f.write(base64.b64decode(shot["data"]))

    def log(self):
        """What the console has said since the last call."""
        return ["%s: %s" % (e["level"], e["message"])
                for e in self.call("POST", "/se/log", {"type": "browser"})]

    def until(self, script, *args, seconds=WAIT_S):
        """Wait until the script returns something true, and return that."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.run("return (" + script + ")", *args)
            if found:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError("not within %d s: %s\n%s\n%s" % (
                    seconds, script, self.run(
                        "return document.getElementById('result').innerText"),
                    "\n".join(self.log())))
            time.sleep(0.05)
