// Policies (c2sp.org/tlog-policy, PROTOCOL section 10) and the realm file.

import {
	byteString, bytesOf, concat, decimal, equal, hex, Malformed, need, unbase64, utf8
} from "./bytes.js";
import { keyOk, sha256, vrfKeyOk } from "./crypto.js";

const POLICY_LEN_MAX = 8192;
const POLICY_KEYS_MAX = 64;
const POLICY_GROUPS_MAX = 64;
const POLICY_NAME_MAX = 255;
const POLICY_URL_MAX = 255;
const VKEY_NAME_MAX = 255;
const REALM_NAME_MAX = 128;
const REALM_FILE_MAX = 65536;
const SERVERS_MAX = 8;
const SERVER_LEN_MAX = 1023;
const LINKS_MAX = 64;
const FRESH_MAX = 315360000n;

// The types of vkeys; also what kind of key it is.
export const REPLICA = 1;
export const WITNESS = 4;

// The white space of Unicode: no name of a key has any.
const SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

export function keyNameOk(name) {
	let text;

	if (name.length < 1 || name.length > VKEY_NAME_MAX)
		return false;
	try {
		text = utf8(name);
	} catch {
		return false;
	}
	return !SPACE.test(text) && !/[\u0000-\u001f+]/.test(text);
}

export function realmNameOk(name) {
	return name.length <= REALM_NAME_MAX && /^[!-*,-~]+$/.test(name);
}

// A key of the line KIND NAME VKEY.
class Key {
	constructor(name, kind, vkey) {
		const parts = /^([^+]*)\+([^+]*)\+([^]*)$/.exec(vkey);

		need(parts && keyNameOk(parts[1]), "a verifier key does not parse");
		this.name = name;
		this.kind = kind;
		this.keyName = parts[1];
		const data = unbase64(parts[3]);
		need(data.length === 33 && data[0] === kind,
		    "a verifier key is of the wrong type");
		this.publicKey = data.subarray(1);
		this.id = sha256(concat(bytesOf(`${this.keyName}\n`), data)).
		    slice(0, 4);
		need(hex(this.id) === parts[2],
		    "the identifier of a verifier key is not that of its key");
		need(keyOk(this.publicKey), "a public key breaks rule S2");
	}
}

export class Policy {
	// Parse that of a realm or of a client; Malformed if it is none.
	constructor(text) {
		this.text = text;
		this.keys = [];
		this.groups = new Map();	// name: { threshold, members }
		this.quorum = null;
		this.names = new Set();
		this.members = new Set();
		need(text.length <= POLICY_LEN_MAX && text.endsWith("\n"),
		    "a policy is too long, or does not end in a newline");
		need(!/[^\t\n -~\x80-\xff]/.test(text),
		    "a policy has control characters");
		for (const line of text.slice(0, -1).split("\n")) {
			const words = line.split(/[ \t]+/).filter((w) => w !== "");
			if (words.length > 0 && !words[0].startsWith("#"))
				this.#line(words);
		}
		need(this.quorum !== null, "a policy has no quorum line");
	}

	#line(words) {
		if ((words[0] === "replica" || words[0] === "witness") &&
		    (words.length === 3 || words.length === 4))
			this.#key(words);
		else if (words[0] === "group" && words.length >= 4)
			this.#group(words[1], words[2], words.slice(3));
		else if (words[0] === "quorum" && words.length === 2 &&
		    this.quorum === null) {
			need(words[1] === "none" || this.names.has(words[1]),
			    "the quorum is not defined above it");
			this.quorum = words[1];
		} else
			throw new Malformed("a line of a policy does not parse");
	}

	#name(name) {
		need(name !== "none" && !this.names.has(name) &&
		    name.length <= POLICY_NAME_MAX,
		    "a name in a policy is too long, or there twice");
		this.names.add(name);
	}

	#key([kind, name, vkey, url = ""]) {
		need(url.length <= POLICY_URL_MAX, "a URL is too long");
		const key = new Key(name, kind === "replica" ? REPLICA : WITNESS, vkey);
		need(this.keys.length < POLICY_KEYS_MAX, "too many keys");
		need(!this.keys.some((k) => equal(k.id, key.id) ||
		    equal(k.publicKey, key.publicKey)), "a key is there twice");
		this.#name(name);
		this.keys.push(key);
	}

	#group(name, threshold, members) {
		need(this.groups.size < POLICY_GROUPS_MAX, "too many groups");
		for (const member of members) {
			need(this.names.has(member) && !this.members.has(member),
			    "a member is not defined above, or is in two groups");
			this.members.add(member);
		}
		this.#name(name);
		let k = members.length;
		if (threshold === "any")
			k = 1;
		else if (threshold !== "all")
			k = Number(decimal(threshold, BigInt(members.length)));
		need(k > 0, "a threshold of nothing");
		this.groups.set(name, { threshold: k, members });
	}

	replicas() {
		return this.keys.filter((k) => k.kind === REPLICA);
	}

	witnesses() {
		return this.keys.filter((k) => k.kind === WITNESS);
	}

	// Have a majority of the replicas signed, if these keys have?
	majority(signed) {
		const replicas = this.replicas();

		return replicas.length > 0 && replicas.filter((k) => signed.has(k)).
		    length >= Math.floor(replicas.length / 2) + 1;
	}

	// Do the signatures of these keys, a Set or Map of them, make the quorum?
	met(signed) {
		const names = new Set([...signed.keys()].map((k) => k.name));

		if (names.size === 0)
			return false;
		if (this.quorum === "none")
			return this.replicas().length === 0 || this.majority(signed);
		// Groups name only what stands above them: one pass in order will do.
		for (const [name, group] of this.groups)
			if (group.members.filter((m) => names.has(m)).length >=
			    group.threshold)
				names.add(name);
		return names.has(this.quorum);
	}
}

export function realmPolicy(text, realm) {
	const policy = new Policy(text), replicas = policy.replicas();

	need(replicas.length > 0 && replicas.every((k) => k.keyName === realm),
	    "no replica, or one whose key has another name than the realm");
	return policy;
}

const SINGLE = ["realm", "nonce", "vrf", "fresh", "registration"];

export class Realm {
	// Parse the bytes of a realm file; Malformed if it is none.
	constructor(data) {
		need(data.length <= REALM_FILE_MAX, "a realm file has at most 65536 bytes");
		this.text = byteString(data);
		const found = /^([^]*?\n)??policy\n([^]*)$/.exec(this.text);
		need(found, "no policy line");
		const lines = (found[1] ?? "").split("\n").slice(0, -1);
		need(lines[0] === "ks-realm/v1", "the first line is not ks-realm/v1");
		this.servers = [];
		this.links = new Map();		// name: role, or undefined
		this.values = new Map();
		this.pins = new Set();
		for (const line of lines.slice(1))
			if (line !== "" && !line.startsWith("#"))
				this.#line(line);
		this.#fields();
		this.policy = realmPolicy(found[2], this.name);
		this.policyHash = sha256(bytesOf(found[2]));
		this.hash = sha256(bytesOf(this.name));
		const names = new Set(this.policy.keys.map((k) => k.name));
		for (const [name, role] of this.links)
			need(role !== undefined || names.has(name),
			    "a link without a role names nobody in the policy");
	}

	#line(line) {
		const space = line.indexOf(" ");
		const name = line.slice(0, space), value = line.slice(space + 1);

		need(space >= 0 && value !== "", "a line is a name, one space, a value");
		if (name === "server") {
			need(/^(?:unix:|https?:\/\/)[!-~]+$/.test(value) &&
			    value.length <= SERVER_LEN_MAX &&
			    this.servers.length < SERVERS_MAX,
			    "a server that is no URL, or one too many");
			this.servers.push(value);
		} else if (name === "link") {
			this.#link(value);
		} else {
			need(SINGLE.includes(name) && !this.values.has(name),
			    "a line is unknown, or there twice");
			this.values.set(name, value);
		}
	}

	#link(value) {
		const link = /^([^ \0]{1,255}) (SHA256:[0-9a-f]{64})(?: (replica|verifier|edge))?$/.
		    exec(value);

		need(link, "a link is a name, a certificate’s hash and a role");
		need(!this.links.has(link[1]) && !this.pins.has(link[2]) &&
		    this.links.size < LINKS_MAX, "a link is there twice, or one too many");
		this.links.set(link[1], link[3]);
		this.pins.add(link[2]);
	}

	#fields() {
		for (const name of SINGLE)
			need(this.values.has(name), `no ${name} line`);
		this.name = this.values.get("realm");
		this.nonce = unbase64(this.values.get("nonce"));
		this.vrf = unbase64(this.values.get("vrf"));
		this.freshMs = decimal(this.values.get("fresh"), FRESH_MAX) * 1000n;
		need(realmNameOk(this.name), "the name of the realm is none");
		need(this.nonce.length === 16, "a nonce is 16 bytes");
		need(this.vrf.length === 32 && vrfKeyOk(this.vrf),
		    "the VRF key is no element");
		need(this.freshMs > 0n, "fresh is at least a second");
		need(/^[a-z0-9-]{1,32}$/.test(this.values.get("registration")),
		    "registration is a word of a-z, 0-9 and -");
	}
}

// What identifies a realm for whoever compares it: the start of the hash of its file.
export function fingerprint(realm) {
	return hex(sha256(bytesOf(realm.text))).slice(0, 16);
}
