// Signing in and out, and renewing the session's token.

import { call } from "./api.js";
import { effect } from "./reactive.js";
import { KEY, farewell, forgetSession, keepSession, rereadSession, session } from "./session.js";

/** The part of a token's life after which it is renewed. */
const RENEW_AFTER = 0.5;
const RETRY_MS = 30_000;
/** The longest time that a browser's timer takes is 2^31 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

let timer = 0;

/**
 * @param {string} username
 * @param {string} password
 * @param {(token: string) => Promise<void>} [first] what to do before the chat is shown
 */
export async function signIn(username, password, first) {
  const login = await call("POST", "/auth/login", { username, password });
  await first?.(login.access_token);
  keepSession(login);
  farewell.value = "";
}

/** Ends the session on the server too. The page is signed out at once, even if the server is unreachable. */
export async function signOut() {
  const ending = call("POST", "/auth/logout").catch(() => {});
  forgetSession("");
  await ending;
}

/** Renews every token before it expires, until the page is closed. */
export function renewInTime() {
  effect(() => {
    clearTimeout(timer);
    const kept = session.value;
    if (!kept) return;
    const wait = kept.renewedAt + (kept.endsAt - kept.renewedAt) * RENEW_AFTER - Date.now();
    timer = setTimeout(tryToRenew, Math.min(Math.max(wait, 0), LONGEST_TIMER_MS));
  });
}

async function tryToRenew() {
  try {
    await renewToken();
  } catch {
    // If the server refused, the session is over by now. If it is unreachable, there is time to try again.
    if (session.peek()) timer = setTimeout(tryToRenew, RETRY_MS);
  }
}

/**
 * Gets a new token for the session. One tab does it for all; a tab that waited for the lock finds it done.
 * @returns {Promise<void>}
 */
export async function renewToken() {
  const old = session.peek()?.token;
  const renew = async () => {
    const kept = rereadSession();
    if (!kept || kept.token !== old) return;
    const login = await call("POST", "/auth/refresh");
    // If the user signed out meanwhile, the new token belongs to the ended session and is useless.
    if (session.peek()) keepSession(login);
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
  // There are no locks without https, and a browser that forbids storage may forbid locks as well. Then
  // two tabs may both renew the token.
  if (!isDone) await renew();
}
