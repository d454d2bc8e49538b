// The one connection for all rooms: the socket at `/ws`. It reconnects by itself after a random pause, and passes
// frames on. It does not know rooms: sync.js resumes them.

/** @typedef {import("./types.js").ConnectionState} ConnectionState */
/** @typedef {import("./types.js").Socket} Socket */
/** @typedef {ReturnType<typeof setTimeout> | undefined} Timer */

/**
 * What to do after each close code, as /asyncapi.json advises. Other codes are treated as 1011; 1006 means
 * that the connection broke. "soon": reconnect within seconds. "later": reconnect after a growing pause.
 * "never": do not reconnect. "sign-in": the session has ended. "reload": forget the rooms and reconnect.
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
const LONGEST_SOON_MS = 3_000;
/** After this time without a frame the client sends a ping, and the server has ANSWER_MS to answer. */
const QUIET_MS = 25_000;
const ANSWER_MS = 10_000;
/** A connection that does not open within this time is given up. */
const OPEN_MS = 15_000;
/** `readyState` of a socket. */
const [CONNECTING, OPEN] = [0, 1];

export class Connection {
  /** @type {ConnectionState} */
  state = "connecting";
  #options;
  /** `connect` was called, and `disconnect` was not. */
  #isWanted = false;
  /** @type {Socket | null} */
  #socket = null;
  /** The number of the latest attempt. What an earlier one leads to is ignored. */
  #attempt = 0;
  /** How many attempts have failed since the connection last worked. */
  #failures = 0;
  /** @type {Timer} */
  #timer;
  /** @type {Timer} */
  #watchdog;

  /** @param {import("./types.js").ConnectionOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** Connects, and stays connected until `disconnect`. */
  connect() {
    this.#isWanted = true;
    this.#failures = 0;
    this.#open();
  }

  disconnect() {
    this.#isWanted = false;
    const old = this.#socket;
    if (old?.readyState === CONNECTING) {
      // Browsers log an error if a socket is closed before it is open.
      this.#socket = null;
      old.onopen = () => old.close();
    }
    this.#drop();
    this.#become("connecting");
  }

  /**
   * @param {import("./shapes.js").Verb} verb
   * @returns {boolean} false if there is no connection
   */
  send(verb) {
    if (this.#socket?.readyState !== OPEN) return false;
    this.#socket.send(JSON.stringify(verb));
    return true;
  }

  /** The connection works: the next pause is short again. */
  settled() {
    this.#failures = 0;
  }

  /** Connects now, without waiting for the next attempt. */
  retryNow() {
    if (this.#isWanted && this.state === "lost") this.#open();
  }

  /**
   * Checks the connection, which may have broken while the machine slept or changed its network.
   * @param {number} [wait] the time that the server has to answer
   */
  probe(wait = ANSWER_MS / 2) {
    if (this.state === "lost") this.retryNow();
    else this.check(wait);
  }

  /** Asks the server for a sign of life, if there is a connection. @param {number} wait the time to answer, in ms */
  check(wait) {
    if (this.send({ type: "ping" })) this.#watch(wait, true);
  }

  async #open() {
    this.#drop();
    if (!this.#isWanted) return;
    const attempt = ++this.#attempt;
    const { handshake } = this.#options;
    /** @type {import("./types.js").SocketClass} */
    const WebSocket = this.#options.WebSocket ?? globalThis.WebSocket;
    let how = handshake();
    if (!how) return;
    this.#become("connecting");
    this.#watch(OPEN_MS, true);
    if ("then" in how) {
      try {
        how = await how;
      } catch {
        if (attempt === this.#attempt) this.#closed(1006, "");
        return;
      }
      if (attempt !== this.#attempt) return;
    }
    /** @type {Socket} */
    const socket = new WebSocket(...how);
    this.#socket = socket;
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      this.#watch();
      this.#become("live");
    };
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      this.#watch();
      const frame = /** @type {import("./shapes.js").Frame} */ (JSON.parse(data));
      if (frame.type === "auth.expiring") this.#options.listener.expiring();
      else this.#options.listener.received(frame);
    };
    socket.onclose = ({ code, reason }) => {
      if (this.#socket === socket) this.#closed(code, reason);
    };
    // It is followed by `onclose`. Some classes throw an error that nobody listens to.
    socket.onerror = () => {};
  }

  /** Closes the socket and ignores what it still receives. */
  #drop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    this.#attempt += 1;
    const old = this.#socket;
    this.#socket = null;
    old?.close();
  }

  /**
   * Notices a connection that broke silently.
   * @param {number} [wait]
   * @param {boolean} [asked] the server has been asked, or is not connected yet
   */
  #watch(wait = QUIET_MS, asked = false) {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => {
      if (asked) {
        this.#drop();
        this.#closed(1006, "");
      } else this.check(ANSWER_MS);
    }, wait);
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #closed(code, reason) {
    clearTimeout(this.#watchdog);
    this.#socket = null;
    const { listener } = this.#options;
    const then = AFTER_CLOSE[code] ?? "later";
    if (then === "sign-in") {
      this.#isWanted = false;
      this.#become("ended", { reason: reason || "the session has ended" });
      listener.signedOut();
    } else if (then === "never") {
      this.#isWanted = false;
      this.#become("ended", { reason: reason || `The server ended the connection (${code}).` });
    } else {
      if (then === "reload") listener.forgotten();
      const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
      this.#failures += 1;
      listener.failed?.(this.#failures);
      // Random, so that the clients of a restarted server do not all reconnect at once.
      const most = then === "later" ? longest : Math.min(longest, LONGEST_SOON_MS);
      const pause = most * (0.5 + Math.random() / 2);
      this.#timer = setTimeout(() => this.#open(), pause);
      this.#become("lost", { nextAttempt: Date.now() + pause });
    }
  }

  /**
   * @param {ConnectionState} state
   * @param {Partial<import("./types.js").StateDetails>} [details]
   */
  #become(state, { nextAttempt = 0, reason = "" } = {}) {
    this.state = state;
    this.#options.listener.changed(state, { nextAttempt, reason });
  }
}
