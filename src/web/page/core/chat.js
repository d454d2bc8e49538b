// The chat of the signed-in user: all rooms over one connection. The connection watches, so that it is
// notified of every room; it also joins as many rooms as it may, and receives the logs of these. The SDK keeps the
// rooms in step with the server; here the frames become the state of the page.

import { Sync } from "../sdk/javascript/src/sync.js";
import { call } from "./api.js";
import { Blocks } from "./blocks.js";
import { Drafts } from "./drafts.js";
import { Echoes, keyOf } from "./echoes.js";
import { peopleIn } from "./known-names.js";
import { KnownPeople } from "./known-people.js";
import { Leavings } from "./leavings.js";
import { isTooLong, messageChars } from "./limits.js";
import { Listed } from "./listed.js";
import { renewToken } from "./login.js";
import { isMentioned } from "./mentions.js";
import { titleOf } from "./people.js";
import { effect, onEnd, signal } from "./reactive.js";
import { ReadingPositions } from "./reading-positions.js";
import { RoomList } from "./room-list.js";
import { ScheduledMessages } from "./scheduled.js";
import { forgetSession, session } from "./session.js";
import { refreshSetup } from "./setup.js";
import * as socket from "./socket.js";
import { storage } from "./storage.js";

/** @typedef {import("./room.js").Room} Room */

export class Chat {
  /** A message of another user arrived. @type {(room: Room, message: import("./types.js").Message) => void} */
  onMessage = () => {};
  /**
   * Another user wrote in a room that is not joined.
   * @type {(room: Room, message: import("./types.js").ActivityMessage, callsMe: boolean) => void}
   */
  onActivity = () => {};
  /** More threads of a room have unread replies than before. @type {(room: Room) => void} */
  onThreads = () => {};
  /** Grows with what the lists of mentions and threads may have to show. */
  activity = signal(0);

  /** @param {import("./types.js").User} user */
  constructor(user) {
    this.user = user;
    this.echoes = new Echoes();
    this.scheduled = new ScheduledMessages(this.echoes);
    this.list = new RoomList(
      {
        described: (room, { head_seq }) => {
          this.subscriptions.skipTo(room, head_seq);
          this.reading.countIfUncertain(room);
        },
        read: (added) => {
          for (const id of added.keys()) this.#showPending(id);
          this.subscriptions.joinAll();
          this.people.askPresence();
        },
      },
      user.id,
    );
    this.rooms = this.list.rooms;
    this.drafts = new Drafts(user.id, this.rooms, this.echoes);
    this.listed = new Listed(this.rooms, user.id);
    this.blocks = new Blocks();
    /** The own card, once it is known. @type {import("./reactive.js").Signal<import("./types.js").UserCard | null>} */
    this.me = signal(/** @type {import("./types.js").UserCard | null} */ (null));
    this.people = new KnownPeople(this.list, this.me, user.id);
    this.leavings = new Leavings();
    this.sync = this.#sync();
    this.outbox = this.sync.outbox;
    this.subscriptions = this.sync.subscriptions;
    this.reading = new ReadingPositions(this.sync, this.echoes, {
      threads: (room) => this.onThreads(room),
      threadRead: () => (this.activity.value += 1),
    });
  }

  /** Connects, until the scope ends. */
  start() {
    const { connection } = this.sync;
    socket.useConnection(connection);
    connection.connect();
    let token = session.peek()?.token;
    effect(() => {
      const next = session.value?.token;
      if (next && next !== token) connection.send({ type: "auth.refresh", token: next });
      token = next;
    });
    onEnd(() => {
      this.list.end();
      this.reading.end();
      this.scheduled.end();
      this.drafts.end();
      this.people.presence.end();
      connection.disconnect();
      socket.useConnection(null);
    });
  }

  /** @returns {Sync<Room>} */
  #sync() {
    return new Sync({
      connection: { handshake: socket.handshake },
      rooms: () => this.rooms.peek(),
      userId: () => this.user.id,
      outbox: {
        storage,
        prefix: `chatapp.outbox.${this.user.id}.`,
        check: (text) =>
          isTooLong(text) ? `a message may have at most ${messageChars()} characters` : undefined,
        changed: (roomId) => this.#showPending(roomId),
        failed: ({ code }) => code === "invalid_field" && refreshSetup(),
        delayed: (roomId, reason) => {
          const room = this.rooms.peek().get(roomId);
          if (room) room.delay.value = reason;
        },
      },
      listener: {
        changed: socket.showState,
        failed: socket.failed,
        received: (frame, room) => this.#received(frame, room),
        expiring: () => renewToken().catch(() => {}),
        signedOut: () => forgetSession("Your session has ended. Sign in again to go on."),
        forgotten: () => this.#forget(),
      },
    });
  }

  /** The messages of a room that are not in the log yet are other ones. @param {number} roomId */
  #showPending(roomId) {
    const room = this.rooms.peek().get(roomId);
    if (room) room.pending.value = this.outbox.of(roomId);
  }

  /** The reader opens a room, or leaves all of them. @param {number | null} id */
  openRoom(id) {
    const room = id === null ? undefined : this.rooms.peek().get(id);
    if (room) room.keptUnread.value = null;
    this.subscriptions.openRoom(id);
  }

  /** The database is another one. */
  #forget() {
    this.list.forget();
    this.drafts.forget();
  }

  /**
   * Takes a frame that is new.
   * @param {import("../sdk/javascript/src/types.js").Received} frame
   * @param {Room | undefined} room
   */
  #received(frame, room) {
    switch (frame.type) {
      case "watching":
        return this.#watching();
      case "room_created":
        return this.#roomCreated(frame.room);
      case "room_deleted":
        return this.#roomDeleted(frame.room_id);
      case "membership":
        return void this.list.reread(frame.room_id);
      case "room_left":
        return room && this.#roomLeft(room, frame);
      case "own_changed":
        return this.#ownChanged(frame);
      case "error":
        // The list says which rooms there are now, and where their logs are.
        if (["epoch_changed", "history_pruned", "room_not_found"].includes(frame.code))
          this.list.refresh();
        return;
      case "auth.refreshed":
      case "pong":
      case "unsubscribed":
      case "reacted":
        return;
      default:
        if (!room) return;
        this.#receivedInRoom(room, frame);
        this.people.learn(peopleIn(frame));
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
      case "reply":
        return this.#reply(room, frame);
      case "message_edited":
      case "reaction_added":
      case "reaction_removed":
      case "message_pinned":
      case "message_unpinned":
        return room.take(frame);
      case "message_deleted":
        return this.#messageDeleted(room, frame);
      case "member_joined":
      case "member_left":
      case "member_changed":
        return this.#membersChanged(room, frame);
      case "room_changed":
        room.messages.takeMembers(frame);
        return this.list.change(room, frame);
      case "room_activity":
        return this.#activity(room, frame);
      case "ack":
      case "synced":
        return;
      case "user_joined":
        this.people.presence.note(frame.user_id, "online");
        return room.here.take(frame);
      case "user_left":
        this.people.presence.left(frame.user_id);
        return room.here.take(frame);
      case "active_users":
        return room.here.take(frame);
      case "typing":
        return frame.user_id === this.user.id ? undefined : room.here.showTyping(frame);
      case "read":
        return this.reading.take(room, frame);
      case "room_updated":
        return this.list.change(room, frame);
      default:
        return skip(frame);
    }
  }

  /** Nothing is lost between the list and the frames: the connection watches already. */
  #watching() {
    this.list.refresh().then(() => this.drafts.sync());
    for (const room of this.rooms.peek().values())
      if (room.thread) this.reading.takeThread(room, room.thread.threadId);
    this.blocks.read();
    this.scheduled.read();
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
    this.#showPending(room.id);
    this.subscriptions.join(room);
  }

  /** @param {number} roomId */
  #roomDeleted(roomId) {
    if (!this.list.remove(roomId)) return;
    // Another room may be joined in its place.
    this.subscriptions.joinAll();
  }

  /**
   * The reader has changed something on another device, or here.
   * @param {import("./types.js").OwnChangedFrame} frame
   */
  #ownChanged({ subject, room_id, thread_id = null }) {
    if (this.echoes.take(keyOf(subject, room_id, thread_id))) return;
    switch (subject) {
      case "draft":
        return this.drafts.readSoon();
      case "scheduled":
        return this.scheduled.readSoon();
      case "thread": {
        const room = this.rooms.peek().get(room_id);
        if (room) this.reading.takeThread(room, thread_id);
        return;
      }
    }
  }

  /**
   * The reader may not read a room any more.
   * @param {Room} room
   * @param {import("./types.js").RoomLeftFrame} frame
   */
  #roomLeft(room, { room_id, cause }) {
    const title = titleOf(room.info.peek(), this.user.id);
    this.leavings.add(room_id, { title, cause });
    this.list.drop(room_id);
    this.subscriptions.joinAll();
  }

  /**
   * @param {Room} room
   * @param {import("./types.js").MemberLogEvent} event
   */
  #membersChanged(room, event) {
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
    room.take(message);
    room.here.stopTyping(message.user_id);
    if (message.user_id === this.user.id) {
      this.#ownArrived(room);
      // The reader has read their own message.
      if (room.unread.peek().length === 0) this.reading.markRead(room, message.seq);
    } else if (!message.deleted_at) {
      room.unhide();
      const callsMe = isMentioned(message, this.user.id);
      room.addUnread([message.seq], callsMe);
      if (message.thread_id) this.reading.count(room);
      if (callsMe || message.thread_id) this.activity.value += 1;
      if (message.seq > room.announcedSeq) this.onMessage(room, message);
    }
    room.announcedSeq = Math.max(room.announcedSeq, message.seq);
  }

  /**
   * A reply that is shown only in its thread. It is not unread in the room.
   * @param {Room} room
   * @param {import("./types.js").ReplyFrame} reply
   */
  #reply(room, reply) {
    room.take(reply);
    room.here.stopTyping(reply.user_id);
    if (reply.user_id === this.user.id) this.#ownArrived(room);
    else if (!reply.deleted_at) {
      room.unhide();
      // Only the server knows whether the reader follows the thread.
      this.reading.count(room);
      if (isMentioned(reply, this.user.id) && reply.seq > room.announcedSeq)
        this.onMessage(room, reply);
    }
    room.announcedSeq = Math.max(room.announcedSeq, reply.seq);
    this.activity.value += 1;
  }

  /** A message of the reader is in the log. @param {Room} room */
  #ownArrived(room) {
    room.unhide();
    // The first message to a public room makes its author a member.
    const { kind, membership } = room.info.peek();
    if (kind === "public" && !membership) this.list.reread(room.id);
  }

  /**
   * @param {Room} room
   * @param {import("./types.js").MessageDeletedFrame} event
   */
  #messageDeleted(room, event) {
    room.take(event);
    if (event.seq <= room.countedTo) return;
    room.removeUnread(event.message_seq);
    this.reading.countIfUncertain(room);
  }

  /**
   * Something happened in a room that is not joined.
   * @param {Room} room
   * @param {import("./types.js").RoomActivityFrame} activity
   */
  #activity(room, { head_seq, messages, deleted, truncated, threads = [] }) {
    // Only the server knows whether the reader follows these threads.
    if (threads.length > 0) room.isUncertain = true;
    for (const message of messages) {
      if (message.seq <= room.lastSeq || message.user_id === this.user.id) continue;
      room.unhide();
      const { mentions, mentions_everyone } = message;
      const callsMe = Boolean(mentions_everyone || mentions?.includes(this.user.id));
      room.addUnread([message.seq], callsMe);
      if (message.seq > room.announcedSeq) this.onActivity(room, message, callsMe);
    }
    room.announcedSeq = Math.max(room.announcedSeq, head_seq);
    if (head_seq > room.countedTo) {
      for (const seq of deleted ?? []) room.removeUnread(seq);
      if (truncated && room.readSeq.peek() > 0) room.isUncertain = true;
    }
    const info = room.info.peek();
    if (head_seq > info.head_seq) room.info.value = { ...info, head_seq };
    this.subscriptions.skipTo(room, head_seq);
    this.reading.countIfUncertain(room);
    this.activity.value += 1;
  }
}

/**
 * Skips a frame whose type this page does not know, because the server is newer.
 * @param {never} _frame a type that the page should know and does not handle is a type error
 */
function skip(_frame) {}
