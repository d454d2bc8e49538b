// The visitor's session: gets tokens from the page, connects with them, and begins anew with another token when one is
// not valid any more.

import { Api } from "../../../sdk/javascript/src/api.js";
import { connect } from "../../../sdk/javascript/src/client/client.js";
import { sessionOf } from "../../../sdk/javascript/src/renewal.js";
import { problem, problemOf, TokenUnavailable } from "./problems.js";
import { storageFor } from "./storage.js";

/**
 * @typedef {import("../../../sdk/javascript/src/client/client.js").ChatClient} ChatClient
 * @typedef {import("../../../sdk/javascript/src/types.js").KeptSession} KeptSession
 * @typedef {() => Promise<string> | string} TokenProvider
 *
 * @typedef {object} SessionOptions
 * @property {string} url the server's address
 * @property {() => string} token the page's token; empty: it has none
 * @property {() => TokenProvider | null} provider the page's function that returns new tokens
 * @property {(client: ChatClient) => void} started there is a client, which is connecting
 * @property {(state: string) => void} changed the state of the connection
 * @property {(problem: import("./problems.js").Problem) => void} failed
 */

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** A session that worked for so long was a good one: the next one is begun at once. */
const GOOD_MS = 10_000;

export class Session {
  #options;
  #api;
  #storage;
  /** @type {ChatClient | null} */
  #client = null;
  /** The number of the latest attempt. What an earlier one leads to is ignored. */
  #attempt = 0;
  /** How many attempts have failed one after the other. */
  #failures = 0;
  #liveSince = Infinity;
  /** The token of the page that was tried last: it is tried once. */
  #tried = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {SessionOptions} options */
  constructor(options) {
    this.#options = options;
    this.#api = new Api({ url: options.url });
    this.#storage = storageFor(this.#api.root.href);
  }

  /** Gets a token and connects. */
  async start() {
    const attempt = ++this.#attempt;
    clearTimeout(this.#timer);
    try {
      const session = await this.#sessionOf(await this.#nextToken());
      const client = await connect({
        url: this.#options.url,
        storage: this.#storage,
        ...(session.user ? { session: /** @type {KeptSession} */ (session) } : session),
        ...(this.#options.provider() && { renew: () => this.#renew() }),
      });
      if (attempt === this.#attempt) this.#take(client);
      else client.close();
    } catch (error) {
      if (attempt === this.#attempt) await this.#failed(error, attempt);
    }
  }

  /** The page has another token. @param {string} token */
  use(token) {
    const client = this.#client;
    if (!client || isOfProduct(token)) return this.start();
    this.#tried = token;
    client.use({ token, user: client.user, ...ENDLESS() });
  }

  /** Checks the connection: the machine may have slept or changed its network. */
  probe() {
    this.#client?.probe();
  }

  end() {
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#client?.close();
    this.#client = null;
  }

  /** @param {ChatClient} client */
  #take(client) {
    this.#client?.close();
    this.#client = client;
    client.on("state", ({ state }) => {
      if (state === "live") this.#liveSince = Date.now();
      // An end is not shown as one if there is another token.
      if (state !== "ended") this.#options.changed(state);
    });
    client.on("ended", ({ reason }) => this.#client === client && this.#ended(reason));
    this.#options.started(client);
  }

  /** A token that was not tried before. */
  async #nextToken() {
    const token = this.#options.token();
    const provider = this.#options.provider();
    if (!provider || (token && token !== this.#tried)) {
      this.#tried = token;
      return token;
    }
    return provided(provider);
  }

  async #renew() {
    const { provider } = this.#options;
    const session = await this.#sessionOf(
      await provided(/** @type {TokenProvider} */ (provider())),
    );
    const user = session.user ?? /** @type {ChatClient} */ (this.#client).user;
    return { ...ENDLESS(), ...session, user };
  }

  /**
   * Opens a session, if the token is one of the product's own.
   * @param {string} token
   * @returns {Promise<{ token: string } & Partial<KeptSession>>}
   */
  async #sessionOf(token) {
    if (!isOfProduct(token)) return { token };
    return sessionOf(await this.#api.call("POST", "/auth/exchange", { token }));
  }

  /** @param {string} reason */
  #ended(reason) {
    this.#client = null;
    const { provider, token, changed, failed } = this.#options;
    if (!provider() && token() === this.#tried) {
      changed("ended");
      return failed({ ...problem("token_ended"), reason });
    }
    changed("connecting");
    if (Date.now() - this.#liveSince > GOOD_MS) this.#failures = 0;
    this.#liveSince = Infinity;
    this.#tryAgain(this.#failures === 0 ? 0 : this.#pause());
  }

  /**
   * @param {unknown} error
   * @param {number} attempt
   */
  async #failed(error, attempt) {
    const found = await problemOf(error, this.#api);
    if (attempt !== this.#attempt) return;
    const isOver = found.code === "token_refused" && !this.#options.provider();
    this.#options.changed(isOver ? "ended" : "lost");
    this.#options.failed(found);
    // The page may have only this token, which is tried again unless the server has refused it.
    if (isOver) return;
    if (!this.#options.provider()) this.#tried = "";
    const { retryAfter = 0 } = /** @type {{ retryAfter?: number }} */ (error);
    this.#tryAgain(Math.max(retryAfter * 1000, this.#pause()));
  }

  #pause() {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    // Random, so that the visitors of a page do not all return at once.
    return longest * (0.5 + Math.random() / 2);
  }

  /** @param {number} pause */
  #tryAgain(pause) {
    this.#failures += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.start(), pause);
  }
}

/** The server says when a token of its own ends, a minute before. */
const ENDLESS = () => ({ renewedAt: Date.now(), endsAt: Infinity });

/** @param {TokenProvider} provider */
async function provided(provider) {
  let token;
  try {
    token = await provider();
  } catch (error) {
    console.error("chatapp-room: tokenProvider failed:", error);
    throw new TokenUnavailable();
  }
  if (typeof token === "string" && token) return token;
  console.error("chatapp-room: tokenProvider must return a token, which is a text, and not", token);
  throw new TokenUnavailable();
}

/** Whether a token was signed by a product: it says who made it, and must be exchanged. @param {string} token */
function isOfProduct(token) {
  try {
    const [, claims = ""] = token.split(".");
    return "iss" in JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return false;
  }
}
