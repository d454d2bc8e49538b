// The length of a text as the server counts it.

/**
 * Counts Unicode scalar values, as the server does.
 * @param {string} text
 */
export function countChars(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/**
 * @param {string} text
 * @param {number} most
 */
export function isLongerThan(text, most) {
  // A character counts once or twice in `length`: most texts need not be counted.
  return text.length > most && countChars(text) > most;
}
