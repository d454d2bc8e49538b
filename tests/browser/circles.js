// Fails if files of the page import each other in a circle, which makes it matter where reading begins.
// Types that a comment imports count too: such files cannot be understood one after the other.

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const PAGE = new URL("../../src/web/page/", import.meta.url).pathname;
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g;

/** The files that each file imports. @type {Map<string, string[]>} */
const imports = new Map();
for (const file of readdirSync(PAGE, { recursive: true, encoding: "utf8" })) {
  if (!/\.(js|d\.ts)$/.test(file)) continue;
  const found = [...readFileSync(join(PAGE, file), "utf8").matchAll(IMPORT)];
  imports.set(
    file,
    found.map(([, path = ""]) => normalize(join(dirname(file), path))),
  );
}

/** Files all of whose imports have been followed. */
const done = new Set();
const circles = new Set();

/** @param {string} file @param {string[]} path */
function follow(file, path) {
  const at = path.indexOf(file);
  if (at >= 0) circles.add([...path.slice(at), file].join(" → "));
  if (at >= 0 || done.has(file)) return;
  for (const next of imports.get(file) ?? []) follow(next, [...path, file]);
  done.add(file);
}

for (const file of imports.keys()) follow(file, []);
for (const circle of circles) console.error(`a circle of imports: ${circle}`);
process.exitCode = circles.size > 0 ? 1 : 0;
