// The state of the connection, in signals, and what the page adds to it: it connects with the session's token, and
// checks the connection when the browser reports a change.

import { findObstacle } from "./obstacle.js";
import { address } from "./address.js";
import { signal } from "./reactive.js";
import { session } from "./session.js";

/** @typedef {import("../sdk/javascript/src/connection.js").Connection} Connection */
/** @typedef {import("../sdk/javascript/src/types.js").ConnectionState} SocketState */

/** When the browser reports that it is offline, a server on the same machine has this time to answer a ping. */
const OFFLINE_ANSWER_MS = 500;
/** After this many failed attempts the page looks for the reason: a single one may be chance. */
const FAILED_BEFORE_ASKING = 2;

/** @type {import("./reactive.js").Signal<SocketState>} */
export const socketState = signal(/** @type {SocketState} */ ("connecting"));
/** The time of the next attempt (ms since 1970), while the state is "lost". */
export const nextAttempt = signal(0);
/** Why there will be no further attempt, while the state is "ended". */
export const endReason = signal("");
/** Why no connection could be made so far, if the page could find out. */
export const obstacle = signal("");

/** An attempt has succeeded. Later failures are caused by the network, not by a proxy. */
let hasOpened = false;
/** The connection of the chat that is shown. @type {Connection | null} */
let connection = null;

/** @param {Connection | null} shown null: there is none any more */
export function useConnection(shown) {
  connection = shown;
}

/** What a socket is opened with. @returns {[URL, string[]] | null} null: nobody is signed in */
export function handshake() {
  const token = session.peek()?.token;
  if (!token) return null;
  const url = address("/ws");
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  // The token is a subprotocol: a page cannot set a header, and proxies may log the address.
  return [url, ["chatapp.v1", `bearer.${token}`]];
}

/**
 * @param {SocketState} state
 * @param {import("../sdk/javascript/src/types.js").StateDetails} details
 */
export function showState(state, details) {
  if (state === "live") {
    hasOpened = true;
    obstacle.value = "";
  }
  nextAttempt.value = details.nextAttempt;
  endReason.value = details.reason;
  socketState.value = state;
}

/** Looks for the reason if no connection could be made yet. @param {number} attempts */
export async function failed(attempts) {
  if (hasOpened || attempts < FAILED_BEFORE_ASKING) return;
  const found = await findObstacle();
  if (!hasOpened) obstacle.value = found;
}

/**
 * @param {import("./types.js").Verb} verb
 * @returns {boolean} false if there is no connection
 */
export const sendFrame = (verb) => connection?.send(verb) ?? false;

/** Connects now, without waiting for the next attempt. */
export const retryNow = () => connection?.retryNow();

const probe = () => connection?.probe();
addEventListener("online", probe);
addEventListener("offline", () => connection?.check(OFFLINE_ANSWER_MS));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) probe();
});
