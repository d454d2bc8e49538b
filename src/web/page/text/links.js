// Links, written out or as `[words](address)`: made only of addresses with http, https or mailto.

import { h } from "../core/dom.js";
import { WORD } from "./inline.js";

/** @typedef {import("./inline.js").Context} Context */
/** @typedef {import("./inline.js").Found} Found */

/**
 * @param {string} text
 * @param {number} at
 * @param {Context} context
 * @param {Set<string>} hopeless
 * @param {(text: string, context: Context) => Node} parse for what the link says
 * @returns {Found | undefined}
 */
export function link(text, at, context, hopeless, parse) {
  if (context.inLink || hopeless.has("](")) return undefined;
  const middle = text.indexOf("](", at);
  if (middle < 0) {
    hopeless.add("](");
    return undefined;
  }
  const label = text.slice(at + 1, middle);
  const close = text.indexOf(")", middle);
  const address = close < 0 ? "" : safeAddress(text.slice(middle + 2, close));
  if (!address || !label.trim() || /[[\n]/.test(label)) return undefined;
  const inner = parse(label, { ...context, inLink: true, depth: context.depth + 1 });
  return { end: close + 1, node: anchor(address, inner) };
}

/**
 * @param {string} text
 * @param {number} at
 * @param {Context} context
 * @returns {Found | undefined}
 */
export function bareLink(text, at, context) {
  if (context.inLink || WORD.test(text.charAt(at - 1))) return undefined;
  const found = /^(?:https?:\/\/|mailto:)[^\s<>"`]{1,2000}/i.exec(text.slice(at, at + 2010));
  if (!found) return undefined;
  let address = found[0];
  // Its end is the sentence's, and so is a bracket that was not opened in it.
  for (;;) {
    const last = address.charAt(address.length - 1);
    const open = last === ")" ? "(" : last === "]" ? "[" : "";
    const isOurs = open && address.split(open).length >= address.split(last).length;
    if (!/[.,;:!?'"*_~)\]]/.test(last) || isOurs) break;
    address = address.slice(0, -1);
  }
  const safe = safeAddress(address);
  if (!safe) return undefined;
  return { end: at + address.length, node: anchor(safe, address.replace(/^mailto:/i, "")) };
}

/**
 * An address that may be a link's, or "".
 * @param {string} text
 */
export function safeAddress(text) {
  try {
    const url = new URL(text.trim());
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}

/**
 * @param {string} address
 * @param {Node | string} inner
 */
function anchor(address, inner) {
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, inner);
}
