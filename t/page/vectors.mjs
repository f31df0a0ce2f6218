// The cryptography of the page against published vectors: c2sp.org/vrf-r255, and rule
// S1 on the edge cases of C2SP/CCTV.  Arguments: the folder of the modules, and the file
// of the edge cases.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = `${pathToFileURL(process.argv[2]).href}/`;
const { keyOk, signatureOk, vrfVerify } = await import(new URL("crypto.js", folder));
const hexed = (text) => Uint8Array.from(Buffer.from(text, "hex"));

const [key, alpha, proof, output] = [
	"54136cd90d99fbd1d4e855d9556efea87ba0337f2a6ce22028d0f5726fcb854e",
	"633273702e6f72672f7672662d72323535",
	"0a97d961262fb549b4175c5117860f42ae44a123f93c476c439eddd1c0cff926" +
	"5c805525233e2284dbed45e593b8eea31d5ca9734d72bcbba9738d5237f955f3" +
	"b2422351149d1312503b6441a47c940c",
	"dd653f0879b48c3ef69e13551239bec4cbcc1c18fe8894de2e9e1c790e182736" +
	"03bf1c6c25d7a797aeff3c43fd32b974d3fcbd4bcce916007097922a3ea3a794",
].map(hexed);

if (Buffer.compare(Buffer.from(vrfVerify(key, alpha, proof)), Buffer.from(output)) !== 0)
	throw new Error("the VRF vector");

let n = 0, valid = 0;
for (const line of readFileSync(process.argv[3], "latin1").split("\n")) {
	if (line === "" || line.startsWith("#"))
		continue;
	const [, number, flags, pk, sig, message] =
	    /^(\S+) (\S+) (\S+) (\S+) ([^]*)$/.exec(line);
	const got = signatureOk(hexed(pk), Uint8Array.from(Buffer.from(message, "latin1")),
	    hexed(sig));
	// What is wrong with it, but for a key or R of mixed order, which S1 allows.
	if (got !== [...flags].every((c) => "-ar".includes(c)))
		throw new Error(`vector ${number} is ${got}`);
	// Rule S2: no key of small or mixed order, none that is not canonical.
	if (keyOk(hexed(pk)) && /[ANa]/.test(flags))
		throw new Error(`the key of vector ${number}`);
	n++;
	valid += got;
}
console.log(n, "vectors,", valid, "valid");
