// Elements, without a line of HTML in text: nothing that a server says is ever markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
	for (const [name, value] of Object.entries(attributes)) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name === "onclick")
			node.addEventListener("click", value);
		else
			node.setAttribute(name, value === true ? "" : String(value));
	}
	node.append(...children.flat(4).filter((c) => c !== null && c !== undefined));
	return node;
}

export function el(name, attributes = {}, ...children) {
	return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
	return fill(document.createElementNS(SVG, name), attributes, children);
}

export function byId(id) {
	return document.getElementById(id);
}

export function text(id, value) {
	const node = byId(id);

	if (node.textContent !== value)
		node.textContent = value;
}

const MARKS = {
	passed: ["M4 10.5 8.2 15 16 5.5", "Passed"],
	failed: ["M5 5l10 10M15 5 5 15", "Failed"],
	unmet: ["M10 4v8M10 15.2v.8", "Not met"],
	skipped: ["M5 10h10", "Not needed"],
	unreached: ["M10 9.9v.2", "Not looked at"],
	late: ["M10 4v8M10 15.2v.8", "Behind"],
};

// A sign for a state that needs no colour to be understood, with its name.
export function mark(state, label = MARKS[state][1]) {
	return svg("svg", { class: `mark ${state}-mark`, viewBox: "0 0 20 20", role: "img",
		"aria-label": label }, svg("path", { d: MARKS[state][0], fill: "none",
		stroke: "currentColor", "stroke-width": 2.6, "stroke-linecap": "round",
		"stroke-linejoin": "round" }));
}

// A time, in the reader's own way, with the exact one as its title.
export function when(ms) {
	const date = new Date(Number(ms));

	if (Number.isNaN(date.getTime()))
		return el("span", {}, "never");
	return el("time", { datetime: date.toISOString(), title: date.toISOString() },
	    date.toLocaleTimeString(undefined, { hour12: false }));
}

export function dateTime(ms) {
	const date = new Date(Number(ms));

	return Number.isNaN(date.getTime()) ? "the far future" : date.toLocaleString(
	    undefined, { dateStyle: "medium", timeStyle: "medium" });
}

export function ago(ms) {
	const s = Math.max(0, Math.round((Date.now() - Number(ms)) / 1000));

	if (s < 60)
		return `${s} s ago`;
	if (s < 3600)
		return `${Math.floor(s / 60)} min ago`;
	return s < 172800 ? `${Math.floor(s / 3600)} h ago` : `${Math.floor(s / 86400)} days ago`;
}

export function count(n, one, many = `${one}s`) {
	return `${Number(n).toLocaleString()} ${Number(n) === 1 ? one : many}`;
}

// Lets the user save bytes as a file.
export function save(name, bytes, type = "application/octet-stream") {
	const url = URL.createObjectURL(new Blob([bytes], { type }));
	const link = el("a", { href: url, download: name });

	document.body.append(link);
	link.click();
	link.remove();
	setTimeout(() => URL.revokeObjectURL(url), 60000);
}

// A name that is safe for a file.
export function fileName(...parts) {
	return parts.join(".").replace(/[^A-Za-z0-9._@-]/g, "_").slice(-120);
}
