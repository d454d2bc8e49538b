// Which rooms the connection has joined. The server limits how many one connection may join: a room that is
// opened takes the place of the room that was not opened for the longest time.

import * as socket from "./socket.js";

/** @typedef {import("./room.js").Room} Room */

/** A room that missed more events than this starts anew rather than catching up. */
const FAR_BEHIND = 2_000;

export class Subscriptions {
  /** The epoch of the database, to which every seq belongs. @type {string | undefined} */
  epoch;
  /** @type {number | null} */
  #openRoomId = null;
  /** Rooms that this connection has joined or asked to join. @type {Set<number>} */
  #joined = new Set();
  /** How many rooms the connection may join: known once the server has refused one. */
  #maxJoined = Infinity;

  /** @param {import("./reactive.js").Signal<Map<number, Room>>} rooms */
  constructor(rooms) {
    this.rooms = rooms;
  }

  /** @param {Room} room */
  has(room) {
    return this.#joined.has(room.id);
  }

  /** Joins the room that the reader opens; if necessary, another room is left. @param {number | null} id */
  openRoom(id) {
    this.#openRoomId = id;
    const room = id === null ? undefined : this.rooms.peek().get(id);
    if (!room) return;
    room.openedAt = Date.now();
    this.join(room);
  }

  /** Joins as many rooms as possible: first the open one, then those with something to send. */
  joinAll() {
    const rooms = [...this.rooms.peek().values()];
    const rank = (/** @type {Room} */ room) =>
      room.id === this.#openRoomId ? 0 : room.pending.peek().length > 0 ? 1 : 2;
    for (const room of rooms.sort((a, b) => rank(a) - rank(b))) this.join(room);
  }

  /** @param {Room} room */
  join(room) {
    if (this.has(room) || socket.socketState.peek() !== "live") return;
    const isFull = this.#joined.size >= this.#maxJoined;
    if (isFull && !(room.id === this.#openRoomId && this.#leaveOne())) return;
    this.#joined.add(room.id);
    room.isFollowed = true;
    const { head_seq: head, read_seq: read = 0 } = room.info.peek();
    if (head - room.lastSeq > FAR_BEHIND) {
      room.lastSeq = head;
      room.messages.forget();
    }
    socket.sendFrame({
      type: "subscribe",
      room_id: room.id,
      since: room.lastSeq,
      epoch: this.epoch,
      ref: `join-${room.id}`,
    });
    // The reader may have read on while there was no connection.
    const seq = room.readSeq.peek();
    if (seq > read) socket.sendFrame({ type: "read", room_id: room.id, seq });
  }

  /** The room that a `ref` of `join` names. @param {string | null | undefined} ref */
  roomOfRef(ref) {
    const id = /^join-(\d+)$/.exec(ref ?? "")?.[1];
    return id === undefined ? undefined : Number(id);
  }

  /** The room is not joined: it was deleted, or the server refused. @param {number} roomId */
  remove(roomId) {
    this.#joined.delete(roomId);
  }

  /** The connection is lost, and every subscription with it. */
  clear() {
    this.#joined.clear();
  }

  /** The server refused to let this connection join one more room. @param {Room} room */
  limit(room) {
    this.#maxJoined = Math.min(this.#maxJoined, this.#joined.size);
    room.isFollowed = false;
    this.skipTo(room, room.info.peek().head_seq);
    if (room.id === this.#openRoomId) this.join(room);
  }

  /**
   * Moves the position from which a room will be joined, because what happened up to `head` is counted. The
   * position stays if the log arrives anyway, or if messages are shown that the log continues.
   * @param {Room} room
   * @param {number} head
   */
  skipTo(room, head) {
    if (room.isFollowed || room.messages.isLoaded || room.id === this.#openRoomId) return;
    room.lastSeq = Math.max(room.lastSeq, head);
  }

  /** Leaves the room that was not opened for the longest time. @returns {boolean} false if no room can be left */
  #leaveOne() {
    const rooms = [...this.#joined].map((id) => this.rooms.peek().get(id));
    const left = rooms
      .filter((room) => room && room.id !== this.#openRoomId && room.pending.peek().length === 0)
      .sort((a, b) => (a?.openedAt ?? 0) - (b?.openedAt ?? 0))[0];
    if (!left) return false;
    this.#joined.delete(left.id);
    left.isFollowed = false;
    left.lose();
    return socket.sendFrame({ type: "unsubscribe", room_id: left.id });
  }
}
