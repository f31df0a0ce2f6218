// What this browser remembers of a realm, in localStorage: the realm file that it
// trusts, and the newest checkpoint that it accepted.  Where that is not allowed, the
// page remembers until it is closed.

import { base64, bytesOf, unbase64 } from "./bytes.js";

const fallback = new Map();

function get(name) {
	try {
		return JSON.parse(localStorage.getItem(name) ?? "null");
	} catch {
		return fallback.get(name) ?? null;
	}
}

function put(name, value) {
	try {
		localStorage.setItem(name, JSON.stringify(value));
	} catch {
		fallback.set(name, value);
	}
}

// { text (bytes), chosen (by the user), since } or null.
export function trusted() {
	const kept = get("ks-realm");

	try {
		return kept && { ...kept, text: unbase64(kept.text) };
	} catch {
		return null;
	}
}

export function trust(text, chosen) {
	put("ks-realm", { text: base64(text), chosen, since: Date.now() });
}

// { size (BigInt), root (bytes), note, chain, at } or null.
export function seen(realm) {
	const kept = get(`ks-seen ${realm}`);

	try {
		return kept && { size: BigInt(kept.size), root: unbase64(kept.root),
			note: kept.note, chain: kept.chain, at: kept.at };
	} catch {
		return null;
	}
}

export function remember(realm, { size, root, note, chain }) {
	put(`ks-seen ${realm}`, { size: String(size), root: base64(root), note, chain,
		at: Date.now() });
}

export function forget() {
	fallback.clear();
	try {
		for (const name of Object.keys(localStorage))
			if (name === "ks-realm" || name.startsWith("ks-seen "))
				localStorage.removeItem(name);
	} catch {
		// there is none
	}
}

// The two checkpoints that contradict each other, as PROTOCOL section 13 has them.
export function contradiction(realm, rule, before, proof) {
	const part = (word, chain, note) =>
	    `${chain}${word} ${bytesOf(note).length}\n${note}`;

	return bytesOf(`ks-checkpoints/v1\nrealm ${realm}\nrule ${rule}\n` +
	    part("first", before.chain, before.note) +
	    part("second", proof.chainText, proof.checkpoint.note));
}
