#!/usr/bin/env python3
"""What the page promises, looked at in a browser, for t/bats/page.bats:

check.py html FILE                    the form of the document
check.py begin B, end B               a browser, told of in the file B, for the others
check.py loads B URL                  nothing on the console, nothing from elsewhere
check.py live B URL FILE              an epoch appears after FILE is told of the last
check.py lookups B URL                present and absent, verified
check.py saved B URL REALM PROOF      a proof and a realm file from disk
check.py altered B URL MODE-FILE      what t/page/proxy.py alters is refused
check.py memory B URL MODE-FILE       a fork and a step back; evidence goes to FILE
check.py keyboard B URL               the same without a pointer
check.py looks B URL                  contrast, light and dark, narrow and wide
"""

import html.parser
import json
import os
import re
import sys

from browser import Browser

TAB, ENTER, DELETE = "\ue004", "\ue007", "\ue017"

VOID = {"meta", "link", "input", "br", "img", "path", "circle"}


def want(condition, what):
    if not condition:
        sys.exit("check.py: " + what)


# -- the document --------------------------------------------------------------

class Document(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.refs, self.tags = [], [], [], []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        want(len(names) == len(set(names)), "an attribute twice in <%s>" % tag)
        want(not any(n == "style" or n.startswith("on") for n in names),
             "<%s> has something inline" % tag)
        self.tags.append((tag, dict(attrs)))
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("for", "aria-labelledby", "aria-describedby"):
                self.refs += value.split()
            if name == "href" and value.startswith("#"):
                self.refs.append(value[1:])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        want(self.open and self.open.pop() == tag, "</%s> where it is" % tag)


def check_html(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    doc = Document()
    doc.feed(text)
    doc.close()
    want(text.startswith("<!DOCTYPE html>\n<html lang="), "no type or language")
    want(not doc.open, "open at the end: %s" % doc.open)
    want(len(doc.ids) == len(set(doc.ids)), "an id twice")
    want(not set(doc.refs) - set(doc.ids),
         "no such id: %s" % (set(doc.refs) - set(doc.ids)))
    tags = [tag for tag, _ in doc.tags]
    for tag in ("title", "main", "h1", "header", "footer", "nav"):
        want(tags.count(tag) == 1, "not one <%s>" % tag)
    labelled = {a.get("for") for tag, a in doc.tags if tag == "label"}
    for tag, a in doc.tags:
        if tag in ("input", "textarea"):
            want(a["id"] in labelled, "no label for %s" % a["id"])
        if tag in ("section", "nav"):
            want("aria-labelledby" in a or "aria-label" in a, "a section without name")
        for name in ("src", "href"):
            want(a.get(name, "/")[0] in "/#", "it loads %s" % a.get(name))


# -- the page ------------------------------------------------------------------

class Page(Browser):
    def __init__(self, told, url):
        super().__init__(told)
        self.url = url
        # As if it had never been here.
        self.open(url + "/page/LICENSES")
        self.run("localStorage.clear()")
        self.scheme("light")
        self.size(1280, 900)
        self.log()

    def load(self, what=""):
        self.open("about:blank")
        self.open(self.url + "/" + what)
        self.until("document.documentElement.dataset.ready === 'true'")

    def lookup(self, user, epoch=""):
        """Look up; the state of the verdict."""
        self.run("for (const [id, v] of [['user', arguments[0]], "
                 "['epoch', arguments[1]]]) document.getElementById(id).value = v;"
                 "document.getElementById('result').hidden = true;", user, epoch)
        self.find("#go").click()
        return self.verdict()

    def verdict(self):
        return self.until(
            "!document.getElementById('result').hidden && "
            "!document.getElementById('go').disabled && "
            "document.getElementById('result').dataset.state")

    def steps(self):
        """{check: its state}"""
        return self.run("return Object.fromEntries([...document.querySelectorAll("
                        "'.checks li')].map((l) => [l.dataset.check, l.dataset.state]))")

    def said(self):
        return self.find("#result").text

    def quiet(self):
        said = [line for line in self.log() if not line.startswith("INFO")]
        want(not said, "the console says:\n" + "\n".join(said))


def check_loads(page):
    page.load()
    page.until("document.querySelectorAll('#epochs tr').length > 0")
    # Whoever signed it is verified by the page.
    page.until("document.querySelector('#epochs .passed-mark') !== null")
    page.until("/^[0-9,.]+$/.test(document.getElementById('tile-epoch').innerText)")
    page.until("document.getElementById('health').dataset.state === 'good'")
    want(len(page.run("return document.querySelectorAll('#stages .passed-mark')")) >= 5,
         "stages: " + page.find("#stages").text)
    want("verifier1" in page.find("#parties").text, page.find("#parties").text)
    elsewhere = page.run(
        "return performance.getEntriesByType('resource').map((e) => e.name)."
        "filter((n) => new URL(n).origin !== location.origin)")
    want(elsewhere == [], "it loads %s" % elsewhere)
    # What the policy of the page forbids does not happen.
    page.run("""
        window.broken = [];
        document.addEventListener('securitypolicyviolation',
            (e) => window.broken.push(e.effectiveDirective));
        new Image().src = 'http://127.0.0.1:1/x.png';
        fetch('http://127.0.0.1:1/').catch(() => {});
        document.body.append(Object.assign(document.createElement('style'),
            { textContent: 'body { color: red }' }));
        try { document.body.innerHTML = '<b>x</b>'; } catch { /* as it should */ }""")
    page.until("['img-src', 'connect-src', 'style-src-elem', 'require-trusted-types-for']."
               "every((d) => window.broken.includes(d))")
    page.log()
    page.load("#user=alice@home.example")
    want(page.verdict() == "present", "a link does not look up")
    # The root in the list is the one that the proof shows.
    epoch, root = re.search(r"Epoch (\d+), .* root ([0-9a-f]{16})", page.run(
        "return document.querySelector('[data-check=head]').innerText")).groups()
    page.until("document.querySelector(`[data-epoch='${arguments[0]}'] code`)?.title."
               "startsWith(arguments[1])", epoch, root)
    page.quiet()


def check_live(page, told):
    page.load()
    last = page.until("Number(document.querySelector('#epochs tr')?.dataset.epoch)")
    # Rows come and go: whatever was shown is noted.
    page.run("""
        const last = arguments[0], shown = { updates: 0, ratified: 0 };
        const look = () => {
            for (const row of document.querySelectorAll('#epochs tr')) {
                if (Number(row.dataset.epoch) <= last) continue;
                shown.updates += row.querySelector('.num').innerText.trim() !== '0';
                shown.ratified += row.querySelector('td:last-child .passed-mark') !== null;
            }
        };
        new MutationObserver(look).observe(document.getElementById('epochs'),
            { childList: true, subtree: true });
        window.shown = shown;""", last)
    with open(told + ".new", "w", encoding="ascii") as f:
        f.write("%d\n" % last)
    os.rename(told + ".new", told)
    page.until("window.shown.updates > 0 && window.shown.ratified > 0")
    page.quiet()
    # Nothing moves while it is paused, but for the one answer that was waited for.
    newest = "Number(document.querySelector('#epochs tr').dataset.epoch)"
    page.find("#pause").click()
    shown = page.run("return " + newest)
    page.until("fetch('/v1/checkpoint', { headers: { Accept: 'application/json' } })."
               "then((a) => a.json()).then((c) => c.epoch >= arguments[0] + 3)", shown)
    want(page.run("return " + newest) <= shown + 2, "it goes on though it is paused")
    page.find("#pause").click()
    page.until(newest + " >= arguments[0] + 3", shown)


def check_lookups(page):
    page.load()
    want(page.lookup("Alice@home.example") == "present", "not present: " + page.said())
    want(set(page.steps().values()) == {"passed"}, "checks: %s" % page.steps())
    want(len(page.steps()) == 18, "not every check: %s" % page.steps())
    said = page.said()
    want("alice@home.example" in said and "hello there" in said, "no value: " + said)
    want(page.run("return document.querySelectorAll('.path svg .node.on').length") > 0,
         "no path is drawn")
    # The file that is saved has the bytes of the application.
    page.run("""
        window.saved = null;
        const old = URL.createObjectURL;
        URL.createObjectURL = (blob) => { blob.arrayBuffer().then((b) => {
            window.saved = Array.from(new Uint8Array(b)); }); return old.call(URL, blob); };
        document.querySelector('[aria-label="Save bin"]').click();""")
    saved = page.until("window.saved")
    want(saved == list(range(256)), "saved: %s" % saved)
    want(page.lookup("nobody@home.example") == "absent", "not absent: " + page.said())
    steps = page.steps()
    want(steps["path"] == "passed" and steps["entry"] == "skipped" and
         steps["memory"] == "passed", "checks: %s" % steps)
    want("Nobody is nobody@home.example" in page.said(), "what: " + page.said())
    # At an epoch before there was anybody, and what no user is called.
    want(page.lookup("alice@home.example", "1") == "absent", "epoch 1: " + page.said())
    page.run("document.getElementById('user').value = 'a b'")
    page.find("#go").click()
    want("without spaces" in page.find("#user-error").text, "no error")
    want(page.run("return document.activeElement.id") == "user", "no focus")
    want(page.lookup("alice@home.example", "4000000000") == "none", "of the future")
    page.log()


def check_saved(page, realm, proof):
    page.load()
    page.run("document.getElementById('saved').open = true")
    page.find("#proof-file").type(proof)
    want(page.verdict() == "present", "a saved proof: " + page.said())
    want("bob@home.example" in page.said(), "another user: " + page.said())
    # Of somebody else than was asked for.
    page.run("document.getElementById('user').value = 'alice@home.example';"
             "document.getElementById('result').hidden = true")
    page.find("#proof-file").type(proof)
    want(page.verdict() == "refused" and page.steps()["user"] == "failed",
         "of another user: " + page.said())
    with open(proof, encoding="utf-8") as f:
        page.run("document.getElementById('user').value = '';"
                 "document.getElementById('result').hidden = true;"
                 "document.getElementById('proof-text').value = arguments[0]", f.read())
    page.find("#check-proof").click()
    want(page.verdict() == "present", "a pasted proof: " + page.said())
    # A realm file of one's own is kept.
    page.find("#proof-file").type(realm)
    page.until("document.getElementById('trust-source').innerText.includes('your own')")
    page.find("#forget").click()
    page.until("document.getElementById('trust-source').innerText.includes('this server')")
    page.find("#realm-file").type(proof)
    page.until("document.getElementById('realm-error').innerText.includes('no realm file')")
    page.find("#realm-file").type(realm)
    page.until("document.getElementById('trust-source').innerText.includes('your own')")
    page.load()
    page.until("document.getElementById('trust-source').innerText.includes('your own')")
    want(page.lookup("alice@home.example") == "present", "own realm: " + page.said())
    page.find("#forget").click()
    page.until("document.getElementById('trust-source').innerText.includes('this server')")
    want(page.run("return Object.keys(localStorage)") == ["ks-realm"], "not forgotten")
    page.quiet()


ALTERED = {"path": ("path", "path-invalid"), "profile": ("profile", "profile-mismatch"),
           "entry": ("profile", "profile-mismatch"), "vrf": ("vrf", "vrf-invalid"),
           "head": ("inclusion", "inclusion-invalid"),
           "inclusion": ("inclusion", "inclusion-invalid"),
           "signature": ("signatures", "signature-invalid"),
           "user": ("user", "user-mismatch")}


def set_mode(path, mode):
    with open(path, "w", encoding="ascii") as f:
        f.write(mode)


def check_altered(page, mode_file):
    page.load()
    for mode, (check, rule) in ALTERED.items():
        set_mode(mode_file, mode)
        want(page.lookup("alice@home.example") == "refused",
             "%s: %s" % (mode, page.said()))
        failed = [c for c, state in page.steps().items() if state == "failed"]
        want(failed == [check] and rule in page.said(),
             "%s: %s: %s" % (mode, failed, page.said()))
        want(page.run("return document.getElementById('apps')") is None and
             "hello there" not in page.find(".verdict").text,
             "%s: something is handed out" % mode)
        want(page.run("return localStorage.getItem('ks-seen home.example')") is None,
             "%s: it is remembered" % mode)
    set_mode(mode_file, "unsigned")
    want(page.lookup("alice@home.example") == "unmet" and
         "quorum-unmet" in page.said(), "unsigned: " + page.said())
    want(page.run("return document.getElementById('apps')") is None, "handed out")
    set_mode(mode_file, "stale")
    want(page.lookup("alice@home.example") == "unmet" and
         "not-fresh" in page.said(), "stale: " + page.said())
    set_mode(mode_file, "honest")
    want(page.lookup("alice@home.example") == "present", "honest: " + page.said())


def check_evidence(text):
    """Two checkpoints of the realm, each with its chain, as PROTOCOL has them."""
    head = b"ks-checkpoints/v1\nrealm home.example\nrule fork\n"
    want(text.startswith(head), "evidence: %r" % text[:80])
    text = text[len(head):]
    for word in (b"first", b"second"):
        chain, size, text = text.split(b"\n", 2)
        name, length = size.split(b" ")
        want(chain == b"policies 0" and name == word, "evidence: %r" % size)
        note, text = text[:int(length)], text[int(length):]
        want(note.startswith(b"home.example\n") and note.endswith(b"\n") and
             b"\n\n\xe2\x80\x94 home.example " in note, "evidence: %r" % note)
    want(text == b"", "evidence goes on: %r" % text)


def check_memory(page, mode_file):
    page.load()
    want(page.lookup("alice@home.example") == "present", "first: " + page.said())
    seen = page.run("return JSON.parse(localStorage.getItem('ks-seen home.example'))")
    # Another root is remembered for the same size or an earlier one.
    set_mode(mode_file, "history")
    page.until("(Number(document.querySelector('#epochs tr')?.dataset.epoch)) "
               "> arguments[0]", int(seen["size"]))
    want(page.lookup("alice@home.example") == "refused" and
         page.steps()["memory"] == "failed" and "fork" in page.said(),
         "fork: " + page.said())
    want(page.run("return document.getElementById('apps')") is None, "handed out")
    kept = page.run("return JSON.parse(localStorage.getItem('ks-seen home.example'))")
    want(kept == seen, "a fork is remembered")
    page.run("""
        const old = URL.createObjectURL;
        URL.createObjectURL = (blob) => { blob.text().then((t) => {
            window.evidence = t; }); return old.call(URL, blob); };
        document.getElementById('evidence').click();""")
    check_evidence(page.until("window.evidence").encode())
    set_mode(mode_file, "honest")
    want(page.lookup("alice@home.example") == "present", "honest: " + page.said())
    # The checkpoint that is remembered is of the future: the answer is older.
    seen["size"] = str(int(seen["size"]) + 100000)
    page.run("localStorage.setItem('ks-seen home.example', arguments[0])",
             json.dumps(seen))
    set_mode(mode_file, "behind")
    want(page.lookup("alice@home.example") == "refused" and
         page.steps()["memory"] == "failed" and "step-back" in page.said() and
         page.run("return document.getElementById('evidence')") is not None,
         "a step back: " + page.said())


def check_keyboard(page):
    page.load()
    page.keys(TAB)
    want(page.run("return document.activeElement.className") == "skip", "no skip link")
    page.keys(ENTER)
    page.until("document.activeElement.id === 'main'")
    page.keys(TAB)
    want(page.run("return document.activeElement.id") == "user", "not at the form")
    page.keys(*"alice@home.example", TAB)
    want(page.run("return document.activeElement.id") == "epoch", "not at the epoch")
    page.keys(TAB, ENTER)
    want(page.verdict() == "present", "by keys: " + page.said())
    page.until("document.activeElement.id === 'result'")
    want(page.run("return document.getElementById('said').innerText").
         startswith("alice@home.example"), "it is not said")
    page.keys(TAB)
    want(page.run("return document.activeElement.getAttribute('aria-label')")
         == "Save bin", "not at what is published")
    # Whatever is reached shows that it is, and nothing holds the focus for ever.
    seen = []
    for _ in range(40):
        page.keys(TAB)
        where = page.run(
            "const e = document.activeElement, s = getComputedStyle(e);"
            "return [e.tagName + '#' + e.id + '.' + e.innerText?.slice(0, 20), "
            "s.outlineStyle !== 'none' || e.className === 'hidden-input']")
        if where[0].startswith("BODY"):
            break
        want(where[1], "no outline: %s" % where[0])
        seen.append(where[0])
    want(any("forget" in w for w in seen) and any("pause" in w for w in seen),
         "not reached: %s" % seen)
    page.quiet()


# The least contrast of any text that is seen, with it.
CONTRAST = r"""
const probe = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
function rgba(color) {
	probe.clearRect(0, 0, 1, 1); probe.fillStyle = color; probe.fillRect(0, 0, 1, 1);
	return [...probe.getImageData(0, 0, 1, 1).data].map((v) => v / 255);
}
const light = (c) => [0.2126, 0.7152, 0.0722].reduce((n, w, i) => n + w *
	(c[i] <= 0.03928 ? c[i] / 12.92 : ((c[i] + 0.055) / 1.055) ** 2.4), 0);
function ground(e) {
	for (; e; e = e.parentElement) {
		const c = rgba(getComputedStyle(e).backgroundColor);
		if (c[3] > 0.99) return c;
	}
	return [1, 1, 1, 1];
}
let worst = [99, ''];
for (const e of document.querySelectorAll('body *')) {
	const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim() !== '');
	if (!own || e.closest('noscript') || e.tagName === 'title' || e.getClientRects().length === 0 ||
	    e.closest('.visually-hidden, .skip, [disabled]'))
		continue;
	const s = getComputedStyle(e), fore = rgba(e.namespaceURI.endsWith('svg') ? s.fill : s.color);
	const [a, b] = [light(fore), light(ground(e))].sort((x, y) => y - x);
	const size = parseFloat(s.fontSize), large = size >= 24 || (size >= 18.66 && s.fontWeight >= 700);
	const ratio = (a + 0.05) / (b + 0.05) * (large ? 1.5 : 1);
	if (ratio < worst[0]) worst = [ratio, e.tagName + '.' + e.className + ': ' + e.textContent.slice(0, 40)];
}
return worst;
"""


def check_looks(page):
    page.load()
    want(page.lookup("alice@home.example") == "present", page.said())
    page.until("document.querySelector('#epochs .passed-mark') !== null")
    grounds = set()
    for scheme in ("light", "dark"):
        page.scheme(scheme)
        for user in ("alice@home.example", "nobody@home.example"):
            page.lookup(user)
            ratio, where = page.run(CONTRAST)
            want(ratio >= 4.5, "%s: contrast %.2f of %s" % (scheme, ratio, where))
        grounds.add(page.run("return getComputedStyle(document.body).backgroundColor"))
    want(len(grounds) == 2, "light and dark are alike")
    want(page.lookup("alice@home.example") == "present", page.said())
    # 320 pixels; and 200 per cent of a window of 1280 is one of 640.
    for width in (320, 640, 1280):
        page.size(width, 900)
        wide = page.until("document.documentElement.clientWidth === arguments[0] && "
                          "document.documentElement.scrollWidth", width)
        want(wide <= width, "at %d pixels it is %d wide" % (width, wide))
    page.quiet()


def main():
    name, args = sys.argv[1], sys.argv[2:]
    if name == "html":
        check_html(args[0])
    elif name == "begin":
        Browser.begin(args[0])
    elif name == "end":
        Browser(args[0]).close()
    else:
        globals()["check_" + name](Page(*args[:2]), *args[2:])


if __name__ == "__main__":
    main()
