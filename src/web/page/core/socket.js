// The one socket for all rooms: `/ws`. It reconnects by itself after a random pause, and passes frames on. It
// does not know rooms: chat.js resumes them.

import { address } from "./address.js";
import { renewToken } from "./login.js";
import { findObstacle } from "./obstacle.js";
import { signal } from "./reactive.js";
import { forgetSession, session } from "./session.js";

/**
 * @typedef {"connecting" | "live" | "lost" | "ended"} SocketState
 * @typedef {Exclude<import("./types.js").Frame, { type: "auth.expiring" }>} Received
 * @typedef {{ opened(): void, received(frame: Received): void, forgotten(): void }} Listener `forgotten`: the
 *   database is another one
 */

/**
 * What to do after each close code, as /asyncapi.json advises. Other codes are treated as 1011; 1006 means
 * that the connection broke. "soon": reconnect within seconds. "later": reconnect after a growing pause.
 * "never": do not reconnect. "sign-in": the session has ended. "reload": forget the rooms and reconnect.
 * @type {Record<number, "soon" | "later" | "never" | "sign-in" | "reload">}
 */
export const AFTER_CLOSE = {
  1000: "never",
  1001: "soon",
  1002: "never",
  1003: "never",
  1007: "never",
  1009: "soon",
  1011: "later",
  4401: "sign-in",
  4403: "never",
  4404: "never",
  4408: "soon",
  4409: "reload",
  4429: "later",
};

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** After this time without a frame the page sends a ping, and the server has ANSWER_MS to answer. */
const QUIET_MS = 25_000;
const ANSWER_MS = 10_000;
/** A connection that does not open within this time is given up. */
const OPEN_MS = 15_000;
/** When the browser reports that it is offline, a server on the same machine has this time to answer a ping. */
const OFFLINE_ANSWER_MS = 500;

/** @type {import("./reactive.js").Signal<SocketState>} */
export const socketState = signal(/** @type {SocketState} */ ("connecting"));
/** The time of the next attempt (ms since 1970), while the state is "lost". */
export const nextAttempt = signal(0);
/** Why there will be no further attempt, while the state is "ended". */
export const endReason = signal("");

/** Why no connection could be made so far, if the page could find out. */
export const obstacle = signal("");

/** After this many failed attempts the page looks for the reason: a single one may be chance. */
const FAILED_BEFORE_ASKING = 2;

/** @type {WebSocket | null} */
let socket = null;
/** An attempt has succeeded. Later failures are caused by the network, not by a proxy. */
let hasOpened = false;
let attempts = 0;
let timer = 0;
let watchdog = 0;
/** @type {Listener | null} */
let listener = null;

/**
 * Connects, and stays connected until `disconnect`.
 * @param {Listener} to
 */
export function connect(to) {
  listener = to;
  attempts = 0;
  open();
}

export function disconnect() {
  listener = null;
  const old = socket;
  if (old?.readyState === WebSocket.CONNECTING) {
    // Browsers log an error if a socket is closed before it is open.
    socket = null;
    old.onopen = () => old.close();
  }
  drop();
  socketState.value = "connecting";
}

/**
 * @param {import("./types.js").Verb} verb
 * @returns {boolean} false if there is no connection
 */
export function sendFrame(verb) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(verb));
  return true;
}

/** The connection works: the next pause is short again. */
export function settled() {
  attempts = 0;
}

/** Connects now, without waiting for the next attempt. */
export function retryNow() {
  if (!listener || socketState.peek() !== "lost") return;
  open();
}

/** Checks the connection, which may have broken while the machine slept or changed its network. */
export function probe() {
  if (socketState.peek() === "lost") retryNow();
  else if (sendFrame({ type: "ping" })) watch(ANSWER_MS / 2, true);
}

function open() {
  drop();
  const token = session.peek()?.token;
  if (!listener || !token) return;
  socketState.value = "connecting";
  const url = address("/ws");
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  // The token is a subprotocol: a page cannot set a header, and proxies may log the address.
  const opening = new WebSocket(url, ["chatapp.v1", `bearer.${token}`]);
  socket = opening;
  watch(OPEN_MS, true);
  opening.onopen = () => {
    if (socket !== opening) return;
    hasOpened = true;
    obstacle.value = "";
    socketState.value = "live";
    watch();
    listener?.opened();
  };
  opening.onmessage = ({ data }) => {
    if (socket !== opening) return;
    watch();
    const frame = /** @type {import("./types.js").Frame} */ (JSON.parse(data));
    if (frame.type === "auth.expiring") renewToken().catch(() => {});
    else listener?.received(frame);
  };
  opening.onclose = ({ code, reason }) => {
    if (socket === opening) closed(code, reason);
  };
}

/** Closes the socket and ignores what it still receives. */
function drop() {
  clearTimeout(timer);
  clearTimeout(watchdog);
  const old = socket;
  socket = null;
  old?.close();
}

/**
 * Notices a connection that broke silently.
 * @param {number} [wait]
 * @param {boolean} [asked] the server has been asked, or is not connected yet
 */
function watch(wait = QUIET_MS, asked = false) {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => {
    if (asked) {
      drop();
      closed(1006, "");
    } else if (sendFrame({ type: "ping" })) {
      watch(ANSWER_MS, true);
    }
  }, wait);
}

/**
 * @param {number} code
 * @param {string} reason
 */
function closed(code, reason) {
  clearTimeout(watchdog);
  socket = null;
  const then = AFTER_CLOSE[code] ?? "later";
  if (then === "sign-in") {
    forgetSession("Your session has ended. Sign in again to go on.");
  } else if (then === "never") {
    endReason.value = reason || `The server ended the connection (${code}).`;
    socketState.value = "ended";
  } else {
    if (then === "reload") listener?.forgotten();
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** attempts, LONGEST_PAUSE_MS);
    attempts += 1;
    if (!hasOpened && attempts >= FAILED_BEFORE_ASKING) {
      findObstacle().then((found) => {
        if (!hasOpened) obstacle.value = found;
      });
    }
    // Random, so that the clients of a restarted server do not all reconnect at once.
    const pause =
      (then === "later" ? longest : Math.min(longest, 3_000)) * (0.5 + Math.random() / 2);
    nextAttempt.value = Date.now() + pause;
    socketState.value = "lost";
    timer = setTimeout(open, pause);
  }
}

addEventListener("online", probe);
addEventListener("offline", () => {
  if (sendFrame({ type: "ping" })) watch(OFFLINE_ANSWER_MS, true);
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) probe();
});
