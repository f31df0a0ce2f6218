// Shows what a proof amounts to, check by check.

import { base64, hex, shown, utf8, byteString } from "./bytes.js";
import * as draw from "./draw.js";
import { ago, byId, count, dateTime, el, fileName, mark, save, svg } from "./dom.js";
import { WITNESS } from "./policy.js";
import { instant } from "./verify.js";
import * as store from "./store.js";

const PREVIEW_MAX = 160;

// What a server shows that can only be meant to deceive, or be a broken one.
const LIES = {
	fork: ["Two histories", "The server shows another history (fork) than the one that " +
	    "this browser saw before. Nothing of it is handed out."],
	"step-back": ["An older state", "The server shows an older state (step-back) than " +
	    "the one that this browser saw before. Nothing of it is handed out."],
};

function verdictOf(result, failed, question) {
	const user = shown(result.user ?? question.user ?? "");

	if (failed !== undefined && LIES[failed.rule] !== undefined)
		return ["refused", "failed", ...LIES[failed.rule]];
	if (failed !== undefined && failed.state === "failed")
		return ["refused", "failed", "This answer is refused",
			`It breaks the rule “${failed.rule}”. Nothing of it is shown: it proves ` +
			"nothing about anybody."];
	if (failed !== undefined)
		return ["unmet", "unmet", "Proven, but not enough",
			`The rule “${failed.rule}” is not met: ${failed.sentence[0].toLowerCase()}` +
			`${failed.sentence.slice(1)} So nothing is handed out.`];
	const then = question.epoch === null ? "" : ` in epoch ${question.epoch}`;
	const age = result.timeMs === null ? "" : `, as of ${dateTime(result.timeMs)}`;
	if (result.present)
		return ["present", "passed", user,
			`Version ${result.version} of the entry${then}, verified here${age}.`];
	return ["absent", "passed", `Nobody is ${user}`,
		`There is no such user${then}: proven, and verified here${age}.`];
}

function verdict([state, sign, title, sentence]) {
	return el("div", { class: "verdict", "data-state": state },
	    mark(sign), el("h2", { id: "verdict" }, title), el("p", {}, sentence));
}

function checkList(steps) {
	return el("ol", { class: "checks", role: "list" }, steps.map((s) =>
	    el("li", { "data-state": s.state, "data-check": s.id }, mark(s.state),
		el("div", {}, el("b", {}, s.title), el("span", {},
		    s.rule ? [el("code", {}, s.rule), " "] : [], s.sentence)))));
}

function preview(value) {
	try {
		const text = utf8(byteString(value.subarray(0, PREVIEW_MAX)));
		if (text !== "" && !/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(text))
			return text + (value.length > PREVIEW_MAX ? "…" : "");
	} catch {
		// bytes
	}
	return value.length === 0 ? "(empty)" : `${hex(value.subarray(0, 24))}…`;
}

function appList(result) {
	if (result.erased)
		return el("p", {}, "The profile was erased. That an entry is there is proven all the same.");
	if (result.apps.length === 0)
		return el("p", {}, "The profile is empty.");
	return el("ul", { class: "apps", role: "list" }, result.apps.map((app) => {
		const name = fileName(shown(result.user), app.name);
		return el("li", {}, el("div", { class: "what" }, el("b", {}, app.name), " ",
		    el("span", { class: "soft small" }, count(app.value.length, "byte")),
		    el("code", { class: "value" }, preview(app.value))),
		el("button", { type: "button", "aria-label": `Save ${app.name}`,
			onclick: () => save(name, app.value) }, "Save"));
	}));
}

function ownerPolicy(result) {
	return el("details", {}, el("summary", {}, "Who may change this entry"),
	    el("pre", { tabindex: 0 }, shownText(result.entry.policy)));
}

function signerList(result) {
	return el("ul", { class: "parties", role: "list" }, result.policy.keys.map((key) => {
		const seconds = result.signed.get(key), signed = seconds !== undefined;
		const said = !signed ? "not on this checkpoint" :
		    key.kind === WITNESS ? `ratified ${ago(seconds * 1000n)}` : "signed";
		return el("li", {}, el("span", { class: "line" },
		    el("span", {}, el("b", {}, shown(key.name)), " ",
			el("span", { class: "soft" }, key.kind === WITNESS ? "verifier" : "replica")),
		    el("span", { title: signed && key.kind === WITNESS ?
			instant(seconds * 1000n) : null }, said)));
	}));
}

function legend(result) {
	const key = (shape, words) => el("li", {}, svg("svg", { viewBox: "-8 -8 16 16",
		"aria-hidden": "true" }, shape), words);
	const rows = [key(svg("path", { class: "node sub", d: "M0-6l7 12h-14z" }),
	    "a subtree: only its hash is told")];

	if (result.proof.path.includes(null))
		rows.push(key(svg("circle", { class: "node hole", r: 5 }), "nothing there"));
	if (result.proof.found === "other")
		rows.push(key(svg("rect", { class: "node stranger", x: -6, y: -6, width: 12,
			height: 12, rx: 3 }), "the leaf that is there instead"));
	return el("ul", { class: "legend" }, rows);
}

function pathCard(result, state) {
	const { proof, index, hashes, head } = result;

	if (index === undefined || head === undefined || hashes === undefined)
		return null;
	const step = result.steps.find((s) => s.id === "path");
	const good = step.state === "passed";
	return el("section", { class: "card path", "aria-labelledby": "path-title" },
	    el("h3", { id: "path-title" }, "The path through the directory"),
	    draw.path({ index, found: proof.found, siblings: proof.path, hashes, good,
		    label: shown(proof.user) }), legend(result),
	    el("details", {}, el("summary", {}, "As a list"),
		el("pre", { tabindex: 0 }, `index ${hex(index)}\n` + hashes.map((h, i) =>
		    `${String(hashes.length - 1 - i).padStart(3)} ${base64(h)}`).
		    reverse().join("\n"))),
	    state === "refused" ? el("p", { class: "soft small" },
	    "Drawn as the refused proof has it.") : null);
}

function evidenceCard(realm, step, result) {
	const before = store.seen(realm.name);

	if (before === null || !["fork", "step-back"].includes(step.rule))
		return null;
	return el("section", { class: "card span", "aria-labelledby": "evidence-title" },
	    el("h3", { id: "evidence-title" }, "Keep both checkpoints"),
	    el("p", {}, before.size === result.checkpoint.size && result.met ?
		"Two checkpoints of one epoch, each signed as the realm’s policy asks, prove to " +
		"anybody that it showed two histories." :
		"Only the realm could show that the one checkpoint continues the other, and it " +
		"did not. Keep both for its verifiers, or whoever asks."),
	    el("button", { type: "button", id: "evidence", onclick: () => save(
		fileName(realm.name, step.rule, "ks-checkpoints"),
		store.contradiction(realm.name, step.rule, before, result.proof)) },
	    "Save both checkpoints"));
}

function rawCard(data, result) {
	const name = fileName(shown(result.user ?? "answer"), "ks-proof");

	return el("details", { class: "card span", id: "raw" },
	    el("summary", {}, `The proof itself, ${count(data.length, "byte")}`),
	    el("p", { class: "row" }, el("button", { type: "button",
		    onclick: () => save(name, data) }, "Save the proof"),
	    el("span", { class: "soft" }, "Check it again with ", el("code", {},
		"ks-verify -r realm.conf"), ", without this server and this page.")),
	    el("pre", { tabindex: 0 }, shownText(data)));
}

function shownText(data) {
	return byteString(data).split("\n").map(shown).join("\n");
}

// Show the result of verify() on `data`, of which the steps may have one more.
export function show(realm, data, result, question) {
	const failed = result.steps.find((s) => s.state === "failed" || s.state === "unmet");
	const parts = verdictOf(result, failed, question), [state] = parts;
	const box = byId("result"), good = failed === undefined;
	const checks = el("section", { class: "card", "aria-labelledby": "checks-title" },
	    el("h3", { id: "checks-title" }, "Verified in this browser, step by step"),
	    checkList(result.steps));
	const handed = good && result.present ? el("section", { class: "card span",
		"aria-labelledby": "apps-title", id: "apps" },
	el("h3", { id: "apps-title" }, `What ${shown(result.user)} publishes`),
	appList(result), ownerPolicy(result)) : null;
	const signers = result.verified ? el("section", { class: "card",
		"aria-labelledby": "signers-title" }, el("h3", { id: "signers-title" },
	    `Who stands behind checkpoint ${result.checkpoint.size}`), signerList(result)) : null;
	const side = el("div", { class: "side" }, pathCard(result, state), signers);

	box.replaceChildren(verdict(parts), el("div", { class: "outcome" }, handed, checks,
	    side.childElementCount > 0 ? side : null,
	    failed ? evidenceCard(realm, failed, result) : null,
	    rawCard(data, result)));
	box.dataset.state = state;
	box.hidden = false;
	return `${parts[2]}. ${parts[3]}`;
}

// Show that there is no answer to look at.
export function showNone(title, sentence) {
	const box = byId("result");

	box.replaceChildren(verdict(["unmet", "unmet", title, sentence]));
	box.dataset.state = "none";
	box.hidden = false;
	return `${title}. ${sentence}`;
}
