// Bytes, numbers and text of the formats (PROTOCOL section 1).  Text that is not
// known to be UTF-8 yet is a "byte string": one character, U+0000 to U+00FF, a byte.

export class Malformed extends Error {}

export const U64_MAX = (1n << 64n) - 1n;

export function need(condition, why) {
	if (!condition)
		throw new Malformed(why);
}

export function byteString(bytes) {
	let text = "";

	for (let i = 0; i < bytes.length; i += 8192)
		text += String.fromCharCode(...bytes.subarray(i, i + 8192));
	return text;
}

export function bytesOf(text) {
	return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

export function concat(...parts) {
	const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
	let at = 0;

	for (const part of parts) {
		all.set(part, at);
		at += part.length;
	}
	return all;
}

export function equal(a, b) {
	return a.length === b.length && a.every((x, i) => x === b[i]);
}

export function hex(bytes) {
	return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

export function base64(bytes) {
	return btoa(byteString(bytes));
}

// The bytes, one at least, of canonical and padded base64.
export function unbase64(text) {
	let data;

	try {
		data = atob(text);
	} catch {
		throw new Malformed("base64 that is none");
	}
	need(data !== "" && btoa(data) === text, "base64 that is not canonical");
	return bytesOf(data);
}

export function sized(text, size) {
	const data = unbase64(text);

	need(data.length === size, `${data.length} bytes where ${size} should be`);
	return data;
}

// A number without sign or leading zeroes, not above max, as a BigInt.
export function decimal(text, max = U64_MAX) {
	need(/^(?:0|[1-9][0-9]{0,19})$/.test(text), "a number that is none");
	const n = BigInt(text);
	need(n <= max, "a number that is too large");
	return n;
}

// The text of UTF-8 bytes; none is skipped, a byte order mark neither.
export function utf8(text) {
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).
		    decode(bytesOf(text));
	} catch {
		throw new Malformed("text that is not UTF-8");
	}
}

// The byte string of a text.
export function unUtf8(text) {
	return byteString(new TextEncoder().encode(text));
}

// A name for human eyes: what is not UTF-8, and controls, become marks.
export function shown(text) {
	return new TextDecoder().decode(bytesOf(text)).
	    replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

export function u16(n) {
	return Uint8Array.of(n >> 8, n & 255);
}

// Takes fields from the front of a record.
export class Reader {
	constructor(data) {
		this.data = data;
		this.at = 0;
	}

	take(n) {
		need(this.data.length - this.at >= n, "a record that is too short");
		this.at += n;
		return this.data.subarray(this.at - n, this.at);
	}

	u64() {
		return this.take(8).reduce((n, b) => n << 8n | BigInt(b), 0n);
	}

	uint(n) {
		return this.take(n).reduce((sum, b) => sum * 256 + b, 0);
	}

	variable(n) {
		return this.take(this.uint(n));
	}

	end() {
		need(this.at === this.data.length, "a record with bytes left over");
	}
}

// The lines of a text, one after the other.
export class Lines {
	constructor(text) {
		this.text = text;
		this.at = 0;
	}

	next() {
		const end = this.text.indexOf("\n", this.at);

		need(end >= 0, "the text ends too early");
		const line = this.text.slice(this.at, end);
		this.at = end + 1;
		return line;
	}

	rest() {
		return this.text.slice(this.at);
	}

	// The value of the line that begins with this name.
	field(name) {
		const line = this.next();

		need(line.startsWith(`${name} `), `no line "${name}" where it belongs`);
		return line.slice(name.length + 1);
	}

	sized(name, size) {
		return sized(this.field(name), size);
	}

	count(name, max) {
		return Number(decimal(this.field(name), BigInt(max)));
	}

	// N lines after the line that says how many, with their ends.
	block(name, max) {
		const n = this.count(name, max), from = this.at;

		for (let i = 0; i < n; i++)
			this.next();
		return this.text.slice(from, this.at);
	}
}
