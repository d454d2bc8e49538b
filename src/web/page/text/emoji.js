// Emoji and their short names, such as `:tada:`, as on GitHub and Slack.
//
// The table of all emoji is large, so it is loaded when it is first needed: when somebody types a colon, opens a
// picker, or reads a short name that is not among the usual ones. A message is never drawn again when the
// table arrives, because lines would move under the reader's eyes. Instead the composer replaces short names when
// it sends (`withEmoji`): what the page sends needs no table, and is an emoji for every other client too. The short
// names that remain are those of programs. They mostly use the usual ones (usual-emoji.js); of the others, only those in messages
// drawn before the table is there stay names, until they are drawn again.

import { changeProse } from "./scan.js";
import { USUAL } from "./usual-emoji.js";

/** @typedef {import("./lazy/emoji-list.js").Emoji} Emoji */

/** By each short name. Empty until the table is loaded. @type {Map<string, Emoji>} */
const byName = new Map();
/** @type {Promise<Emoji[]> | undefined} */
let loading;

/**
 * Loads all emoji, in Unicode's order.
 * @returns {Promise<Emoji[]>} it is rejected if the server cannot be reached; the next call tries again
 */
export function loadEmoji() {
  loading ??= import("./lazy/emoji-list.js").then(
    ({ listEmoji }) => {
      const all = listEmoji();
      for (const emoji of all) {
        for (const name of emoji.names)
          if (!byName.has(plain(name))) byName.set(plain(name), emoji);
      }
      return all;
    },
    (error) => {
      loading = undefined;
      throw error;
    },
  );
  return loading;
}

/**
 * The emoji of a short name, if it is known now. Loads the table for a name that is not.
 * @param {string} name without colons
 * @returns {string | undefined}
 */
export function emojiOf(name) {
  const known = byName.get(plain(name))?.symbol ?? USUAL.get(name);
  if (!known && byName.size === 0 && /[a-z]/.test(name)) loadEmoji().catch(() => {});
  return known;
}

/**
 * The short names of an emoji that are known now, without colons.
 * @param {string} symbol
 * @returns {string[]}
 */
export function shortNames(symbol) {
  const wanted = bare(symbol);
  for (const emoji of byName.values()) if (bare(emoji.symbol) === wanted) return emoji.names;
  return [...USUAL].filter(([, usual]) => bare(usual) === wanted).map(([name]) => name);
}

/**
 * Finds emoji whose names or keywords begin with a word, or have such a part. The usual ones come first.
 * @param {string} word
 * @param {number} most
 * @returns {{ name: string, symbol: string }[]}
 */
export function findEmoji(word, most) {
  const wanted = plain(word.toLowerCase());
  /** @type {Map<string, { name: string, symbol: string }>} */
  const found = new Map();
  /** @param {string} symbol @param {string[]} names @param {(name: string) => boolean} fits */
  const look = (symbol, names, fits) => {
    const name = names.find((it) => fits(plain(it)));
    if (name !== undefined && !found.has(bare(symbol))) found.set(bare(symbol), { name, symbol });
  };
  /** @param {string} name */
  const begins = (name) => name.startsWith(wanted);
  for (const [name, symbol] of USUAL) look(symbol, [name], begins);
  const all = new Set(byName.values());
  for (const { symbol, names } of all) look(symbol, names, begins);
  for (const { symbol, names } of all) look(symbol, names, (name) => name.includes(`_${wanted}`));
  for (const { symbol, names, keywords } of all) {
    if (keywords.some(begins)) look(symbol, names, () => true);
  }
  return [...found.values()].slice(0, most);
}

/**
 * Replaces the short names that stand alone by their emoji, except within code. In an address a name does not stand
 * alone: it has neither a blank nor a bracket before it.
 * @param {string} text
 */
export const withEmoji = (text) =>
  changeProse(text, (part) => part.replace(ALONE, (names) => names.replace(NAME, named)));

const ALONE = /(?<=^|[\s(*_~|"'“‘「『（、。])(?::[a-z0-9_+-]{1,50}:)+(?![A-Za-z0-9/:])/g;
const NAME = /:([a-z0-9_+-]+):/g;
/** @param {string} all @param {string} name */
const named = (all, name) => emojiOf(name) ?? all;

/**
 * The emoji of a text that is a reaction to the message before it: a plus and one emoji or its short name.
 * @param {string} text
 * @returns {string | undefined}
 */
export function reactionIn(text) {
  const found = /^\+(?::([a-z0-9_+\-]+):|(\p{RGI_Emoji}|\p{Emoji_Presentation}))$/v.exec(
    text.trim(),
  );
  const [, name, symbol] = found ?? [];
  return name ? emojiOf(name) : symbol;
}

/** Whether a text consists of a few emoji only, which are shown large. @param {string} text */
export const isOnlyEmoji = (text) => /^(?:\p{RGI_Emoji}\s*){1,6}$/v.test(text.trim());

/** Slack writes dashes in some names, GitHub writes underscores. @param {string} name */
const plain = (name) => (name.length > 2 ? name.replaceAll("-", "_") : name);

/** Without the selector of the colourful form. @param {string} symbol */
const bare = (symbol) => symbol.replaceAll("\uFE0F", "");
