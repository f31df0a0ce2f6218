// Begins: the form first, then trust, then what is live.  Whatever cannot be loaded, so
// that nothing would be verified, is said.

try {
	const [live, lookup, trust] = await Promise.all([import("./live.js"),
		import("./lookup.js"), import("./trust.js")]);

	lookup.bind();
	trust.bind();
	trust.onChange(live.refresh);
	await trust.start();
	lookup.fromAddress();
	live.start();
	document.documentElement.dataset.ready = "true";
} catch (error) {
	document.getElementById("health-text").textContent = "Nothing is verified";
	document.getElementById("user-error").textContent =
	    `This browser cannot verify anything: ${error.message}`;
	document.getElementById("go").disabled = true;
}
