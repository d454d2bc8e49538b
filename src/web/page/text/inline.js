// Marks within a line: bold, italic, struck out, spoilers, code, links, names and emoji, as DOM nodes.
//
// All text becomes text nodes. The text is read once from the beginning to the end, so that no message takes long
// to parse: `scan.js` finds code and links before, `marks.js` pairs the marks.

import { h } from "../core/elements.js";
import { NAME } from "../core/names.js";
import { emojiOf } from "./emoji.js";
import { angleLink, bareLink, link, mailLink } from "./links.js";
import { Marks } from "./marks.js";
import { codeSpans, linkLabels } from "./scan.js";

/** The characters with which a mark may begin; all others are plain text. */
const SPECIAL = /[\\`*_~|[:@<hmw¯]/gi;
/** Longer rows of a character are a drawn line, not a mark. @type {Record<string, number>} */
const LONGEST = { "*": 3, _: 3, "~": 2, "|": 2 };
const ESCAPED = /[!-/:-@[-`{-~]/;
/** A letter or a digit, of any script. */
const WORD = /[\p{L}\p{N}]/u;
/** A part of a word that stands between blanks: Chinese and Japanese words do not. */
const SPACED_WORD = /[A-Za-z0-9_]/;
/** Its backslash and its underscores are an arm and a face. */
const SHRUG = "¯\\_(ツ)_/¯";
/** A mail address is found at its `@`: so many characters before it may belong to it. */
const MAILBOX = 65;
const LONG = 512;
/** After so many addresses that are none, no more are searched for: each search may read the rest of the text. */
const MAX_BROKEN = 200;
/** The names of everybody in the room, which are mentions of the reader too. */
const EVERYBODY = ["room", "here"];

/** @typedef {import("./links.js").Context} Context */
/** @typedef {import("./links.js").Found} Found */
/**
 * @typedef {object} State what is known of a text while it is read
 * @property {Context} context
 * @property {Map<number, number>} code
 * @property {Map<number, number>} labels
 * @property {number} broken how many addresses were none
 * @property {number} emojiEnd the position after the last emoji
 */

/**
 * @param {string} text
 * @param {string} me the reader's name, whose mentions stand out
 * @returns {DocumentFragment}
 */
export function inline(text, me) {
  return parse(text, { me, inLink: false });
}

/**
 * @param {string} text
 * @param {Context} context
 */
function parse(text, context) {
  const marks = new Marks();
  const code = codeSpans(text);
  const state = { context, code, labels: linkLabels(text, code), broken: 0, emojiEnd: 0 };
  let plain = "";
  let at = 0;
  const flush = () => {
    marks.add(plain);
    plain = "";
  };
  while (at < text.length) {
    SPECIAL.lastIndex = at;
    const next = SPECIAL.exec(text)?.index ?? text.length;
    plain += text.slice(at, next);
    if (next >= text.length) break;
    at = next;
    // A long text that is put together and looked at in turns would be copied each time.
    if (plain.length > LONG) {
      marks.add(plain.slice(0, -MAILBOX));
      plain = plain.slice(-MAILBOX);
    }
    const found = special(text, at, state, plain);
    if (found.node || found.mark) {
      if (found.back) plain = plain.slice(0, -found.back);
      flush();
      if (found.node) marks.add(found.node, 1);
      if (found.mark) marks.addMark(found.mark);
    } else {
      plain += found.text ?? text.slice(at, found.end);
    }
    at = found.end;
  }
  flush();
  return marks.end();
}

/**
 * @param {string} text
 * @param {number} at
 * @param {State} state
 * @param {string} before the plain text before it
 * @returns {Found}
 */
function special(text, at, state, before) {
  const { context } = state;
  const char = text.charAt(at);
  const nothing = { end: at + 1 };
  switch (char) {
    case "\\": {
      const next = text.charAt(at + 1);
      return ESCAPED.test(next) ? { end: at + 2, text: next } : nothing;
    }
    case "`":
      return code(text, at, state);
    case "[":
      return words(text, at, state) ?? nothing;
    case ":":
      return emoji(text, at, state) ?? nothing;
    case "@":
      return mailLink(before, text, at, context) ?? mention(text, at, context) ?? nothing;
    case "<":
      return angleLink(text, at, context) ?? nothing;
    case "¯":
      return text.startsWith(SHRUG, at) ? { end: at + SHRUG.length } : nothing;
    case "*":
    case "_":
    case "~":
    case "|":
      return mark(text, at);
    default:
      return address(text, at, state) ?? nothing;
  }
}

/**
 * @param {string} text
 * @param {number} at
 * @param {State} state
 * @returns {Found}
 */
function code(text, at, state) {
  let start = at;
  while (text.charAt(start) === "`") start += 1;
  const end = state.code.get(at);
  if (!end) return { end: start };
  const inner = text.slice(start, end - (start - at));
  // A blank on each side makes room for code that begins or ends with a backtick.
  const isPadded = inner.startsWith(" ") && inner.endsWith(" ") && inner.trim() !== "";
  const shown = isPadded ? inner.slice(1, -1) : inner;
  return { end, node: h("code", null, shown) };
}

/**
 * @param {string} text
 * @param {number} at
 * @returns {Found}
 */
function mark(text, at) {
  const char = text.charAt(at);
  let end = at;
  while (text.charAt(end) === char) end += 1;
  const count = end - at;
  if (count > (LONGEST[char] ?? 0) || (char === "|" && count === 1)) return { end };
  const before = text.charAt(at - 1);
  const after = text.charAt(end);
  let opens = /\S/.test(after);
  let closes = /\S/.test(before);
  // snake_case is not emphasis.
  if (char === "_") {
    opens &&= !WORD.test(before);
    closes &&= !WORD.test(after);
  }
  // `a||b` is not a spoiler, and 10~20 is not struck out.
  if (char === "|" || (char === "~" && count === 1)) {
    opens &&= !SPACED_WORD.test(before);
    closes &&= !SPACED_WORD.test(after);
  }
  return { end, mark: opens || closes ? { char, count, opens, closes } : undefined };
}

/**
 * @param {string} text
 * @param {number} at
 * @param {State} state
 * @returns {Found | undefined}
 */
function words(text, at, state) {
  const end = state.labels.get(at);
  if (end === undefined || state.broken >= MAX_BROKEN) return undefined;
  const found = link(text, at, end, state.context, parse);
  if (!found) state.broken += 1;
  return found;
}

/**
 * @param {string} text
 * @param {number} at
 * @param {State} state
 * @returns {Found | undefined}
 */
function address(text, at, state) {
  if (state.broken >= MAX_BROKEN || !/https?:|mailto:|www\./iy.test(text.slice(at, at + 7))) {
    return undefined;
  }
  const found = bareLink(text, at, state.context);
  if (!found) state.broken += 1;
  return found;
}

/**
 * @param {string} text
 * @param {number} at
 * @param {State} state
 * @returns {Found | undefined}
 */
function emoji(text, at, state) {
  // `std::fire::x` and 10:100:30 are not emoji.
  const before = text.charAt(at - 1);
  if (SPACED_WORD.test(before) || (before === ":" && state.emojiEnd !== at)) return undefined;
  const found = /^:([a-z0-9_+-]{1,50}):(?![A-Za-z0-9])/.exec(text.slice(at, at + 53));
  const symbol = found?.[1] && emojiOf(found[1]);
  if (!found || !symbol) return undefined;
  state.emojiEnd = at + found[0].length;
  return { end: state.emojiEnd, text: symbol };
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
  const name = found[1].toLowerCase();
  const isEverybody = EVERYBODY.includes(name);
  const isMe = isEverybody || name === context.me.toLowerCase();
  // A name opens a card; everybody has none. Not a button element, whose text cannot be selected.
  const act = context.inLink || isEverybody ? {} : { role: "button", tabindex: "-1" };
  const node = h("span", { class: isMe ? "mention mention-me" : "mention", ...act }, found[0]);
  return { end: at + found[0].length, node };
}
