// The place in the page that is shown: the part of the address after `#`.

import { signal } from "./reactive.js";

/**
 * @typedef {{ id: number, seq: number | null }} OpenThread a thread, and perhaps one of its replies
 * @typedef {"newest" | "best"} Order the order of found messages
 * @typedef {{ page: "home" } | { page: "room", roomId: number, seq: number | null, thread: OpenThread | null }
 *   | { page: "activity", part: string } | { page: "search", query: string, order: Order }
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
  if (room) {
    const seq = room[2] ? Number(room[2]) : null;
    return { page: "room", roomId: Number(room[1]), seq, thread: null };
  }
  const reply = /^#\/rooms\/(\d{1,16})\/threads\/(\d{1,16})(?:\/(\d{1,15}))?$/.exec(hash);
  if (reply) {
    const thread = { id: Number(reply[2]), seq: reply[3] ? Number(reply[3]) : null };
    return { page: "room", roomId: Number(reply[1]), seq: null, thread };
  }
  const activity = /^#\/activity(?:\/([a-z]+))?$/.exec(hash);
  if (activity) return { page: "activity", part: activity[1] ?? "" };
  const search = /^#\/search(?:\?(.*))?$/.exec(hash);
  if (search) {
    const wanted = new URLSearchParams(search[1]);
    const order = wanted.get("order") === "best" ? "best" : "newest";
    return { page: "search", query: wanted.get("q") ?? "", order };
  }
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

/**
 * @param {number} roomId
 * @param {number} threadId the id of the first message
 * @param {number} [seq] one of the replies
 */
export function threadHref(roomId, threadId, seq) {
  const thread = `#/rooms/${roomId}/threads/${threadId}`;
  return seq ? `${thread}/${seq}` : thread;
}

/**
 * The place of a message: a reply that is shown only in its thread is there.
 * @param {{ room_id: number, seq: number, thread_id?: number | null, also_to_room?: boolean }} message
 */
export const messageHref = ({ room_id, seq, thread_id, also_to_room }) =>
  thread_id && !also_to_room ? threadHref(room_id, thread_id, seq) : roomHref(room_id, seq);

/**
 * @param {string} [query]
 * @param {Order} [order]
 */
export function searchHref(query, order) {
  const wanted = new URLSearchParams({
    ...(query && { q: query }),
    ...(order === "best" && { order }),
  });
  return wanted.size ? `#/search?${wanted}` : "#/search";
}

/**
 * The thread that is open in a room.
 * @param {Route} at
 * @param {number} roomId
 */
export const openThreadIn = (at, roomId) =>
  at.page === "room" && at.roomId === roomId ? (at.thread?.id ?? null) : null;

/**
 * The message that the address names, if it is one of this room, or of this thread.
 * @param {Route} at
 * @param {number} roomId
 * @param {number | null} threadId
 */
export function seqIn(at, roomId, threadId) {
  if (at.page !== "room" || at.roomId !== roomId) return null;
  if (threadId === null) return at.seq;
  return at.thread?.id === threadId ? at.thread.seq : null;
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
