// Which rooms are in the list at the side. The README of the page has the rule.

import { signal } from "./reactive.js";
import { storage } from "./storage.js";

/** @typedef {import("./room.js").Room} Room */

export class Listed {
  /** Public rooms that the reader does not want in the list. @type {import("./reactive.js").Signal<Set<number>>} */
  #unwanted;

  /**
   * @param {import("./reactive.js").Signal<Map<number, Room>>} rooms
   * @param {number} userId
   */
  constructor(rooms, userId) {
    this.rooms = rooms;
    this.key = `chatapp.unlisted.${userId}`;
    this.#unwanted = signal(read(this.key));
  }

  /** The rooms of the list, without the open one if it is not listed for another reason. */
  all() {
    const rooms = [...this.rooms.value.values()];
    const isMember = rooms.some(({ info }) => {
      const { kind, membership } = info.value;
      return membership && kind !== "direct";
    });
    return rooms.filter((room) => this.#has(room, isMember));
  }

  /** @param {number} roomId @param {boolean} isWanted */
  set(roomId, isWanted) {
    const next = new Set(this.#unwanted.peek());
    if (isWanted) next.delete(roomId);
    else next.add(roomId);
    this.#unwanted.value = next;
    storage.set(this.key, JSON.stringify([...next]));
  }

  /**
   * @param {Room} room
   * @param {boolean} isMember the reader is a member of some room that has a name
   */
  #has(room, isMember) {
    const { membership } = room.info.value;
    if (membership) return !membership.is_hidden;
    if (this.#unwanted.value.has(room.id)) return false;
    return !isMember || room.readSeq.value > 0;
  }
}

/** @param {string} key @returns {Set<number>} */
function read(key) {
  try {
    return new Set(JSON.parse(storage.get(key) ?? "[]"));
  } catch {
    return new Set();
  }
}
