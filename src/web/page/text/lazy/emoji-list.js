// The table of emoji as objects.

import { EMOJI, FLAGS } from "./emoji-table.js";

/**
 * @typedef {object} Emoji
 * @property {string} symbol the emoji itself
 * @property {string[]} names its short names without colons, the most usual one first
 * @property {string} group as Unicode has it, such as `animals-nature`
 * @property {string[]} keywords other words that find it
 * @property {boolean} hasTones a skin tone can follow its first character
 */

/** @returns {Emoji[]} */
export function listEmoji() {
  /** @type {Emoji[]} */
  const all = [];
  let group = "";
  for (const line of EMOJI.trim().split("\n")) {
    if (line.startsWith("# ")) {
      group = line.slice(2);
      continue;
    }
    const [head = "", keywords = ""] = line.split("; ");
    const [mark = "", ...names] = head.split(" ");
    all.push({
      symbol: mark.replace(/(?<=.)\*$/su, ""),
      names,
      group,
      keywords: keywords.split(" ").filter(Boolean),
      hasTones: /.\*$/su.test(mark),
    });
  }
  const regions = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
  return [...all, ...FLAGS.split(" ").map((code) => flag(code, regions))];
}

/**
 * `de`: 🇩🇪, `flag-de`, `germany`.
 * @param {string} code
 * @param {Intl.DisplayNames} regions
 * @returns {Emoji}
 */
function flag(code, regions) {
  const letters = [...code].map((letter) => letter.charCodeAt(0) - "a".charCodeAt(0) + 0x1f1e6);
  const country = (regions.of(code.toUpperCase()) ?? "")
    .normalize("NFD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z]+/g, "_")
    .replace(/^_|_$/g, "");
  return {
    symbol: String.fromCodePoint(...letters),
    names: [`flag-${code}`, country, ...(OWN_NAMES[code] ?? [])].filter(Boolean),
    group: "flags",
    keywords: [],
    hasTones: false,
  };
}

/** The flags that GitHub and Slack know by a short name of their own. @type {Record<string, string[]>} */
const OWN_NAMES = {
  cn: ["cn"],
  de: ["de"],
  es: ["es"],
  fr: ["fr"],
  gb: ["gb", "uk"],
  it: ["it"],
  jp: ["jp"],
  kr: ["kr"],
  ru: ["ru"],
  us: ["us"],
};
