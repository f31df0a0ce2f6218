#!/usr/bin/env python3
"""Hold a server against its own OpenAPI description.

check.py BASE REQUESTS.json [TESTED-IN]

REQUESTS.json is a list of {"method", "path", "type", "accept", "headers", "body"
or "base64", "status"}; the last is the status that must come.  Further requests follow
from the description: an unknown argument to each operation that has a 400, the ETag
given back to each that has a 304, a body of 4 MiB to each that has a 413, and a method
that no path has.  Every answer must be of a status, a type and a shape that the
description has, and every status of it must have been seen, but those in UNASKED and
those of operations that name another test than TESTED-IN in "x-tested-in".
Prints a line a fault, then "N requests, M faults"; leaves with 1 if there is one.
"""
import base64
import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

# What takes an overloaded or broken server: other tests do that.
UNASKED = {"429", "503", "504"}

BODY_MAX = 4 * 1024 * 1024
TIMEOUT_S = 60


class Faults(Exception):
    pass


def resolve(doc, node):
    while isinstance(node, dict) and "$ref" in node:
        at = doc
        for part in node["$ref"].lstrip("#/").split("/"):
            at = at[part]
        node = at
    return node


KINDS = {"object": dict, "array": list, "string": str, "boolean": bool}
KNOWN = {"type", "required", "properties", "items", "minimum", "maximum", "minLength",
         "maxLength", "maxItems", "pattern", "enum", "format", "description"}


def shape(doc, schema, value, at="body"):
    """Raise Faults unless the value is of the schema."""
    schema = resolve(doc, schema)
    if set(schema) - KNOWN:
        raise Faults(f"the description uses {set(schema) - KNOWN}, unknown here")
    kind = schema.get("type")
    if kind == "integer":
        if not isinstance(value, int) or isinstance(value, bool):
            raise Faults(f"{at}: not an integer")
    elif kind and not isinstance(value, KINDS[kind]):
        raise Faults(f"{at}: not of type {kind}")
    if "enum" in schema and value not in schema["enum"]:
        raise Faults(f"{at}: {value!r} is none of {schema['enum']}")
    if isinstance(value, int) and not (
            schema.get("minimum", value) <= value <= schema.get("maximum", value)):
        raise Faults(f"{at}: {value} is out of range")
    if isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            raise Faults(f"{at}: a text of {len(value)} characters")
        if "pattern" in schema and not re.search(schema["pattern"], value):
            raise Faults(f"{at}: {value[:60]!r} is not {schema['pattern']}")
    if isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)):
            raise Faults(f"{at}: {len(value)} items")
        for i, item in enumerate(value):
            shape(doc, schema.get("items", {}), item, f"{at}[{i}]")
    if isinstance(value, dict):
        for name in schema.get("required", []):
            if name not in value:
                raise Faults(f"{at}: {name} is missing")
        for name, sub in schema.get("properties", {}).items():
            if name in value:
                shape(doc, sub, value[name], f"{at}.{name}")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


def send(base, method, path, headers, body):
    """Return status, headers and body."""
    request = urllib.request.Request(base + path, data=body, headers=headers, method=method)
    try:
        with OPENER.open(request, timeout=TIMEOUT_S) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


class Check:
    def __init__(self, base):
        self.base = base
        self.requests = 0
        self.faults = []
        self.seen = set()
        status, _, body = send(base, "GET", "/v1/openapi.json", {}, None)
        if status != 200:
            raise SystemExit(f"check.py: /v1/openapi.json: {status}")
        self.doc = json.loads(body)

    def operation(self, method, path):
        """The most literal path of the description that fits, and its operation."""
        parts = path.split("?")[0].strip("/").split("/")
        fits = []
        for name, item in self.doc["paths"].items():
            want = name.strip("/").split("/")
            if len(want) == len(parts) and method.lower() in item and all(
                    w.startswith("{") or w == p for w, p in zip(want, parts)):
                fits.append((sum(w.startswith("{") for w in want), name))
        if not fits:
            return None, None
        name = min(fits)[1]
        return name, item_of(self.doc, name, method)

    def answer(self, operation, status, headers, body):
        """Raise Faults unless the answer is one that the operation has."""
        if str(status) not in operation["responses"]:
            raise Faults(f"{status} is not in the description")
        content = resolve(self.doc, operation["responses"][str(status)]).get("content")
        if content is None:
            if body:
                raise Faults(f"{status} with a body")
            return
        kind = (headers.get("Content-Type") or "").split(";")[0].strip()
        if kind not in content:
            raise Faults(f"{status} with the type {kind!r}")
        if kind == "application/json":
            shape(self.doc, content[kind]["schema"], json.loads(body))
        elif kind == "text/plain":
            shape(self.doc, content[kind]["schema"], body.decode())
        if status >= 400 and not headers.get("Ks-Rule"):
            raise Faults(f"{status} without Ks-Rule")

    def ask(self, method, path, want=None, headers=None, body=None):
        """One request; return its headers if it was answered as it must be."""
        self.requests += 1
        name, operation = self.operation(method, path)
        try:
            if operation is None:
                raise Faults("no operation of the description")
            status, got, data = send(self.base, method, path, headers or {}, body)
            self.seen.add((name, method.lower(), str(status)))
            self.answer(operation, status, got, data)
            if want is not None and status != want:
                raise Faults(f"{status}, not {want}: {data[:100]!r}")
            return got
        except (Faults, ValueError, OSError) as error:
            self.faults.append(f"{method} {path}: {error}")
            return {}

    def derived(self, one):
        """What follows from the description for the request that succeeded."""
        method, path = one["method"], one["path"]
        name, operation = self.operation(method, path)
        if operation is None:
            self.faults.append(f"{method} {path}: no operation of the description")
            return
        body, kind = body_of(one), dict(one.get("headers", {}))
        if one.get("type"):
            kind["Content-Type"] = one["type"]
        got = self.ask(method, path, one["status"], {**kind, **accept_of(one)}, body)
        for accept in ("application/json", "text/plain"):
            self.ask(method, path, None, {**kind, "Accept": accept}, body)
        if "400" in operation["responses"] and not operation.get("x-passes-over-arguments"):
            mark = "&" if "?" in path else "?"
            for accept in ("application/json", "text/plain"):
                self.ask(method, path + mark + "nonsense=1", 400,
                         {**kind, "Accept": accept}, body)
        if "304" in operation["responses"]:
            if not got.get("ETag"):
                self.faults.append(f"{method} {path}: no ETag")
            else:
                self.ask(method, path, 304, {**kind, "If-None-Match": got["ETag"], **accept_of(one)})
        if "413" in operation["responses"]:
            self.ask(method, path, 413, kind, b"x" * BODY_MAX)
        status, headers, _ = send(self.base, "DELETE", path, {}, None)
        if status != 405 or not headers.get("Allow"):
            self.faults.append(f"DELETE {path}: {status}, Allow: {headers.get('Allow')}")

    def unseen(self, tested_in):
        for name, item in self.doc["paths"].items():
            for method, operation in item.items():
                if operation.get("x-tested-in") != tested_in:
                    continue
                for status in set(operation["responses"]) - UNASKED:
                    if (name, method, status) not in self.seen:
                        self.faults.append(f"{method.upper()} {name}: {status} was never seen")


def item_of(doc, name, method):
    return doc["paths"][name][method.lower()]


def body_of(one):
    if "base64" in one:
        return base64.b64decode(one["base64"])
    return one["body"].encode() if "body" in one else None


def accept_of(one):
    return {"Accept": one["accept"]} if one.get("accept") else {}


def main(base, requests, tested_in=None):
    check = Check(base.rstrip("/"))
    with open(requests, encoding="utf-8") as file:
        requests = json.load(file)
    for one in requests:
        if 200 <= one["status"] < 300:
            check.derived(one)
        else:
            headers = {**accept_of(one), **one.get("headers", {})}
            if one.get("type"):
                headers["Content-Type"] = one["type"]
            check.ask(one["method"], one["path"], one["status"], headers, body_of(one))
    check.unseen(tested_in)
    for fault in check.faults:
        print(fault)
    print(f"{check.requests} requests, {len(check.faults)} faults")
    return 1 if check.faults or check.requests == 0 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
