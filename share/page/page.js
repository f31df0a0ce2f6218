// Begins: the form first, then trust, then what is live.

import * as live from "./live.js";
import * as lookup from "./lookup.js";
import * as trust from "./trust.js";

lookup.bind();
trust.bind();
trust.onChange(live.refresh);
await trust.start();
lookup.fromAddress();
live.start();
document.documentElement.dataset.ready = "true";
