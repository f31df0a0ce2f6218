// Holds the checkpoint of a verified proof against the one that this browser accepted
// before (PROTOCOL section 9): a fork, or a step back, is the server's lie.

import { equal, Malformed } from "./bytes.js";
import { consistency } from "./api.js";
import { consistencyHashes, consistent } from "./log.js";
import { dateTime } from "./dom.js";
import * as store from "./store.js";

const TITLE = "It continues the history that this browser has seen";

function step(state, sentence, rule = null) {
	return { id: "memory", title: TITLE, state, sentence, rule };
}

// Does the log of `older` begin that of `newer`?  A step that has failed, or null.
async function disagreement(older, newer) {
	try {
		const hashes = consistencyHashes(await consistency(older.size, newer.size));
		if (consistent(older.size, older.root, newer.size, newer.root, hashes))
			return null;
	} catch (error) {
		if (!(error instanceof Malformed))
			return step("failed", "The server does not prove that it does: " +
			    error.message, error.rule ?? "unavailable");
	}
	return step("failed", "The log that it shows does not begin with the one that was " +
	    "seen: the server shows two histories.", "fork");
}

// The step for the result of a verification.  `saved`: the proof may be an old one.
export async function check(realm, result, saved) {
	const before = store.seen(realm.name), { size, root, note } = result.checkpoint;
	const now = { size, root, note, chain: result.proof.chainText };

	if (before === null) {
		if (result.met)
			store.remember(realm.name, now);
		return step("passed", result.met ? "It is the first one that this browser sees; " +
		    "it is remembered from now on." : "Nothing was seen before.");
	}
	if (size === before.size)
		return equal(root, before.root) ?
		    step("passed", `It is the very checkpoint ${size} that was seen before.`) :
		    step("failed", `Another checkpoint ${size} was seen before, on ` +
			`${dateTime(before.at)}: the server shows two histories.`, "fork");
	if (size < before.size) {
		if (!saved)
			return step("failed", `Checkpoint ${before.size} was seen before: this ` +
			    `one, ${size}, is older.`, "step-back");
		return await disagreement(now, before) ?? step("passed",
		    `Checkpoint ${size} is in the history of ${before.size}, which was seen before.`);
	}
	const failed = await disagreement(before, now);
	if (failed !== null)
		return failed;
	if (result.met)
		store.remember(realm.name, now);
	return step("passed", `Checkpoint ${size} continues ${before.size}, which was seen ` +
	    `before on ${dateTime(before.at)}.`);
}
