// Writes the table of emoji from the data of emojibase (MIT licence), which has Unicode's emoji in their order, the
// short names of GitHub and Slack, and the keywords of CLDR. With `--check` it only fails if the table is out of
// date.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import prettier from "prettier";

const TABLE = new URL("../../src/web/page/text/lazy/emoji-table.js", import.meta.url);
/** How many keywords an emoji has, at most: the page is to stay small. They find several emoji, and not too many. */
const KEYWORDS = 1;
const COMMON = { least: 2, most: 20 };
const SKIN_TONES = /\p{Emoji_Modifier}/u;
const COUNTRY = /^\p{Regional_Indicator}{2}$/u;

const require = createRequire(import.meta.url);
/** @param {string} path */
const read = (path) => require(`emojibase-data/${path}.json`);
const { version } = read("package");
/** @type {{ groups: Record<string, string> }} */
const { groups } = read("meta/groups");
const shortNames = ["github", "iamcal"].map((source) => read(`en/shortcodes/${source}`));

/** @typedef {{ emoji: string, hexcode: string, group?: number, order: number, tags?: string[], skins?: object[] }} Entry */

/** The short names of GitHub, then those that only Slack has. @param {Entry} entry @returns {string[]} */
const namesOf = ({ hexcode }) => {
  const all = shortNames.flatMap((names) => names[hexcode] ?? []);
  /** @param {string} name */
  const bare = (name) => name.replaceAll("-", "_");
  return all.filter((name, at) => all.findIndex((other) => bare(other) === bare(name)) === at);
};

/** Without the selector of the colourful form where that form is the usual one, as Unicode has it. @param {string} emoji */
const symbolOf = (emoji) => emoji.replace(/(\p{Emoji_Presentation})\uFE0F/gu, "$1");

/** @type {Entry[]} */
const all = read("en/data");
const entries = all
  .filter((entry) => entry.group !== undefined && groups[entry.group] !== "component")
  // The flags of countries are made from their codes.
  .filter((entry) => !COUNTRY.test(entry.emoji) && !SKIN_TONES.test(entry.emoji))
  .filter((entry) => namesOf(entry).length > 0)
  .sort((one, other) => one.order - other.order);
const countries = all
  .filter(({ emoji }) => COUNTRY.test(emoji))
  .map(({ hexcode }) =>
    String.fromCharCode(...hexcode.split("-").map((it) => parseInt(it, 16) - 0x1f1a5)),
  )
  .map((code) => code.toLowerCase())
  .sort();

/** @type {Map<string, number>} */
const uses = new Map();
for (const tag of entries.flatMap(({ tags }) => tags ?? []))
  uses.set(tag, (uses.get(tag) ?? 0) + 1);
/** @param {string} tag */
const usesOf = (tag) => uses.get(tag) ?? 0;

/** The keywords that the names do not have already. @param {Entry} entry */
function keywordsOf(entry) {
  const words = namesOf(entry).flatMap((name) => name.split(/[_-]/));
  /** @type {string[]} */
  const found = [];
  const tags = (entry.tags ?? []).filter((tag) => /^[a-z]+$/.test(tag));
  for (const tag of tags.sort((one, other) => usesOf(other) - usesOf(one))) {
    const isNew = [...words, ...found].every((it) => !it.startsWith(tag) && !tag.startsWith(it));
    const isCommon = usesOf(tag) >= COMMON.least && usesOf(tag) <= COMMON.most;
    if (isNew && isCommon && found.length < KEYWORDS) found.push(tag);
  }
  return found;
}

const lines = Object.entries(groups)
  .filter(([, name]) => name !== "component")
  .flatMap(([group, name]) => [
    `# ${name}`,
    ...entries
      .filter((entry) => entry.group === Number(group))
      .map((entry) => {
        const keywords = keywordsOf(entry);
        const tones = entry.skins ? "*" : "";
        const names = namesOf(entry).join(" ");
        return `${symbolOf(entry.emoji)}${tones} ${names}${keywords.length > 0 ? `; ${keywords.join(" ")}` : ""}`;
      }),
  ]);

const table = await prettier.format(
  `// Made from emojibase-data ${version} (MIT licence, © Miles Johnson), which has the emoji of Unicode, the short names of
// GitHub and Slack, and keywords of CLDR: \`npm run emoji\` in tests/browser writes it anew.

/** \`# group\`, or an emoji with its short names, and keywords after a semicolon. \`*\`: it has skin tones. */
export const EMOJI = \`
${lines.join("\n")}
\`;

/** The codes of countries and regions that have a flag. */
export const FLAGS = "${countries.join(" ")}";
`,
  { parser: "babel", printWidth: 100 },
);

if (!process.argv.includes("--check")) writeFileSync(TABLE, table);
else if (table !== readFileSync(TABLE, "utf8")) {
  console.error("text/lazy/emoji-table.js is out of date: run `npm run emoji` in tests/browser");
  process.exitCode = 1;
}
