// The text of a message outside of the list: as it is read aloud, and in a notification on the desktop.

import { actionOf } from "./commands.js";

/** A part of a word that stands between blanks; `a||b` is no spoiler. */
const WORD = /\w/;

/**
 * Hides what spoilers hide. Where it is not clear what belongs to a spoiler, it hides more.
 * @param {string} content
 */
export function covered(content) {
  let out = "";
  let shown = 0;
  let start = -1;
  for (const { 0: bars, index } of content.matchAll(/\|+/g)) {
    if (bars.length !== 2) continue;
    const [before, after] = [content.charAt(index - 1), content.charAt(index + 2)];
    if (start >= 0 && /\S/.test(before) && !WORD.test(after)) {
      out += `${content.slice(shown, start)}(spoiler)`;
      shown = index + 2;
      start = -1;
    } else if (start < 0 && /\S/.test(after) && !WORD.test(before)) start = index;
  }
  return out + content.slice(shown);
}

/**
 * A message as a sentence: who wrote it, and what.
 * @param {string} author
 * @param {string} content
 */
export function spoken(author, content) {
  const action = actionOf(content);
  return action ? `${author} ${covered(action)}` : `${author}: ${covered(content)}`;
}
