// The stretch of a room's messages that is in memory: contiguous, bounded, and moved by loading
// pages at its ends. The newest messages are part of it only if `hasNewer` is false.

import { call } from "./api.js";
import { signal } from "./reactive.js";

/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./types.js").Frame} Frame */

const PAGE = 100;
/** The most messages kept, and so about the most elements of the list. */
export const MAX_MESSAGES = 300;
/** Events of the log that are remembered, to bring a page up to date that was read before them. */
const RECENT = 300;

export class Timeline {
  /** @type {Message[]} */
  messages = [];
  hasOlder = false;
  hasNewer = false;
  /** Changes with everything above. */
  version = signal(0);
  /** @type {import("./reactive.js").Signal<"" | "all" | "older" | "newer">} */
  loading = signal(/** @type {"" | "all" | "older" | "newer"} */ (""));
  /** @type {import("./reactive.js").Signal<unknown>} */
  error = signal(/** @type {unknown} */ (null));
  /** Messages were loaded at least once. */
  loaded = false;
  /** @type {Frame[]} */
  #recent = [];
  /** A load that another one has overtaken changes nothing. */
  #turn = 0;

  /** @param {number} roomId */
  constructor(roomId) {
    this.roomId = roomId;
  }

  /** Shows the newest messages. */
  loadNewest() {
    return this.#load("all", `limit=${PAGE}`);
  }

  /**
   * Shows the messages round a position.
   * @param {number} seq
   */
  loadAround(seq) {
    return this.#load("all", `limit=${PAGE}&around=${seq}`);
  }

  loadOlder() {
    const first = this.messages[0];
    if (!this.hasOlder || !first || this.loading.peek()) return;
    return this.#load("older", `limit=${PAGE}&before=${first.seq}`);
  }

  loadNewer() {
    const last = this.messages.at(-1);
    if (!this.hasNewer || !last || this.loading.peek()) return;
    return this.#load("newer", `limit=${PAGE}&after=${last.seq}`);
  }

  /**
   * Takes an event of the room's log, each once and in order.
   * @param {Frame} event
   */
  take(event) {
    this.#recent.push(event);
    if (this.#recent.length > 2 * RECENT) this.#recent.splice(0, RECENT);
    if (this.loaded && this.#apply(event)) this.version.value += 1;
  }

  /**
   * Shows a message as it is now.
   * @param {Message} message
   */
  replace(message) {
    const at = this.messages.findIndex(({ seq }) => seq === message.seq);
    if (at < 0) return;
    this.messages[at] = message;
    this.version.value += 1;
  }

  /** Forgets everything: the log is another one. */
  forget() {
    this.#turn += 1;
    this.#recent = [];
    this.loaded = false;
    this.messages = [];
    this.hasOlder = this.hasNewer = false;
    this.loading.value = "";
    this.version.value += 1;
  }

  /**
   * Drops what is too much, at the end that is not being looked at.
   * @param {"older" | "newer"} end
   */
  trim(end) {
    const surplus = this.messages.length - MAX_MESSAGES;
    if (surplus <= 0) return;
    if (this.loading.peek() === end) {
      // The page on its way would stand beside what is dropped, with a gap between them.
      this.#turn += 1;
      this.loading.value = "";
    }
    if (end === "older") {
      this.messages.splice(0, surplus);
      this.hasOlder = true;
    } else {
      this.messages.splice(-surplus);
      this.hasNewer = true;
    }
  }

  /**
   * @param {"all" | "older" | "newer"} what
   * @param {string} query
   */
  async #load(what, query) {
    const turn = ++this.#turn;
    this.loading.value = what;
    this.error.value = null;
    try {
      /** @type {import("./types.js").MessagePage} */
      const page = await call("GET", `/rooms/${this.roomId}/messages?${query}`);
      if (turn !== this.#turn) return;
      if (what === "older") {
        this.messages.unshift(...page.messages);
        this.hasOlder = page.has_older;
        this.trim("newer");
      } else if (what === "newer") {
        this.messages.push(...page.messages);
        this.hasNewer = page.has_newer;
        this.trim("older");
      } else {
        this.messages = page.messages;
        this.hasOlder = page.has_older;
        this.hasNewer = page.has_newer;
      }
      this.loaded = true;
      // What happened while the page was on its way.
      for (const event of this.#recent) if (event.seq > page.head_seq) this.#apply(event);
    } catch (error) {
      if (turn === this.#turn) this.error.value = error;
    } finally {
      if (turn === this.#turn) {
        this.loading.value = "";
        this.version.value += 1;
      }
    }
  }

  /**
   * @param {Frame} event
   * @returns {boolean} whether anything changed
   */
  #apply(event) {
    if (event.type === "message") {
      const last = this.messages.at(-1);
      if (this.hasNewer || (last && last.seq >= event.seq)) return false;
      this.messages.push(event);
      // Far more than a screenful: whoever reads up there must not lose the place.
      if (this.messages.length > 2 * MAX_MESSAGES) this.trim("newer");
      return true;
    }
    const at = this.messages.findIndex(({ seq }) => seq === event.message_seq);
    const message = this.messages[at];
    if (!message) return false;
    // A new object, so that its row is made anew.
    if (event.type === "message_edited") {
      this.messages[at] = { ...message, content: event.content, edited_at: event.timestamp };
    } else if (event.type === "message_deleted") {
      this.messages[at] = { ...message, content: "", deleted_at: event.timestamp };
    } else {
      return false;
    }
    return true;
  }
}
