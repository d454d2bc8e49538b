// Calls of the HTTP API.

import { ApiError, isOfSession } from "./errors.js";

const DEADLINE_MS = 20_000;

export class Api {
  #options;

  /** @param {import("./types.js").ApiOptions} options */
  constructor(options) {
    this.#options = options;
    const root = new URL(options.url);
    // Paths are below the address, which a proxy may have put into a folder.
    if (!root.pathname.endsWith("/")) root.pathname += "/";
    this.root = root;
  }

  /** @param {string} path of the API, as its documents have it: `/rooms/` */
  address(path) {
    return new URL(`.${path}`, this.root);
  }

  /**
   * Calls the API with the session's token, if there is one.
   * @param {import("./types.js").Method} method
   * @param {string} path
   * @param {object} [body]
   * @param {import("./types.js").CallOptions} [options]
   * @returns {Promise<any>} the answer's JSON; undefined if it has none
   * @throws {ApiError}
   */
  async call(method, path, body, { token, keepalive = false } = {}) {
    const { token: ofSession = () => null, ended, fetch = globalThis.fetch } = this.#options;
    const sent = token ?? ofSession();
    /** @type {Record<string, string>} */
    const headers = {};
    if (sent) headers["Authorization"] = `Bearer ${sent}`;
    if (body) headers["Content-Type"] = "application/json";
    let answer, text;
    try {
      answer = await fetch(this.address(path), {
        method,
        headers,
        body: body ? JSON.stringify(body) : null,
        keepalive,
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
    const { code = "", detail = `The server answered ${answer.status}.`, errors } = json ?? {};
    const wait = Number(answer.headers.get("Retry-After")) || undefined;
    // Only if the call was made in this session: another one may have replaced it meanwhile.
    if (isOfSession(code) && sent && sent === ofSession()) ended?.(detail);
    throw new ApiError(answer.status, code, detail, errors, wait);
  }
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
