// The text of a message as DOM nodes: paragraphs, headings, quotes, lists, tables, rules and fenced code. HTML is
// neither parsed nor generated: all text becomes text nodes.
//
// Each line is read a few times on each level of quotes and lists, and there are at most MAX_DEPTH levels: the
// work grows with the length of the text only.

import { h } from "../core/elements.js";
import { autoDirected } from "./direction.js";
import { closesFence, openFence } from "./fence.js";
import { indentOf, outdented } from "./indent.js";
import { inline } from "./inline.js";
import { isItem, list } from "./list.js";
import { table } from "./table.js";

const HEADING = /^ {0,3}(#{1,6})[ \t]+(\S.*)$/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const RULE = /^ {0,3}(?:(?:- *){3,}|(?:\* *){3,}|(?:_ *){3,})$/;
/** Quotes and lists within each other. What is deeper stays text. */
const MAX_DEPTH = 8;

/** @typedef {{ node: Node, next: number }} Block `next`: the line after it */
/** @typedef {{ me: string, depth: number }} Place */

/**
 * @param {string} text
 * @param {string} me the reader's name
 * @returns {DocumentFragment}
 */
export function markdown(text, me) {
  return blocks(text.replace(/\r\n?/g, "\n").split("\n"), { me, depth: 0 });
}

/**
 * @param {string[]} lines
 * @param {Place} place
 */
function blocks(lines, place) {
  const out = document.createDocumentFragment();
  /** @type {string[]} */
  let paragraph = [];
  const flush = () => {
    const text = paragraph.join("\n").trim();
    if (text) out.append(autoDirected(h("p", null, inline(text, place.me))));
    paragraph = [];
  };
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? "";
    const block = blockAt(lines, at, place);
    if (block) {
      flush();
      out.append(block.node);
      at = block.next;
      continue;
    }
    if (line.trim()) paragraph.push(line);
    else flush();
    at += 1;
  }
  flush();
  return out;
}

/**
 * @param {string[]} lines
 * @param {number} at
 * @param {Place} place
 * @returns {Block | undefined}
 */
function blockAt(lines, at, place) {
  const line = lines[at] ?? "";
  const leaf =
    fence(lines, at) ??
    rule(line, at) ??
    heading(line, at, place.me) ??
    table(lines, at, place.me, isBlock);
  if (leaf || place.depth >= MAX_DEPTH) return leaf;
  const within = { ...place, depth: place.depth + 1 };
  return quote(lines, at, within) ?? list(lines, at, (inner) => blocks(inner, within));
}

/** Whether a line ends a table. @param {string} line */
const isBlock = (line) =>
  Boolean(openFence(line)) || isItem(line) || [HEADING, QUOTE, RULE].some((it) => it.test(line));

/**
 * @param {string[]} lines
 * @param {number} at
 * @returns {Block | undefined}
 */
function fence(lines, at) {
  const first = lines[at] ?? "";
  const open = openFence(first);
  if (!open) return undefined;
  let end = at + 1;
  while (end < lines.length && !closesFence(lines[end] ?? "", open)) end += 1;
  const indent = indentOf(first);
  const text = lines.slice(at + 1, end).map((line) => (indent ? outdented(line, indent) : line));
  const { language } = open;
  const code = h("code", language ? { data: { language } } : null, text.join("\n"));
  const label = language ? `Code, ${language}` : "Code";
  // Can have the focus, so that the keyboard can scroll wide code.
  const node = h("pre", { tabindex: "0", role: "region", "aria-label": label, dir: "ltr" }, code);
  return { node, next: end + 1 };
}

/**
 * @param {string} line
 * @param {number} at
 * @returns {Block | undefined}
 */
const rule = (line, at) => (RULE.test(line) ? { node: h("hr"), next: at + 1 } : undefined);

/**
 * @param {string} line
 * @param {number} at
 * @param {string} me
 * @returns {Block | undefined}
 */
function heading(line, at, me) {
  const [, marks = "", words = ""] = HEADING.exec(line) ?? [];
  if (!words) return undefined;
  const text = withoutEnd(words.trimEnd());
  // All are of one level below the days of the list, which are the headings of the page above them: a message
  // must not break the outline of the page.
  const level = Math.min(marks.length, 3);
  const node = h("h3", { data: { level } }, inline(text, me));
  return { node: autoDirected(node), next: at + 1 };
}

/** Removes the marks that may also end a heading: `## Words ##`. @param {string} words */
function withoutEnd(words) {
  let end = words.length;
  while (words.charAt(end - 1) === "#") end -= 1;
  return words.charAt(end - 1) === " " ? words.slice(0, end).trimEnd() : words;
}

/**
 * @param {string[]} lines
 * @param {number} at
 * @param {Place} within
 * @returns {Block | undefined}
 */
function quote(lines, at, within) {
  const quoted = [];
  let end = at;
  for (; end < lines.length; end += 1) {
    const found = QUOTE.exec(lines[end] ?? "");
    if (!found) break;
    quoted.push(found[1] ?? "");
  }
  if (end === at) return undefined;
  return { node: h("blockquote", null, blocks(quoted, within)), next: end };
}
