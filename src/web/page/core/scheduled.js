// The reader's messages that the server sends later.

import { call } from "./api.js";
import { keyOf } from "./echoes.js";
import { signal } from "./reactive.js";

/** @typedef {import("./types.js").ScheduledMessage} Scheduled */

/** The list is read again at most so often. */
const REREAD_MS = 300;

export class ScheduledMessages {
  /** Those that are sent first at the front. null: not read yet. @type {import("./reactive.js").Signal<Scheduled[] | null>} */
  list = signal(/** @type {Scheduled[] | null} */ (null));
  /** Counts the questions to the server: an answer to an older one is dropped. */
  #turn = 0;
  #timer = 0;

  /** @param {import("./echoes.js").Echoes} echoes */
  constructor(echoes) {
    this.echoes = echoes;
  }

  /** Those that could not be sent. */
  get failed() {
    return (this.list.value ?? []).filter(({ failure }) => failure);
  }

  /** @param {number} roomId @param {number | null} threadId */
  in(roomId, threadId) {
    return (this.list.value ?? []).filter(
      (one) => one.room_id === roomId && (one.thread_id ?? null) === threadId,
    );
  }

  async read() {
    const turn = ++this.#turn;
    try {
      const list = await call("GET", "/users/me/scheduled");
      if (turn === this.#turn) this.list.value = list;
    } catch (error) {
      // The list is read again with the next connection.
      console.info(error);
    }
  }

  /** Something was changed elsewhere, or by the server. */
  readSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.read(), REREAD_MS);
  }

  /**
   * @param {number} roomId
   * @param {{ content: string, send_at: string, thread_id?: number }} message
   */
  add(roomId, message) {
    return this.#change("POST", `/rooms/${roomId}/scheduled`, roomId, message);
  }

  /**
   * @param {Scheduled} message
   * @param {{ content?: string, send_at?: string }} changes
   */
  update({ id, room_id }, changes) {
    return this.#change("PATCH", `/users/me/scheduled/${id}`, room_id, changes);
  }

  /** @param {Scheduled} message */
  remove({ id, room_id }) {
    return this.#change("DELETE", `/users/me/scheduled/${id}`, room_id);
  }

  end() {
    clearTimeout(this.#timer);
    this.#turn += 1;
  }

  /**
   * @param {"POST" | "PATCH" | "DELETE"} method
   * @param {string} path
   * @param {number} roomId
   * @param {object} [body]
   */
  async #change(method, path, roomId, body) {
    try {
      await this.echoes.of(keyOf("scheduled", roomId), () => call(method, path, body));
    } finally {
      // Also after an error: the message may have been sent meanwhile.
      await this.read();
    }
  }
}
