// Lists: bullets, numbers, tasks, and lists within them. Lines that are indented below an item belong to it.

import { h } from "../core/elements.js";
import { autoDirected } from "./direction.js";
import { indentOf, outdented } from "./indent.js";

const ITEM = /^([ \t]*)([-*+]|(\d{1,9})[.)])([ \t]+)(.*)$/;
const TASK = /^\[([ xX])\] +(?=\S)/;
/** Columns by which a line is indented further than the marker of the item that it belongs to. Nobody counts the
 * columns to the text after the marker, as CommonMark wants. */
const STEP = 2;

/** @typedef {(lines: string[]) => DocumentFragment} Parse makes the blocks within an item */

/** @param {string} line */
export const isItem = (line) => ITEM.test(line);

/**
 * Makes the list that begins on a line.
 * @param {string[]} lines
 * @param {number} at
 * @param {Parse} parse
 * @returns {{ node: Node, next: number } | undefined}
 */
export function list(lines, at, parse) {
  const first = ITEM.exec(lines[at] ?? "");
  if (!first) return undefined;
  const [, margin = "", , number] = first;
  const node = number ? h("ol", { start: number }) : h("ul");
  const deepest = indentOf(margin) + STEP - 1;
  let next = at;
  while (next < lines.length) {
    const found = ITEM.exec(lines[next] ?? "");
    if (!found || (found[3] === undefined) !== (number === undefined)) break;
    if (indentOf(found[1] ?? "") > deepest) break;
    const item = itemLines(lines, next, found);
    node.append(listItem(item.lines, parse));
    next = item.next;
    // There may be empty lines between items.
    const after = pastBlank(lines, next);
    if (isItem(lines[after] ?? "")) next = after;
  }
  return { node: autoDirected(node), next };
}

/**
 * The lines of an item, without its marker and without their margin.
 * @param {string[]} lines
 * @param {number} at
 * @param {string[]} found the parts of the first line
 */
function itemLines(lines, at, [, margin = "", marker = "", , gap = "", text = ""]) {
  const least = indentOf(margin) + STEP;
  const width = indentOf(margin) + marker.length + gap.length;
  const out = [text];
  let next = at + 1;
  while (next < lines.length) {
    const line = lines[next] ?? "";
    const after = pastBlank(lines, next);
    if (indentOf(lines[after] ?? "") < least) break;
    for (; next < after; next += 1) out.push("");
    out.push(outdented(lines[after] ?? line, width));
    next = after + 1;
  }
  return { lines: out, next: Math.min(next, lines.length) };
}

/**
 * @param {string[]} lines
 * @param {Parse} parse
 */
function listItem(lines, parse) {
  const [first = "", ...rest] = lines;
  const task = TASK.exec(first);
  const made = parse(task ? [first.slice(task[0].length), ...rest] : lines);
  const text = made.firstElementChild;
  const isText = text?.localName === "p";
  if (task) {
    const box = h("input", { type: "checkbox", disabled: true, checked: task[1] !== " " });
    const label = h("label", null, box, h("span", null, isText && contents(text)));
    if (isText) text.replaceWith(label);
    else made.prepend(label);
    return h("li", { class: "task" }, made);
  }
  // An item with one paragraph has no room above and below it.
  const isOnly = isText && [...made.children].filter((it) => it.localName === "p").length === 1;
  if (isOnly) text.replaceWith(contents(text));
  return h("li", null, made);
}

/** Takes the children of an element. @param {Element} element */
function contents(element) {
  const out = document.createDocumentFragment();
  while (element.firstChild) out.append(element.firstChild);
  return out;
}

/** The next line that is not blank. @param {string[]} lines @param {number} at */
function pastBlank(lines, at) {
  while (at < lines.length && !lines[at]?.trim()) at += 1;
  return at;
}
