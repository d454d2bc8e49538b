// The longest message that this server takes. The page checks it, so that a message that is too long is not
// sent at all.

import { setup } from "./setup.js";

/** The most characters of a message; Infinity until the server has answered. */
export const messageChars = () => setup.value?.message_chars ?? Infinity;

/**
 * Counts Unicode scalar values, as the server does.
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
  // A character counts once or twice in `length`: most texts need not be counted.
  return text.length > most && countChars(text) > most;
}
