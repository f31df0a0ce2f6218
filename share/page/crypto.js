// The cryptography of PROTOCOL, by libsodium: its JavaScript build, which is called
// here as its C functions are.  Nothing of it is secret.

import libsodium from "./libsodium-sumo.mjs";
import { concat, equal, need } from "./bytes.js";

// It would look for a source of randomness where only browsers have it.
const sodium = await libsodium({
	getRandomValue: () => globalThis.crypto.getRandomValues(new Uint32Array(1))[0]
});
if (sodium._sodium_init() < 0)
	throw new Error("libsodium does not start");

// Calls a C function, whose arguments are byte arrays and numbers; of the arrays in
// `out`, made beforehand, what it wrote is copied back.
function call(name, out, ...args) {
	const held = [];
	const words = args.map((arg) => {
		if (!(arg instanceof Uint8Array))
			return arg;
		const at = sodium._malloc(arg.length || 1);
		sodium.HEAPU8.set(arg, at);
		held.push([at, arg]);
		return at;
	});
	const rc = sodium[`_${name}`](...words);

	for (const [at, arg] of held) {
		if (out.includes(arg))
			arg.set(sodium.HEAPU8.subarray(at, at + arg.length));
		sodium._free(at);
	}
	return rc;
}

// A C function whose first argument is its output, of this many bytes; null if it
// fails.  A 64-bit length is two numbers, low and high.
function result(name, size, ...args) {
	const out = new Uint8Array(size);

	return call(name, [out], out, ...args) === 0 ? out : null;
}

const NOTHING = new Uint8Array(0);

export function ascii(text) {
	return new TextEncoder().encode(text);
}

export function sha256(data) {
	return result("crypto_hash_sha256", 32, data, data.length, 0);
}

function sha512(data) {
	return result("crypto_hash_sha512", 64, data, data.length, 0);
}

// HASH(personal, salt, data) of section 3.
export function hash(personal, data, salt = new Uint8Array(16)) {
	const padded = new Uint8Array(16);

	padded.set(ascii(personal));
	return result("crypto_generichash_blake2b_salt_personal", 32, 32, data,
	    data.length, 0, NOTHING, 0, salt, padded);
}

// Rule S1.
export function signatureOk(key, message, signature) {
	return signature.length === 64 &&
	    call("crypto_sign_ed25519_verify_detached", [], signature, message,
		message.length, 0, key) === 0;
}

// Rule S2.
export function keyOk(key) {
	return call("crypto_core_ed25519_is_valid_point", [], key) === 1;
}

// Is it the one canonical encoding of an element (RFC 9496)?
function elementOk(element) {
	return element.length === 32 && !(element[31] & 0x80) &&
	    call("crypto_core_ristretto255_is_valid_point", [], element) === 1;
}

export function vrfKeyOk(key) {
	return key.some((b) => b !== 0) && elementOk(key);
}

function scalarOk(scalar) {
	const wide = new Uint8Array(64), reduced = new Uint8Array(32);

	wide.set(scalar);
	call("crypto_core_ristretto255_scalar_reduce", [reduced], reduced, wide);
	return equal(reduced, scalar);
}

const SUITE = concat(Uint8Array.of(0xff), ascii("c2sp.org/vrf-r255"));

function suiteHash(domain, ...parts) {
	return sha512(concat(SUITE, Uint8Array.of(domain), ...parts));
}

function multiply(scalar, element) {
	return element === null ?
	    result("crypto_scalarmult_ristretto255_base", 32, scalar) :
	    result("crypto_scalarmult_ristretto255", 32, scalar, element);
}

// s * P - c * Q, of the base if P is null; null if there is no such element.
function combine(s, p, c, q) {
	const sp = multiply(s, p), cq = multiply(c, q);

	return sp && cq && result("crypto_core_ristretto255_sub", 32, sp, cq);
}

// The 64 bytes of c2sp.org/vrf-r255 on alpha that the proof shows; Malformed if it
// does not verify.
export function vrfVerify(key, alpha, proof) {
	const gamma = proof.subarray(0, 32), short = proof.subarray(32, 48);
	const c = concat(short, new Uint8Array(16)), s = proof.subarray(48);

	need(elementOk(gamma), "its Gamma is not the encoding of an element");
	need(scalarOk(s), "its s is not below the order of the group");
	const h = result("crypto_core_ristretto255_from_hash", 32,
	    suiteHash(0x82, key, alpha));
	const u = combine(s, null, c, key), v = combine(s, h, c, gamma);
	need(u && v, "it leads to no element");
	const end = new Uint8Array(1);
	const challenge = suiteHash(0x02, key, h, gamma, u, v, end);
	need(equal(challenge.subarray(0, 16), short),
	    "the realm’s VRF key did not make it");
	return suiteHash(0x03, gamma, end);
}
