// A room as the page knows it: what it is, who is in it, how far it was heard and read.

import { signal } from "./reactive.js";
import { Timeline } from "./timeline.js";

/** @typedef {import("./types.js").Frame} Frame */

/** How long somebody is shown as typing after their last key. */
const TYPING_MS = 5_000;

export class Room {
  /** @param {import("./types.js").RoomInfo} info */
  constructor(info) {
    this.id = info.id;
    this.info = signal(info);
    /** The seq of the last event heard: where to resume. */
    this.lastSeq = info.head_seq;
    /** The server sends this room's events at the moment. */
    this.live = signal(false);
    /** @type {import("./reactive.js").Signal<import("./types.js").Person[]>} who is here */
    this.people = signal(/** @type {import("./types.js").Person[]} */ ([]));
    /** How many are here, which may be more than are named. */
    this.peopleCount = signal(0);
    /** @type {import("./reactive.js").Signal<import("./types.js").Person[]>} */
    this.typing = signal(/** @type {import("./types.js").Person[]} */ ([]));
    /** @type {import("./reactive.js").Signal<import("./types.js").Pending[]>} */
    this.pending = signal(/** @type {import("./types.js").Pending[]} */ ([]));
    /** Why the server has not taken the message that is on its way, in its words; empty if it has not said. */
    this.delay = signal("");
    this.timeline = new Timeline(info.id);

    this.readSeq = signal(info.read_seq ?? 0);
    /**
     * The seqs of others' messages not yet read. Of those that the server has counted only the number is
     * known: `countedTo` stands for each of them.
     * @type {import("./reactive.js").Signal<number[]>}
     */
    this.unread = signal(/** @type {number[]} */ ([]));
    /** One of the unread messages names the reader. */
    this.mentioned = signal(false);
    /** Up to where the server has counted. */
    this.countedTo = 0;
    /** What was counted has changed since: the server is to count again. */
    this.isUncertain = false;
    /** The seqs of those that name the reader, as in `unread`. @type {number[]} */
    this.calls = [];
    /** Up to where messages were announced to the reader. */
    this.noticed = info.head_seq;
    /** The room's log comes over the socket, and `lastSeq` is where to resume it. */
    this.isFollowed = false;
    /** When it was opened the last time (ms since 1970). */
    this.openedAt = 0;
    this.count(info);
    /** @type {Map<number, number>} timers of those who are typing */
    this.typists = new Map();
  }

  /** Never read, and there is something to read. */
  get isNew() {
    return this.readSeq.value === 0 && this.info.value.head_seq > 0;
  }

  /**
   * Whether the frame is the next event of the log; one that was heard before is not.
   * @param {Frame} frame
   */
  advance(frame) {
    if (!(frame.seq > this.lastSeq)) return false;
    this.lastSeq = frame.seq;
    return true;
  }

  /**
   * Everything up to there is read.
   * @param {number} seq
   * @returns {boolean} whether that is news
   */
  read(seq) {
    if (seq <= this.readSeq.peek()) return false;
    this.readSeq.value = seq;
    if (seq < this.countedTo && this.#hasCounted()) this.isUncertain = true;
    this.#keep((unread) => unread > seq);
    return true;
  }

  /**
   * These messages of others are unread, unless they were read or counted already.
   * @param {number[]} seqs
   * @param {boolean} mentioned
   */
  addUnread(seqs, mentioned) {
    const known = this.unread.peek();
    const from = Math.max(this.readSeq.peek(), this.countedTo);
    const fresh = seqs.filter((seq) => seq > from && !known.includes(seq));
    if (fresh.length === 0) return;
    this.unread.value = [...known, ...fresh].sort((a, b) => a - b);
    if (mentioned) this.calls.push(...fresh);
    this.mentioned.value = this.calls.length > 0;
  }

  /**
   * A message was deleted.
   * @param {number} seq
   */
  removeUnread(seq) {
    if (this.unread.peek().includes(seq) && seq !== this.countedTo) {
      this.#keep((unread) => unread !== seq);
    } else if (seq > this.readSeq.peek() && seq <= this.countedTo && this.#hasCounted()) {
      this.isUncertain = true;
    }
  }

  /**
   * Takes what the server has counted, up to the head at that time; what came later is known by its seq.
   * @param {import("./types.js").RoomInfo} info
   */
  count({ head_seq: head, read_seq: read = 0, unread, mentions = 0 }) {
    this.read(read);
    // An answer that was overtaken by another.
    if (unread === undefined || head < this.countedTo) return;
    const later = this.unread.peek().filter((seq) => seq > head);
    this.calls = this.calls.filter((seq) => seq > head);
    const position = this.readSeq.peek();
    // Counted before the server knew what has been read here.
    this.isUncertain = position > read && position < head && unread > 0;
    this.countedTo = head;
    if (position < head) {
      later.unshift(...Array(unread).fill(head));
      this.calls.unshift(...Array(mentions).fill(head));
    }
    this.unread.value = later;
    this.mentioned.value = this.calls.length > 0;
  }

  #hasCounted() {
    return this.unread.peek().includes(this.countedTo);
  }

  /** @param {(seq: number) => boolean} isLeft */
  #keep(isLeft) {
    this.unread.value = this.unread.peek().filter(isLeft);
    this.calls = this.calls.filter(isLeft);
    this.mentioned.value = this.calls.length > 0;
  }

  /** @param {Frame} frame `active_users`, `user_joined` or `user_left` */
  setPresence(frame) {
    const { user_id, username } = frame;
    const others = this.people.peek().filter((person) => person.user_id !== user_id);
    const wasHere = others.length < this.people.peek().length;
    if (frame.type === "active_users") {
      this.people.value = frame.users;
      this.peopleCount.value = frame.count;
    } else if (frame.type === "user_joined") {
      this.people.value = [...others, { user_id, username }];
      this.peopleCount.value += wasHere ? 0 : 1;
    } else {
      this.people.value = others;
      this.peopleCount.value = Math.max(this.peopleCount.peek() - 1, others.length);
      this.stopTyping(user_id);
    }
  }

  /** @param {import("./types.js").Person} person */
  showTyping({ user_id, username }) {
    this.stopTyping(user_id);
    this.typing.value = [...this.typing.peek(), { user_id, username }];
    this.typists.set(
      user_id,
      setTimeout(() => this.stopTyping(user_id), TYPING_MS),
    );
  }

  /** @param {number} userId */
  stopTyping(userId) {
    clearTimeout(this.typists.get(userId));
    if (!this.typists.delete(userId)) return;
    this.typing.value = this.typing.peek().filter(({ user_id }) => user_id !== userId);
  }

  /** The connection is gone: who is here and who is typing is not known. */
  lose() {
    this.live.value = false;
    for (const userId of this.typists.keys()) this.stopTyping(userId);
  }
}
