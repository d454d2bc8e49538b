// The people whom the reader has blocked.

import { call } from "./api.js";
import { signal } from "./reactive.js";

export class Blocks {
  /** @type {import("./reactive.js").Signal<Set<number>>} */
  #ids = signal(/** @type {Set<number>} */ (new Set()));

  /** Reads them. If that fails, the next connection tries again. */
  async read() {
    try {
      /** @type {{ user: { id: number } }[]} */
      const blocks = await call("GET", "/users/me/blocks");
      this.#ids.value = new Set(blocks.map(({ user }) => user.id));
    } catch (error) {
      console.info(error);
    }
  }

  /** @param {number} userId */
  has(userId) {
    return this.#ids.value.has(userId);
  }

  /**
   * @param {number} userId
   * @param {boolean} isBlocked
   */
  async set(userId, isBlocked) {
    await call(isBlocked ? "PUT" : "DELETE", `/users/me/blocks/${userId}`);
    const next = new Set(this.#ids.peek());
    if (isBlocked) next.add(userId);
    else next.delete(userId);
    this.#ids.value = next;
  }
}
