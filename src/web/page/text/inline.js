// Marks within a line: bold, italic, struck out, code, links, names and emoji, as DOM nodes.
//
// All text becomes text nodes. A mark without an end is searched for only once, so that no message takes long
// to parse.

import { h } from "../core/dom.js";
import { NAME } from "../core/names.js";
import { EMOJI } from "./emoji.js";
import { angleLink, bareLink, link, mailLink } from "./links.js";

/** Longest first, so that `**` is not taken for `*`. */
const MARKS = /** @type {const} */ ([
  ["**", "strong"],
  ["__", "strong"],
  ["~~", "s"],
  ["*", "em"],
  ["_", "em"],
]);
/** The characters with which a mark may begin; all others are plain text. */
const SPECIAL = /[\\`*_~[:@<hmw]/gi;
/** A row of these characters is a drawn line, not a mark. */
const ROW = /\*{4,}|_{4,}|~{3,}/y;
const MAX_DEPTH = 8;
/** A letter or a digit, of any script. */
const WORD = /[\p{L}\p{N}]/u;

/** @typedef {import("./links.js").Context} Context */
/** @typedef {import("./links.js").Found} Found */

/**
 * @param {string} text
 * @param {string} me the reader's name, whose mentions stand out
 * @returns {DocumentFragment}
 */
export function inline(text, me) {
  return parse(text, { me, depth: 0, inLink: false });
}

/**
 * @param {string} text
 * @param {Context} context
 */
function parse(text, context) {
  const out = document.createDocumentFragment();
  /** @type {Set<string>} marks that have no end in the rest of the text */
  const hopeless = new Set();
  let plain = "";
  let at = 0;
  const flush = () => {
    if (plain) out.append(plain);
    plain = "";
  };
  while (at < text.length) {
    SPECIAL.lastIndex = at;
    const next = SPECIAL.exec(text)?.index ?? text.length;
    plain += text.slice(at, next);
    if (next >= text.length) break;
    at = next;
    const found = special(text, at, context, hopeless, plain);
    if (found.node) {
      if (found.back) plain = plain.slice(0, -found.back);
      flush();
      out.append(found.node);
    } else {
      plain += found.text ?? text.slice(at, found.end);
    }
    at = found.end;
  }
  flush();
  return out;
}

/**
 * @param {string} text
 * @param {number} at
 * @param {Context} context
 * @param {Set<string>} hopeless
 * @param {string} before the plain text before it
 * @returns {Found}
 */
function special(text, at, context, hopeless, before) {
  const char = text.charAt(at);
  const nothing = { end: at + 1 };
  switch (char) {
    case "\\": {
      const next = text.charAt(at + 1);
      return /[\\`*_~[\]:@<>#-]/.test(next) ? { end: at + 2, text: next } : nothing;
    }
    case "`":
      return code(text, at, hopeless);
    case "[":
      return link(text, at, context, hopeless, parse) ?? nothing;
    case ":":
      return emoji(text, at) ?? nothing;
    case "@":
      return mailLink(before, text, at, context) ?? mention(text, at, context) ?? nothing;
    case "<":
      return angleLink(text, at, context) ?? nothing;
    case "h":
    case "H":
    case "m":
    case "M":
    case "w":
    case "W":
      return bareLink(text, at, context) ?? nothing;
    default:
      return marked(text, at, context, hopeless) ?? nothing;
  }
}

/**
 * @param {string} text
 * @param {number} at
 * @param {Set<string>} hopeless
 * @returns {Found}
 */
function code(text, at, hopeless) {
  let start = at;
  while (text.charAt(start) === "`") start += 1;
  const fence = text.slice(at, start);
  const close = hopeless.has(fence) ? -1 : text.indexOf(fence, start);
  if (close < 0) {
    hopeless.add(fence);
    return { end: start };
  }
  return { end: close + fence.length, node: h("code", null, text.slice(start, close)) };
}

/**
 * @param {string} text
 * @param {number} at
 * @param {Context} context
 * @param {Set<string>} hopeless
 * @returns {Found | undefined}
 */
function marked(text, at, context, hopeless) {
  ROW.lastIndex = at;
  const row = ROW.exec(text);
  if (row) return { end: at + row[0].length };
  for (const [mark, element] of MARKS) {
    if (!text.startsWith(mark, at)) continue;
    const start = at + mark.length;
    if (context.depth >= MAX_DEPTH || hopeless.has(mark) || /\s|^$/.test(text.charAt(start))) {
      return { end: start };
    }
    // snake_case is not emphasis.
    if (mark.startsWith("_") && WORD.test(text.charAt(at - 1))) return { end: start };
    const close = closing(text, mark, start);
    if (close < 0) {
      hopeless.add(mark);
      return { end: start };
    }
    const inner = parse(text.slice(start, close), { ...context, depth: context.depth + 1 });
    return { end: close + mark.length, node: h(element, null, inner) };
  }
  return undefined;
}

/**
 * @param {string} text
 * @param {string} mark
 * @param {number} from
 */
function closing(text, mark, from) {
  const first = mark.charAt(0);
  for (let at = text.indexOf(mark, from + 1); at >= 0; at = text.indexOf(mark, at + mark.length)) {
    // Marks within code do not count.
    const after = afterCode(text, from, at);
    if (after > at) {
      [at, from] = [after - mark.length, after];
      continue;
    }
    // `**` inside of `*…*` is another mark; the end of `**…***` is its last.
    if (mark.length === 1 && text.charAt(at + 1) === mark) {
      at += 1;
      continue;
    }
    if (mark.length === 2 && text.charAt(at + 2) === first) at += 1;
    if (/\s/.test(text.charAt(at - 1))) continue;
    if (first === "_" && WORD.test(text.charAt(at + mark.length))) continue;
    return at;
  }
  return -1;
}

/**
 * The end of the code that begins at or after `from` and contains `position`; 0 if no code contains it.
 * @param {string} text
 * @param {number} from
 * @param {number} position
 */
function afterCode(text, from, position) {
  for (let at = text.indexOf("`", from); at >= 0 && at < position; at = text.indexOf("`", at)) {
    let start = at;
    while (text.charAt(start) === "`") start += 1;
    const fence = text.slice(at, start);
    const close = text.indexOf(fence, start);
    at = close < 0 ? start : close + fence.length;
    if (at > position) return at;
  }
  return 0;
}

/**
 * @param {string} text
 * @param {number} at
 * @returns {Found | undefined}
 */
function emoji(text, at) {
  const found = /^:([a-z0-9_+-]{1,20}):/.exec(text.slice(at, at + 22));
  const symbol = found?.[1] && Object.hasOwn(EMOJI, found[1]) ? EMOJI[found[1]] : undefined;
  return found && symbol ? { end: at + found[0].length, text: symbol } : undefined;
}

/**
 * @param {string} text
 * @param {number} at
 * @param {Context} context
 * @returns {Found | undefined}
 */
function mention(text, at, context) {
  if (NAME.test(text.charAt(at - 1))) return undefined;
  const found = /^@([A-Za-z0-9_][A-Za-z0-9_.-]{0,30}[A-Za-z0-9_])/.exec(text.slice(at, at + 34));
  if (!found?.[1]) return undefined;
  const isMe = found[1].toLowerCase() === context.me.toLowerCase();
  // Not a button element, whose text cannot be selected.
  const act = context.inLink ? {} : { role: "button", tabindex: "-1" };
  const node = h("span", { class: isMe ? "mention mention-me" : "mention", ...act }, found[0]);
  return { end: at + found[0].length, node };
}
