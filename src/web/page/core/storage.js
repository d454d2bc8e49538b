// The values that the page keeps in this browser. A browser may forbid storage (every access to localStorage
// throws) or refuse a value (setItem throws, for example because the storage is full). Such a value is kept in
// memory: everything works until the page is closed, and `isLasting` is false.

import { signal } from "./reactive.js";

/** False once a value could not be stored beyond the life of this page. */
export const isLasting = signal(true);

/** The values that the browser did not store; null for a value that it did not remove. @type {Map<string, string | null>} */
const memory = new Map();

export const storage = {
  /** @param {string} key @returns {string | null} */
  get(key) {
    const own = memory.get(key);
    if (own !== undefined) return own;
    return attempt(() => localStorage.getItem(key)) ?? null;
  },

  /** @param {string} key @param {string} value */
  set(key, value) {
    memory.set(key, value);
    attempt(() => {
      localStorage.setItem(key, value);
      memory.delete(key);
    });
  },

  /** @param {string} key */
  remove(key) {
    memory.set(key, null);
    attempt(() => {
      localStorage.removeItem(key);
      memory.delete(key);
    });
  },

  /** @param {string} prefix @returns {string[]} the keys that begin with it */
  keys(prefix) {
    const kept = attempt(() => Object.keys(localStorage)) ?? [];
    return [...new Set([...kept, ...memory.keys()])].filter(
      (key) => key.startsWith(prefix) && memory.get(key) !== null,
    );
  },
};

/**
 * @template T
 * @param {() => T} act
 * @returns {T | undefined}
 */
function attempt(act) {
  try {
    return act();
  } catch {
    isLasting.value = false;
    return undefined;
  }
}
