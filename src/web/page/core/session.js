// Who is signed in. The token is in the browser's storage, so that every tab has it and a reload keeps it;
// why that is safe here, and what it is not safe against, is in docs/SECURITY.md.

import { signal } from "./reactive.js";
import { call } from "./api.js";
import { storage } from "./storage.js";

/**
 * @typedef {{ token: string, user: import("./types.js").User, renewedAt: number, endsAt: number
 *   }} Session times in ms since 1970, by this machine's clock
 */

const KEY = "chatapp.session";
/** The part of a token's life after which a new one is got. */
const RENEW_AFTER = 0.5;
const RETRY_MS = 30_000;
/** The longest that a browser's timer runs is 2^31 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @type {import("./reactive.js").Signal<Session | null>} */
export const session = signal(/** @type {Session | null} */ (null));
/** Why the session ended, if it was not its user who ended it. */
export const farewell = signal("");

let timer = 0;

/** Takes the session that is kept, and follows what other tabs do. */
export function restoreSession() {
  take(read());
  addEventListener("storage", ({ key }) => {
    if (key === KEY || key === null) take(read());
  });
}

/**
 * @param {string} username
 * @param {string} password
 * @param {(token: string) => Promise<void>} [first] what is to be done before the chat is shown
 */
export async function signIn(username, password, first) {
  const login = await call("POST", "/auth/login", { username, password });
  await first?.(login.access_token);
  keep(login);
  farewell.value = "";
}

/** Ends the session on the server too; the page is signed out at once, reachable or not. */
export async function signOut() {
  const ending = call("POST", "/auth/logout").catch(() => {});
  farewell.value = "";
  forget();
  await ending;
}

/**
 * The server says that the session is over.
 * @param {string} why
 */
export function signedOut(why) {
  farewell.value = why;
  forget();
}

/**
 * Gets a new token for the session. One tab does it for all: who waited finds it done.
 * @returns {Promise<void>}
 */
export async function renewToken() {
  const old = session.peek()?.token;
  const renew = async () => {
    const kept = read();
    if (!kept || kept.token !== old) return take(kept);
    const login = await call("POST", "/auth/refresh");
    // Signed out meanwhile: the new token is of the session that was ended, and worth nothing.
    if (session.peek()) keep(login);
  };
  let isDone = false;
  const once = () => {
    isDone = true;
    return renew();
  };
  try {
    await navigator.locks?.request(KEY, once);
  } catch (error) {
    if (isDone) throw error;
  }
  // Without https there are no locks, and a browser that forbids storage may forbid them as well. Tabs may
  // then do it twice.
  if (!isDone) await renew();
}

/** @param {import("./types.js").Login} login */
function keep({ access_token: token, expires_in, user }) {
  const now = Date.now();
  const kept = { token, user, renewedAt: now, endsAt: now + expires_in * 1000 };
  storage.set(KEY, JSON.stringify(kept));
  take(kept);
}

function forget() {
  storage.remove(KEY);
  take(null);
}

/** @param {Session | null} kept */
function take(kept) {
  if (kept?.token === session.peek()?.token) return;
  session.value = kept;
  clearTimeout(timer);
  if (!kept) return;
  const wait = kept.renewedAt + (kept.endsAt - kept.renewedAt) * RENEW_AFTER - Date.now();
  timer = setTimeout(renewInTime, Math.min(Math.max(wait, 0), LONGEST_TIMER_MS));
}

async function renewInTime() {
  try {
    await renewToken();
  } catch {
    // Refused: the session is over by now. Unreachable: there is time to try again.
    if (session.peek()) timer = setTimeout(renewInTime, RETRY_MS);
  }
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
