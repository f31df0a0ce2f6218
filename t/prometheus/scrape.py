#!/usr/bin/env python3
"""Read what /metrics answers, as strictly as its format (text, 0.0.4) is told.

scrape.py FILE              complain of what is wrong; print how many samples there are
scrape.py FILE SAMPLE       print the value of one, such as 'ks_up{stage="apply"}'
scrape.py FILE -sum NAME [LABEL=VALUE...]
                            print the sum of all samples of NAME with these labels
scrape.py FILE -after OLD   complain if a counter or a part of a histogram is lower than in
                            the file OLD, or is not there any more

Leaves with 1 if it complains.
"""
import re
import sys

NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
LABEL = re.compile(r'([a-z][a-z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
VALUE = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]*[1-9])?\Z")
TYPES = {"counter", "gauge", "histogram"}


class Fault(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Fault(what)


def labels_of(text, line):
    """The labels between the braces, in their order."""
    labels = {}
    while text:
        match = LABEL.match(text)
        need(match, f"labels: {line}")
        need(match[1] not in labels, f"a label twice: {line}")
        labels[match[1]] = match[2]
        text = text[match.end():]
        need(not text or (text[0] == "," and len(text) > 1), f"labels: {line}")
        text = text[1:]
    return labels


def sample_of(line):
    match = re.match(r"([^ {]+)(?:\{([^}]*(?:\"[^\"]*\"[^}]*)*)\})? ([^ ]+)\Z", line)
    need(match and NAME.match(match[1]), f"not a sample: {line}")
    need(match[2] != "", f"braces around nothing: {line}")
    need(VALUE.match(match[3]), f"not a value: {line}")
    return match[1], labels_of(match[2] or "", line), match[3]


def key_of(name, labels):
    inner = ",".join(f'{k}="{v}"' for k, v in labels.items())
    return f"{name}{{{inner}}}" if inner else name


def histogram(name, samples):
    """The buckets of each set of labels rise, and end with the count."""
    sets = {}
    for part, labels, value in samples:
        le = labels.get("le")
        rest = key_of("", {k: v for k, v in labels.items() if k != "le"})
        one = sets.setdefault(rest, {"le": [], "n": []})
        if part == name + "_bucket":
            need(le is not None, f"{name}: a bucket without le")
            one["le"].append(float(le.replace("+Inf", "inf")))
            one["n"].append(int(value))
        else:
            need(le is None and part in (name + "_sum", name + "_count"),
                 f"{name}: {part}")
            need(part not in one, f"{part} twice")
            one[part] = value
    for rest, one in sets.items():
        where = name + rest
        need(one["le"] == sorted(set(one["le"])), f"{where}: le does not rise")
        need(one["n"] == sorted(one["n"]), f"{where}: the buckets fall")
        need(one["le"] and one["le"][-1] == float("inf"), f"{where}: no +Inf")
        need(name + "_sum" in one and name + "_count" in one, f"{where}: not whole")
        need(int(one[name + "_count"]) == one["n"][-1], f"{where}: the count")


def parse(text):
    """A dict of all samples, and the set of those that must never fall."""
    need(text.endswith("\n"), "the last line has no end")
    families, found, rising = {}, {}, set()
    lines = text[:-1].split("\n")
    at = 0
    while at < len(lines):
        match = re.match(r"# HELP ([^ ]+) ([^\\]+)\Z", lines[at])
        need(match and NAME.match(match[1]), f"no HELP: {lines[at]}")
        name = match[1]
        need(match[2].endswith("."), f"not a sentence: {lines[at]}")
        need(name not in families, f"{name} begins twice")
        need(at + 1 < len(lines), f"{name}: no TYPE")
        match = re.match(rf"# TYPE {name} ([a-z]+)\Z", lines[at + 1])
        need(match and match[1] in TYPES, f"{name}: no TYPE")
        kind = families[name] = match[1]
        need((kind == "counter") == name.endswith("_total"), f"{name} is a {kind}")
        samples = []
        at += 2
        while at < len(lines) and not lines[at].startswith("#"):
            part, labels, value = sample_of(lines[at])
            need(kind == "histogram" or part == name, f"{part} below {name}")
            key = key_of(part, labels)
            need(key not in found, f"{key} twice")
            found[key] = value
            samples.append((part, labels, value))
            if kind != "gauge":
                rising.add(key)
            at += 1
        if kind == "histogram":
            histogram(name, samples)
    return found, rising


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return parse(file.read())


def total(found, name, wanted):
    n = 0
    for key, value in found.items():
        part, labels, _ = sample_of(f"{key} 0")
        if part == name and all(labels.get(k) == v for k, v in wanted.items()):
            n += float(value)
    return f"{n:g}" if n != int(n) else str(int(n))


def main(path, *rest):
    found, rising = read(path)
    if not rest:
        print(len(found))
    elif rest[0] == "-sum":
        print(total(found, rest[1], dict(word.split("=", 1) for word in rest[2:])))
    elif rest[0] == "-after":
        old, old_rising = read(rest[1])
        for key in sorted(old_rising):
            need(key in found, f"{key}: gone")
            need(key in rising, f"{key}: of another type")
            need(float(found[key]) >= float(old[key]),
                 f"{key}: {old[key]}, then {found[key]}")
    else:
        need(rest[0] in found, f"{rest[0]}: not there")
        print(found[rest[0]])


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Fault as fault:
        sys.exit(f"scrape.py: {fault}")
