// The parts of a text that marks may not cross: code, and the words of links. Both are found in one pass over the
// text, before anything else, so that no mark needs to search for them.

import { closesFence, openFence } from "./fence.js";

/** The marks of quotes and lists before a line. */
const MARGIN = /^(?:[\s>]|[-*+]\s|\d{1,9}[.)]\s)*/;

/**
 * Finds code: a row of backticks, and the next row of the same length. A backslash before a backtick makes it
 * text, except within code.
 * @param {string} text
 * @returns {Map<number, number>} the end of the code that begins at a position
 */
export function codeSpans(text) {
  const spans = new Map();
  /** The positions of the rows of each length, the last one first. @type {Map<number, number[]>} */
  const rows = new Map();
  for (const row of text.matchAll(/`+/g)) {
    const known = rows.get(row[0].length);
    if (known) known.push(row.index);
    else rows.set(row[0].length, [row.index]);
  }
  if (rows.size === 0) return spans;
  for (const positions of rows.values()) positions.reverse();
  const next = /\\[\s\S]|`+/g;
  for (let found = next.exec(text); found; found = next.exec(text)) {
    const length = found[0].length;
    if (found[0].startsWith("\\")) continue;
    const ends = rows.get(length) ?? [];
    while (ends.length > 0 && (ends.at(-1) ?? 0) < next.lastIndex) ends.pop();
    const close = ends.at(-1);
    if (close === undefined) continue;
    spans.set(found.index, close + length);
    next.lastIndex = close + length;
  }
  return spans;
}

/**
 * Finds the words of links: brackets in pairs, with `(` after them. Of nested links, only the innermost is a link.
 * @param {string} text
 * @param {Map<number, number>} code
 * @returns {Map<number, number>} the position of the closing bracket, by that of the opening one
 */
export function linkLabels(text, code) {
  const labels = new Map();
  if (!text.includes("](")) return labels;
  /** @type {number[]} */
  let open = [];
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "\\") at += 1;
    else if (char === "`") {
      const end = code.get(at);
      if (end) at = end - 1;
      else while (text.charAt(at + 1) === "`") at += 1;
    } else if (char === "[") open.push(at);
    else if (char === "]") {
      const start = open.pop();
      if (start === undefined || text.charAt(at + 1) !== "(") continue;
      labels.set(start, at);
      open = [];
    }
  }
  return labels;
}

/**
 * Changes the parts of a message that are not code.
 * @param {string} text
 * @param {(part: string) => string} change
 */
export function changeProse(text, change) {
  let out = "";
  let prose = "";
  /** @type {import("./fence.js").Fence | undefined} */
  let fence;
  const flush = () => {
    let at = 0;
    for (const [start, end] of codeSpans(prose)) {
      out += change(prose.slice(at, start)) + prose.slice(start, end);
      at = end;
    }
    out += change(prose.slice(at));
    prose = "";
  };
  for (const line of text.match(/[^\n]*(?:\n|$)/g) ?? []) {
    const bare = line.replace(MARGIN, "");
    const opens = fence ? undefined : openFence(bare.trimEnd());
    if (!fence && !opens) {
      prose += line;
      continue;
    }
    flush();
    out += line;
    if (opens) fence = opens;
    else if (fence && closesFence(bare, fence)) fence = undefined;
  }
  flush();
  return out;
}
