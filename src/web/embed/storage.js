// Where unsent messages are kept: in this browser, so that they survive a reload, and in memory, for a browser that
// forbids storage or has no room for more.

import { memoryStorage, webStorage } from "../../../sdk/javascript/src/client/storage.js";

/**
 * @param {string} server the chat's address: a page may show rooms of two chats
 * @returns {import("../../../sdk/javascript/src/types.js").TextStorage}
 */
export function storageFor(server) {
  const memory = memoryStorage();
  const beginning = `chatapp-room ${server} `;
  const full = (/** @type {string} */ key) => beginning + key;
  return {
    get: (key) => memory.get(key) ?? attempt(() => webStorage().get(full(key))) ?? null,
    set(key, value) {
      memory.set(key, value);
      attempt(() => webStorage().set(full(key), value));
    },
    remove(key) {
      memory.remove(key);
      attempt(() => webStorage().remove(full(key)));
    },
    keys(prefix) {
      const kept = attempt(() => webStorage().keys(full(prefix))) ?? [];
      return [
        ...new Set([...memory.keys(prefix), ...kept.map((key) => key.slice(beginning.length))]),
      ];
    },
  };
}

/** @template T @param {() => T} act @returns {T | undefined} */
function attempt(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}
