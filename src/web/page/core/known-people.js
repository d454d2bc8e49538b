// What the page knows of people, and what follows in the rooms when that changes.

import { KnownNames } from "./known-names.js";
import { partnerIn } from "./people.js";
import { PresenceOf } from "./presence.js";

/** @typedef {import("./types.js").Person} Person */
/** @typedef {import("./types.js").UserCard} UserCard */

export class KnownPeople {
  names = new KnownNames();
  presence = new PresenceOf((card) => this.learn([{ ...card, user_id: card.id }]));

  /**
   * @param {import("./room-list.js").RoomList} list
   * @param {import("./reactive.js").Signal<UserCard | null>} me the own card
   * @param {number} userId the reader
   */
  constructor(list, me, userId) {
    this.list = list;
    this.me = me;
    this.userId = userId;
  }

  /** Shows people under the names that they have now. @param {Person[]} people */
  learn(people) {
    const fresh = this.names.learn(people);
    if (fresh.length === 0) return;
    this.list.rename(fresh);
    const me = fresh.find(({ user_id }) => user_id === this.userId);
    const card = this.me.peek();
    if (me && card) this.me.value = { ...card, display_name: me.display_name ?? null };
  }

  /** Asks whether the people are online with whom the reader has direct rooms. */
  askPresence() {
    const partners = [...this.list.rooms.peek().values()]
      .filter(({ info }) => !info.peek().membership?.is_hidden)
      .map(({ info }) => partnerIn(info.peek(), this.userId)?.user_id)
      .filter((id) => id !== undefined);
    this.presence.ask(partners);
  }

  /** Accounts were deleted: direct rooms still have their names. @param {Person[]} people */
  erased(people) {
    const ids = new Set(people.map(({ user_id }) => user_id));
    for (const { id, info } of this.list.rooms.peek().values())
      if (info.peek().people?.some(({ user_id }) => ids.has(user_id))) this.list.reread(id);
  }
}
