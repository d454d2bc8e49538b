// The state of one thread of a room: the replies to a message, and how far the reader has read them. It has the fields
// of a room that the list of messages works with (`Line` in types.d.ts).

import { call } from "./api.js";
import { LoadedMessages } from "./loaded-messages.js";
import { signal } from "./reactive.js";

/** @typedef {import("./types.js").MessageLogEvent} MessageLogEvent */

export class Thread {
  /** The reader follows the thread, and so its replies are unread until they are seen. */
  isFollowing = signal(false);
  readSeq = signal(0);
  /** The server has said how far the reader has read. */
  isKnown = false;
  /** This was changed on another device: the server must say it again. */
  isUncertain = false;

  /**
   * @param {number} roomId
   * @param {number} threadId the id of the first message
   * @param {number} userId the reader
   */
  constructor(roomId, threadId, userId) {
    this.threadId = threadId;
    this.userId = userId;
    this.messages = new LoadedMessages(roomId, userId, threadId);
    this.messages.onPage = (page) => this.#learn(page);
  }

  /** The seq of the newest message in memory. */
  get lastSeq() {
    return this.messages.list.at(-1)?.seq ?? 0;
  }

  /** How many replies of others in memory are unread. */
  get unreadCount() {
    this.messages.version.value;
    if (!this.isFollowing.value) return 0;
    const read = this.readSeq.value;
    return this.messages.list.filter(
      ({ seq, user_id, deleted_at }) => seq > read && user_id !== this.userId && !deleted_at,
    ).length;
  }

  /** @returns {{ read: number, isFar: boolean } | null} where the unread replies begin; null: there are none */
  opensAt() {
    const read = this.readSeq.peek();
    const [first] = this.messages.list;
    if (!this.isFollowing.peek() || read === 0 || read >= this.lastSeq) return null;
    return { read, isFar: this.messages.hasOlder && (first?.seq ?? 0) > read };
  }

  /** An event of the room's log. @param {MessageLogEvent} event */
  take(event) {
    this.messages.take(event);
    if (event.type !== "message" && event.type !== "reply") return;
    if (event.thread_id !== this.threadId) return;
    const isMine = event.user_id === this.userId;
    const callsMe = event.mentions?.some(({ user_id }) => user_id === this.userId);
    if (isMine || callsMe) this.isFollowing.value = true;
    if (isMine) this.read(event.seq);
  }

  /**
   * Everything up to a position has been read.
   * @param {number} seq
   * @returns {boolean} whether the read position has moved
   */
  read(seq) {
    if (seq <= this.readSeq.peek()) return false;
    this.readSeq.value = seq;
    return true;
  }

  /** Has the server say again how far the reader has read, if that is not certain. */
  async ask() {
    if (!this.isUncertain) return;
    this.isUncertain = false;
    this.#learn(await call("GET", `${this.messages.path}?limit=1`));
  }

  /** @param {import("./types.js").ThreadPage} page */
  #learn({ is_following, read_seq }) {
    this.isKnown = true;
    this.isFollowing.value = is_following;
    this.read(read_seq);
  }
}
