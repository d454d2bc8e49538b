// The one socket for all rooms: `/ws`. It comes back by itself, after a pause drawn by lot, and
// says what it hears. What to resume from, the rooms know.

import { address } from "./address.js";
import { renewToken } from "./login.js";
import { findObstacle } from "./obstacle.js";
import { signal } from "./reactive.js";
import { forgetSession, session } from "./session.js";

/**
 * @typedef {"connecting" | "live" | "lost" | "ended"} SocketState
 * @typedef {{ opened(): void, received(frame: import("./types.js").Frame): void,
 *   forgotten(): void }} Listener `forgotten`: the log is another one than before
 */

/**
 * What to do after each close code, as /asyncapi.json advises; other codes (1006: the connection
 * broke) are as 1011. "soon" is within seconds, "later" after a growing pause, "never" is the
 * end, "sign-in" the session's, "reload" forgets what is known of the rooms.
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
/** After so long without a word the server is asked for one, and given this to answer. */
const QUIET_MS = 25_000;
const ANSWER_MS = 10_000;
/** A connection that is not open by then will not be. */
const OPEN_MS = 15_000;
/** When the browser says that there is no network, a server that is reached without one has this to answer. */
const OFFLINE_ANSWER_MS = 500;

/** @type {import("./reactive.js").Signal<SocketState>} */
export const socketState = signal(/** @type {SocketState} */ ("connecting"));
/** When the next attempt is made (ms since 1970), while the state is "lost". */
export const nextAttempt = signal(0);
/** Why there will be no further attempt, while the state is "ended". */
export const endReason = signal("");

/** Why no connection has been made yet, as far as that can be found out. */
export const obstacle = signal("");

/** Attempts that failed before the page asks what is in their way: one may be chance. */
const FAILED_BEFORE_ASKING = 2;

/** @type {WebSocket | null} */
let socket = null;
/** Whether any attempt has succeeded: then what fails later is the network's. */
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
    // Browsers complain of one that is closed before it is open.
    socket = null;
    old.onopen = () => old.close();
  }
  drop();
  socketState.value = "connecting";
}

/**
 * @param {object} frame
 * @returns {boolean} false if there is no connection to say it on
 */
export function say(frame) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(frame));
  return true;
}

/** The connection is said to do well from now on: the next pause is short again. */
export function settled() {
  attempts = 0;
}

/** Tries now rather than at the next attempt. */
export function retryNow() {
  if (!listener || socketState.peek() !== "lost") return;
  open();
}

/** Asks whether the server is still there: after sleep, or another network. */
export function probe() {
  if (socketState.peek() === "lost") retryNow();
  else if (say({ type: "ping" })) watch(ANSWER_MS / 2, true);
}

function open() {
  drop();
  const token = session.peek()?.token;
  if (!listener || !token) return;
  socketState.value = "connecting";
  const url = address("/ws");
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  // As a subprotocol: a page can set no header, and an address may be written down on the way.
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
    const frame = JSON.parse(data);
    if (frame.type === "auth.expiring") renewToken().catch(() => {});
    else listener?.received(frame);
  };
  opening.onclose = ({ code, reason }) => {
    if (socket === opening) closed(code, reason);
  };
}

/** Lets go of the socket; whatever it still says is not heard. */
function drop() {
  clearTimeout(timer);
  clearTimeout(watchdog);
  const old = socket;
  socket = null;
  old?.close();
}

/**
 * Notices a connection that broke without a word.
 * @param {number} [wait]
 * @param {boolean} [asked] the server has been asked, or is not connected yet
 */
function watch(wait = QUIET_MS, asked = false) {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => {
    if (asked) {
      drop();
      closed(1006, "");
    } else if (say({ type: "ping" })) {
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
    // By lot, so that the clients of a restarted server do not come back all at once.
    const pause =
      (then === "later" ? longest : Math.min(longest, 3_000)) * (0.5 + Math.random() / 2);
    nextAttempt.value = Date.now() + pause;
    socketState.value = "lost";
    timer = setTimeout(open, pause);
  }
}

addEventListener("online", probe);
addEventListener("offline", () => {
  if (say({ type: "ping" })) watch(OFFLINE_ANSWER_MS, true);
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) probe();
});
