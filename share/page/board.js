// Draws what live.js has learnt.

import { hex, shown } from "./bytes.js";
import * as draw from "./draw.js";
import { ago, byId, count, el, mark, text, when } from "./dom.js";
import { REPLICA, WITNESS } from "./policy.js";

const REFUSALS_SHOWN = 8;
const LAG_LATE = 3;		// epochs

const rows = new Map();		// epoch: its row

function chip(state, name) {
	return state === "waits" ? el("span", { class: "chip waits" }, name) :
	    el("span", { class: "chip" }, mark(state, state === "passed" ? "Verified:" : "False:"), name);
}

// The keys of a kind that have signed, those that have not, or what is not known yet.
function who(e, policy, kind) {
	if (e.wrong !== null)
		return kind === WITNESS ? [] : [chip("failed", e.wrong)];
	if (policy === null || e.signed === null)
		return [el("span", { class: "soft" }, "…")];
	const keys = policy.keys.filter((k) => k.kind === kind);
	return keys.length === 0 ? [el("span", { class: "soft" }, "none asked for")] :
	    keys.map((k) => chip(e.signed.has(k) ? "passed" : "waits", shown(k.name)));
}

function row(e, policy) {
	const state = [e.wrong, e.signed && [...e.signed.keys()].map((k) => k.name).sort(),
		policy === null].join();
	let tr = rows.get(e.epoch);

	if (tr === undefined) {
		tr = el("tr", { role: "row", class: e.fresh ? "new" : null, "data-epoch": e.epoch },
		    el("th", { scope: "row", role: "rowheader" }, String(e.epoch)),
		    el("td", { role: "cell" }, when(e.timeMs)),
		    el("td", { role: "cell", class: "num" }, e.updates.toLocaleString()),
		    el("td", { role: "cell", class: "root" }, e.root === null ? "–" :
			[draw.seal(e.root), el("code", { title: hex(e.root) }, `${hex(e.root).slice(0, 12)}…`)]),
		    el("td", { role: "cell", class: "who" }), el("td", { role: "cell", class: "who" }));
		rows.set(e.epoch, tr);
	}
	if (tr.dataset.state !== state) {
		tr.dataset.state = state;
		const [signed, ratified] = tr.querySelectorAll(".who");
		signed.replaceChildren(...who(e, policy, REPLICA));
		ratified.replaceChildren(...who(e, policy, WITNESS));
	}
	return tr;
}

// All that is known of epochs, of which the newest n are listed.
export function epochs(list, n, policy) {
	const listed = list.slice(-n).reverse(), last = list.at(-1);
	const body = byId("epochs");

	if (last === undefined) {
		text("epochs-note", "No epoch has been signed yet.");
		return;
	}
	text("epochs-note", `Bars: updates of the last ${count(list.length, "epoch")}; green: ` +
	    "ratified by a verifier, as the server says. The list is verified here.");
	const wanted = listed.map((e) => row(e, policy));
	for (const [epoch, tr] of rows)
		if (!wanted.includes(tr)) {
			tr.remove();
			rows.delete(epoch);
		}
	for (const [i, tr] of wanted.entries())
		if (body.children[i] !== tr)
			body.insertBefore(tr, body.children[i] ?? null);
	byId("epochs-chart").replaceChildren(draw.bars(list.map((e) => ({ ...e,
		ratified: isRatified(e, policy) })), byId("epochs-chart").clientWidth || 720));
	// Once risen, a bar stays.
	for (const e of list)
		e.fresh = false;
	if (last.root !== null)
		byId("seal").replaceChildren(...draw.seal(last.root).childNodes);
	text("tile-epoch", last.epoch.toLocaleString());
	age(last);
	growth(list);
}

function isRatified(e, policy) {
	return e.told.size > 0 || (policy !== null && e.signed !== null &&
	    policy.witnesses().some((k) => e.signed.has(k)));
}

function growth(list) {
	let sum = 0;
	const known = list.filter((e) => Number.isFinite(e.users));
	const points = known.length > 1 ? known.map((e) => ({ x: e.epoch, y: e.users })) :
	    list.map((e) => ({ x: e.epoch, y: sum += e.updates }));
	const unit = known.length > 1 ? "users" : "updates";

	byId("growth").replaceChildren(draw.growth(points, unit,
	    byId("growth").clientWidth || 360));
	text("growth-note", known.length > 1 ? "Users, epoch by epoch." :
	    `${count(sum, "update")} in the last ${count(list.length, "epoch")}, summed up.`);
}

export function age(last) {
	if (last !== undefined)
		text("tile-epoch-note", `closed ${ago(last.timeMs)}`);
}

function number(value) {
	return Number.isFinite(value) ? value.toLocaleString() : "–";
}

function healthPill(state, words) {
	byId("health").dataset.state = state;
	text("health-text", words);
}

function party(p, role, newest) {
	const at = p.ratified ?? p.signed ?? p.epoch;
	const lag = Number.isFinite(p.lag) ? p.lag :
	    Number.isFinite(at) && Number.isFinite(newest) ? newest - at : null;
	const late = lag !== null && lag >= LAG_LATE, down = p.up === false || p.up === 0;
	const said = down ? "does not answer" : lag === null ? "–" : lag <= 0 ? "up to date" :
	    `${count(lag, "epoch")} behind`;

	return el("li", {}, el("span", { class: "line" },
	    el("span", {}, el("b", {}, String(p.name)), " ", el("span", { class: "soft" }, role)),
	    el("span", { class: late || down ? "late-text" : null },
		late || down ? [mark("late"), " "] : [], said)),
	draw.meter(lag === null ? 0 : 1 / (1 + Math.max(0, lag) / LAG_LATE),
	    down ? "bad" : late ? "late" : ""));
}

// Before the server tells of them, or if it does not: those of the policy, by the
// epochs whose signatures were verified here.
function partiesOfPolicy(policy, list, kind) {
	return policy.keys.filter((k) => k.kind === kind).map((k) => {
		const last = list.filter((e) => e.signed?.has(k)).at(-1);
		return { name: shown(k.name), epoch: last?.epoch };
	});
}

function refusals(counts) {
	const found = Object.entries(counts ?? {}).filter(([, n]) => n > 0).
	    sort((a, b) => b[1] - a[1]);
	const most = found[0]?.[1] ?? 1;

	byId("refusals").replaceChildren(...(found.length === 0 ?
	    [el("li", { class: "soft" }, counts ? "Nothing was refused." : "The server does not say.")] :
	    found.slice(0, REFUSALS_SHOWN).map(([rule, n]) => el("li", {},
		el("span", { class: "line" }, el("code", {}, rule), el("span", {}, number(n))),
		draw.meter(n / most, "late")))));
}

function isUp(stage) {
	return stage.up === true || stage.up === 1;
}

function stages(list) {
	byId("stages").replaceChildren(...(list.length === 0 ?
	    [el("li", { class: "soft" }, "The server does not say.")] :
	    list.map((s) => el("li", {}, mark(isUp(s) ? "passed" : "failed",
		isUp(s) ? "Up:" : "Down:"), el("span", {}, String(s.name))))));
}

// Who stands behind the realm, by the server's word or, without it, by the epochs whose
// signatures were verified here.
function parties(s, list, policy) {
	const array = (x) => Array.isArray(x) ? x : [];
	const newest = Number.isFinite(s.signed) ? s.signed : list.at(-1)?.epoch;
	const named = (said, kind) => array(said).length > 0 || policy === null ?
	    array(said) : partiesOfPolicy(policy, list, kind);
	const verifiers = named(s.verifiers, WITNESS);
	const behind = verifiers.filter((v) => v.lag >= LAG_LATE).length;

	byId("parties").replaceChildren(
	    ...named(s.replicas, REPLICA).map((p) => party(p, "replica", newest)),
	    ...verifiers.map((p) => party(p, "verifier", newest)));
	text("tile-lag", verifiers.length === 0 ? "–" : `${behind} of ${verifiers.length}`);
	text("tile-lag-note", verifiers.length === 0 ? "nobody verifies" :
	    `by ${LAG_LATE} epochs or more`);
}

// The server's own status.
export function status(s, list, policy) {
	const away = { out: "Out of rotation", draining: "Draining" }[s.rotation];

	healthPill(!s.healthy ? "bad" : away ? "warn" : "good",
	    !s.healthy ? "Not healthy" : away ?? "Healthy");
	byId("health").title = Array.isArray(s.reasons) ? s.reasons.join("\n") : "";
	text("tile-users", number(s.users));
	text("tile-pending", number(s.pending));
	parties(s, list, policy);
	refusals(s.refusals);
	stages(Array.isArray(s.stages) ? s.stages : []);
}

// It cannot be had.
export function noStatus(error, list, policy) {
	const silent = error.status === 404 && list.length > 0;

	healthPill(silent ? "none" : "bad", silent ? "No word on health" :
	    "The server does not answer");
	parties({}, list, policy);
	refusals(null);
	stages([]);
}
