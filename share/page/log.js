// Signed checkpoints (c2sp.org: signed-note, tlog-checkpoint, tlog-cosignature) and
// the Merkle tree of the epoch log (RFC 6962).

import {
	bytesOf, byteString, concat, decimal, equal, Malformed, need, sized, unbase64,
	unUtf8, utf8
} from "./bytes.js";
import { ascii, sha256, signatureOk } from "./crypto.js";
import { keyNameOk, REPLICA, WITNESS } from "./policy.js";

const NOTE_LEN_MAX = 262144;
const NOTE_SIGS_MAX = 64;
const SIG_B64_MAX = 8192;
const TIME_MAX = (1n << 63n) - 1n;

const DASH = unUtf8("\u2014 ");

function signatureLine(line) {
	need(line.startsWith(DASH), "a signature line begins with an em dash");
	const rest = line.slice(DASH.length), space = rest.indexOf(" ");
	const name = rest.slice(0, space), text = rest.slice(space + 1);
	need(space > 0 && keyNameOk(name), "a signature line without a key name");
	need(text.length <= SIG_B64_MAX, "a signature that is too long");
	const data = unbase64(text);
	need(data.length > 4, "a signature that is too short");
	return { name, id: data.subarray(0, 4), signature: data.subarray(4) };
}

// A note whose text is a checkpoint, from a byte string; Malformed if it is none.
export class Checkpoint {
	constructor(note) {
		utf8(note);
		need(note.length <= NOTE_LEN_MAX && !/[\u0000-\t\v-\u001f]/.test(note),
		    "a note is too long, or has control characters");
		const cut = note.lastIndexOf("\n\n");
		need(cut >= 0 && note.endsWith("\n"), "a note without an empty line");
		this.note = note;
		this.text = note.slice(0, cut + 1);
		const last = note.slice(cut + 2).split("\n").slice(0, -1);
		need(last.length >= 1 && last.length <= NOTE_SIGS_MAX,
		    "a note with no signatures, or too many");
		this.signatures = last.map(signatureLine);
		const lines = this.text.split("\n").slice(0, -1);
		need(lines.length === 3 && keyNameOk(lines[0]),
		    "the text of a note is no checkpoint");
		this.origin = lines[0];
		this.size = decimal(lines[1]);
		this.root = sized(lines[2], 32);
	}

	// Who of these keys has signed: a Map of the key to the time of its cosignature in
	// seconds (0n of a replica).  Malformed if the line of a known key is wrong.
	signedBy(keys) {
		const signed = new Map();

		for (const line of this.signatures) {
			const key = keys.find((k) => k.keyName === line.name &&
			    equal(k.id, line.id));
			if (key === undefined)
				continue;
			const time = this.#verify(key, line.signature);
			if (!signed.has(key) || signed.get(key) < time)
				signed.set(key, time);
		}
		return signed;
	}

	#verify(key, signature) {
		let message = bytesOf(this.text), time = 0n;

		need(key.kind !== REPLICA || key.keyName === this.origin,
		    "a replica of another realm signed it");
		if (key.kind === WITNESS) {
			need(signature.length === 72, "a cosignature of another length");
			time = signature.subarray(0, 8).reduce(
			    (n, b) => n << 8n | BigInt(b), 0n);
			need(time <= TIME_MAX, "the time of a cosignature is out of range");
			message = concat(ascii(`cosignature/v1\ntime ${time}\n`), message);
			signature = signature.subarray(8);
		}
		need(signatureOk(key.publicKey, message, signature),
		    "the signature of a known key does not verify");
		return time;
	}
}

const ZERO = Uint8Array.of(0), ONE = Uint8Array.of(1);

export function leafHash(leaf) {
	return sha256(concat(ZERO, leaf));
}

function nodeHash(left, right) {
	return sha256(concat(ONE, left, right));
}

// The root that an audit path leads to (RFC 9162, 2.1.3.2); Malformed if to none.
export function inclusionRoot(leaf, index, size, path) {
	let node = leafHash(leaf), fn = index, sn = size - 1n;

	need(index < size, "the log has no such leaf");
	for (const sibling of path) {
		need(sn !== 0n, "an audit path that is too long");
		if ((fn & 1n) === 1n || fn === sn) {
			node = nodeHash(sibling, node);
			while ((fn & 1n) === 0n && fn !== 0n) {
				fn >>= 1n;
				sn >>= 1n;
			}
		} else {
			node = nodeHash(node, sibling);
		}
		fn >>= 1n;
		sn >>= 1n;
	}
	need(sn === 0n, "an audit path that is too short");
	return node;
}

// Does the log of root2 and size2 begin with that of root1 and size1 (RFC 9162,
// 2.1.4.2)?
export function consistent(size1, root1, size2, root2, proof) {
	let fn = size1 - 1n, sn = size2 - 1n, path = proof;

	if (size1 === size2)
		return proof.length === 0 && equal(root1, root2);
	if (size1 === 0n || size1 > size2 || proof.length === 0)
		return false;
	if ((size1 & (size1 - 1n)) === 0n)
		path = [root1, ...path];
	while ((fn & 1n) === 1n) {
		fn >>= 1n;
		sn >>= 1n;
	}
	let first = path[0], second = path[0];
	for (const node of path.slice(1)) {
		if (sn === 0n)
			return false;
		if ((fn & 1n) === 1n || fn === sn) {
			first = nodeHash(node, first);
			second = nodeHash(node, second);
			while ((fn & 1n) === 0n && fn !== 0n) {
				fn >>= 1n;
				sn >>= 1n;
			}
		} else {
			second = nodeHash(second, node);
		}
		fn >>= 1n;
		sn >>= 1n;
	}
	return sn === 0n && equal(first, root1) && equal(second, root2);
}

// The hashes of the answer to "consistency", a line each.
export function consistencyHashes(text) {
	const lines = text.split("\n");

	if (lines.pop() !== "" || lines.length > 128)
		throw new Malformed("a consistency proof that is none");
	return lines.map((line) => sized(line, 32));
}
