// The chat of whoever is signed in: all rooms over one socket, kept up to date.

import { call } from "./api.js";
import { names } from "./mentions.js";
import { Outbox } from "./outbox.js";
import { onEnd, effect, signal } from "./reactive.js";
import { Room } from "./room.js";
import { session } from "./session.js";
import * as socket from "./socket.js";

/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {import("./types.js").RoomInfo} RoomInfo */

/** New rooms are nobody's news on the socket: the list is read again after so long. */
const LIST_MS = 60_000;
const LIST_RETRY_MS = 2_000;
/** Messages that are counted as unread when the page opens; more are shown as "99+". */
const COUNTED = 100;
/** After an absence of more events than this a room starts anew rather than catching up. */
const FAR_BEHIND = 2_000;

export class Chat {
  /** @type {import("./reactive.js").Signal<Map<number, Room>>} in order of name */
  rooms = signal(/** @type {Map<number, Room>} */ (new Map()));
  /** The rooms have been read once. */
  loaded = signal(false);
  /** @type {import("./reactive.js").Signal<unknown>} why they could not be */
  error = signal(/** @type {unknown} */ (null));
  /** @type {number | null} the room that is joined first */
  openRoomId = null;
  /** @type {(room: Room, message: import("./types.js").Message) => void} somebody wrote */
  onMessage = () => {};
  /** The life of the database that positions belong to. @type {string | undefined} */
  #epoch;
  #timer = 0;
  #ended = false;

  /** @param {import("./types.js").User} user */
  constructor(user) {
    this.user = user;
    this.outbox = new Outbox(user.id);
  }

  /** Connects, until the scope ends. */
  start() {
    socket.connect({
      opened: () => this.refresh(),
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
      for (const room of this.rooms.peek().values()) room.lose();
    });
    const look = () => document.hidden || this.refresh();
    document.addEventListener("visibilitychange", look);
    onEnd(() => {
      this.#ended = true;
      clearTimeout(this.#timer);
      document.removeEventListener("visibilitychange", look);
      socket.disconnect();
    });
  }

  /** Reads the list of rooms, and joins those that are not joined. */
  async refresh() {
    clearTimeout(this.#timer);
    let pause = LIST_MS;
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
    if (room.read(seq)) socket.say({ type: "read", room_id: room.id, seq });
  }

  /** @param {RoomInfo[]} list */
  #update(list) {
    const known = this.rooms.peek();
    /** @type {Map<number, Room>} */
    const rooms = new Map();
    /** @type {Map<number, Room>} */
    const fresh = new Map();
    for (const info of list.sort((a, b) => names.compare(a.name, b.name))) {
      const room = known.get(info.id) ?? new Room(info);
      room.info.value = info;
      rooms.set(info.id, room);
      room.read(info.read_seq ?? 0);
      if (known.has(info.id)) continue;
      fresh.set(info.id, room);
      this.#countUnread(room);
    }
    this.rooms.value = rooms;
    this.outbox.restore(fresh);
    const first = this.openRoomId ? rooms.get(this.openRoomId) : undefined;
    if (first) this.#join(first);
    for (const room of rooms.values()) this.#join(room);
  }

  /** @param {Room} room */
  #join(room) {
    if (room.live.peek() || socket.socketState.peek() !== "live") return;
    const { head_seq: head, read_seq: read = 0 } = room.info.peek();
    if (head - room.lastSeq > FAR_BEHIND) this.#startAnew(room);
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

  /** @param {Room} room */
  #startAnew(room) {
    room.lastSeq = room.info.peek().head_seq;
    room.timeline.forget();
    room.unread.value = [];
    this.#countUnread(room);
  }

  /** @param {Room} room */
  async #countUnread(room) {
    const read = room.readSeq.peek();
    if (read === 0 || read >= room.info.peek().head_seq) return;
    try {
      /** @type {import("./types.js").MessagePage} */
      const page = await call("GET", `/rooms/${room.id}/messages?after=${read}&limit=${COUNTED}`);
      const others = page.messages.filter((message) => this.#isNews(message));
      const mentioned = others.some(({ content }) => names.mention(content, this.user.username));
      room.addUnread(
        others.map(({ seq }) => seq),
        mentioned,
      );
    } catch {
      // The count is missing until the page is loaded again; nothing depends on it.
    }
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
    this.rooms.value = new Map();
  }

  /** @param {Frame} frame */
  #received(frame) {
    if (frame.type === "error") return this.#refused(frame);
    const room = this.rooms.peek().get(frame.room_id);
    if (!room) return;
    switch (frame.type) {
      case "message":
        return this.#message(room, frame);
      case "message_edited":
      case "message_deleted":
        if (!room.advance(frame)) return;
        room.timeline.take(frame);
        if (frame.type === "message_deleted") {
          room.unread.value = room.unread.peek().filter((seq) => seq !== frame.message_seq);
        }
        return;
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
        return;
      case "room_updated": {
        const { name, description, archived_at } = frame;
        room.info.value = { ...room.info.peek(), name, description, archived_at };
        this.rooms.value = new Map(
          [...this.rooms.peek()].sort(([, a], [, b]) =>
            names.compare(a.info.peek().name, b.info.peek().name),
          ),
        );
        return;
      }
      case "room_deleted": {
        const rooms = new Map(this.rooms.peek());
        rooms.delete(room.id);
        this.rooms.value = rooms;
        return;
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
      this.onMessage(room, frame);
    }
  }

  /** @param {Frame} error */
  #refused(error) {
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
    }
  }
}
