// Finds where an address begins and ends: bare in a sentence (GFM, "Autolinks (extension)"), between `<` and
// `>`, or as the destination of a link (CommonMark, "Links"). Works on strings only.

/** @typedef {{ href: string, end: number }} Address `end`: the position after it */

/** The characters that end an address: blanks, characters that no URL contains (WHATWG), Chinese and Japanese
 * punctuation, quotation marks, and marks that change the direction of text. */
const STOP =
  '\\s<>"`。｡、､，；：！？「」『』（）【】〈〉《》〔〕［］｛｝“”„«»\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff';
const WEB = new RegExp(`(?:https?://|www\\.)[^${STOP}]+`, "iy");
const MAIL = new RegExp(
  `mailto:([A-Za-z0-9.+_-]+@[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)+)(\\?[^${STOP}]*)?`,
  "iy",
);
const ANGLED = /<([^\s<>]+)>/y;
/** The longest address and the longest title of `[words](address "title")`. Without a limit, each of many links
 * without an end would be searched to the end of the text. */
const MAX_DESTINATION = 2_048;
/** Characters at the end of an address that belong to the sentence, or are a mark. */
const TRAILING = /[?!.,:;*_~|'’…–—]/;
/** @type {Record<string, string>} */
const BRACKETS = { ")": "(", "]": "[" };

/**
 * Finds the web or mail address that begins at a position, without the punctuation after it.
 * @param {string} text
 * @param {number} at
 * @returns {Address | undefined}
 */
export function bareAddress(text, at) {
  const before = text.charAt(at - 1);
  // A scheme is not the end of a longer word. Only Latin letters could be a part of one.
  if (/[A-Za-z]/.test(before)) return undefined;
  MAIL.lastIndex = at;
  const mail = MAIL.exec(text);
  if (mail) {
    const [, mailbox = "", query = ""] = mail;
    const end = at + "mailto:".length + mailbox.length + trimmed(query).length;
    // GFM: a mailbox does not end in a dash or an underscore.
    return /[-_]$/.test(mailbox) ? undefined : checked(text.slice(at, end), end);
  }
  WEB.lastIndex = at;
  const found = WEB.exec(text);
  if (!found) return undefined;
  const address = trimmed(found[0]);
  const isShort = /^www\./i.test(address);
  if (isShort && /[\w./@:=+&%#?~-]/.test(before)) return undefined;
  const host = address.replace(/^https?:\/\//i, "").split(/[/?#]/, 1)[0] ?? "";
  // GFM: no underscore in the last two parts of a domain.
  if (host.replace(/:\d*$/, "").split(".").slice(-2).join("").includes("_")) return undefined;
  if (isShort && !/^www\.[^.]/i.test(host)) return undefined;
  return checked(isShort ? `http://${address}` : address, at + address.length);
}

/**
 * Finds the mail address around an `@`: `back` characters before it belong to the address.
 * @param {string} before the text before the `@`
 * @param {string} text
 * @param {number} at
 * @returns {{ back: number, end: number } | undefined}
 */
export function mailAddress(before, text, at) {
  const local = /(?:^|[^A-Za-z0-9.+_/:-])([A-Za-z0-9.+_-]+)$/.exec(before.slice(-65))?.[1];
  if (!local || local.length > 64) return undefined;
  const domain = /^@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+/.exec(text.slice(at, at + 256))?.[0];
  if (!domain || /[-_]$/.test(domain)) return undefined;
  return { back: local.length, end: at + domain.length };
}

/**
 * Finds the address between `<` and `>`, if there is nothing else between them.
 * @param {string} text
 * @param {number} at the position of the `<`
 * @returns {(Address & { shown: string }) | undefined}
 */
export function angleAddress(text, at) {
  ANGLED.lastIndex = at;
  const [all = "", shown = ""] = ANGLED.exec(text) ?? [];
  if (!shown) return undefined;
  const isMail = mailAddress(shown.split("@", 1)[0] ?? "", shown, shown.indexOf("@"));
  const isMailbox = isMail?.back === shown.indexOf("@") && isMail.end === shown.length;
  const found = checked(isMailbox ? `mailto:${shown}` : shown, at + all.length);
  return found && /^(?:https?:\/\/|mailto:)/i.test(found.href) ? { ...found, shown } : undefined;
}

/**
 * Parses the part of a link after its words: `(address "title")`.
 * @param {string} text
 * @param {number} at the position of the `(`
 * @returns {(Address & { title: string }) | undefined}
 */
export function destination(text, at) {
  const open = blanks(text, at + 1);
  const isAngled = text.charAt(open) === "<";
  const close = isAngled ? angledEnd(text, open) : balancedEnd(text, open);
  if (close < 0) return undefined;
  const address = isAngled ? text.slice(open + 1, close - 1) : text.slice(open, close);
  const afterBlanks = blanks(text, close);
  let end = afterBlanks;
  let title = "";
  const mark = text.charAt(end);
  const titleEnd = { '"': '"', "'": "'", "(": ")" }[mark];
  if (titleEnd && afterBlanks > close) {
    const stop = unescaped(text, end + 1, titleEnd);
    if (stop < 0) return undefined;
    title = literal(text.slice(end + 1, stop));
    end = blanks(text, stop + 1);
  }
  if (text.charAt(end) !== ")") return undefined;
  const found = checked(literal(address), end + 1);
  return found && { ...found, title };
}

/**
 * Returns the address if a link may have it, else "".
 * @param {string} text
 */
export function safeAddress(text) {
  try {
    const url = new URL(text);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}

/**
 * @param {string} text
 * @param {number} end
 * @returns {Address | undefined}
 */
function checked(text, end) {
  const href = safeAddress(text);
  return href ? { href, end } : undefined;
}

/**
 * Removes the punctuation of the sentence, and closing brackets that were not opened in the address.
 * @param {string} address
 */
function trimmed(address) {
  /** The number of each kind of bracket. @type {Record<string, number>} */
  const count = { "(": 0, ")": 0, "[": 0, "]": 0 };
  for (const char of address) if (char in count) count[char] = (count[char] ?? 0) + 1;
  let end = address.length;
  for (;;) {
    const last = address.charAt(end - 1);
    const open = BRACKETS[last];
    if (open && (count[open] ?? 0) < (count[last] ?? 0)) {
      count[last] = (count[last] ?? 0) - 1;
      end -= 1;
    } else if (last && TRAILING.test(last)) {
      // GFM: an entity such as `&amp;` at the end is not a part of the address.
      const entity =
        last === ";"
          ? /&[A-Za-z0-9]{1,32};$/.exec(address.slice(Math.max(end - 34, 0), end))
          : null;
      end -= entity ? entity[0].length : 1;
    } else return address.slice(0, end);
  }
}

/** The position after blanks. @param {string} text @param {number} at */
function blanks(text, at) {
  while (/\s/.test(text.charAt(at))) at += 1;
  return at;
}

/** The position of the wanted character without a backslash before it, or -1.
 * @param {string} text @param {number} at @param {string} wanted */
function unescaped(text, at, wanted) {
  for (const last = Math.min(at + MAX_DESTINATION, text.length); at < last; at += 1) {
    if (text.charAt(at) === "\\") at += 1;
    else if (text.charAt(at) === wanted) return at;
  }
  return -1;
}

/** The position after the `>`, or -1. @param {string} text @param {number} at */
function angledEnd(text, at) {
  const end = unescaped(text, at + 1, ">");
  return end < 0 || /[<\n]/.test(text.slice(at + 1, end).replace(/\\[\s\S]/g, "")) ? -1 : end + 1;
}

/** The end of an address without blanks whose parentheses come in pairs, or -1.
 * @param {string} text @param {number} at */
function balancedEnd(text, at) {
  let depth = 0;
  for (const last = Math.min(at + MAX_DESTINATION, text.length); at < last; at += 1) {
    const char = text.charAt(at);
    if (char === "\\" && /[!-/:-@[-`{-~]/.test(text.charAt(at + 1))) at += 1;
    else if (char === "(") depth += 1;
    else if (char === ")" && depth === 0) return at;
    else if (char === ")") depth -= 1;
    else if (/\s/.test(char)) return depth === 0 ? at : -1;
  }
  return -1;
}

/** @type {Record<string, string>} */
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** Replaces backslash escapes and entities by their characters. @param {string} text */
function literal(text) {
  return text.replace(
    /\\([!-/:-@[-`{-~])|&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/gi,
    (all, escaped, decimal, hex, name) => {
      if (escaped) return escaped;
      if (name) return ENTITIES[name] ?? all;
      const code = decimal ? Number(decimal) : parseInt(hex, 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
    },
  );
}
