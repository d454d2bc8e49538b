// Which rooms are in the list at the side. The README of the page has the rule.

import { signal } from "./reactive.js";
import { storage } from "./storage.js";

/** @typedef {import("./room.js").Room} Room */

export class Listed {
  /** Public rooms that the reader does not want in the list. @type {import("./reactive.js").Signal<Set<number>>} */
  #unwanted;
  /** Public rooms that the reader has opened without being a member. @type {import("./reactive.js").Signal<Set<number>>} */
  #opened;

  /**
   * @param {import("./reactive.js").Signal<Map<number, Room>>} rooms
   * @param {number} userId
   */
  constructor(rooms, userId) {
    this.rooms = rooms;
    this.key = `chatapp.unlisted.${userId}`;
    this.#unwanted = signal(read(this.key));
    this.openedKey = `chatapp.opened.${userId}`;
    this.#opened = signal(read(this.openedKey));
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
   * The reader has opened a room: it stays in the list when the reader joins another one, also if it has no message
   * that the reader could have read.
   * @param {Room} room
   */
  open(room) {
    const opened = this.#opened.peek();
    const { kind, membership } = room.info.peek();
    if (kind !== "public" || membership || opened.has(room.id)) return;
    if (this.#unwanted.peek().has(room.id)) return;
    this.#opened.value = new Set([...opened, room.id]);
    storage.set(this.openedKey, JSON.stringify([...this.#opened.peek()]));
  }

  /** Removes from the browser what the user has opened. */
  wipe() {
    storage.remove(this.openedKey);
  }

  /**
   * @param {Room} room
   * @param {boolean} isMember the reader is a member of some room that has a name
   */
  #has(room, isMember) {
    const { membership } = room.info.value;
    if (membership) return !membership.is_hidden;
    if (this.#unwanted.value.has(room.id)) return false;
    return !isMember || room.readSeq.value > 0 || this.#opened.value.has(room.id);
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

/**
 * How many mentions and threads are unread, in the rooms that the reader wants to hear of.
 * @param {Iterable<import("./room.js").Room>} rooms
 */
export function unreadActivity(rooms) {
  let [mentions, threads] = [0, 0];
  for (const { info, mentions: calls, unreadThreads } of rooms) {
    const { archived_at, membership } = info.value;
    if (archived_at || membership?.notify === "none") continue;
    mentions += calls.value;
    threads += unreadThreads.value;
  }
  return { mentions, threads };
}
