// The text of a message as DOM nodes: paragraphs, quotes, lists and fenced code. HTML is neither parsed nor
// generated: all text becomes text nodes.

import { h } from "../core/dom.js";
import { inline } from "./inline.js";

const FENCE = /^\s{0,3}```\s*([\w+#.-]*)\s*$/;
const ITEM = /^\s{0,3}(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const QUOTE = /^\s{0,3}>\s?(.*)$/;
const MAX_QUOTES = 4;

/**
 * @param {string} text
 * @param {string} me the reader's name
 * @returns {DocumentFragment}
 */
export function markdown(text, me) {
  return blocks(text.replace(/\r\n?/g, "\n").split("\n"), me, 0);
}

/**
 * @param {string[]} lines
 * @param {string} me
 * @param {number} depth
 */
function blocks(lines, me, depth) {
  const out = document.createDocumentFragment();
  /** @type {string[]} */
  let paragraph = [];
  const flush = () => {
    if (paragraph.some((line) => line.trim())) {
      out.append(h("p", { dir: "auto" }, inline(paragraph.join("\n").trim(), me)));
    }
    paragraph = [];
  };
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? "";
    const block = fence(lines, at) ?? quote(lines, at, me, depth) ?? list(lines, at, me);
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

/** @typedef {{ node: Node, next: number }} Block */

/**
 * @param {string[]} lines
 * @param {number} at
 * @returns {Block | undefined}
 */
function fence(lines, at) {
  const open = FENCE.exec(lines[at] ?? "");
  if (!open) return undefined;
  let end = at + 1;
  while (end < lines.length && !/^\s{0,3}```\s*$/.test(lines[end] ?? "")) end += 1;
  const code = h(
    "code",
    open[1] ? { data: { language: open[1] } } : null,
    lines.slice(at + 1, end).join("\n"),
  );
  // Can have the focus, so that the keyboard can scroll wide code.
  const node = h("pre", { tabindex: "0", role: "region", "aria-label": "Code", dir: "ltr" }, code);
  return { node, next: end + 1 };
}

/**
 * @param {string[]} lines
 * @param {number} at
 * @param {string} me
 * @param {number} depth
 * @returns {Block | undefined}
 */
function quote(lines, at, me, depth) {
  if (depth >= MAX_QUOTES) return undefined;
  const quoted = [];
  let end = at;
  for (; end < lines.length; end += 1) {
    const found = QUOTE.exec(lines[end] ?? "");
    if (!found) break;
    quoted.push(found[1] ?? "");
  }
  if (end === at) return undefined;
  return { node: h("blockquote", null, blocks(quoted, me, depth + 1)), next: end };
}

/**
 * @param {string[]} lines
 * @param {number} at
 * @param {string} me
 * @returns {Block | undefined}
 */
function list(lines, at, me) {
  const first = ITEM.exec(lines[at] ?? "");
  if (!first) return undefined;
  const ordered = first[1] !== undefined;
  const node = ordered ? h("ol", { start: first[1], dir: "auto" }) : h("ul", { dir: "auto" });
  let end = at;
  for (; end < lines.length; end += 1) {
    const item = ITEM.exec(lines[end] ?? "");
    if (!item || (item[1] !== undefined) !== ordered) break;
    node.append(h("li", null, inline(item[2] ?? "", me)));
  }
  return { node, next: end };
}
