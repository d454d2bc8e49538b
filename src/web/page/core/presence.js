// Who is online, away or offline. There are no frames about it, except those of people who come into rooms and leave
// them: the server is asked for the people who are shown, and again only when the page has a reason.

import { call } from "./api.js";
import { signal } from "./reactive.js";

/** @typedef {import("./types.js").Presence} Presence */
/** @typedef {import("./types.js").UserCard} UserCard */

/** An answer that is not older than this is not asked for again. */
const FRESH_MS = 60_000;
/** Somebody who leaves a room usually leaves others too, and may open another one. */
const LEFT_MS = 1_500;
/** The most people who are asked for at once. */
const MOST = 30;

export class PresenceOf {
  /** Grows when anything changes. */
  version = signal(0);
  /** @type {Map<number, import("./reactive.js").Signal<Presence | null>>} */
  #known = new Map();
  /** When the server was asked for each person (ms since 1970). @type {Map<number, number>} */
  #asked = new Map();
  /** @type {Map<number, number>} */
  #timers = new Map();

  /** @param {(card: UserCard) => void} learned */
  constructor(learned) {
    this.learned = learned;
  }

  /** null: not known. @param {number} userId */
  of(userId) {
    return this.#signal(userId).value;
  }

  /** Asks the server for people, unless it was asked a moment ago. @param {number[]} userIds */
  async ask(userIds) {
    const since = Date.now() - FRESH_MS;
    const wanted = userIds.filter((id) => !((this.#asked.get(id) ?? 0) > since)).slice(0, MOST);
    for (const id of wanted) this.#asked.set(id, Date.now());
    /** @type {UserCard[]} */
    const cards = [];
    // One after the other: nobody waits for it.
    for (const id of wanted) {
      try {
        cards.push(await call("GET", `/users/${id}`));
      } catch {
        // A deleted account, or no connection: nothing is known.
        this.note(id, null);
      }
    }
    for (const card of cards) {
      this.note(card.id, card.presence);
      this.learned(card);
    }
  }

  /**
   * @param {number} userId
   * @param {Presence | null} presence
   */
  note(userId, presence) {
    const known = this.#signal(userId);
    if (known.peek() === presence) return;
    known.value = presence;
    this.version.value += 1;
  }

  /** Somebody has left a room. Only people who are shown are asked for. @param {number} userId */
  left(userId) {
    if (!this.#asked.has(userId)) return;
    clearTimeout(this.#timers.get(userId));
    const timer = setTimeout(() => {
      this.#timers.delete(userId);
      this.#asked.delete(userId);
      this.ask([userId]);
    }, LEFT_MS);
    this.#timers.set(userId, timer);
  }

  end() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** @param {number} userId */
  #signal(userId) {
    const known = this.#known.get(userId) ?? signal(/** @type {Presence | null} */ (null));
    this.#known.set(userId, known);
    return known;
  }
}
