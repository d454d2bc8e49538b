// Fails if files of the page, of the element or of the SDK import each other in a circle, which makes it matter where reading begins.
// Types that a comment imports count too: such files cannot be understood one after the other.

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const PAGE = new URL("../../src/web/page/", import.meta.url).pathname;
/** The SDK, and where the page has it. */
const SDK = "sdk/javascript/src/";
const SDK_FOLDER = new URL(`../../${SDK}`, import.meta.url).pathname;
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g;

/** The element for pages of other sites imports files of both by their paths in the repository. */
const EMBED = "src/web/embed/";
const REPOSITORY = new URL("../../", import.meta.url).pathname;

/** The files that each file imports. @type {Map<string, string[]>} */
const imports = new Map();

/** @param {string} folder @param {string} prefix of the files in it, as the page has them */
function readImports(folder, prefix) {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!/\.(js|ts)$/.test(name)) continue;
    const found = [...readFileSync(join(folder, name), "utf8").matchAll(IMPORT)];
    const file = prefix + name;
    imports.set(
      file,
      found.map(([, path = ""]) => normalize(join(dirname(file), path))),
    );
  }
}

readImports(PAGE, "");
readImports(SDK_FOLDER, SDK);
readImports(join(REPOSITORY, EMBED), EMBED);

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
