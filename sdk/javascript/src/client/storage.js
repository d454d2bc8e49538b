// Where a client keeps the messages that are not in the log yet.

/** @typedef {import("../types.js").TextStorage} TextStorage */
/**
 * @typedef {object} WebStorage like `localStorage`
 * @property {(key: string) => string | null} getItem
 * @property {(key: string, value: string) => void} setItem
 * @property {(key: string) => void} removeItem
 */

/** Keeps messages as long as the program runs. @returns {TextStorage} */
export function memoryStorage() {
  /** @type {Map<string, string>} */
  const texts = new Map();
  return {
    get: (key) => texts.get(key) ?? null,
    set: (key, value) => void texts.set(key, value),
    remove: (key) => void texts.delete(key),
    keys: (prefix) => [...texts.keys()].filter((key) => key.startsWith(prefix)),
  };
}

/**
 * Keeps messages in a browser, where they survive a reload and a crash.
 * @param {WebStorage} [storage]
 * @returns {TextStorage}
 */
export function webStorage(storage = localStorage) {
  return {
    get: (key) => storage.getItem(key),
    set: (key, value) => storage.setItem(key, value),
    remove: (key) => storage.removeItem(key),
    keys: (prefix) => Object.keys(storage).filter((key) => key.startsWith(prefix)),
  };
}
