// The verification of a lookup proof, rule by rule, in the order of PROTOCOL section 9,
// from which this is written.  Nothing here trusts the server; nothing asks it.

import { bytesOf, equal, hex, Malformed, shown } from "./bytes.js";
import { hash, sha256, vrfVerify } from "./crypto.js";
import { inclusionRoot } from "./log.js";
import { realmPolicy, REPLICA, WITNESS } from "./policy.js";
import { Entry, Head, profileApps, Proof } from "./proof.js";
import { Tree } from "./tree.js";

const CLOCK_SKEW_MS = 300000n;

class Broken extends Error {
	constructor(rule, why) {
		super(why);
		this.rule = rule;
	}
}

// Every check: its name, the rules that it can break, and what is at stake.
export const CHECKS = [
	["form", "The proof is well formed"],
	["realm", "It is of this realm"],
	["user", "It is about the user that was asked for"],
	["vrf", "The place in the directory is this user’s, and could be no other"],
	["head", "The head record of the epoch is of this realm"],
	["entry", "The entry is the one of this place"],
	["profile", "The profile is the one that the entry commits to"],
	["path", "The path leads from the place to the root of the directory"],
	["inclusion", "The epoch’s head is in the epoch log"],
	["origin", "The checkpoint is of this realm’s log"],
	["chain", "Changes of the realm’s policy were approved by the one before"],
	["signatures", "The signatures on the checkpoint are true"],
	["policy", "The head names the policy that is in force"],
	["time", "The head is not of the future"],
	["epoch", "It is of the epoch that was asked for"],
	["quorum", "As many have signed as the policy asks for"],
	["fresh", "It is the newest state, and fresh"],
];

// Runs `what`; what it finds Malformed, or is told by Broken, breaks the rule.
function ruled(rule, what) {
	try {
		return what();
	} catch (error) {
		if (error instanceof Malformed)
			throw new Broken(rule, error.message);
		throw error;
	}
}

function want(condition, rule, why) {
	if (!condition)
		throw new Broken(rule, why);
}

class Verification {
	constructor(realm, question) {
		this.realm = realm;
		this.question = question;
		this.steps = new Map();		// check: what was found
		this.result = { rule: null, why: null, verified: false, present: false,
			version: null, apps: null, erased: false, timeMs: null, signed: new Map() };
	}

	passed(check, sentence) {
		this.steps.set(check, { state: "passed", sentence });
	}

	skipped(check, sentence) {
		this.steps.set(check, { state: "skipped", sentence });
	}

	run(data) {
		const r = this.result;

		this.form(data);
		this.subject();
		this.directory();
		this.log();
		this.chain();
		this.signatures();
		this.times();
		this.answer();
		r.verified = true;
		this.enough();
	}

	form(data) {
		this.at = "form";
		this.proof = ruled("proof-malformed", () => new Proof(data));
		this.result.proof = this.proof;
		this.passed("form", `${data.length} bytes, every line as it has to be.`);
	}

	subject() {
		const { proof, realm, result } = this;

		this.at = "realm";
		want(proof.realm === realm.name, "realm-mismatch",
		    `it is of the realm ${shown(proof.realm)}`);
		this.passed("realm", `Realm ${shown(realm.name)}.`);
		this.at = "user";
		const user = this.question.user;
		want(user === null || user === proof.user, "user-mismatch",
		    `it is about ${shown(proof.user)}`);
		result.user = proof.user;
		this.passed("user", `User ${shown(proof.user)}` +
		    `${user === null ? ": whoever the proof names" : ""}.`);
		this.at = "vrf";
		this.index = ruled("vrf-invalid", () => vrfVerify(realm.vrf,
		    bytesOf(proof.user), proof.vrf)).slice(0, 32);
		result.index = this.index;
		this.passed("vrf", `The realm’s VRF key gives ${hex(this.index).slice(0, 16)}…`);
		this.at = "head";
		const head = ruled("head-malformed", () => new Head(proof.head));
		want(equal(head.realm, realm.hash), "head-malformed",
		    "the head is of another realm");
		this.head = result.head = head;
		this.passed("head", `Epoch ${head.epoch}, ${head.updates} ` +
		    `update${head.updates === 1n ? "" : "s"}, directory root ` +
		    `${hex(head.root).slice(0, 16)}…`);
	}

	directory() {
		const { proof } = this;
		let value = null;

		if (proof.found === "present") {
			value = this.entry();
		} else {
			this.skipped("entry", "There is none at this place.");
			this.skipped("profile", "There is none.");
		}
		this.at = "path";
		const hashes = ruled("path-invalid", () => new Tree(this.realm.nonce).climb(
		    this.index, proof.found, value, proof.other, proof.path));
		this.result.hashes = hashes;
		want(equal(hashes.at(-1), this.head.root), "path-invalid",
		    "the path leads to another root than the head’s");
		const steps = `${proof.path.length} step${proof.path.length === 1 ? "" : "s"}`;
		this.passed("path", {
			present: `${steps} from the entry up to the root.`,
			empty: `${steps} from an empty place up to the root: nobody is there.`,
			other: `${steps} from somebody else’s leaf up to the root: if the user ` +
			    "were there, this leaf would be deeper.",
		}[proof.found]);
	}

	// Check the entry and the profile; return the value of the leaf.
	entry() {
		const { proof, result } = this;

		this.at = "entry";
		const entry = ruled("entry-mismatch", () => new Entry(proof.entry));
		want(equal(entry.index, this.index), "entry-mismatch",
		    "the entry is that of another place");
		this.passed("entry", `Version ${entry.version} of the entry.`);
		this.at = "profile";
		if (proof.profile === null) {
			this.skipped("profile", "The profile was erased; the entry remains.");
		} else {
			result.apps = ruled("profile-mismatch", () => profileApps(proof.profile));
			want(equal(hash("ks-commitment", proof.profile), entry.commitment),
			    "profile-mismatch", "the profile is not the one committed to");
			this.passed("profile", `${result.apps.length} ` +
			    `application${result.apps.length === 1 ? "" : "s"} in ` +
			    `${proof.profile.length} bytes.`);
		}
		result.present = true;
		result.erased = proof.profile === null;
		result.version = entry.version;
		result.entry = entry;
		return hash("ks-entry", proof.entry);
	}

	log() {
		const { proof, head } = this, checkpoint = proof.checkpoint;

		this.checkpoint = this.result.checkpoint = checkpoint;
		this.at = "inclusion";
		want(proof.index === head.epoch - 1n, "inclusion-invalid",
		    "the index is not that of the epoch");
		const root = ruled("inclusion-invalid", () => inclusionRoot(proof.head,
		    proof.index, checkpoint.size, proof.inclusion));
		want(equal(root, checkpoint.root), "inclusion-invalid",
		    "the head is not in the log of the checkpoint");
		this.passed("inclusion", `Entry ${head.epoch} of ${checkpoint.size} in the ` +
		    `epoch log, by ${proof.inclusion.length} ` +
		    `hash${proof.inclusion.length === 1 ? "" : "es"}.`);
		this.at = "origin";
		want(checkpoint.origin === this.realm.name, "origin-mismatch",
		    `its origin is ${shown(checkpoint.origin)}`);
		this.passed("origin", `Checkpoint ${checkpoint.size} of ` +
		    `${shown(checkpoint.origin)}.`);
	}

	chain() {
		const { realm, proof } = this;
		const known = proof.links.findLastIndex((link) =>
		    equal(link.hash, realm.policyHash));
		let last = 0n, policy = realm.policy;

		this.at = "chain";
		this.policy = policy;
		this.newest = realm.policyHash;
		for (const link of proof.links.slice(known + 1)) {
			policy = this.link(link, policy, last);
			last = link.checkpoint.size;
			this.newest = link.hash;
			if (last < this.checkpoint.size)
				this.policy = policy;
		}
		this.policy = this.question.policy ?? this.policy;
		this.result.policy = this.policy;
		const n = proof.links.length - known - 1;
		this.passed("chain", n === 0 ? "No change since the realm file." :
		    `${n} change${n === 1 ? "" : "s"} since the realm file, each signed as ` +
		    "the policy before it asks for.");
	}

	// The policy that a link says follows this one.
	link(link, policy, last) {
		const { realm } = this, checkpoint = link.checkpoint;
		const rule = "policy-chain-invalid";

		want(checkpoint.size > last && checkpoint.size <= this.checkpoint.size, rule,
		    "the epochs of the links do not rise up to the checkpoint’s");
		const next = ruled(rule, () => realmPolicy(link.text, realm.name));
		const head = ruled(rule, () => new Head(link.head));
		const signed = ruled(rule, () => checkpoint.signedBy(policy.keys));
		const root = ruled(rule, () => inclusionRoot(link.head, head.epoch - 1n,
		    checkpoint.size, link.inclusion));
		want(checkpoint.origin === realm.name && equal(root, checkpoint.root) &&
		    head.epoch === checkpoint.size && equal(head.realm, realm.hash) &&
		    equal(head.policy, link.hash), rule,
		    "the head of a link is not that of its checkpoint or policy");
		want(policy.met(signed), "policy-chain-unmet",
		    "a change of policy has too few signatures");
		return next;
	}

	signatures() {
		const { checkpoint, head, policy } = this;

		this.at = "signatures";
		this.signed = ruled("signature-invalid", () =>
		    checkpoint.signedBy(policy.keys));
		this.passed("signatures", `${this.signed.size} of the ${policy.keys.length} ` +
		    `keys of the policy have signed, on ${checkpoint.signatures.length} ` +
		    `line${checkpoint.signatures.length === 1 ? "" : "s"}.`);
		this.at = "policy";
		want(head.epoch < checkpoint.size || equal(head.policy, this.newest),
		    "policy-changed", "the head names another policy of the realm");
		this.passed("policy", head.epoch < checkpoint.size ?
		    "Asked of the newest epoch only." : "The head names it by its hash.");
	}

	times() {
		const { head, policy, result } = this;
		const latest = this.question.nowMs + CLOCK_SKEW_MS;

		this.at = "time";
		want(head.time <= latest, "time-future",
		    "the head is ahead of this computer’s clock");
		this.passed("time", `Closed at ${instant(head.time)}.`);
		this.majority = policy.majority(this.signed);
		for (const [key, seconds] of this.signed)
			if (seconds * 1000n > latest)
				this.signed.delete(key);
		result.signed = this.signed;
		result.unsigned = policy.keys.filter((k) => !this.signed.has(k));
		result.timeMs = this.timeOf();
	}

	// The time of the proof, or null: see PROTOCOL.
	timeOf() {
		const { head, checkpoint, policy } = this;
		const signed = [...this.signed];
		const only = (test) => new Map(signed.filter(([k, s]) =>
		    k.kind === REPLICA || test(s)));
		let time = 0n;

		if (head.epoch === checkpoint.size && this.majority)
			time = head.time;
		// Where the replicas alone are enough, no cosignature says when.
		if (!policy.met(only(() => false)))
			for (const [key, seconds] of signed)
				if (key.kind === WITNESS && seconds * 1000n > time &&
				    policy.met(only((s) => s >= seconds)))
					time = seconds * 1000n;
		return time === 0n ? null : time;
	}

	answer() {
		const { epoch } = this.question;

		this.at = "epoch";
		want(epoch === null || this.head.epoch === epoch, "epoch-mismatch",
		    `it is of epoch ${this.head.epoch}`);
		this.passed("epoch", epoch === null ? "The newest state was asked for." :
		    `Epoch ${epoch}.`);
	}

	enough() {
		const { head, checkpoint, policy, result, realm } = this;
		const { epoch, nowMs } = this.question;

		this.at = "quorum";
		want(policy.met(this.signed), "quorum-unmet", "too few have signed");
		result.met = true;
		this.passed("quorum", `The quorum “${shown(policy.quorum)}” is met.`);
		this.at = "fresh";
		if (epoch !== null) {
			this.skipped("fresh", "A past epoch was asked for.");
			return;
		}
		want(head.epoch === checkpoint.size, "not-fresh",
		    `it is the state of epoch ${head.epoch}, not of ${checkpoint.size}`);
		want(result.timeMs !== null, "not-fresh", "nothing says how old it is");
		want(result.timeMs >= nowMs - realm.freshMs, "not-fresh",
		    `it is of ${instant(result.timeMs)}, too long ago`);
		this.passed("fresh", `It is of ${instant(result.timeMs)}; the realm allows ` +
		    `${realm.freshMs / 1000n} s.`);
	}
}

export function instant(ms) {
	const day = 8640000000000000n;

	return ms > day ? "the far future" :
	    new Date(Number(ms)).toISOString().replace(".000Z", "Z");
}

// Verify the bytes of a proof against the realm as the answer to the question { user
// (normalised byte string, or null: whoever it names), epoch (BigInt, or null: the
// newest state), nowMs (BigInt), policy (the client's own, or null) }.  The result has
// `verified` (no rule but quorum-unmet or not-fresh is broken), the `rule` broken first
// and `why`, or null, what was found, and `steps`: of each check in CHECKS its state,
// "passed", "skipped", "failed" or "unreached", and a sentence.
export function verify(realm, data, question) {
	const v = new Verification(realm, question), { result } = v;

	try {
		v.run(data);
	} catch (error) {
		if (!(error instanceof Broken))
			throw error;
		result.rule = error.rule;
		result.why = error.message;
		v.steps.set(v.at, { state: "failed", rule: error.rule,
			sentence: `${error.message[0].toUpperCase()}${error.message.slice(1)}.` });
	}
	result.steps = CHECKS.map(([id, title]) => ({ id, title,
		...(v.steps.get(id) ?? { state: "unreached", sentence: "Not looked at." }) }));
	return result;
}
