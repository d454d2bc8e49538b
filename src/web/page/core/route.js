// The place in the page that is shown: the part of the address after `#`.

import { signal } from "./reactive.js";

/**
 * @typedef {{ page: "home" } | { page: "room", roomId: number, seq: number | null }
 *   | { page: "admin", part: string } | { page: "reset", token: string }
 *   | { page: "invite", token: string }} Route
 */

/** @type {import("./reactive.js").Signal<Route>} */
export const route = signal(parse(location.hash));

addEventListener("hashchange", () => {
  route.value = parse(location.hash);
});

/**
 * @param {string} hash
 * @returns {Route}
 */
export function parse(hash) {
  const room = /^#\/rooms\/(\d{1,16})(?:\/(\d{1,15}))?$/.exec(hash);
  if (room) return { page: "room", roomId: Number(room[1]), seq: room[2] ? Number(room[2]) : null };
  const admin = /^#\/admin\/([a-z]+)$/.exec(hash);
  if (admin) return { page: "admin", part: admin[1] ?? "" };
  const reset = /^#reset=([\w.~-]+)$/.exec(hash);
  if (reset) return { page: "reset", token: reset[1] ?? "" };
  const invite = /^#\/invite\/([\w.~-]+)$/.exec(hash);
  if (invite) return { page: "invite", token: invite[1] ?? "" };
  return { page: "home" };
}

/**
 * @param {number} roomId
 * @param {number} [seq]
 */
export function roomHref(roomId, seq) {
  return seq ? `#/rooms/${roomId}/${seq}` : `#/rooms/${roomId}`;
}

/** @param {string} hash */
export function go(hash) {
  if (location.hash === hash) route.value = parse(hash);
  else location.hash = hash;
}

/** Like `go`, but replaces the current entry of the history. @param {string} hash */
export function goInstead(hash) {
  history.replaceState(null, "", hash || location.pathname);
  route.value = parse(hash);
}

/**
 * Like `goInstead`, but only if the address still names no place. The address may have changed a moment ago
 * (a link was opened), and the event that says so comes later.
 * @param {string} hash
 */
export function goFromHome(hash) {
  if (parse(location.hash).page === "home") goInstead(hash);
}
