// Has the server count a room's unread messages when the page is not certain of their number.

import { call } from "./api.js";

/** @typedef {import("./room.js").Room} Room */

/** The time before a count: more may change by then, and many clients ask at the same time. */
const COUNT_MS = 500;
const MAX_TRIES = 10;

export class Recount {
  /** Rooms that are about to be counted. @type {Set<number>} */
  #counting = new Set();
  #ended = false;
  /** More threads of a room have unread replies than before. @type {(room: Room) => void} */
  onThreads = () => {};

  /**
   * @param {Room} room
   * @param {number} [tries]
   */
  soon(room, tries = MAX_TRIES) {
    if (!room.isUncertain || this.#counting.has(room.id) || this.#ended || tries === 0) return;
    this.#counting.add(room.id);
    setTimeout(
      async () => {
        try {
          const before = room.unreadThreads.peek();
          room.count(await call("GET", `/rooms/${room.id}`));
          if (room.unreadThreads.peek() > before) this.onThreads(room);
          await room.thread?.ask();
        } catch {
          // The list is read again with the next connection.
        }
        this.#counting.delete(room.id);
        this.soon(room, tries - 1);
      },
      COUNT_MS * (1 + 2 * Math.random()),
    );
  }

  end() {
    this.#ended = true;
  }
}
