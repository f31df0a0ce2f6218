// The directory tree (PROTOCOL section 8): what a path leads to.

import { concat, equal, need, u16 } from "./bytes.js";
import { hash } from "./crypto.js";

// The first bits of an index, the rest zero.
export function prefix(index, depth) {
	const p = new Uint8Array(32);

	for (let i = 0; i < 32; i++) {
		const bits = Math.min(Math.max(depth - 8 * i, 0), 8);
		p[i] = index[i] & (0xff00 >> bits);
	}
	return p;
}

export function bitAt(index, depth) {
	return index[depth >> 3] >> (7 - (depth & 7)) & 1;
}

// The index with one bit turned over.
function turned(index, depth) {
	const other = index.slice();

	other[depth >> 3] ^= 0x80 >> (depth & 7);
	return other;
}

export class Tree {
	constructor(nonce) {
		this.nonce = nonce;
	}

	#hash(what, depth, ...fields) {
		return hash(`ks-tree-${what}`, concat(u16(depth), ...fields), this.nonce);
	}

	empty(depth, index) {
		return this.#hash("empty", depth, prefix(index, depth));
	}

	leaf(depth, index, value) {
		return this.#hash("leaf", depth, index, value);
	}

	node(depth, index, left, right) {
		return this.#hash("node", depth, prefix(index, depth), left, right);
	}

	// The hashes from what is found at the place of an index up to the root, which is
	// the last.  `found` is "present" (a leaf of this value), "other" (this leaf, its
	// index and value) or "empty"; of the siblings, from the root down, an empty one is
	// null.  Malformed if the path is not the canonical one.
	climb(index, found, value, other, siblings) {
		const hashes = [this.#terminal(index, found, value, other, siblings.length)];

		need(siblings.length === 0 || siblings.at(-1) !== null,
		    "the last sibling is empty: the place found would be higher");
		for (let depth = siblings.length; depth > 0; depth--) {
			const blank = this.empty(depth, turned(index, depth - 1));
			const written = siblings[depth - 1];
			need(written === null || !equal(written, blank),
			    "an empty sibling is written as a hash");
			const pair = [hashes.at(-1), written ?? blank];
			if (bitAt(index, depth - 1) === 1)
				pair.reverse();
			hashes.push(this.node(depth - 1, index, ...pair));
		}
		return hashes;
	}

	#terminal(index, found, value, other, depth) {
		if (found === "present")
			return this.leaf(depth, index, value);
		if (found === "other") {
			const leaf = other.subarray(0, 32);
			need(!equal(leaf, index) &&
			    equal(prefix(leaf, depth), prefix(index, depth)),
			    "the other leaf is not in the way");
			return this.leaf(depth, leaf, other.subarray(32));
		}
		need(depth < 256, "no place so deep is empty");
		return this.empty(depth, index);
	}
}
