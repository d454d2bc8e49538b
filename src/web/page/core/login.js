// Signing in and out, and renewing the session's token.

import { Renewal } from "../sdk/javascript/src/renewal.js";
import { call } from "./api.js";
import { effect } from "./reactive.js";
import { KEY, farewell, forgetSession, keepSession, rereadSession, session } from "./session.js";

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
  const renewal = new Renewal(renewToken);
  effect(() => {
    const kept = session.value;
    if (kept) renewal.plan(kept.renewedAt, kept.endsAt);
    else renewal.stop();
  });
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
