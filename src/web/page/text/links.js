// Links as elements: written out, between `<` and `>`, or as `[words](address "title")`. The
// file address.js finds where an address ends, and allows only http, https and mailto.

import { h } from "../core/dom.js";
import { angleAddress, bareAddress, destination, mailAddress } from "./address.js";

/**
 * @typedef {{ me: string, depth: number, inLink: boolean }} Context where a mark is: `me` is the reader's
 *   name
 * @typedef {{ end: number, node?: Node, text?: string, back?: number }} Found a node, or plain text; `back`
 *   is how many characters of the plain text before it belong to it
 */

/**
 * @param {string} text
 * @param {number} at
 * @param {Context} context
 * @param {Set<string>} hopeless
 * @param {(text: string, context: Context) => Node} parse for the words of the link
 * @returns {Found | undefined}
 */
export function link(text, at, context, hopeless, parse) {
  if (context.inLink || hopeless.has("](")) return undefined;
  if (text.indexOf("](", at) < 0) {
    hopeless.add("](");
    return undefined;
  }
  const middle = labelEnd(text, at + 1);
  const label = text.slice(at + 1, middle);
  const target = middle < 0 || !label.trim() ? undefined : destination(text, middle + 1);
  if (!target) return undefined;
  const inner = parse(label, { ...context, inLink: true, depth: context.depth + 1 });
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
 * The position of the bracket that ends a link's words, if `(` follows it; else -1. Brackets within the words
 * must be balanced. Of nested links, only the innermost is a link.
 * @param {string} text
 * @param {number} at
 */
function labelEnd(text, at) {
  let depth = 0;
  for (; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "\\") at += 1;
    else if (char === "`") at = codeEnd(text, at);
    else if (char === "[") depth += 1;
    else if (char === "]") {
      const isLink = text.charAt(at + 1) === "(";
      if (depth === 0 || isLink) return depth === 0 && isLink ? at : -1;
      depth -= 1;
    }
  }
  return -1;
}

/** The last position of the code that begins at a position, or of its backticks if the code has no end.
 * @param {string} text @param {number} at */
function codeEnd(text, at) {
  const fence = /^`+/.exec(text.slice(at))?.[0] ?? "`";
  const close = text.indexOf(fence, at + fence.length);
  return (close < 0 ? at : close) + fence.length - 1;
}

/**
 * @param {string} address
 * @param {Node | string} inner
 * @param {string} [title]
 */
function anchor(address, inner, title) {
  return h(
    "a",
    { href: address, title: title || null, target: "_blank", rel: "noopener noreferrer" },
    inner,
  );
}
