// The cryptography of the page against published vectors: c2sp.org/vrf-r255, and rule
// S1 on the edge cases of C2SP/CCTV; and its epoch logs against proofs that are made by
// the recursive definitions of RFC 6962.  Arguments: the folder of the modules, and the
// file of the edge cases.

import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

// Browsers, and later versions of node, have it there.
globalThis.crypto ??= webcrypto;

const folder = `${pathToFileURL(process.argv[2]).href}/`;
const { keyOk, signatureOk, vrfVerify } = await import(new URL("crypto.js", folder));
const hexed = (text) => Uint8Array.from(Buffer.from(text, "hex"));

const [key, alpha, proof, output] = [
	"54136cd90d99fbd1d4e855d9556efea87ba0337f2a6ce22028d0f5726fcb854e",
	"633273702e6f72672f7672662d72323535",
	"0a97d961262fb549b4175c5117860f42ae44a123f93c476c439eddd1c0cff926" +
	"5c805525233e2284dbed45e593b8eea31d5ca9734d72bcbba9738d5237f955f3" +
	"b2422351149d1312503b6441a47c940c",
	"dd653f0879b48c3ef69e13551239bec4cbcc1c18fe8894de2e9e1c790e182736" +
	"03bf1c6c25d7a797aeff3c43fd32b974d3fcbd4bcce916007097922a3ea3a794",
].map(hexed);

if (Buffer.compare(Buffer.from(vrfVerify(key, alpha, proof)), Buffer.from(output)) !== 0)
	throw new Error("the VRF vector");

let n = 0, valid = 0;
for (const line of readFileSync(process.argv[3], "latin1").split("\n")) {
	if (line === "" || line.startsWith("#"))
		continue;
	const [, number, flags, pk, sig, message] =
	    /^(\S+) (\S+) (\S+) (\S+) ([^]*)$/.exec(line);
	const got = signatureOk(hexed(pk), Uint8Array.from(Buffer.from(message, "latin1")),
	    hexed(sig));
	// What is wrong with it, but for a key or R of mixed order, which S1 allows.
	if (got !== [...flags].every((c) => "-ar".includes(c)))
		throw new Error(`vector ${number} is ${got}`);
	// Rule S2: no key of small or mixed order, none that is not canonical.
	if (keyOk(hexed(pk)) && /[ANa]/.test(flags))
		throw new Error(`the key of vector ${number}`);
	n++;
	valid += got;
}
// Every pair of sizes up to LOG_MAX: the proof holds, and no other does.
const { consistent, inclusionRoot } = await import(new URL("log.js", folder));
const { sha256 } = await import(new URL("crypto.js", folder));
const LOG_MAX = 33;
const leaves = Array.from({ length: LOG_MAX }, (_, i) => Uint8Array.of(i));
const joined = (...parts) => sha256(Uint8Array.from(parts.flatMap((p) => [...p])));
const split = (size) => 2 ** Math.floor(Math.log2(size - 1));
const mth = (d) => d.length === 1 ? joined([0], d[0]) :
    joined([1], mth(d.slice(0, split(d.length))), mth(d.slice(split(d.length))));

function subproof(m, d, whole) {
	if (m === d.length)
		return whole ? [] : [mth(d)];
	const k = split(d.length);
	return m <= k ? [...subproof(m, d.slice(0, k), whole), mth(d.slice(k))] :
	    [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))];
}

function audit(m, d) {
	if (d.length === 1)
		return [];
	const k = split(d.length);
	return m < k ? [...audit(m, d.slice(0, k)), mth(d.slice(k))] :
	    [...audit(m - k, d.slice(k)), mth(d.slice(0, k))];
}

const flip = (hash) => Uint8Array.from(hash, (b, i) => i === 7 ? b ^ 4 : b);
const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;

function want(condition, ...what) {
	if (!condition)
		throw new Error(what.join(" "));
}

for (let size = 1; size <= LOG_MAX; size++) {
	const d = leaves.slice(0, size), root = mth(d);

	for (let m = 1; m <= size; m++) {
		const old = mth(d.slice(0, m)), path = subproof(m, d, true);
		const holds = (p, a = old, b = root) =>
		    consistent(BigInt(m), a, BigInt(size), b, p);
		want(holds(path), "consistency", m, size);
		want(!holds(path, flip(old)) && !holds(path, old, flip(root)),
		    "roots", m, size);
		want(!holds([...path, root]) && (path.length === 0 || !holds(path.slice(0, -1))),
		    "length", m, size);
		path.forEach((h, i) => want(!holds(path.map((g, k) => k === i ? flip(h) : g)),
		    "hash", i, m, size));
		const up = audit(m - 1, d), leaf = d[m - 1];
		const leads = (p, i = m - 1) => {
			try {
				return same(inclusionRoot(leaf, BigInt(i), BigInt(size), p), root);
			} catch {
				return false;
			}
		};
		want(leads(up), "inclusion", m, size);
		want(!leads([...up, root]) && (size === 1 || !leads(up.slice(1))) &&
		    (size === 1 || !leads(up, m % size)), "other inclusion", m, size);
	}
}

console.log(n, "vectors,", valid, "valid");
