// Which rooms the connection has joined. The server limits how many one connection may join: a room that is
// opened takes the place of the room that was not opened for the longest time.

/** @typedef {import("./followed-room.js").FollowedRoom} FollowedRoom */

/** A room that missed more events than this starts anew rather than catching up. */
const FAR_BEHIND = 2_000;

/** @template {FollowedRoom} Room */
export class Subscriptions {
  /** The epoch of the database, to which every seq belongs. @type {string | undefined} */
  epoch;
  /** @type {number | null} */
  #openRoomId = null;
  /** Rooms that this connection has joined or asked to join. @type {Set<number>} */
  #joined = new Set();
  /** How many rooms the connection may join: known once the server has refused one. */
  #maxJoined = Infinity;

  /**
   * @param {import("./connection.js").Connection} connection
   * @param {() => Map<number, Room>} rooms
   * @param {import("./outbox.js").Outbox} outbox
   * @param {number} [farBehind]
   */
  constructor(connection, rooms, outbox, farBehind = FAR_BEHIND) {
    this.connection = connection;
    this.rooms = rooms;
    this.outbox = outbox;
    this.farBehind = farBehind;
  }

  /** @param {Room} room */
  has(room) {
    return this.#joined.has(room.id);
  }

  /** Joins the room that the reader opens; if necessary, another room is left. @param {number | null} id */
  openRoom(id) {
    this.#openRoomId = id;
    const room = id === null ? undefined : this.rooms().get(id);
    if (!room) return;
    room.openedAt = Date.now();
    this.join(room);
  }

  /** Joins as many rooms as possible: first the open one, then those with something to send. */
  joinAll() {
    const rank = (/** @type {Room} */ { id }) =>
      id === this.#openRoomId ? 0 : this.#isSending(id) ? 1 : 2;
    for (const room of [...this.rooms().values()].sort((a, b) => rank(a) - rank(b)))
      this.join(room);
  }

  /** @param {Room} room */
  join(room) {
    if (this.has(room) || this.connection.state !== "live") return;
    const isFull = this.#joined.size >= this.#maxJoined;
    if (isFull && !(room.id === this.#openRoomId && this.#leaveOne())) return;
    this.#joined.add(room.id);
    room.isFollowed = true;
    if (room.headSeq - room.lastSeq > this.farBehind) {
      room.lastSeq = room.headSeq;
      room.restart();
    }
    this.connection.send({
      type: "subscribe",
      room_id: room.id,
      // Without a position the room begins with the newest event.
      ...(Number.isFinite(room.lastSeq) && { since: room.lastSeq, epoch: this.epoch ?? null }),
      ref: `join-${room.id}`,
    });
    const seq = room.unsentRead;
    if (seq > 0) this.connection.send({ type: "read", room_id: room.id, seq });
  }

  /** Leaves a room. @param {Room} room */
  leave(room) {
    this.remove(room.id);
    room.isFollowed = false;
    room.setLive(false);
    this.connection.send({ type: "unsubscribe", room_id: room.id });
  }

  /** The room that a `ref` of `join` names. @param {string | null | undefined} ref */
  roomOfRef(ref) {
    const id = /^join-(\d+)$/.exec(ref ?? "")?.[1];
    return id === undefined ? undefined : Number(id);
  }

  /** The room is not joined: it was deleted, or the server refused. @param {number} roomId */
  remove(roomId) {
    this.#joined.delete(roomId);
    this.outbox.close(roomId);
  }

  /** The connection is lost, and every subscription with it. */
  clear() {
    this.#joined.clear();
    this.outbox.lose();
  }

  /** The server refused to let this connection join one more room. @param {Room} room */
  limit(room) {
    this.#maxJoined = Math.min(this.#maxJoined, this.#joined.size);
    room.isFollowed = false;
    this.skipTo(room, room.headSeq);
    if (room.id === this.#openRoomId) this.join(room);
  }

  /**
   * Moves the position from which a room will be joined, because what happened up to `head` is counted. The
   * position stays if the log arrives anyway, or if messages are shown that the log continues.
   * @param {Room} room
   * @param {number} head
   */
  skipTo(room, head) {
    if (room.isFollowed || !room.maySkip || room.id === this.#openRoomId) return;
    room.lastSeq = Math.max(room.lastSeq, head);
  }

  /** @param {number} roomId */
  #isSending(roomId) {
    return this.outbox.of(roomId).length > 0;
  }

  /** Leaves the room that was not opened for the longest time. @returns {boolean} false if no room can be left */
  #leaveOne() {
    const rooms = [...this.#joined].flatMap((id) => this.rooms().get(id) ?? []);
    const [left] = rooms
      .filter(({ id }) => id !== this.#openRoomId && !this.#isSending(id))
      .sort((a, b) => a.openedAt - b.openedAt);
    if (!left) return false;
    this.leave(left);
    return true;
  }
}
