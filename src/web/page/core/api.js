// Calls of the HTTP API, and the error that explains to the reader why one failed.

import { address } from "./address.js";
import { forgetSession, session } from "./session.js";

/** @typedef {{ field: string, message: string }} FieldError */

/** A call that failed: the server's problem document, or no answer at all. */
export class ApiError extends Error {
  /**
   * @param {number} status 0 if there was no answer
   * @param {string} code
   * @param {string} detail
   * @param {FieldError[]} [fields]
   */
  constructor(status, code, detail, fields = []) {
    super(detail);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

const DEADLINE_MS = 20_000;

/**
 * Calls the API with the session's token, if there is one.
 * @param {"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} method
 * @param {string} path
 * @param {object} [body]
 * @param {string} [token] in place of the session's
 * @returns {Promise<any>} the answer's JSON; undefined if it has none
 * @throws {ApiError}
 */
export async function call(method, path, body, token = session.peek()?.token) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (token) headers["Authorization"] = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  let answer, text;
  try {
    answer = await fetch(address(path), {
      method,
      headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    text = await answer.text();
  } catch {
    throw new ApiError(
      0,
      "unreachable",
      "The server cannot be reached. Check your connection, and try again in a moment.",
    );
  }
  const json = parse(text);
  if (answer.ok) return json;
  const detail = json?.detail ? sentence(json.detail) : `The server answered ${answer.status}.`;
  const error = new ApiError(answer.status, json?.code ?? "", detail, json?.errors);
  // Only if the call was made in this session: another one may have replaced it meanwhile.
  if (isOfSession(error.code) && token && token === session.peek()?.token) forgetSession(detail);
  throw error;
}

/** @param {string} code */
export function isOfSession(code) {
  return ["token_missing", "token_invalid", "token_expired", "session_revoked"].includes(code);
}

/**
 * @param {string} text
 * @returns {any}
 */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

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
  return fields.length ? fields.join(" ") : error.message;
}
