// The server notifies every connection of a user that something of theirs has changed, also those of the page that has
// changed it. The page knows its own changes, and passes over the frames about them.

/** A frame comes at about the time of the answer. A change that changes nothing has none. */
const LATEST_MS = 2_000;

export class Echoes {
  /** One entry for each frame that is expected. @type {Set<{ key: string }>} */
  #expected = new Set();

  /**
   * Makes a change that a frame follows.
   * @template T
   * @param {string} key what is changed
   * @param {() => Promise<T>} change
   * @returns {Promise<T>}
   */
  async of(key, change) {
    const entry = { key };
    this.#expected.add(entry);
    try {
      return await change();
    } finally {
      setTimeout(() => this.#expected.delete(entry), LATEST_MS);
    }
  }

  /** Whether a frame follows a change of this page. It is expected once. @param {string} key */
  take(key) {
    for (const entry of this.#expected) if (entry.key === key) return this.#expected.delete(entry);
    return false;
  }
}

/**
 * What a frame `own_changed` is about.
 * @param {string} subject
 * @param {number} roomId
 * @param {number | null} [threadId]
 */
export const keyOf = (subject, roomId, threadId) => `${subject} ${roomId} ${threadId ?? ""}`;
