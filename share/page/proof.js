// The form of entries, profiles, head records and lookup proofs (PROTOCOL sections 4,
// 7 and 9): taken apart, and not verified yet.

import { byteString, decimal, Lines, need, Reader, sized, unbase64, utf8 } from "./bytes.js";
import { sha256 } from "./crypto.js";
import { Checkpoint } from "./log.js";
import { realmNameOk } from "./policy.js";

const USER_LEN_MAX = 254;
const APP_LEN_MAX = 64;
const PROFILE_APPS_MAX = 256;
const PROFILE_LEN_MAX = 65536;
const ENTRY_LEN_MAX = 75 + 4096;
const POLICY_LEN_MAX = 8192;
const POLICY_CHAIN_MAX = 16;
const INCLUSION_MAX = 64;
const PROOF_LEN_MAX = 262144;
const EPOCH_UPDATES_MAX = 1000000n;

// The normal form of a user id, a byte string; Malformed if it is none.
export function normalise(user) {
	utf8(user);
	need(user.length >= 1 && user.length <= USER_LEN_MAX &&
	    !/[\u0000- \u007f]/.test(user), "a user id that is none");
	return user.replace(/[A-Z]/g, (c) => c.toLowerCase());
}

export class Entry {
	constructor(data) {
		const r = new Reader(data);

		need(r.uint(1) === 1, "an entry of an unknown version");
		this.index = r.take(32);
		this.version = r.u64();
		this.policy = r.variable(2);
		this.commitment = r.take(32);
		r.end();
		need(this.policy.length > 0, "an entry without a policy");
	}
}

// The applications of a profile, as { name, value }.
export function profileApps(data) {
	const r = new Reader(data), apps = [];

	need(r.uint(1) === 1, "a profile of an unknown version");
	r.take(32);
	const count = r.uint(2);
	need(count <= PROFILE_APPS_MAX, "too many applications");
	for (let i = 0; i < count; i++) {
		const name = byteString(r.variable(1)), value = r.variable(2);
		need(/^[a-z0-9._-]+$/.test(name) && name.length <= APP_LEN_MAX,
		    "the name of an application is none");
		need(i === 0 || apps[i - 1].name < name,
		    "the applications do not ascend");
		apps.push({ name, value });
	}
	r.end();
	return apps;
}

export class Head {
	constructor(data) {
		const r = new Reader(data);

		need(byteString(r.take(16)) === "ks/head/v1\0\0\0\0\0\0",
		    "not a head record");
		this.realm = r.take(32);
		this.epoch = r.u64();
		this.root = r.take(32);
		this.time = r.u64();
		this.updates = r.u64();
		this.list = r.take(32);
		this.policy = r.take(32);
		r.end();
		need(this.epoch !== 0n && this.updates <= EPOCH_UPDATES_MAX,
		    "of no epoch, or with too many updates");
	}
}

// A link of a policy chain.
class Link {
	constructor(lines) {
		const policy = unbase64(lines.field("policy"));

		need(policy.length <= POLICY_LEN_MAX, "a policy that is too long");
		this.text = byteString(policy);
		this.hash = sha256(policy);
		this.head = lines.sized("policy-head", 168);
		this.inclusion = [];
		for (let n = lines.count("inclusion", INCLUSION_MAX); n > 0; n--)
			this.inclusion.push(sized(lines.next(), 32));
		this.checkpoint = new Checkpoint(lines.block("note", PROOF_LEN_MAX));
	}
}

export class Proof {
	// Take the bytes apart; Malformed if they are no lookup proof.
	constructor(data) {
		need(data.length <= PROOF_LEN_MAX, "a proof has at most 262144 bytes");
		const lines = new Lines(byteString(data));

		need(lines.next() === "ks-proof/v1", "the first line is not ks-proof/v1");
		this.realm = lines.field("realm");
		need(realmNameOk(this.realm), "the name of a realm that is none");
		this.user = lines.field("user");
		need(normalise(this.user) === this.user, "the user is not normalised");
		this.vrf = lines.sized("vrf", 80);
		const from = lines.at;
		this.links = [];
		for (let n = lines.count("policies", POLICY_CHAIN_MAX); n > 0; n--)
			this.links.push(new Link(lines));
		this.chainText = lines.text.slice(from, lines.at);
		this.head = lines.sized("head", 168);
		this.#found(lines);
		this.#path(lines);
		this.#log(lines);
	}

	#found(lines) {
		this.found = lines.field("found");
		this.entry = this.profile = this.other = null;
		need(["present", "empty", "other"].includes(this.found),
		    "found is neither present, empty nor other");
		if (this.found === "other")
			this.other = lines.sized("other", 64);
		if (this.found !== "present")
			return;
		this.entry = unbase64(lines.field("entry"));
		need(this.entry.length <= ENTRY_LEN_MAX, "an entry that is too long");
		const profile = lines.field("profile");
		if (profile === "erased")
			return;
		this.profile = unbase64(profile);
		need(this.profile.length <= PROFILE_LEN_MAX, "a profile that is too long");
	}

	#path(lines) {
		this.path = [];
		for (let n = lines.count("path", 256); n > 0; n--) {
			const line = lines.next();
			this.path.push(line === "-" ? null : sized(line, 32));
		}
	}

	#log(lines) {
		need(lines.next() === "c2sp.org/tlog-proof@v1", "no tlog-proof");
		this.index = decimal(lines.field("index"));
		this.inclusion = [];
		for (;;) {
			const line = lines.next();
			if (line === "")
				break;
			need(this.inclusion.length < INCLUSION_MAX,
			    "more hashes than any log needs");
			this.inclusion.push(sized(line, 32));
		}
		this.checkpoint = new Checkpoint(lines.rest());
	}
}
