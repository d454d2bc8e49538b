// Why the reader was taken out of rooms, until the page has said so.

import { signal } from "./reactive.js";

/** @typedef {{ title: string, cause: import("./types.js").LeftCause }} Leaving */

export class Leavings {
  /** @type {import("./reactive.js").Signal<Map<number, Leaving>>} */
  #all = signal(/** @type {Map<number, Leaving>} */ (new Map()));

  /** @param {number} roomId */
  of(roomId) {
    return this.#all.value.get(roomId);
  }

  /** @param {number} roomId @param {Leaving} leaving */
  add(roomId, leaving) {
    this.#all.value = new Map([...this.#all.peek(), [roomId, leaving]]);
  }

  /** @param {number} roomId */
  forget(roomId) {
    const next = new Map(this.#all.peek());
    if (next.delete(roomId)) this.#all.value = next;
  }
}
