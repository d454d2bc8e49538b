// The messages of a room that other messages quote, as they stand now: each is read once, and then follows the log.

import { ApiError, call } from "./api.js";
import { signal } from "./reactive.js";

/** @typedef {import("./types.js").Message} Message */
/** @typedef {Message | "loading" | "unknown" | "failed"} Quoted `unknown`: the reader may not see it */

export class QuotedMessages {
  /** @type {Map<number, import("./reactive.js").Signal<Quoted>>} */
  #known = new Map();

  /** @param {import("./loaded-messages.js").LoadedMessages} messages the loaded messages of the room */
  constructor(messages) {
    this.messages = messages;
  }

  /**
   * @param {number} id
   * @returns {import("./reactive.js").Signal<Quoted>}
   */
  get(id) {
    const known = this.#known.get(id);
    if (known) {
      if (known.peek() === "failed") this.#read(id, known);
      return known;
    }
    const loaded = this.messages.withId(id);
    const quoted = signal(/** @type {Quoted} */ (loaded ?? "loading"));
    this.#known.set(id, quoted);
    if (!loaded) this.#read(id, quoted);
    return quoted;
  }

  /** Takes an event of the log. @param {import("./types.js").MessageLogEvent} event */
  take(event) {
    if (event.type !== "message_edited" && event.type !== "message_deleted") return;
    const quoted = this.#known.get(event.message_id);
    const message = quoted?.peek();
    if (!quoted || message === undefined) return;
    // The answer that is awaited may be older than the event.
    if (typeof message === "string") this.#read(event.message_id, quoted);
    else if (event.type === "message_edited")
      quoted.value = { ...message, content: event.content, edited_at: event.timestamp };
    else quoted.value = { ...message, content: "", deleted_at: event.timestamp };
  }

  /** Forgets everything, because events may have been missed. Views that come later read again. */
  forget() {
    this.#known.clear();
  }

  /**
   * @param {number} id
   * @param {import("./reactive.js").Signal<Quoted>} quoted
   */
  async #read(id, quoted) {
    quoted.value = "loading";
    try {
      quoted.value = await call("GET", `/rooms/${this.messages.roomId}/messages/${id}`);
    } catch (error) {
      quoted.value = error instanceof ApiError && error.status === 404 ? "unknown" : "failed";
    }
  }
}
