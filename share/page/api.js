// What the page asks the server for, by the interface of HTTP.md.

import { byteString, hex } from "./bytes.js";

const ANSWER_MAX = 1 << 20;
const TIMEOUT_MS = 20000;

// An answer that is none: the rule that the server names, and what it says.
export class Refusal extends Error {
	constructor(status, rule, message) {
		super(message);
		this.status = status;
		this.rule = rule;
	}
}

async function ask(path, options = {}) {
	const { accept = "text/plain", timeout = TIMEOUT_MS, ...rest } = options;
	let answer;

	try {
		// Nothing is kept: a wrong answer that says it is good for ever would stay.
		answer = await fetch(path, { headers: { Accept: accept }, redirect: "error",
			cache: "no-store", credentials: "omit",
			signal: AbortSignal.timeout(timeout), ...rest });
	} catch {
		throw new Refusal(0, "unavailable", "The server does not answer.");
	}
	if (answer.ok)
		return answer;
	const said = (await answer.text().catch(() => "")).slice(0, 400).trim();
	const rule = answer.headers.get("Ks-Rule") ?? `http-${answer.status}`;
	throw new Refusal(answer.status, rule, said.replace(/^[a-z0-9-]+: /, "") ||
	    `The server answers with ${answer.status}.`);
}

async function bytes(path, options) {
	const answer = await ask(path, options);
	const data = new Uint8Array(await answer.arrayBuffer().catch(() => {
		throw new Refusal(0, "unavailable", "The answer was cut off.");
	}));

	if (data.length > ANSWER_MAX)
		throw new Refusal(0, "too-large", "The answer is larger than any that is right.");
	return data;
}

async function json(path, options) {
	const answer = await ask(path, { accept: "application/json", ...options });

	try {
		return [await answer.json(), answer];
	} catch {
		throw new Refusal(0, "unavailable", "The answer is no JSON, or was cut off.");
	}
}

// The user as the server's argument: UTF-8, percent-encoded.
function encoded(byteText) {
	return Array.from(byteText, (c) => /[A-Za-z0-9._~-]/.test(c) ? c :
	    `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
}

export function realmFile() {
	return bytes("/v1/realm");
}

export function lookup(user, { epoch, epochMin, known, waitMs }) {
	let path = `/v1/lookup?user=${encoded(user)}&known=${hex(known)}&wait_ms=${waitMs}`;

	if (epoch !== null)
		path += `&epoch=${epoch}`;
	else if (epochMin > 0n)
		path += `&epoch_min=${epochMin}`;
	return bytes(path);
}

export async function consistency(m, n) {
	return byteString(await bytes(`/v1/consistency/${m}/${n}`));
}

export async function note(epoch) {
	return byteString(await bytes(`/v1/checkpoint/${epoch}`));
}

export async function newest() {
	return (await json("/v1/checkpoint"))[0];
}

export async function epochs(from, to) {
	return (await json(`/v1/epochs?from=${from}&to=${to}`))[0];
}

export async function status() {
	return (await json("/v1/status"))[0];
}

// What came since the cursor: [{ cursor, events }].
export async function tail(cursor, waitMs) {
	const path = `/v1/tail?wait_ms=${waitMs}` +
	    (cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`);
	const [body, answer] = await json(path, { timeout: waitMs + TIMEOUT_MS });

	return { cursor: body.cursor ?? answer.headers.get("Ks-Cursor"),
		events: Array.isArray(body.events) ? body.events : [] };
}
