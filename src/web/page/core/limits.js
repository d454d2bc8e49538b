// How long a message may be on this server, so that the page need not send a message to learn that it is
// too long.

import { call } from "./api.js";
import { signal } from "./reactive.js";

/** The most characters of a message; Infinity until the server has said it. */
export const messageChars = signal(Infinity);

/** Asks the server. Without an answer the limit stays as it was; the server checks every message itself. */
export async function loadLimits() {
  try {
    const { message_chars } = await call("GET", "/auth/setup", undefined, "");
    messageChars.value = message_chars ?? Infinity;
  } catch {
    // It is asked again with the next connection.
  }
}

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
  const most = messageChars.peek();
  // A character is one or two units of the string's length.
  return text.length > most && countChars(text) > most;
}
