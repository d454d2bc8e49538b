// The chat of the signed-in user: all rooms over one socket, kept up to date. The socket watches: it
// hears of every room. The logs come of as many rooms as the server lets it join, the open one among them.

import { call } from "./api.js";
import { names } from "./mentions.js";
import { Outbox } from "./outbox.js";
import { onEnd, effect, signal } from "./reactive.js";
import { Room } from "./room.js";
import { session } from "./session.js";
import * as socket from "./socket.js";

/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {import("./types.js").RoomInfo} RoomInfo */

/** The socket tells what changes. Should anything ever be missing, the list is read again after so long. */
const LIST_MS = 600_000;
const LIST_RETRY_MS = 2_000;
/** Before the server is asked to count again: more may change by then, and others ask as well. */
const COUNT_MS = 500;
const COUNT_AGAIN = 10;
/** After an absence of more events than this a room starts anew rather than catching up. */
const FAR_BEHIND = 2_000;

export class Chat {
  /** @type {import("./reactive.js").Signal<Map<number, Room>>} in order of name */
  rooms = signal(/** @type {Map<number, Room>} */ (new Map()));
  /** The rooms have been read once. */
  loaded = signal(false);
  /** @type {import("./reactive.js").Signal<unknown>} why they could not be */
  error = signal(/** @type {unknown} */ (null));
  /** @type {number | null} */
  #openRoomId = null;
  /** @type {(room: Room, message: import("./types.js").Message) => void} somebody wrote */
  onMessage = () => {};
  /**
   * Somebody wrote in a room of which only that is heard.
   * @type {(room: Room, message: import("./types.js").Activity, calls: boolean) => void}
   */
  onActivity = () => {};
  /** The life of the database that positions belong to. @type {string | undefined} */
  #epoch;
  #timer = 0;
  #ended = false;
  /** Rooms that this connection has joined or asked to. @type {Set<number>} */
  #joined = new Set();
  /** How many it may join: known once the server has refused one. */
  #maxJoined = Infinity;
  /** Rooms that were deleted, for answers that are older than that. @type {Set<number>} */
  #deleted = new Set();
  /** Rooms that came while a list was on its way, which may not have them. @type {Set<number>} */
  #created = new Set();
  /** Lists that are on their way. */
  #listing = 0;
  /** Rooms whose unread messages are about to be counted. @type {Set<number>} */
  #counting = new Set();

  /** @param {import("./types.js").User} user */
  constructor(user) {
    this.user = user;
    this.outbox = new Outbox(user.id);
  }

  /** Connects, until the scope ends. */
  start() {
    socket.connect({
      opened: () => this.#watch(),
      received: (frame) => this.#received(frame),
      forgotten: () => this.#forget(),
    });
    let token = session.peek()?.token;
    effect(() => {
      const next = session.value?.token;
      if (next && next !== token) socket.say({ type: "auth.refresh", token: next });
      token = next;
    });
    effect(() => {
      if (socket.socketState.value === "live") return;
      this.outbox.lose();
      this.#joined.clear();
      for (const room of this.rooms.peek().values()) room.lose();
    });
    onEnd(() => {
      this.#ended = true;
      clearTimeout(this.#timer);
      socket.disconnect();
    });
  }

  get openRoomId() {
    return this.#openRoomId;
  }

  /** The room that is looked at: it is joined, another one is left if need be. */
  set openRoomId(id) {
    this.#openRoomId = id;
    const room = id === null ? undefined : this.rooms.peek().get(id);
    if (!room) return;
    room.openedAt = Date.now();
    this.#join(room);
  }

  /** Reads the list of rooms, and joins those that are not joined. */
  async refresh() {
    clearTimeout(this.#timer);
    let pause = LIST_MS;
    this.#listing += 1;
    try {
      /** @type {RoomInfo[]} */
      const list = await call("GET", "/rooms/");
      if (this.#ended) return;
      this.#update(list);
      this.loaded.value = true;
      this.error.value = null;
    } catch (error) {
      this.error.value = error;
      pause = LIST_RETRY_MS;
    } finally {
      this.#listing -= 1;
      if (this.#listing === 0) this.#created.clear();
    }
    if (this.#ended) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), pause);
  }

  /**
   * Everything up to there has been read.
   * @param {Room} room
   * @param {number} seq
   */
  markRead(room, seq) {
    if (!room.read(seq)) return;
    if (this.#joined.has(room.id)) socket.say({ type: "read", room_id: room.id, seq });
    // What cannot be said now is said when the room is joined.
    else call("PUT", `/rooms/${room.id}/read`, { seq }).catch(() => {});
    this.#countSoon(room);
  }

  /** The rooms are read when the server has begun to tell of them: nothing is lost between the two. */
  #watch() {
    socket.say({ type: "watch", ref: "watch" });
  }

  /** @param {Frame} frame */
  #watching({ epoch }) {
    if (this.#epoch !== undefined && this.#epoch !== epoch) this.#forget();
    this.#epoch = epoch;
    socket.settled();
    this.refresh();
  }

  /** @param {RoomInfo[]} list */
  #update(list) {
    const known = this.rooms.peek();
    /** @type {Map<number, Room>} */
    const rooms = new Map();
    /** @type {Map<number, Room>} */
    const fresh = new Map();
    for (const info of list) {
      if (this.#deleted.has(info.id)) continue;
      const old = known.get(info.id);
      const room = old ?? new Room(info);
      rooms.set(info.id, room);
      if (old) this.#describe(room, info);
      else fresh.set(info.id, room);
    }
    for (const id of this.#created) {
      const room = known.get(id);
      if (room && !rooms.has(id) && !this.#deleted.has(id)) rooms.set(id, room);
    }
    this.#show(rooms);
    this.outbox.restore(fresh);
    this.#joinAll();
  }

  /**
   * Takes what the server says of a room that is known, unless something newer is known.
   * @param {Room} room
   * @param {RoomInfo} info
   */
  #describe(room, info) {
    const old = room.info.peek();
    const { name, description, archived_at, revision } = info.revision < old.revision ? old : info;
    const head_seq = Math.max(old.head_seq, info.head_seq);
    room.info.value = { ...info, name, description, archived_at, revision, head_seq };
    room.count(info);
    this.#hear(room, info.head_seq);
    this.#countSoon(room);
  }

  /** @param {Map<number, Room>} rooms in any order */
  #show(rooms) {
    this.rooms.value = new Map(
      [...rooms].sort(([, a], [, b]) => names.compare(a.info.peek().name, b.info.peek().name)),
    );
  }

  /** Joins as many rooms as it may: the open one, those with something to send, the others. */
  #joinAll() {
    const rooms = [...this.rooms.peek().values()];
    const rank = (/** @type {Room} */ room) =>
      room.id === this.#openRoomId ? 0 : room.pending.peek().length > 0 ? 1 : 2;
    for (const room of rooms.sort((a, b) => rank(a) - rank(b))) this.#join(room);
  }

  /** @param {Room} room */
  #join(room) {
    if (this.#joined.has(room.id) || socket.socketState.peek() !== "live") return;
    if (this.#joined.size >= this.#maxJoined && !(room.id === this.#openRoomId && this.#leaveOne()))
      return;
    this.#joined.add(room.id);
    room.isFollowed = true;
    const { head_seq: head, read_seq: read = 0 } = room.info.peek();
    if (head - room.lastSeq > FAR_BEHIND) {
      room.lastSeq = head;
      room.timeline.forget();
    }
    socket.say({
      type: "subscribe",
      room_id: room.id,
      since: room.lastSeq,
      epoch: this.#epoch,
      ref: `join-${room.id}`,
    });
    // Read while there was no connection to say so on.
    const seq = room.readSeq.peek();
    if (seq > read) socket.say({ type: "read", room_id: room.id, seq });
  }

  /** Leaves the room that was not opened for the longest time. False: it has no other room to leave. */
  #leaveOne() {
    const rooms = [...this.#joined].map((id) => this.rooms.peek().get(id));
    const left = rooms
      .filter((room) => room && room.id !== this.#openRoomId && room.pending.peek().length === 0)
      .sort((a, b) => (a?.openedAt ?? 0) - (b?.openedAt ?? 0))[0];
    if (!left) return false;
    this.#joined.delete(left.id);
    left.isFollowed = false;
    left.lose();
    return socket.say({ type: "unsubscribe", room_id: left.id });
  }

  /**
   * Everything up to there is known of a room. One whose log does not come, and of which no messages are
   * shown, is joined from there.
   * @param {Room} room
   * @param {number} head
   */
  #hear(room, head) {
    if (room.isFollowed || room.timeline.loaded || room.id === this.#openRoomId) return;
    room.lastSeq = Math.max(room.lastSeq, head);
  }

  /**
   * Has the server count what is unread in a room, if what is known is not certain.
   * @param {Room} room
   * @param {number} [tries]
   */
  #countSoon(room, tries = COUNT_AGAIN) {
    if (!room.isUncertain || this.#counting.has(room.id) || this.#ended || tries === 0) return;
    this.#counting.add(room.id);
    setTimeout(
      async () => {
        try {
          room.count(await call("GET", `/rooms/${room.id}`));
        } catch {
          // With the next connection the list is read again.
        }
        this.#counting.delete(room.id);
        this.#countSoon(room, tries - 1);
      },
      COUNT_MS * (1 + 2 * Math.random()),
    );
  }

  /** @param {{ user_id: number, deleted_at?: string }} message */
  #isNews(message) {
    return message.user_id !== this.user.id && !message.deleted_at;
  }

  /** The database is another one: every position and every message. */
  #forget() {
    this.#epoch = undefined;
    this.loaded.value = false;
    for (const room of this.rooms.peek().values()) room.timeline.forget();
    this.#joined.clear();
    this.#deleted.clear();
    this.#created.clear();
    this.rooms.value = new Map();
  }

  /** @param {Frame} frame */
  #received(frame) {
    if (frame.type === "error") return this.#refused(frame);
    if (frame.type === "watching") return this.#watching(frame);
    if (frame.type === "room_created") return this.#createdRoom(frame.room);
    if (frame.type === "room_deleted") this.#deleted.add(frame.room_id);
    const room = this.rooms.peek().get(frame.room_id);
    if (!room) return;
    switch (frame.type) {
      case "message":
        return this.#message(room, frame);
      case "message_edited":
      case "message_deleted":
        if (!room.advance(frame)) return;
        room.timeline.take(frame);
        if (frame.type === "message_deleted" && frame.seq > room.countedTo) {
          room.removeUnread(frame.message_seq);
          this.#countSoon(room);
        }
        return;
      case "room_activity":
        return this.#activity(room, frame);
      case "ack":
        return this.outbox.acknowledged(room, frame);
      case "synced":
        this.#epoch = frame.epoch;
        room.live.value = true;
        socket.settled();
        return this.outbox.flush(room);
      case "active_users":
      case "user_joined":
      case "user_left":
        return room.setPresence(frame);
      case "typing":
        return frame.user_id === this.user.id ? undefined : room.showTyping(frame);
      case "read":
        room.read(frame.seq);
        return this.#countSoon(room);
      case "room_updated": {
        const { name, description, archived_at, revision } = frame;
        if (revision <= room.info.peek().revision) return;
        room.info.value = { ...room.info.peek(), name, description, archived_at, revision };
        return this.#show(this.rooms.peek());
      }
      case "room_deleted": {
        this.#joined.delete(room.id);
        const rooms = new Map(this.rooms.peek());
        rooms.delete(room.id);
        this.rooms.value = rooms;
        // There is a place for another one.
        return this.#joinAll();
      }
      default:
        // A kind of event that is younger than this page: passed over, but counted.
        if (frame.seq && frame.id) room.advance(frame);
    }
  }

  /**
   * @param {Room} room
   * @param {Frame} frame
   */
  #message(room, frame) {
    if (!room.advance(frame)) return;
    room.timeline.take(frame);
    room.stopTyping(frame.user_id);
    if (frame.user_id === this.user.id) {
      if (frame.client_id) this.outbox.arrived(room, frame.client_id);
      // What one has written oneself one has read.
      if (room.unread.peek().length === 0) this.markRead(room, frame.seq);
    } else if (this.#isNews(frame)) {
      room.addUnread([frame.seq], names.mention(frame.content, this.user.username));
      if (frame.seq > room.noticed) this.onMessage(room, frame);
    }
    room.noticed = Math.max(room.noticed, frame.seq);
  }

  /** @param {RoomInfo} info */
  #createdRoom(info) {
    if (this.#listing > 0) this.#created.add(info.id);
    const known = this.rooms.peek().get(info.id);
    // Before the first list has come, that one says it.
    if (known || !this.loaded.peek()) return;
    const room = new Room(info);
    this.#show(new Map([...this.rooms.peek(), [room.id, room]]));
    this.outbox.restore(new Map([[room.id, room]]));
    this.#join(room);
  }

  /**
   * Something happened in a room whose log does not come.
   * @param {Room} room
   * @param {Frame} frame
   */
  #activity(room, frame) {
    const name = this.user.username.toLowerCase();
    for (const message of frame.messages) {
      if (message.seq <= room.lastSeq || message.user_id === this.user.id) continue;
      const calls = message.mentions?.includes(name) ?? false;
      room.addUnread([message.seq], calls);
      if (message.seq > room.noticed) this.onActivity(room, message, calls);
    }
    room.noticed = Math.max(room.noticed, frame.head_seq);
    if (frame.head_seq > room.countedTo) {
      for (const seq of frame.deleted ?? []) room.removeUnread(seq);
      if (frame.truncated && room.readSeq.peek() > 0) room.isUncertain = true;
    }
    const info = room.info.peek();
    if (frame.head_seq > info.head_seq) room.info.value = { ...info, head_seq: frame.head_seq };
    this.#hear(room, frame.head_seq);
    this.#countSoon(room);
  }

  /** @param {Frame} error */
  #refused(error) {
    if (error.ref === "watch") {
      setTimeout(() => this.#watch(), (error.retry_after ?? 1) * 1000);
      return;
    }
    const joining = error.ref?.match(/^join-(\d+)$/);
    const roomId = joining ? Number(joining[1]) : error.room_id;
    if (error.ref && !joining) {
      for (const room of this.rooms.peek().values()) {
        const isOurs = room.pending.peek().some(({ client_id }) => client_id === error.ref);
        if (isOurs) return this.outbox.refused(room, error);
      }
    }
    const room = this.rooms.peek().get(roomId ?? 0);
    if (!room) return;
    if (joining && error.code !== "already_subscribed") {
      this.#joined.delete(room.id);
      room.live.value = false;
    }
    if (error.code === "epoch_changed") {
      this.#forget();
      this.refresh();
    } else if (error.code === "history_pruned") {
      // What was missed is not kept any more: the room begins with what is.
      room.lastSeq = -Infinity;
      room.live.value = false;
      this.refresh();
    } else if (["too_many_requests", "busy", "unavailable", "internal"].includes(error.code)) {
      room.live.value = false;
      setTimeout(() => this.#join(room), (error.retry_after ?? 1) * 1000);
    } else if (error.code === "room_not_found") {
      this.refresh();
    } else if (error.code === "too_many_rooms") {
      this.#maxJoined = Math.min(this.#maxJoined, this.#joined.size);
      room.isFollowed = false;
      this.#hear(room, room.info.peek().head_seq);
      if (room.id === this.#openRoomId) this.#join(room);
    }
  }
}
