// What the tests and the programs that they start have in common.

import { createRequire } from "node:module";

/** The password of every account. */
export const PASSWORD = "correct horse battery";

/** Packages of the tests: the SDK itself needs none. */
export const packages = createRequire(
  new URL("../../../tests/browser/package.json", import.meta.url),
);

/** Node has a class of its own since version 22. */
export const WebSocket = globalThis.WebSocket ?? packages("ws").WebSocket;
