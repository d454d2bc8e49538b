// What the page keeps in this browser. A browser may forbid that (localStorage throws as soon as it is
// touched) or take no value (it is full, or setItem throws). Such a value is kept in memory, so that
// everything works until the page is left, and `isLasting` says that it is not kept for longer.

import { signal } from "./reactive.js";

/** False as soon as something could not be kept beyond the life of this page. */
export const isLasting = signal(true);

/** What the browser has not taken; null: what it has not removed. @type {Map<string, string | null>} */
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
