// The emoji that the reader used last, and the skin tone that the reader prefers, both kept in this browser.

import { bareEmoji } from "../../core/reactions.js";
import { storage } from "../../core/storage.js";

const RECENT = "chatapp.emoji";
const TONE = "chatapp.skin-tone";
/** Two rows of the picker. */
const MOST = 16;
/** Shown until the reader has used as many. */
const FIRST = ["👍", "❤️", "😂", "🎉", "👀", "✅", "🙏", "😮"];

/** The skin tones of Unicode, from none to the darkest. */
export const TONES = ["", "\u{1F3FB}", "\u{1F3FC}", "\u{1F3FD}", "\u{1F3FE}", "\u{1F3FF}"];

/** @returns {string[]} the emoji used last come first */
export function recentEmoji() {
  const used = (storage.get(RECENT) ?? "").split(" ").filter(Boolean);
  const isUsed = (/** @type {string} */ emoji) =>
    used.some((one) => bareEmoji(one) === bareEmoji(emoji));
  const first = FIRST.filter((emoji) => !isUsed(emoji));
  return [...used, ...first].slice(0, Math.max(used.length, FIRST.length));
}

/** @param {string} emoji */
export function noteEmoji(emoji) {
  const used = (storage.get(RECENT) ?? "").split(" ").filter(Boolean);
  const others = used.filter((one) => bareEmoji(one) !== bareEmoji(emoji));
  storage.set(RECENT, [emoji, ...others].slice(0, MOST).join(" "));
}

/** @returns {string} one of `TONES` */
export function skinTone() {
  const tone = storage.get(TONE) ?? "";
  return TONES.includes(tone) ? tone : "";
}

/** @param {string} tone one of `TONES` */
export const setSkinTone = (tone) => storage.set(TONE, tone);

/**
 * An emoji in a skin tone, which follows its first character.
 * @param {string} symbol
 * @param {string} tone
 */
export function toned(symbol, tone) {
  if (!tone) return symbol;
  const [first = "", ...rest] = symbol;
  return first + tone + rest.join("").replace(/^\uFE0F/, "");
}
