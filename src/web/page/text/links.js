// Links as elements: written out, between `<` and `>`, or as `[words](address "title")`. The
// file address.js finds where an address ends, and allows only http, https and mailto.

import { h } from "../core/elements.js";
import { angleAddress, bareAddress, destination, mailAddress } from "./address.js";

/**
 * @typedef {{ me: string, inLink: boolean }} Context where a mark is: `me` is the reader's name
 * @typedef {{ end: number, node?: Node, mark?: import("./marks.js").Mark, text?: string, back?: number }} Found
 *   a node, a mark, or plain text; `back` is how many characters of the plain text before it belong to it
 */

/**
 * @param {string} text
 * @param {number} at
 * @param {number} middle the position of the bracket after the words
 * @param {Context} context
 * @param {(text: string, context: Context) => Node} parse for the words of the link
 * @returns {Found | undefined}
 */
export function link(text, at, middle, context, parse) {
  if (context.inLink) return undefined;
  const label = text.slice(at + 1, middle);
  const target = label.trim() ? destination(text, middle + 1) : undefined;
  if (!target) return undefined;
  const inner = parse(label, { ...context, inLink: true });
  return { end: target.end, node: anchor(target.href, inner, target.title) };
}

/**
 * @param {string} text
 * @param {number} at
 * @param {Context} context
 * @returns {Found | undefined}
 */
export function bareLink(text, at, context) {
  const found = context.inLink ? undefined : bareAddress(text, at);
  if (!found) return undefined;
  const shown = text.slice(at, found.end).replace(/^mailto:/i, "");
  return { end: found.end, node: anchor(found.href, shown) };
}

/**
 * @param {string} text
 * @param {number} at
 * @param {Context} context
 * @returns {Found | undefined}
 */
export function angleLink(text, at, context) {
  const found = context.inLink ? undefined : angleAddress(text, at);
  return found && { end: found.end, node: anchor(found.href, found.shown) };
}

/**
 * A mail address without `mailto:`, found at its `@`.
 * @param {string} before the plain text before it
 * @param {string} text
 * @param {number} at
 * @param {Context} context
 * @returns {Found | undefined}
 */
export function mailLink(before, text, at, context) {
  const found = context.inLink ? undefined : mailAddress(before, text, at);
  if (!found) return undefined;
  const address = before.slice(-found.back) + text.slice(at, found.end);
  return { ...found, node: anchor(`mailto:${address}`, address) };
}

/**
 * @param {string} address
 * @param {Node | string} inner
 * @param {string} [title]
 */
function anchor(address, inner, title) {
  // A link to a place of this page does not open the page once more.
  const isHere = address.startsWith(`${location.href.split("#")[0]}#/`);
  const target = isHere ? null : "_blank";
  return h("a", { href: address, title: title || null, target, rel: "noopener noreferrer" }, inner);
}
