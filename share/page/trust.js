// Which realm file this page trusts, and what that means.

import { base64, equal, hex, Malformed, shown } from "./bytes.js";
import { realmFile } from "./api.js";
import { sha256 } from "./crypto.js";
import { byId, dateTime, el, text } from "./dom.js";
import { Realm } from "./policy.js";
import * as store from "./store.js";

// The realm that answers are held against; null before it is known.
let realm = null, kept = null, served = null, changed = () => {};

export function current() {
	return realm;
}

export function onChange(what) {
	changed = what;
}

function use(bytes, chosen) {
	const parsed = new Realm(bytes);

	store.trust(bytes, chosen);
	realm = parsed;
}

// Take the file kept from before, else the server's, which is kept from now on: the
// proofs tell how the policy changed since.
export async function start() {
	try {
		served = await realmFile();
	} catch (error) {
		text("realm-error", `No realm file from the server: ${error.message}`);
	}
	kept = store.trusted();
	try {
		if (kept !== null)
			realm = new Realm(kept.text);
		else if (served !== null)
			use(served, false);
	} catch (error) {
		text("realm-error", `The realm file is none: ${error.message}.`);
	}
	show();
	changed();
}

function facts(rows) {
	byId("facts").replaceChildren(...rows.flatMap(([name, value]) =>
	    [el("dt", {}, name), el("dd", {}, value)]));
}

export function show() {
	kept = store.trusted();
	if (realm === null || kept === null)
		return;
	const name = shown(realm.name), seen = store.seen(realm.name);
	const differs = served !== null && !equal(served, kept.text);

	text("realm-name", name);
	document.title = `${name}: key transparency`;
	text("trust-source", kept.chosen ? "The realm file is your own." :
	    "The realm file came from this server.");
	text("trust-means", kept.chosen ?
	    "Who runs this server cannot have chosen what you trust." :
	    "That proves that its answers agree with one another and with what it said on " +
	    "your first visit, not that it is the realm that others know. Choose a realm file " +
	    "that you got elsewhere, or compare its fingerprint.");
	facts([
		["Realm", name],
		["Realm file", kept.chosen ? "your own" : "as the server gave it"],
		["Since", dateTime(kept.since)],
		["Fingerprint", el("code", {}, hex(sha256(kept.text)).match(/.{8}/g).slice(0, 4).join(" "))],
		["Checkpoint", seen === null ? "none yet" : [`epoch ${seen.size}, root `,
			el("code", {}, `${base64(seen.root).slice(0, 12)}…`)]],
	]);
	byId("realm-take").hidden = !differs;
	if (differs && byId("realm-error").textContent === "")
		text("realm-error", "The server now offers another realm file than the one " +
		    "that is trusted here.");
}

// Trust the bytes of a file that the user chose.
export function choose(bytes) {
	text("realm-error", "");
	try {
		use(bytes, true);
	} catch (error) {
		if (!(error instanceof Malformed))
			throw error;
		text("realm-error", `That is no realm file: ${error.message}.`);
		return;
	}
	show();
	changed();
}

export function bind() {
	byId("realm-file").addEventListener("change", async (event) => {
		const [file] = event.target.files;
		if (file !== undefined)
			choose(new Uint8Array(await file.arrayBuffer()));
		byId("realm-file").value = "";
	});
	byId("realm-take").addEventListener("click", () => {
		text("realm-error", "");
		use(served, false);
		show();
		changed();
	});
	byId("forget").addEventListener("click", () => {
		store.forget();
		text("realm-error", "");
		realm = null;
		start();
	});
}
