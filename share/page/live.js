// What the server tells of itself, as it happens: epochs by long poll, health now and
// then.  Who signed a checkpoint is verified here; the rest is the server's word.

import { Malformed } from "./bytes.js";
import { epochs, newest, note, Refusal, status, tail } from "./api.js";
import { byId, text } from "./dom.js";
import * as board from "./board.js";
import { Checkpoint } from "./log.js";
import * as trust from "./trust.js";

const EPOCHS_KEPT = 100;	// those that are drawn
const ROWS = 8;			// those that are listed, and whose signatures are checked
const TAIL_MS = 25000;
const STATUS_MS = 3000;
const PACE_MS = 400;		// between two requests of a kind: servers count them
const RETRY_MS = 2000;
const RETRY_MAX_MS = 30000;
const SAY_MS = 15000;		// between two announcements

const known = new Map();	// epoch: what is known of it
let stale = new Set();		// epochs whose note is to be asked for
let paused = false, sleepers = [], saidAt = 0, drawing = false;

function sleep(ms) {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

// Until the page is looked at, and not paused.
async function awake() {
	while (paused || document.hidden)
		await new Promise((resolve) => { sleepers.push(resolve); });
}

function wake() {
	const woken = sleepers;

	sleepers = [];
	for (const resolve of woken)
		resolve();
}

function bytesOfHex(hexText) {
	return /^[0-9a-f]{64}$/.test(hexText ?? "") ?
	    Uint8Array.from(hexText.match(/../g), (b) => parseInt(b, 16)) : null;
}

function list() {
	return [...known.values()].sort((a, b) => a.epoch - b.epoch);
}

function draw() {
	if (drawing)
		return;
	drawing = true;
	requestAnimationFrame(() => {
		drawing = false;
		board.epochs(list(), ROWS, trust.current()?.policy ?? null);
	});
}

// Note an epoch; true if it is new.
function learn({ epoch, time_ms: timeMs, updates, users, root, ratified: by }, fresh) {
	const old = known.get(epoch);

	if (!Number.isSafeInteger(epoch) || epoch < 1)
		return false;
	if (old === undefined) {
		known.set(epoch, { epoch, timeMs: Number(timeMs), users,
			updates: Number(updates) || 0, root: bytesOfHex(root),
			fresh, signed: null, wrong: null,
			told: new Set(Array.isArray(by) ? by.map((w) => w.name) : []) });
		stale.add(epoch);
		for (const gone of list().slice(0, -EPOCHS_KEPT)) {
			known.delete(gone.epoch);
			stale.delete(gone.epoch);
		}
	}
	return old === undefined;
}

function ratified({ epoch, key_id: keyId }) {
	const e = known.get(epoch);

	if (e !== undefined && !e.told.has(keyId)) {
		e.told.add(keyId);
		stale.add(epoch);
	}
}

function say(e) {
	if (Date.now() - saidAt < SAY_MS)
		return;
	saidAt = Date.now();
	text("live-said", `Epoch ${e.epoch} closed with ${e.updates} updates.`);
}

// Ask for the signatures of the epochs that are listed, and verify them, newest first.
async function notes() {
	for (;;) {
		await awake();
		const listed = list().slice(-ROWS).map((e) => e.epoch);
		const epoch = listed.reverse().find((n) => stale.has(n));
		const policy = trust.current()?.policy;
		if (epoch !== undefined && policy) {
			stale.delete(epoch);
			await verifyNote(known.get(epoch), policy);
			draw();
		}
		await sleep(PACE_MS);
	}
}

async function verifyNote(e, policy) {
	try {
		const checkpoint = new Checkpoint(await note(e.epoch));
		if (checkpoint.size !== BigInt(e.epoch))
			throw new Malformed("a checkpoint of another epoch");
		e.signed = checkpoint.signedBy(policy.keys);
		e.wrong = null;
	} catch (error) {
		if (error instanceof Malformed)
			e.wrong = error.message;
		else if (!(error instanceof Refusal))
			throw error;
	}
}

async function begin() {
	const last = await newest();

	if (Number.isSafeInteger(last.epoch)) {
		const from = Math.max(1, last.epoch - EPOCHS_KEPT + 1);
		const before = await epochs(from, last.epoch).catch(() => []);
		for (const e of Array.isArray(before) ? before : [])
			learn(e, false);
		learn(last, false);
	}
	draw();
}

async function events(cursor) {
	const said = await tail(cursor, TAIL_MS);

	for (const event of said.events) {
		if (event.type === "head" && learn(event, known.size > 0))
			say(known.get(event.epoch) ?? event);
		else if (event.type === "ratification")
			ratified(event);
	}
	if (said.events.length > 0)
		draw();
	return said.cursor;
}

// Without a tail, what is newest is asked for now and then.
async function follow() {
	let cursor = null, retry = RETRY_MS, begun = false;

	for (;;) {
		await awake();
		try {
			if (!begun) {
				await begin();
				begun = true;
			}
			cursor = await events(cursor);
			retry = RETRY_MS;
			await sleep(PACE_MS);
		} catch (error) {
			if (!(error instanceof Refusal))
				throw error;
			if (begun)
				await newest().then((e) => learn(e, true) && draw(), () => {});
			await sleep(retry);
			retry = error.status === 404 ? RETRY_MS : Math.min(2 * retry, RETRY_MAX_MS);
		}
	}
}

async function health() {
	for (;;) {
		let pace = STATUS_MS;
		await awake();
		const policy = trust.current()?.policy ?? null;
		try {
			board.status(await status(), list(), policy);
		} catch (error) {
			if (!(error instanceof Refusal))
				throw error;
			board.noStatus(error, list(), policy);
			pace = error.status === 404 ? RETRY_MAX_MS : STATUS_MS;
		}
		await sleep(pace);
	}
}

export function start() {
	byId("pause").addEventListener("click", () => {
		paused = !paused;
		byId("pause").setAttribute("aria-pressed", String(paused));
		text("pause", paused ? "Go on" : "Pause");
		text("live-said", paused ? "Paused." : "Going on.");
		wake();
	});
	document.addEventListener("visibilitychange", wake);
	setInterval(() => board.age(list().at(-1)), 1000);
	follow();
	notes();
	health();
}

// Another realm file is trusted: whose signatures count may have changed.
export function refresh() {
	stale = new Set(known.keys());
	draw();
}
