// How long a message may be on this server, so that the page need not send a message to learn that it is
// too long.

import { setup } from "./setup.js";

/** The most characters of a message; Infinity until the server has said it. */
export const messageChars = () => setup.value?.message_chars ?? Infinity;

/**
 * Counts as the server does: Unicode scalar values.
 * @param {string} text
 */
export function countChars(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** @param {string} text */
export function isTooLong(text) {
  const most = setup.peek()?.message_chars ?? Infinity;
  // A character is one or two units of the string's length.
  return text.length > most && countChars(text) > most;
}
