// Colours for code. Not a parser: comments, strings, numbers and keywords are enough to read by. The code is read
// once from the beginning to the end, so that no code takes long. Its characters stay as they are, and colours
// change no width, so that nothing moves when they come.

import { h } from "../../core/dom.js";
import { languageOf } from "./languages.js";

/** @typedef {import("./languages.js").Language} Language */
/** @typedef {"comment" | "string" | "number" | "keyword" | "value" | "name" | "added" | "removed"} Kind */

/** Longer code would need too many elements. */
const MAX_LENGTH = 50_000;
const NUMBER = /(?:0[xob][\da-f_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:e[+-]?\d+)?)\w*/iy;

/**
 * Colours an element of code, if its language is known.
 * @param {HTMLElement} element
 * @param {string} name of the language
 */
export function highlight(element, name) {
  const language = languageOf(name);
  const text = element.textContent ?? "";
  if (!language || text.length > MAX_LENGTH) return;
  const out = document.createDocumentFragment();
  for (const { kind, part } of parts(text, language)) {
    out.append(kind ? h("span", { class: `code-${kind}` }, part) : part);
  }
  element.replaceChildren(out);
}

/**
 * @param {string} text
 * @param {Language} language
 * @returns {Generator<{ kind: Kind | undefined, part: string }>}
 */
function* parts(text, language) {
  const read = language.diff ? changed : tokens(language);
  let plain = 0;
  let at = 0;
  while (at < text.length) {
    const { end, kind } = read(text, at);
    if (kind) {
      if (at > plain) yield { kind: undefined, part: text.slice(plain, at) };
      yield { kind, part: text.slice(at, end) };
      plain = end;
    }
    at = end;
  }
  if (at > plain) yield { kind: undefined, part: text.slice(plain, at) };
}

/** @typedef {{ end: number, kind?: Kind }} Token */

/**
 * A line of a difference.
 * @param {string} text
 * @param {number} at
 * @returns {Token}
 */
function changed(text, at) {
  const end = lineEnd(text, at) + 1;
  const line = text.slice(at, end);
  if (/^(?:\+\+\+|---|@@|diff |index )/.test(line)) return { end, kind: "comment" };
  if (line.startsWith("+")) return { end, kind: "added" };
  return line.startsWith("-") ? { end, kind: "removed" } : { end };
}

/**
 * Reads tokens of a language.
 * @param {Language} language
 * @returns {(text: string, at: number) => Token}
 */
function tokens(language) {
  const extra = (language.wordExtra ?? "").replace(/[-$]/g, "\\$&");
  const word = new RegExp(`[\\p{L}_@#$!][\\p{L}\\p{N}_${extra}]*`, "uy");
  return (text, at) =>
    comment(text, at, language) ??
    string(text, at, language) ??
    number(text, at) ??
    name(text, at, word, language) ?? { end: at + (text.charAt(at) === "\\" ? 2 : 1) };
}

/**
 * @param {string} text
 * @param {number} at
 * @param {Language} language
 * @returns {Token | undefined}
 */
function comment(text, at, { line = [], block = [] }) {
  const open = block.find(([begin]) => text.startsWith(begin, at));
  if (open) return { end: endAfter(text, at + open[0].length, open[1]), kind: "comment" };
  const begin = line.find((it) => text.startsWith(it, at));
  // In a shell, `#` within a word is not the beginning of a comment.
  if (!begin || (begin === "#" && /\S/.test(text.charAt(at - 1)))) return undefined;
  return { end: lineEnd(text, at), kind: "comment" };
}

/**
 * @param {string} text
 * @param {number} at
 * @param {Language} language
 * @returns {Token | undefined}
 */
function string(text, at, language) {
  const open = language.strings?.find(([begin]) => text.startsWith(begin, at));
  if (!open) return undefined;
  const [begin, close] = open;
  const isLong = language.long?.includes(begin);
  let end = at + begin.length;
  while (end < text.length && !text.startsWith(close, end)) {
    // A quotation mark without an end, such as an apostrophe, is no string.
    if (text.charAt(end) === "\n" && !isLong) return { end: at + 1 };
    end += text.charAt(end) === "\\" ? 2 : 1;
  }
  end = Math.min(end + close.length, text.length);
  return { end, kind: language.keys && isKey(text, end) ? "name" : "string" };
}

/**
 * @param {string} text
 * @param {number} at
 * @returns {Token | undefined}
 */
function number(text, at) {
  NUMBER.lastIndex = at;
  return NUMBER.test(text) ? { end: NUMBER.lastIndex, kind: "number" } : undefined;
}

/**
 * @param {string} text
 * @param {number} at
 * @param {RegExp} word
 * @param {Language} language
 * @returns {Token | undefined}
 */
function name(text, at, word, language) {
  word.lastIndex = at;
  const found = word.exec(text)?.[0];
  if (!found) return undefined;
  const end = at + found.length;
  const known = language.anyCase ? found.toLowerCase() : found;
  if (language.words?.has(known)) return { end, kind: "keyword" };
  if (language.values?.has(known)) return { end, kind: "value" };
  if (language.keys && isKey(text, end)) return { end, kind: "name" };
  if (!language.markup) return { end };
  if (/<\/?$/.test(text.slice(Math.max(at - 2, 0), at))) return { end, kind: "keyword" };
  return text.charAt(end) === "=" ? { end, kind: "name" } : { end };
}

/** Whether a key ends at a position: a colon or an equals sign follows. @param {string} text @param {number} at */
function isKey(text, at) {
  while (text.charAt(at) === " ") at += 1;
  return text.charAt(at) === ":" || text.charAt(at) === "=";
}

/** @param {string} text @param {number} from */
function lineEnd(text, from) {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

/** The position after the next `what`. @param {string} text @param {number} from @param {string} what */
function endAfter(text, from, what) {
  const end = text.indexOf(what, from);
  return end < 0 ? text.length : end + what.length;
}
