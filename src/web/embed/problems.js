// What can go wrong, as sentences for the visitor, with codes for the page.

import { ApiError, isOfSession } from "../../../sdk/javascript/src/errors.js";

/** @typedef {{ code: string, message: string, reason?: string }} Problem `reason`: the server's words, if there are any */

/** The page's function that returns tokens has failed. */
export class TokenUnavailable extends Error {}

/** @type {Record<string, string>} */
const SENTENCES = {
  room_missing: 'This chat cannot start: the element needs the number of a room, as room="1".',
  token_missing: "This chat cannot start: the page has given it no token.",
  token_unavailable: "You could not be signed in to the chat. Trying again…",
  token_ended: "Your access to this chat has ended. Reload the page to go on.",
  token_refused: "The chat does not accept your access. Reload the page to sign in again.",
  unreachable: "The chat server cannot be reached. Check your connection. Trying again…",
  room_not_found: "This chat room does not exist, or you have no access to it.",
  room_deleted: "This chat room was deleted.",
  banned: "You were banned from this chat room.",
  left: "You have left this chat room.",
};

/** @param {string} code @returns {Problem} */
export const problem = (code) => ({ code, message: SENTENCES[code] ?? code });

/** The room is not followed any more. @param {string} cause */
export const leftBecause = (cause) =>
  SENTENCES[cause]
    ? problem(cause)
    : { code: cause, message: "You have no access to this chat room any more." };

/** The page's policy does not let it reach the server. @param {string} address @returns {Problem} */
export const blockedByPolicy = (address) => ({
  code: "blocked_by_policy",
  message: `This page's Content-Security-Policy does not let it reach the chat: connect-src must name ${address}`,
});

/**
 * Why the chat did not start.
 * @param {unknown} error
 * @param {import("../../../sdk/javascript/src/api.js").Api} api
 * @returns {Promise<Problem>}
 */
export async function problemOf(error, api) {
  if (error instanceof TokenUnavailable) return problem("token_unavailable");
  if (!(error instanceof ApiError)) return { code: "internal", message: String(error) };
  const { code, message } = error;
  if (isOfSession(code)) return problem("token_refused");
  if (code !== "unreachable") return { code, message };
  return (await refusesThisPage(api)) ? refused() : problem(code);
}

/** The server answers, but not to pages of this origin. */
function refused() {
  const { origin } = location;
  return {
    code: "origin_not_allowed",
    message: `The chat server does not allow pages of ${origin}: its operator must name this origin in http.allowed_origins.`,
  };
}

/**
 * Whether the server answers a request whose answer the page may not read.
 * @param {import("../../../sdk/javascript/src/api.js").Api} api
 */
async function refusesThisPage(api) {
  try {
    await fetch(api.address("/health"), { mode: "no-cors" });
    return true;
  } catch {
    return false;
  }
}
