// The session of the signed-in user. The token is in the browser's storage, so that every tab has it and a
// reload keeps it. docs/SECURITY.md says why that is safe here, and against what it is not safe.

import { sessionOf } from "../sdk/javascript/src/renewal.js";
import { signal } from "./reactive.js";
import { storage } from "./storage.js";

/** @typedef {import("../sdk/javascript/src/types.js").KeptSession} Session */

export const KEY = "chatapp.session";

/** @type {import("./reactive.js").Signal<Session | null>} */
export const session = signal(/** @type {Session | null} */ (null));
/** Why the session ended, if its user did not end it. */
export const farewell = signal("");

/** Takes the stored session, and follows the changes that other tabs make to it. */
export function restoreSession() {
  rereadSession();
  addEventListener("storage", ({ key }) => {
    if (key === KEY || key === null) rereadSession();
  });
}

/** Takes the stored session, which another tab may have changed. @returns {Session | null} */
export function rereadSession() {
  const kept = read();
  take(kept);
  return kept;
}

/** @param {import("./types.js").Login} login */
export function keepSession(login) {
  const kept = sessionOf(login);
  storage.set(KEY, JSON.stringify(kept));
  take(kept);
}

/** Signs the page out. @param {string} why for the user; empty if the user did it */
export function forgetSession(why) {
  farewell.value = why;
  storage.remove(KEY);
  take(null);
}

/** @param {Session | null} kept */
function take(kept) {
  if (kept?.token !== session.peek()?.token) session.value = kept;
}

/** @returns {Session | null} */
function read() {
  try {
    const kept = JSON.parse(storage.get(KEY) ?? "null");
    return kept && kept.token && kept.user ? kept : null;
  } catch {
    return null;
  }
}
