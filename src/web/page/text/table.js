// Tables as on GitHub: a line of headings, a line of dashes that also says how columns are aligned, and rows.

import { h } from "../core/elements.js";
import { autoDirected } from "./direction.js";
import { inline } from "./inline.js";

/** The line of dashes, without the blanks around it. */
const DASHES = /^\|? *:?-+:?(?: *\| *:?-+:?)* *\|?$/;
/** A line with more columns is not meant as a table. */
const MAX_COLUMNS = 100;

/**
 * Makes the table that begins on a line.
 * @param {string[]} lines
 * @param {number} at
 * @param {string} me the reader's name
 * @param {(line: string) => boolean} isBlock whether another block begins on a line
 * @returns {{ node: Node, next: number } | undefined}
 */
export function table(lines, at, me, isBlock) {
  const [first = "", second = ""] = [lines[at], lines[at + 1]];
  if (!first.includes("|") || !DASHES.test(second.trim())) return undefined;
  const heads = cells(first);
  const aligned = cells(second).map(alignment);
  if (heads.length !== aligned.length || heads.length > MAX_COLUMNS) return undefined;
  const body = h("tbody");
  let next = at + 2;
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? "";
    if (!line.trim() || isBlock(line)) break;
    body.append(row(cells(line), "td", aligned, me));
  }
  const head = h("thead", null, row(heads, "th", aligned, me));
  const made = h("table", null, head, body.firstChild && body);
  // Can have the focus, so that the keyboard can scroll a wide table.
  const place = { class: "table-box", tabindex: "0", role: "region", "aria-label": "Table" };
  return { node: h("div", place, made), next };
}

/**
 * @param {string[]} texts
 * @param {"th" | "td"} name
 * @param {(string | null)[]} aligned
 * @param {string} me
 */
function row(texts, name, aligned, me) {
  const made = h("tr");
  for (const [at, text] of texts.slice(0, aligned.length).entries()) {
    const align = aligned[at];
    const attributes = { scope: name === "th" && "col", data: align && { align } };
    made.append(autoDirected(h(name, attributes, inline(text, me))));
  }
  const missing = aligned.length - texts.length;
  // One cell for all that are missing: a table never has more cells than its text has characters.
  if (missing > 0) made.append(h(name, { colspan: missing }));
  return made;
}

/** Splits a line at the bars that have no backslash before them. @param {string} line */
function cells(line) {
  const text = line.trim();
  /** @type {string[]} */
  const out = [];
  let start = text.startsWith("|") ? 1 : 0;
  const take = (/** @type {number} */ end) => {
    out.push(text.slice(start, end).replaceAll("\\|", "|").trim());
    start = end + 1;
  };
  for (let at = start; at < text.length; at += 1) {
    if (text.charAt(at) === "\\") at += 1;
    else if (text.charAt(at) === "|") take(at);
  }
  if (start < text.length) take(text.length);
  return out;
}

/** @param {string} dashes */
function alignment(dashes) {
  const isRight = dashes.endsWith(":");
  if (dashes.startsWith(":")) return isRight ? "center" : "left";
  return isRight ? "right" : null;
}
