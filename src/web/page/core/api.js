// The page's calls of the HTTP API, and what the reader is told when one fails.

import { Api } from "../sdk/javascript/src/api.js";
import { ApiError } from "../sdk/javascript/src/errors.js";
import { ROOT } from "./address.js";
import { forgetSession, session } from "./session.js";

export { ApiError };

const api = new Api({
  url: ROOT,
  token: () => session.peek()?.token,
  ended: (detail) => forgetSession(sentence(detail)),
});

export const call = api.call.bind(api);

/**
 * Adds a capital letter and a full stop, and shows what the server marks as code in quotation marks.
 * @param {string} text
 */
export function sentence(text) {
  const end = /[.!?…]$/.test(text) ? "" : ".";
  const plain = text.replace(/`([^`]*)`/g, "“$1”");
  return plain.charAt(0).toUpperCase() + plain.slice(1) + end;
}

/**
 * Explains an error to the reader.
 * @param {unknown} error
 * @returns {string}
 */
export function words(error) {
  if (!(error instanceof ApiError)) {
    console.error(error);
    return "Something went wrong on this page. Reload it and try again.";
  }
  const fields = error.fields.map(({ field, message }) => sentence(`${field} ${message}`));
  return fields.length ? fields.join(" ") : sentence(error.message);
}
