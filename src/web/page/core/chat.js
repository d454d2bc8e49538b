// The chat of the signed-in user: all rooms over one connection. The connection watches, so that it is
// notified of every room; it also joins as many rooms as it may, and receives the logs of these.

import { call } from "./api.js";
import { Blocks } from "./blocks.js";
import { peopleIn } from "./known-names.js";
import { KnownPeople } from "./known-people.js";
import { Leavings } from "./leavings.js";
import { Listed } from "./listed.js";
import { names } from "./names.js";
import { Outbox } from "./outbox.js";
import { titleOf } from "./people.js";
import { effect, onEnd, signal } from "./reactive.js";
import { Recount } from "./recount.js";
import { RoomList } from "./room-list.js";
import { session } from "./session.js";
import * as socket from "./socket.js";
import { Subscriptions } from "./subscriptions.js";

/** @typedef {import("./room.js").Room} Room */

export class Chat {
  /** A message of another user arrived. @type {(room: Room, message: import("./types.js").Message) => void} */
  onMessage = () => {};
  /**
   * Another user wrote in a room that is not joined.
   * @type {(room: Room, message: import("./types.js").ActivityMessage, isMentioned: boolean) => void}
   */
  onActivity = () => {};
  #recount = new Recount();

  /** @param {import("./types.js").User} user */
  constructor(user) {
    this.user = user;
    this.outbox = new Outbox(user.id);
    this.list = new RoomList(
      {
        described: (room, { head_seq }) => {
          this.subscriptions.skipTo(room, head_seq);
          this.#recount.soon(room);
        },
        read: (added) => {
          this.outbox.restore(added);
          this.subscriptions.joinAll();
          this.people.askPresence();
        },
      },
      user.id,
    );
    this.rooms = this.list.rooms;
    this.listed = new Listed(this.rooms, user.id);
    this.blocks = new Blocks();
    /** The own card, once it is known. @type {import("./reactive.js").Signal<import("./types.js").UserCard | null>} */
    this.me = signal(/** @type {import("./types.js").UserCard | null} */ (null));
    this.people = new KnownPeople(this.list, this.me, user.id);
    this.leavings = new Leavings();
    this.subscriptions = new Subscriptions(this.rooms);
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
      if (next && next !== token) socket.sendFrame({ type: "auth.refresh", token: next });
      token = next;
    });
    effect(() => {
      if (socket.socketState.value === "live") return;
      this.outbox.lose();
      this.subscriptions.clear();
      for (const room of this.rooms.peek().values()) room.lose();
    });
    onEnd(() => {
      this.list.end();
      this.#recount.end();
      this.people.presence.end();
      socket.disconnect();
    });
  }

  /** The reader opens a room, or leaves all of them. @param {number | null} id */
  openRoom(id) {
    this.subscriptions.openRoom(id);
  }

  /**
   * Everything up to a position has been read.
   * @param {Room} room
   * @param {number} seq
   */
  markRead(room, seq) {
    if (!room.read(seq)) return;
    if (this.subscriptions.has(room)) socket.sendFrame({ type: "read", room_id: room.id, seq });
    // If the call fails, the position is sent when the room is joined.
    else call("PUT", `/rooms/${room.id}/read`, { seq }).catch(() => {});
    this.#recount.soon(room);
  }

  /** The list is read once the connection watches: nothing is lost between the two. */
  #watch() {
    socket.sendFrame({ type: "watch", ref: "watch" });
  }

  /** Forgets every position and every message, because the database is another one. */
  #forget() {
    this.subscriptions.epoch = undefined;
    this.subscriptions.clear();
    for (const room of this.rooms.peek().values()) room.messages.forget();
    this.list.forget();
  }

  /** @param {socket.Received} frame */
  #received(frame) {
    switch (frame.type) {
      case "watching":
        return this.#watching(frame.epoch);
      case "room_created":
        return this.#roomCreated(frame.room);
      case "room_deleted":
        return this.#roomDeleted(frame.room_id);
      case "membership":
        return void this.list.reread(frame.room_id);
      case "room_left":
        return this.#roomLeft(frame);
      case "error":
        return this.#refused(frame);
      case "auth.refreshed":
      case "pong":
      case "unsubscribed":
        return;
      default: {
        const room = this.rooms.peek().get(frame.room_id);
        if (!room) return;
        this.#receivedInRoom(room, frame);
        this.people.learn(peopleIn(frame));
      }
    }
  }

  /**
   * @param {Room} room
   * @param {import("./types.js").RoomFrame} frame
   */
  #receivedInRoom(room, frame) {
    switch (frame.type) {
      case "message":
        return this.#message(room, frame);
      case "message_edited":
        if (room.advance(frame)) room.messages.take(frame);
        return;
      case "message_deleted":
        return this.#messageDeleted(room, frame);
      case "member_joined":
      case "member_left":
      case "member_changed":
        return this.#membersChanged(room, frame);
      case "room_changed":
        if (!room.advance(frame)) return;
        room.messages.takeMembers(frame);
        return this.list.change(room, frame);
      case "room_activity":
        return this.#activity(room, frame);
      case "ack":
        return this.outbox.acknowledged(room, frame);
      case "synced":
        this.subscriptions.epoch = frame.epoch;
        room.live.value = true;
        socket.settled();
        return this.outbox.flush(room);
      case "user_joined":
        this.people.presence.note(frame.user_id, "online");
        return room.setPresence(frame);
      case "user_left":
        this.people.presence.left(frame.user_id);
        return room.setPresence(frame);
      case "active_users":
        return room.setPresence(frame);
      case "typing":
        return frame.user_id === this.user.id ? undefined : room.showTyping(frame);
      case "read":
        room.read(frame.seq);
        return this.#recount.soon(room);
      case "room_updated":
        return this.list.change(room, frame);
      default:
        return this.#skip(room, frame);
    }
  }

  /**
   * Skips a frame whose type this page does not know, because the server is newer. If it is an event of the
   * log, it counts for the position at which the room resumes.
   * @param {Room} room
   * @param {never} frame a type that the page should know and does not handle is a type error
   */
  #skip(room, frame) {
    const { id, seq } = /** @type {{ id?: number, seq?: number }} */ (frame);
    if (id && seq) room.advance({ seq });
  }

  /** @param {string} epoch */
  #watching(epoch) {
    const known = this.subscriptions.epoch;
    if (known !== undefined && known !== epoch) this.#forget();
    this.subscriptions.epoch = epoch;
    socket.settled();
    this.list.refresh();
    this.blocks.read();
    this.#readMe();
  }

  async #readMe() {
    try {
      this.me.value = await call("GET", `/users/${this.user.id}`);
    } catch (error) {
      console.info(error);
    }
  }

  /** @param {import("./types.js").RoomInfo} info */
  #roomCreated(info) {
    // The card has no people, and not the own membership.
    if (info.created_by === this.user.id || info.kind !== "public") {
      this.list.reread(info.id);
      return;
    }
    const room = this.list.add(info);
    if (!room) return;
    this.outbox.restore(new Map([[room.id, room]]));
    this.subscriptions.join(room);
  }

  /** @param {number} roomId */
  #roomDeleted(roomId) {
    if (!this.list.remove(roomId)) return;
    this.subscriptions.remove(roomId);
    // Another room may be joined in its place.
    this.subscriptions.joinAll();
  }

  /** The reader may not read a room any more. @param {import("./types.js").RoomLeftFrame} frame */
  #roomLeft({ room_id, cause }) {
    const room = this.rooms.peek().get(room_id);
    if (!room) return;
    const title = titleOf(room.info.peek(), this.user.id);
    this.leavings.add(room_id, { title, cause });
    this.list.drop(room_id);
    this.subscriptions.remove(room_id);
    this.subscriptions.joinAll();
  }

  /**
   * @param {Room} room
   * @param {import("./types.js").MemberLogEvent} event
   */
  #membersChanged(room, event) {
    if (!room.advance(event)) return;
    room.messages.takeMembers(event);
    room.membersVersion.value += 1;
    const info = room.info.peek();
    const change = { member_joined: 1, member_left: -1, member_changed: 0 }[event.type];
    const member_count = Math.max((info.member_count ?? 0) + change * event.members.length, 0);
    if (change) room.info.value = { ...info, member_count };
    if (event.type === "member_left" && event.cause === "deleted")
      this.people.erased(event.members);
  }

  /**
   * @param {Room} room
   * @param {import("./types.js").MessageFrame} message
   */
  #message(room, message) {
    if (!room.advance(message)) return;
    room.messages.take(message);
    room.stopTyping(message.user_id);
    if (message.user_id === this.user.id) {
      if (message.client_id) this.outbox.arrived(room, message.client_id);
      room.unhide();
      // The first message to a public room makes its author a member.
      const { kind, membership } = room.info.peek();
      if (kind === "public" && !membership) this.list.reread(room.id);
      // The reader has read their own message.
      if (room.unread.peek().length === 0) this.markRead(room, message.seq);
    } else if (!message.deleted_at) {
      room.unhide();
      room.addUnread([message.seq], names.isMentioned(message.content, this.user.username));
      if (message.seq > room.announcedSeq) this.onMessage(room, message);
    }
    room.announcedSeq = Math.max(room.announcedSeq, message.seq);
  }

  /**
   * @param {Room} room
   * @param {import("./types.js").MessageDeletedFrame} event
   */
  #messageDeleted(room, event) {
    if (!room.advance(event)) return;
    room.messages.take(event);
    if (event.seq <= room.countedTo) return;
    room.removeUnread(event.message_seq);
    this.#recount.soon(room);
  }

  /**
   * Something happened in a room that is not joined.
   * @param {Room} room
   * @param {import("./types.js").RoomActivityFrame} activity
   */
  #activity(room, { head_seq, messages, deleted, truncated }) {
    const name = this.user.username.toLowerCase();
    for (const message of messages) {
      if (message.seq <= room.lastSeq || message.user_id === this.user.id) continue;
      room.unhide();
      const isMentioned = message.mentions?.includes(name) ?? false;
      room.addUnread([message.seq], isMentioned);
      if (message.seq > room.announcedSeq) this.onActivity(room, message, isMentioned);
    }
    room.announcedSeq = Math.max(room.announcedSeq, head_seq);
    if (head_seq > room.countedTo) {
      for (const seq of deleted ?? []) room.removeUnread(seq);
      if (truncated && room.readSeq.peek() > 0) room.isUncertain = true;
    }
    const info = room.info.peek();
    if (head_seq > info.head_seq) room.info.value = { ...info, head_seq };
    this.subscriptions.skipTo(room, head_seq);
    this.#recount.soon(room);
  }

  /** @param {import("./types.js").ErrorFrame} error */
  #refused(error) {
    const wait = (error.retry_after ?? 1) * 1000;
    if (error.ref === "watch") {
      setTimeout(() => this.#watch(), wait);
      return;
    }
    const joining = this.subscriptions.roomOfRef(error.ref);
    if (error.ref && !joining) {
      for (const room of this.rooms.peek().values()) {
        const isOurs = room.pending.peek().some(({ client_id }) => client_id === error.ref);
        if (isOurs) return this.outbox.refused(room, error);
      }
    }
    const room = this.rooms.peek().get(joining ?? error.room_id ?? 0);
    if (!room) return;
    if (joining && error.code !== "already_subscribed") {
      this.subscriptions.remove(room.id);
      room.live.value = false;
    }
    if (error.code === "epoch_changed") {
      this.#forget();
      this.list.refresh();
    } else if (error.code === "history_pruned") {
      // The missed events no longer exist: the room begins with those that do.
      room.lastSeq = -Infinity;
      room.live.value = false;
      this.list.refresh();
    } else if (error.retry_after) {
      room.live.value = false;
      setTimeout(() => this.subscriptions.join(room), wait);
    } else if (error.code === "room_not_found") {
      this.list.refresh();
    } else if (error.code === "too_many_rooms") {
      this.subscriptions.limit(room);
    }
  }
}
