// What the page's verifier says of proofs, for t/bats/second.py: a question in JSON on
// each line of standard input, { proof, realm, policy, user (base64, or null), epoch,
// now_ms (decimal) }; its answer on a line: [exit code, rule, output in base64] as of
// ks-verify.  The first argument is the folder with the page's modules.

import { webcrypto } from "node:crypto";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// Browsers, and later versions of node, have it there.
globalThis.crypto ??= webcrypto;

const folder = `${pathToFileURL(process.argv[2]).href}/`;
const load = (name) => import(new URL(name, folder));
const { byteString, decimal } = await load("bytes.js");
const { Policy, Realm, REPLICA } = await load("policy.js");
const { normalise } = await load("proof.js");
const { verify } = await load("verify.js");

const bytes = (text) => Uint8Array.from(Buffer.from(text, "base64"));
const kept = new Map();

// The parsed form of a file: many questions have the same.
function parsed(kind, text, make) {
	const name = `${kind} ${text}`;

	if (!kept.has(name)) {
		if (kept.size > 64)
			kept.clear();
		let value = null;
		try {
			value = make(bytes(text));
		} catch {
			// a file that ks-verify does not take either
		}
		kept.set(name, value);
	}
	return kept.get(name);
}

function rfc3339(ms) {
	return ms === null ? "none" :
	    new Date(Number(ms)).toISOString().replace(".000Z", "Z");
}

const safe = (name) => name.replace(/\u00c2[\u0080-\u009f]/g, "?");

function report(result) {
	const lines = [`user ${safe(result.user)}`,
		`found ${result.present ? "present" : "absent"}`,
		`epoch ${result.head.epoch}`];

	if (result.present)
		lines.push(`version ${result.version}`);
	lines.push(`time ${rfc3339(result.timeMs)}`);
	const signed = result.policy.keys.filter((k) => result.signed.has(k));
	for (const key of signed.filter((k) => k.kind === REPLICA))
		lines.push(`signed ${safe(key.name)}`);
	for (const key of signed.filter((k) => k.kind !== REPLICA))
		lines.push(`ratified ${safe(key.name)} ` +
		    rfc3339(result.signed.get(key) * 1000n));
	if (result.present && result.erased)
		lines.push("profile erased");
	for (const app of result.apps ?? [])
		lines.push(`app ${app.name} ${app.value.length}`);
	return Buffer.from(`${lines.join("\n")}\n`, "latin1").toString("base64");
}

function judge(q) {
	const realm = parsed("realm", q.realm, (data) => new Realm(data));
	const policy = q.policy === null ? null :
	    parsed("policy", q.policy, (data) => new Policy(byteString(data)));
	let user = null;

	if (realm === null || (q.policy !== null && policy === null))
		return [100, "", ""];
	try {
		user = q.user === null ? null : normalise(byteString(bytes(q.user)));
	} catch {
		return [100, "", ""];
	}
	const result = verify(realm, bytes(q.proof), { user, policy,
		epoch: q.epoch === null ? null : decimal(q.epoch), nowMs: BigInt(q.now_ms) });
	if (!result.verified)
		return [3, result.rule, ""];
	const code = result.rule !== null ? 4 : result.present ? 0 : 1;
	return [code, result.rule ?? "", report(result)];
}

for await (const line of createInterface({ input: process.stdin }))
	console.log(JSON.stringify(judge(JSON.parse(line))));
