// The form: asks, verifies, holds against what was seen, and shows.

import { byteString, unUtf8 } from "./bytes.js";
import { lookup, Refusal } from "./api.js";
import { byId, text } from "./dom.js";
import * as memory from "./memory.js";
import { normalise } from "./proof.js";
import { show, showNone } from "./result.js";
import * as store from "./store.js";
import * as trust from "./trust.js";
import { verify } from "./verify.js";

// How long the server may wait for the signatures that are still missing.
const WAIT_MS = 2000;
const WAIT_PAST_MS = 500;	// of an epoch that was named

let asked = 0;

// The question in the form, or null after a word on what is wrong with it.
function question() {
	const typed = byId("user").value.trim(), epoch = byId("epoch").value.trim();
	let user;

	try {
		user = normalise(unUtf8(typed));
	} catch {
		text("user-error", typed === "" ? "Whom do you look for?" :
		    "A user is 1 to 254 bytes without spaces, such as alice@example.org.");
		byId("user").setAttribute("aria-invalid", "true");
		byId("user").focus();
		return null;
	}
	if (epoch !== "" && (!/^[1-9][0-9]{0,19}$/.test(epoch) || BigInt(epoch) >> 64n)) {
		text("user-error", "An epoch is a number from 1 on.");
		byId("epoch").setAttribute("aria-invalid", "true");
		byId("epoch").focus();
		return null;
	}
	return { user, epoch: epoch === "" ? null : BigInt(epoch), policy: null };
}

function settle(sentence) {
	text("said", sentence);
	byId("result").focus({ preventScroll: true });
	byId("result").scrollIntoView({ block: "nearest" });
}

async function judge(realm, data, q, saved) {
	const result = verify(realm, data, { ...q, nowMs: BigInt(Date.now()) });

	if (result.verified) {
		// Whose quorum or age is not enough is marked as that, not as a lie.
		for (const step of result.steps)
			if (step.state === "failed")
				step.state = "unmet";
		const step = await memory.check(realm, result, saved);
		result.steps.splice(-2, 0, step);
	}
	return result;
}

async function run(q, data) {
	const mine = ++asked, saved = data !== null;

	if (trust.current() === null)
		await trust.start();
	const realm = trust.current();
	if (realm === null) {
		settle(showNone("There is no realm file yet",
		    "Without one nothing can be verified. Choose yours below, or try again."));
		return;
	}
	byId("go").disabled = byId("check-proof").disabled = true;
	text("said", "Asking and verifying…");
	try {
		const answer = data ?? await lookup(q.user, { epoch: q.epoch,
			epochMin: store.seen(realm.name)?.size ?? 0n, known: realm.policyHash,
			waitMs: q.epoch === null ? WAIT_MS : WAIT_PAST_MS });
		const result = await judge(realm, answer, q, saved);
		if (mine === asked) {
			settle(show(realm, answer, result, q));
			trust.show();
		}
	} catch (error) {
		if (!(error instanceof Refusal))
			throw error;
		if (mine === asked)
			settle(showNone("No answer", `${error.message} (${error.rule})`));
	} finally {
		byId("go").disabled = byId("check-proof").disabled = false;
	}
}

function submitted(event) {
	event.preventDefault();
	clearErrors();
	const q = question();

	if (q === null)
		return;
	const hash = `#user=${encodeURIComponent(byId("user").value.trim())}` +
	    (q.epoch === null ? "" : `&epoch=${q.epoch}`);
	if (location.hash !== hash)
		history.replaceState(null, "", hash);
	run(q, null);
}

function clearErrors() {
	text("user-error", "");
	for (const id of ["user", "epoch"])
		byId(id).removeAttribute("aria-invalid");
}

// Check a proof that the user has; a realm file in its place is trusted from now on.
function checkSaved(data) {
	clearErrors();
	if (byteString(data.subarray(0, 12)) === "ks-realm/v1\n") {
		trust.choose(data);
		byId("trust").scrollIntoView();
		return;
	}
	const q = byId("user").value.trim() === "" ?
	    { user: null, epoch: null, policy: null } : question();

	if (q !== null)
		run(q, data);
}

async function file(from) {
	checkSaved(new Uint8Array(await from.arrayBuffer()));
}

function bindSaved() {
	const drop = byId("drop");

	byId("check-proof").addEventListener("click", () =>
	    checkSaved(new TextEncoder().encode(byId("proof-text").value)));
	byId("proof-file").addEventListener("change", (event) => {
		if (event.target.files.length === 1)
			file(event.target.files[0]);
		event.target.value = "";
	});
	for (const [type, over] of [["dragover", true], ["dragleave", false], ["drop", false]])
		drop.addEventListener(type, (event) => {
			event.preventDefault();
			drop.classList.toggle("over-it", over);
			if (type === "drop" && event.dataTransfer.files.length === 1)
				file(event.dataTransfer.files[0]);
		});
}

export function bind() {
	byId("form").addEventListener("submit", submitted);
	byId("form").noValidate = true;
	bindSaved();
}

// A link that names a user looks it up.
export function fromAddress() {
	const given = new URLSearchParams(location.hash.slice(1));

	if (!given.get("user"))
		return;
	byId("user").value = given.get("user");
	byId("epoch").value = given.get("epoch") ?? "";
	byId("form").requestSubmit();
}
