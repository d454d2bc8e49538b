// The element: its attributes and properties, its life in the page, and its events. docs/EMBED.md lists them.

import { followRoom } from "./room.js";
import { blockedByPolicy, problem } from "./problems.js";
import { Session } from "./session.js";
import { RoomView } from "./view.js";

/** @typedef {import("./session.js").TokenProvider} TokenProvider */
/** @typedef {import("./problems.js").Problem} Problem */

/** The page's own script may run after this one, and give the token then. */
const TOKEN_WITHIN_MS = 3_000;
const PROPERTIES = /** @type {const} */ (["room", "server", "token", "tokenProvider"]);

export class ChatappRoom extends HTMLElement {
  static observedAttributes = ["room", "server", "token"];
  #view;
  /** @type {Session | null} */
  #session = null;
  /** Of the `token` property, which is not in the document as the attribute is. */
  #token = "";
  /** @type {TokenProvider | null} */
  #provider = null;
  /** @type {Map<string, string>} */
  #shown = new Map();
  #isPlanned = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** Ends the listeners of one life in the page. */
  #life = new AbortController();

  constructor() {
    super();
    this.#view = new RoomView(this.attachShadow({ mode: "open" }));
    this.#view.refused = (detail) => this.#fire("error", detail);
    // What the page has set before this script ran hides the property of the class.
    for (const name of PROPERTIES) {
      if (!Object.hasOwn(this, name)) continue;
      const value = /** @type {any} */ (this)[name];
      delete (/** @type {any} */ (this)[name]);
      /** @type {any} */ (this)[name] = value;
    }
  }

  /** The number of the room. */
  get room() {
    return this.getAttribute("room") ?? "";
  }

  set room(room) {
    this.setAttribute("room", String(room));
  }

  /** The address of the chat: that from which this script came, unless the page names another. */
  get server() {
    return this.getAttribute("server") ?? new URL(".", import.meta.url).href;
  }

  set server(server) {
    this.setAttribute("server", server);
  }

  get token() {
    return this.#token || (this.getAttribute("token") ?? "");
  }

  set token(token) {
    this.#token = token ?? "";
    this.#takeToken();
  }

  /** Returns a new token: called at the start, before a token expires, and when it is not valid any more. */
  get tokenProvider() {
    return this.#provider;
  }

  set tokenProvider(provider) {
    this.#provider = provider;
    if (!this.#session) this.#restart();
  }

  connectedCallback() {
    this.#life = new AbortController();
    const { signal } = this.#life;
    const isBack = () => {
      if (document.visibilityState !== "visible") return;
      this.#session?.probe();
      this.#view.messages.see();
    };
    document.addEventListener("visibilitychange", isBack, { signal });
    addEventListener("online", isBack, { signal });
    document.addEventListener("securitypolicyviolation", (event) => this.#blocked(event), {
      signal,
    });
    this.#restart();
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#stop();
  }

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} after
   */
  attributeChangedCallback(name, before, after) {
    if (before === after || !this.isConnected) return;
    if (name === "token") this.#takeToken();
    else this.#restart();
  }

  #takeToken() {
    if (this.#session && this.token) this.#session.use(this.token);
    else this.#restart();
  }

  /** Begins with the attributes as they are after all changes of this moment. */
  #restart() {
    if (!this.isConnected || this.#isPlanned) return;
    this.#isPlanned = true;
    queueMicrotask(() => {
      this.#isPlanned = false;
      this.#stop();
      if (this.isConnected) this.#begin();
    });
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#session?.end();
    this.#session = null;
    this.#shown.clear();
  }

  #begin() {
    const id = Number(this.room);
    if (!(Number.isSafeInteger(id) && id > 0)) return this.#failed(problem("room_missing"));
    this.#changed("connecting");
    if (!this.token && !this.#provider) {
      const late = () => this.#failed(problem("token_missing"));
      this.#timer = setTimeout(late, TOKEN_WITHIN_MS);
      return;
    }
    this.#session = new Session({
      url: new URL(this.server, location.href).href,
      token: () => this.token,
      provider: () => this.#provider,
      changed: (state) => this.#changed(state),
      failed: (found) => this.#failed(found),
      started: (client) =>
        followRoom(client, id, this.#view, {
          received: (message) =>
            this.#fire("message", { message, isOwn: message.user_id === client.user.id }),
          left: (found) => {
            this.#session?.end();
            this.#changed("ended");
            this.#failed(found);
          },
        }),
    });
    this.#session.start();
  }

  /** @param {string} state */
  #changed(state) {
    if (state === "live") this.#view.problem = "";
    if (state === this.#shown.get("state")) return;
    this.#shown.set("state", state);
    this.#view.state = state;
    this.#fire("state", { state });
  }

  /** @param {Problem} found */
  #failed(found) {
    this.#view.problem = found.message;
    this.#fire("error", found);
  }

  /** The page's policy has stopped a request. @param {SecurityPolicyViolationEvent} event */
  #blocked({ effectiveDirective, blockedURI }) {
    if (effectiveDirective !== "connect-src") return;
    const { host } = new URL(this.server, location.href);
    const address = URL.canParse(blockedURI) ? new URL(blockedURI) : null;
    if (address?.host === host) this.#failed(blockedByPolicy(address.origin));
  }

  /**
   * @param {"message" | "error" | "state"} name
   * @param {object} detail
   */
  #fire(name, detail) {
    this.dispatchEvent(new CustomEvent(`chatapp-${name}`, { bubbles: true, detail }));
  }
}
