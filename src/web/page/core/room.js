// The state of one room: its description, the people in it, its position in the log, and its unread messages.

import { LoadedMessages } from "./loaded-messages.js";
import { signal } from "./reactive.js";

/**
 * @typedef {import("./types.js").ActiveUsersFrame | import("./types.js").UserJoinedFrame
 *   | import("./types.js").UserLeftFrame} Presence
 */

/** How long a user is shown as typing after the last `typing` frame. */
const TYPING_MS = 5_000;

export class Room {
  /** @param {import("./types.js").RoomInfo} info */
  constructor(info) {
    this.id = info.id;
    this.info = signal(info);
    /** The seq of the last received event, from which the room resumes. */
    this.lastSeq = info.head_seq;
    /** The room is joined and has caught up. */
    this.live = signal(false);
    /** @type {import("./reactive.js").Signal<import("./types.js").Person[]>} the people in the room */
    this.people = signal(/** @type {import("./types.js").Person[]} */ ([]));
    /** How many people are in the room: in a big room, more than `people` names. */
    this.peopleCount = signal(0);
    /** @type {import("./reactive.js").Signal<import("./types.js").Person[]>} */
    this.typing = signal(/** @type {import("./types.js").Person[]} */ ([]));
    /** @type {import("./reactive.js").Signal<import("./types.js").Pending[]>} */
    this.pending = signal(/** @type {import("./types.js").Pending[]} */ ([]));
    /** The server's reason for not taking the message that is being sent; empty if it gave none. */
    this.delay = signal("");
    this.messages = new LoadedMessages(info.id);
    /** Grows when somebody joins or leaves, or when a member is changed. */
    this.membersVersion = signal(0);

    this.readSeq = signal(info.read_seq ?? 0);
    /**
     * The seqs of unread messages of other users. The server counts messages and does not send their seqs:
     * each message that it has counted is represented by `countedTo`.
     * @type {import("./reactive.js").Signal<number[]>}
     */
    this.unread = signal(/** @type {number[]} */ ([]));
    /** An unread message mentions the reader. */
    this.mentioned = signal(false);
    /** The seq up to which the server has counted. */
    this.countedTo = 0;
    /** A counted message was read or deleted since: the server must count again. */
    this.isUncertain = false;
    /** The seqs of the unread messages that mention the reader, as in `unread`. @type {number[]} */
    this.mentionSeqs = [];
    /** The seq up to which messages were announced to the reader. */
    this.announcedSeq = info.head_seq;
    /** The connection receives the room's log, or will after it resumes from `lastSeq`. */
    this.isFollowed = false;
    /** When the reader last opened the room (ms since 1970). */
    this.openedAt = 0;
    this.count(info);
    /** @type {Map<number, number>} timers of the users who are typing */
    this.typists = new Map();
  }

  /** The reader has never read the room and is not a member, and it is not empty. */
  get isNew() {
    const { head_seq, membership } = this.info.value;
    return this.readSeq.value === 0 && !membership && head_seq > 0;
  }

  /**
   * Moves the position to an event. Returns false if the event was received before.
   * @param {{ seq: number }} frame
   */
  advance(frame) {
    if (!(frame.seq > this.lastSeq)) return false;
    this.lastSeq = frame.seq;
    return true;
  }

  /**
   * Everything up to a position has been read.
   * @param {number} seq
   * @returns {boolean} whether the read position has moved
   */
  read(seq) {
    if (seq <= this.readSeq.peek()) return false;
    this.readSeq.value = seq;
    if (seq < this.countedTo && this.#hasCounted()) this.isUncertain = true;
    this.#keep((unread) => unread > seq);
    return true;
  }

  /**
   * Adds unread messages of other users, except those that were read or counted already.
   * @param {number[]} seqs
   * @param {boolean} mentioned
   */
  addUnread(seqs, mentioned) {
    const known = this.unread.peek();
    const from = Math.max(this.readSeq.peek(), this.countedTo);
    const fresh = seqs.filter((seq) => seq > from && !known.includes(seq));
    if (fresh.length === 0) return;
    this.unread.value = [...known, ...fresh].sort((a, b) => a - b);
    if (mentioned) this.mentionSeqs.push(...fresh);
    this.mentioned.value = this.mentionSeqs.length > 0;
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
   * Takes a count of the server, up to the head at that time. Later messages are known by their seqs.
   * @param {import("./types.js").RoomInfo} info
   */
  count({ head_seq: head, read_seq: read = 0, unread, mentions = 0 }) {
    this.read(read);
    // A newer answer arrived first.
    if (unread === undefined || head < this.countedTo) return;
    const later = this.unread.peek().filter((seq) => seq > head);
    this.mentionSeqs = this.mentionSeqs.filter((seq) => seq > head);
    const position = this.readSeq.peek();
    // The server counted before it received the read position of this page.
    this.isUncertain = position > read && position < head && unread > 0;
    this.countedTo = head;
    if (position < head) {
      later.unshift(...Array(unread).fill(head));
      this.mentionSeqs.unshift(...Array(mentions).fill(head));
    }
    this.unread.value = later;
    this.mentioned.value = this.mentionSeqs.length > 0;
  }

  /** A hidden room appears again with its next event. */
  unhide() {
    const info = this.info.peek();
    const { membership } = info;
    if (!membership?.is_hidden) return;
    this.info.value = { ...info, membership: { ...membership, is_hidden: false } };
  }

  /**
   * Somebody has another name.
   * @param {import("./types.js").Person} person
   * @returns {boolean} whether the name of the room has changed
   */
  rename(person) {
    const info = this.info.peek();
    const { people } = info;
    this.people.value = renamed(this.people.peek(), person);
    this.messages.rename(person);
    const next = people && renamed(people, person);
    if (!next || next === people) return false;
    this.info.value = { ...info, people: next };
    return true;
  }

  #hasCounted() {
    return this.unread.peek().includes(this.countedTo);
  }

  /** @param {(seq: number) => boolean} isLeft */
  #keep(isLeft) {
    this.unread.value = this.unread.peek().filter(isLeft);
    this.mentionSeqs = this.mentionSeqs.filter(isLeft);
    this.mentioned.value = this.mentionSeqs.length > 0;
  }

  /** @param {Presence} frame */
  setPresence(frame) {
    if (frame.type === "active_users") {
      this.people.value = frame.users;
      this.peopleCount.value = frame.count;
      return;
    }
    const { user_id, username, display_name } = frame;
    const others = this.people.peek().filter((person) => person.user_id !== user_id);
    const wasHere = others.length < this.people.peek().length;
    if (frame.type === "user_joined") {
      this.people.value = [...others, { user_id, username, ...(display_name && { display_name }) }];
      this.peopleCount.value += wasHere ? 0 : 1;
    } else {
      this.people.value = others;
      this.peopleCount.value = Math.max(this.peopleCount.peek() - 1, others.length);
      this.stopTyping(user_id);
    }
  }

  /** @param {import("./types.js").Person} person */
  showTyping({ user_id, username, display_name }) {
    this.stopTyping(user_id);
    this.typing.value = [
      ...this.typing.peek(),
      { user_id, username, ...(display_name && { display_name }) },
    ];
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

  /** The connection is lost, or has left the room. */
  lose() {
    this.live.value = false;
    for (const userId of this.typists.keys()) this.stopTyping(userId);
  }
}

/**
 * @param {import("./types.js").Person[]} people
 * @param {import("./types.js").Person} person
 */
function renamed(people, { user_id, display_name = null }) {
  const isOld = people.some(
    (one) => one.user_id === user_id && (one.display_name ?? null) !== display_name,
  );
  if (!isOld) return people;
  return people.map((one) => (one.user_id === user_id ? { ...one, display_name } : one));
}
