// Drawings: the path of a proof, epochs and growth, the seal of a hash.

import { bitAt } from "./tree.js";
import { hex } from "./bytes.js";
import { svg } from "./dom.js";

// A pattern of 5 by 5, mirrored, of the first bits of a hash: what one may compare at a
// glance, and prove nothing by.
export function seal(hash, attributes = {}) {
	const cells = [];

	for (let i = 0; i < 15; i++) {
		if (bitAt(hash, i) === 0)
			continue;
		const x = i % 3, y = Math.floor(i / 3);
		for (const column of x === 2 ? [2] : [x, 4 - x])
			cells.push(svg("rect", { x: column * 2, y: y * 2, width: 2.03, height: 2.03 }));
	}
	return svg("svg", { class: "seal", viewBox: "-1.5 -1.5 13 13", "aria-hidden": "true",
		fill: "currentColor", ...attributes }, cells);
}

const STEP = 34, SWAY = 46, DEPTHS_SHOWN = 18;

// The depths that are drawn: all, or those near the two ends.
function depthsShown(depth) {
	const all = Array.from({ length: depth }, (_, i) => i + 1);

	return depth <= DEPTHS_SHOWN ? all :
	    [...all.slice(0, DEPTHS_SHOWN / 2), null, ...all.slice(-DEPTHS_SHOWN / 2)];
}

// The path from the root down to the place found.  `good`: its root is the head's.
export function path({ index, found, siblings, hashes, label, good }) {
	const depth = siblings.length, wrong = good ? "" : " wrong", drawn = [];
	let x = 0, y = 0;
	const at = [{ x, y }];

	for (const d of depthsShown(depth)) {
		const from = { x, y };
		y += STEP;
		if (d === null) {
			drawn.push(svg("path", { class: `edge on${wrong}`, d: `M${x} ${y - STEP}V${y}`,
				"stroke-dasharray": "2 6" }));
			drawn.push(svg("text", { class: "tag soft", x: x + 10, y: y - STEP / 2 + 4 },
			    `${depth - DEPTHS_SHOWN} more`));
			continue;
		}
		const side = bitAt(index, d - 1) === 1 ? 1 : -1;
		// Sway less where it would run out of the picture.
		const sway = Math.abs(x + side * SWAY) > 190 ? SWAY / 3 : SWAY;
		const other = { x: x - side * SWAY, y };
		x += side * sway;
		drawn.push(...siblingOf(from, other, siblings[d - 1], d));
		drawn.push(svg("path", { class: `edge on${wrong}`,
			d: `M${from.x} ${from.y}C${from.x} ${from.y + STEP / 2} ${x} ${y - STEP / 2} ${x} ${y}` }));
		at.push({ x, y, d });
	}
	const nodes = at.slice(0, -1).map((p, i) => svg("circle", { class: `node on${wrong}`,
		cx: p.x, cy: p.y, r: i === 0 ? 8 : 5 },
	    svg("title", {}, hashTitle(p.d ?? 0, hashes?.[depth - (p.d ?? 0)]))));
	const end = terminal(at.at(-1), found, wrong, label, depth);
	const root = svg("text", { class: "tag", x: at.length > 1 ? 16 : 22,
		y: at.length > 1 ? -6 : -16 }, good ? "root, as signed" : "not the signed root");
	// As wide as it has to be, with the root in the middle.
	const half = Math.max(195, ...at.map((p) => Math.abs(p.x) + SWAY + 24));
	return svg("svg", { viewBox: `${-half} -34 ${2 * half} ${y + 92}`, role: "img",
		"aria-label": describe(found, depth, good) }, drawn, nodes, end, root);
}

function hashTitle(depth, hash) {
	return `depth ${depth}${hash ? `: ${hex(hash)}` : ""}`;
}

function describe(found, depth, good) {
	const what = { present: "the entry", other: "somebody else’s leaf",
		empty: "an empty place" }[found];

	return `A path of ${depth} steps from the root of the directory down to ${what}; ` +
	    (good ? "its root is the signed one." : "it does not lead to the signed root.");
}

// What is beside the path: a subtree, of which its hash is all that is told, or nothing.
function siblingOf(from, to, hash, depth) {
	const edge = svg("path", { class: "edge",
		d: `M${from.x} ${from.y}C${from.x} ${from.y + STEP / 2} ${to.x} ${to.y - STEP / 2} ${to.x} ${to.y}` });

	if (hash === null)
		return [edge, svg("circle", { class: "node hole", cx: to.x, cy: to.y, r: 4.5 },
		    svg("title", {}, `depth ${depth}: empty`))];
	return [edge, svg("path", { class: "node sub", d: `M${to.x} ${to.y - 6}l7 12h-14z` },
	    svg("title", {}, hashTitle(depth, hash)))];
}

function terminal(p, found, wrong, label, depth) {
	const marks = {
		present: ["rect", { class: `node on${wrong}`, x: p.x - 11, y: p.y - 11, width: 22,
			height: 22, rx: 5 }],
		other: ["rect", { class: `node stranger${wrong}`, x: p.x - 10, y: p.y - 10,
			width: 20, height: 20, rx: 5 }],
		empty: ["circle", { class: `node hole${wrong}`, cx: p.x, cy: p.y, r: 11 }],
	};
	const [name, attributes] = marks[found];
	const says = { present: label, other: "somebody else", empty: "nobody" }[found];
	const short = says.length > 34 ? `${says.slice(0, 33)}…` : says;
	// The words stand below, and not outside of the picture.
	const x = Math.abs(p.x) < 60 ? p.x : p.x - Math.sign(p.x) * Math.min(Math.abs(p.x) - 60, 70);

	return [svg(name, attributes, svg("title", {}, says)),
		svg("text", { class: "tag", x, y: p.y + 30, "text-anchor": "middle" }, short),
		svg("text", { class: "tag soft", x, y: p.y + 46, "text-anchor": "middle" },
		    `depth ${depth}`)];
}

const HIGH = 110, BAR = 7;

// Updates of each epoch, one bar each: [{ epoch, updates, ratified, fresh }]; as many of
// the newest as there is room for.
export function bars(all, wide) {
	const list = all.slice(-Math.max(8, Math.floor(wide / BAR)));
	const slots = Math.max(list.length, Math.floor(wide / BAR / 2));
	const most = Math.max(1, ...list.map((e) => e.updates));
	const step = wide / slots, width = Math.max(2, step - 2);
	const height = (n) => 4 + (HIGH - 24) * Math.sqrt(n / most);

	return svg("svg", { viewBox: `0 0 ${wide} ${HIGH}`, role: "img",
		"aria-label": `Updates in each of the last ${list.length} epochs, at most ${most}.` },
	svg("path", { class: "ax", d: `M0 ${HIGH - 18.5}H${wide}` }),
	list.map((e, i) => svg("rect", {
		class: `bar${e.ratified ? " ratified" : ""}${e.fresh ? " new" : ""}`,
		x: wide - (list.length - i) * step, width, rx: 1.5,
		y: HIGH - 19 - height(e.updates), height: height(e.updates) },
	svg("title", {}, `epoch ${e.epoch}: ${e.updates} updates${e.ratified ? ", ratified" : ""}`))),
	list.length > 0 ? [
		svg("text", { class: "axt", x: wide - list.length * step, y: HIGH - 4 },
		    String(list[0].epoch)),
		svg("text", { class: "axt", x: wide, y: HIGH - 4, "text-anchor": "end" },
		    String(list.at(-1).epoch))] : []);
}

// A quantity that grows: [{ x, y }], x ascending.
export function growth(points, unit, w) {
	const h = 160, top = 18, bottom = 20;
	const x0 = points[0].x, x1 = points.at(-1).x, y1 = points.at(-1).y, y0 = points[0].y;
	const px = (x) => x1 === x0 ? w : (x - x0) / (x1 - x0) * w;
	const py = (y) => y1 === y0 ? (y1 === 0 ? h - bottom : h / 2) : top + (h - top - bottom) * (1 - (y - y0) / (y1 - y0));
	const line = points.map((p) => `${px(p.x).toFixed(1)} ${py(p.y).toFixed(1)}`).join("L");

	return svg("svg", { viewBox: `0 0 ${w} ${h}`, role: "img",
		"aria-label": `From ${y0} ${unit} at epoch ${x0} to ${y1} at epoch ${x1}.` },
	svg("path", { class: "area", d: `M${px(x0)} ${h - bottom}L${line}L${w} ${h - bottom}Z` }),
	svg("path", { class: "curve", d: `M${line}` }),
	svg("path", { class: "ax", d: `M0 ${h - bottom + .5}H${w}` }),
	svg("circle", { class: "node on", cx: w - 4, cy: py(y1), r: 4 }),
	svg("text", { class: "axt", x: 0, y: h - 5 }, `epoch ${x0}`),
	svg("text", { class: "axt", x: w, y: h - 5, "text-anchor": "end" }, `epoch ${x1}`),
	svg("text", { class: "axt", x: w, y: 11, "text-anchor": "end" },
	    `${y1.toLocaleString()} ${unit}`));
}

// How much of a whole.
export function meter(part, state = "") {
	return svg("svg", { class: `meter ${state}`, viewBox: "0 0 100 6",
		preserveAspectRatio: "none", "aria-hidden": "true" },
	svg("rect", { width: 100, height: 6, rx: 1 }),
	svg("rect", { width: Math.max(0, Math.min(1, part)) * 100, height: 6, rx: 1 }));
}
