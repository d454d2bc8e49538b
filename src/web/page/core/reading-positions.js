// How far the reader has read rooms and threads: positions that move on with what is seen, and back when the reader
// marks messages as unread.

import { call } from "./api.js";
import { keyOf } from "./echoes.js";
import { Recount } from "./recount.js";

/** @typedef {import("./room.js").Room} Room */

export class ReadingPositions {
  #recount = new Recount();

  /**
   * @param {import("../sdk/javascript/src/sync.js").Sync<Room>} sync
   * @param {import("./echoes.js").Echoes} echoes
   * @param {{ threads(room: Room): void, threadRead(): void }} listener `threads`: more threads of a room have unread
   *   replies than before; `threadRead`: the reader has read a thread
   */
  constructor(sync, echoes, listener) {
    this.sync = sync;
    this.echoes = echoes;
    this.listener = listener;
    this.#recount.onThreads = (room) => listener.threads(room);
  }

  /**
   * Everything in a room up to a position has been read.
   * @param {Room} room
   * @param {number} seq
   */
  markRead(room, seq) {
    if (room.keptUnread.peek() !== null || !room.read(seq)) return;
    // If the call fails, the position is sent when the room is joined.
    if (!this.sync.markRead(room, seq))
      call("PUT", `/rooms/${room.id}/read`, { seq }).catch(() => {});
    this.countIfUncertain(room);
  }

  /**
   * Marks a message and those after it as unread.
   * @param {Room} room
   * @param {number} seq
   */
  async markUnread(room, seq) {
    await call("POST", `/rooms/${room.id}/unread`, { seq });
    room.markUnread(seq - 1);
    this.countIfUncertain(room);
  }

  /**
   * A thread that the reader follows has been read up to a position.
   * @param {Room} room
   * @param {import("./thread.js").Thread} thread
   * @param {number} seq
   */
  async markThreadRead(room, thread, seq) {
    if (!thread.isFollowing.peek() || !thread.read(seq)) return;
    try {
      await this.#change("PUT", room, thread, "read", { seq });
      if (room.unreadThreads.peek() > 0 || room.mentions.peek() > 0) this.count(room);
      this.listener.threadRead();
    } catch (error) {
      // The position is sent again with the next reply.
      console.info(error);
    }
  }

  /**
   * The reader follows a thread from now on, or not any more.
   * @param {Room} room
   * @param {import("./thread.js").Thread} thread
   * @param {boolean} isFollowing
   */
  async follow(room, thread, isFollowing) {
    await this.#change(isFollowing ? "PUT" : "DELETE", room, thread, "follow");
    thread.isFollowing.value = isFollowing;
    // Who begins to follow has read everything until then.
    if (isFollowing) thread.read(Math.max(thread.lastSeq, room.lastSeq));
    this.count(room);
  }

  /**
   * The reader has read a thread on another device, or follows it there, or not any more.
   * @param {Room} room
   * @param {number | null} threadId
   */
  takeThread(room, threadId) {
    if (room.thread?.threadId === threadId) room.thread.isUncertain = true;
    this.count(room);
    this.listener.threadRead();
  }

  /**
   * The reader has read a room on another device, or marked messages there as unread.
   * @param {Room} room
   * @param {import("./types.js").ReadFrame} frame
   */
  take(room, { seq, marked_unread }) {
    if (marked_unread) room.markUnread(seq);
    else if (room.read(seq)) room.keptUnread.value = null;
    this.countIfUncertain(room);
  }

  /** Has the server count what is unread in a room. @param {Room} room */
  count(room) {
    room.isUncertain = true;
    this.countIfUncertain(room);
  }

  /** @param {Room} room */
  countIfUncertain(room) {
    this.#recount.soon(room);
  }

  end() {
    this.#recount.end();
  }

  /**
   * @param {"PUT" | "DELETE"} method
   * @param {Room} room
   * @param {import("./thread.js").Thread} thread
   * @param {"read" | "follow"} what
   * @param {object} [body]
   */
  #change(method, room, { threadId }, what, body) {
    const path = `/rooms/${room.id}/messages/${threadId}/thread/${what}`;
    return this.echoes.of(keyOf("thread", room.id, threadId), () => call(method, path, body));
  }
}
