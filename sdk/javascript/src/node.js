// What only programs in Node need.

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

const TEMPORARY = ".new";

/**
 * Keeps messages in a folder, one file each, so that they survive the end of the program. Each program needs a folder of
 * its own.
 * @param {string} folder it is made if it is missing
 * @returns {import("./types.js").TextStorage}
 */
export function fileStorage(folder) {
  mkdirSync(folder, { recursive: true });
  const file = (/** @type {string} */ key) => join(folder, encodeURIComponent(key));
  return {
    get(key) {
      try {
        return readFileSync(file(key), "utf8");
      } catch {
        return null;
      }
    },
    set(key, value) {
      // A file that has its name is complete.
      const name = file(key);
      const opened = openSync(name + TEMPORARY, "w");
      writeSync(opened, value);
      fsyncSync(opened);
      closeSync(opened);
      renameSync(name + TEMPORARY, name);
    },
    remove: (key) => rmSync(file(key), { force: true }),
    keys: (prefix) =>
      readdirSync(folder)
        .filter((name) => !name.endsWith(TEMPORARY))
        .map(decodeURIComponent)
        .filter((key) => key.startsWith(prefix)),
  };
}
