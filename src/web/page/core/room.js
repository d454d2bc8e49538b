// The state of one room: its description, the people in it, its position in the log, and its unread messages.

import { FollowedRoom } from "../sdk/javascript/src/followed-room.js";
import { PeopleHere } from "../sdk/javascript/src/people-here.js";
import { LoadedMessages } from "./loaded-messages.js";
import { QuotedMessages } from "./quoted.js";
import { signal } from "./reactive.js";
import { Thread } from "./thread.js";

/** A room with more unread messages than this is loaded around the first of them. */
const FEW = 60;

export class Room extends FollowedRoom {
  /**
   * @param {import("./types.js").RoomInfo} info
   * @param {number} userId the reader
   */
  constructor(info, userId) {
    super(info.id, info.head_seq);
    this.userId = userId;
    /** The messages of the room are not those of a thread. */
    this.threadId = /** @type {number | null} */ (null);
    this.info = signal(info);
    /** The room is joined and has caught up. */
    this.live = signal(false);
    /** @type {import("./reactive.js").Signal<import("./types.js").Person[]>} the people in the room */
    this.people = signal(/** @type {import("./types.js").Person[]} */ ([]));
    /** How many people are in the room: in a big room, more than `people` names. */
    this.peopleCount = signal(0);
    /** Those who are typing. @type {import("./reactive.js").Signal<import("./types.js").Person[]>} */
    this.typing = signal(/** @type {import("./types.js").Person[]} */ ([]));
    this.here = new PeopleHere(() => {
      this.people.value = this.here.list;
      this.peopleCount.value = this.here.count;
      this.typing.value = this.here.typing;
    });
    /** @type {import("./reactive.js").Signal<import("./types.js").Pending[]>} */
    this.pending = signal(/** @type {import("./types.js").Pending[]} */ ([]));
    /** The server's reason for not taking the message that is being sent; empty if it gave none. */
    this.delay = signal("");
    this.messages = new LoadedMessages(info.id, userId);
    /** The thread that was opened last. @type {Thread | null} */
    this.thread = null;
    this.quoted = new QuotedMessages(this.messages);
    /** Grows when a message is pinned or unpinned. */
    this.pinsVersion = signal(0);
    /** Grows when somebody joins or leaves, or when a member is changed. */
    this.membersVersion = signal(0);

    this.readSeq = signal(info.read_seq ?? 0);
    /**
     * The seqs of unread messages of other users. The server counts messages and does not send their seqs:
     * each message that it has counted is represented by `countedTo`.
     * @type {import("./reactive.js").Signal<number[]>}
     */
    this.unread = signal(/** @type {number[]} */ ([]));
    /** How many unread messages mention the reader, also in threads that the reader follows. */
    this.mentions = signal(0);
    /** How many of these are in threads; 0 until that is certain. */
    this.threadMentions = 0;
    /** How many threads that the reader follows have unread replies. */
    this.unreadThreads = signal(info.unread_threads ?? 0);
    /** The first unread message, as the server has counted. @type {number | undefined} */
    this.firstUnread = undefined;
    /**
     * The reader has marked the messages after this position as unread. They stay unread, also while they are in sight,
     * until the room is opened again. null: the reader has not.
     * @type {import("./reactive.js").Signal<number | null>}
     */
    this.keptUnread = signal(/** @type {number | null} */ (null));
    /** The seq up to which the server has counted. */
    this.countedTo = 0;
    /** A counted message was read or deleted since: the server must count again. */
    this.isUncertain = false;
    /** The seqs of the unread messages that mention the reader, as in `unread`. @type {number[]} */
    this.mentionSeqs = [];
    /** The seq up to which messages were announced to the reader. */
    this.announcedSeq = info.head_seq;
    this.count(info);
  }

  /** The newest position that is known to be in the log. */
  get headSeq() {
    return this.info.peek().head_seq;
  }

  /** The reader may have read on while there was no connection. */
  get unsentRead() {
    const seq = this.readSeq.peek();
    return seq > (this.info.peek().read_seq ?? 0) ? seq : 0;
  }

  /** The messages that are shown are continued by the log. */
  get maySkip() {
    return !this.messages.isLoaded;
  }

  /** The room is joined and has caught up, or not any more. @param {boolean} isLive */
  setLive(isLive) {
    this.live.value = isLive;
    if (!isLive) this.here.lose();
  }

  /** The reader has never read the room and is not a member, and it is not empty. */
  get isNew() {
    const { head_seq, membership } = this.info.value;
    return this.readSeq.value === 0 && !membership && head_seq > 0;
  }

  /** @param {number} threadId the id of its first message */
  openThread(threadId) {
    if (this.thread?.threadId !== threadId)
      this.thread = new Thread(this.id, threadId, this.userId);
    return this.thread;
  }

  /** Takes an event of the log that changes messages. @param {import("./types.js").MessageLogEvent} event */
  take(event) {
    this.messages.take(event);
    this.thread?.take(event);
    this.quoted.take(event);
    if (["message_pinned", "message_unpinned", "message_deleted"].includes(event.type))
      this.pinsVersion.value += 1;
  }

  /** Forgets every message, because the log is another one or has moved far ahead. */
  restart() {
    this.messages.forget();
    this.quoted.forget();
    this.thread?.messages.forget();
  }

  /** @returns {{ read: number, isFar: boolean } | null} where the unread messages begin; null: there are none */
  opensAt() {
    const { head_seq, membership, unread } = this.info.peek();
    // A member who has never read the room begins where the membership began.
    const read = this.readSeq.peek() || (membership?.joined_seq ?? 0);
    const behind = Math.max(this.lastSeq, head_seq) - read;
    // Replies in threads and reactions move the head too.
    const isRead = unread !== undefined && !this.isUncertain && this.unread.peek().length === 0;
    if (read === 0 || behind <= 0 || isRead) return null;
    return { read: Math.max(read, (this.firstUnread ?? 0) - 1), isFar: behind > FEW };
  }

  /** How many messages are unread. */
  get unreadCount() {
    return this.unread.value.length;
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
   * The reader has marked the messages after a position as unread, here or elsewhere.
   * @param {number} position
   */
  markUnread(position) {
    const info = this.info.peek();
    this.info.value = { ...info, read_seq: position };
    this.readSeq.value = position;
    this.keptUnread.value = position;
    this.firstUnread = undefined;
    // Until the server has counted: what is in memory.
    this.unread.value = this.messages.list
      .filter((it) => it.seq > position && it.user_id !== this.userId && !it.deleted_at)
      .map(({ seq }) => seq);
    this.isUncertain = true;
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
    this.#addMentions();
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
  count(info) {
    const { head_seq: head, read_seq: read = 0, unread, mentions = 0 } = info;
    // An answer from before the reader has marked messages as unread does not make them read again.
    if (this.keptUnread.peek() === null) this.read(read);
    // A newer answer arrived first.
    if (unread === undefined || head < this.countedTo) return;
    this.unreadThreads.value = info.unread_threads ?? 0;
    this.firstUnread = info.first_unread_seq;
    const later = this.unread.peek().filter((seq) => seq > head);
    this.mentionSeqs = this.mentionSeqs.filter((seq) => seq > head);
    const position = this.readSeq.peek();
    // The server counted before it received the read position of this page.
    this.isUncertain = position > read && unread > 0 && (position < head || mentions > 0);
    this.countedTo = head;
    this.threadMentions = 0;
    if (position < head) {
      later.unshift(...Array(unread).fill(head));
      if (unread > 0) this.mentionSeqs.unshift(...Array(mentions).fill(head));
    }
    // Without unread messages in the room, what mentions the reader is in threads.
    if (unread === 0) this.threadMentions = mentions;
    this.unread.value = later;
    this.#addMentions();
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
    this.here.rename((list) => renamed(list, person));
    this.messages.rename(person);
    this.thread?.messages.rename(person);
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
    const left = this.mentionSeqs.filter(isLeft);
    // Mentions that the server has counted may be in threads, which are not read with the room.
    const isCounted = (/** @type {number} */ seq) => seq === this.countedTo;
    if (left.filter(isCounted).length < this.mentionSeqs.filter(isCounted).length)
      this.isUncertain = true;
    this.mentionSeqs = left;
    this.#addMentions();
  }

  #addMentions() {
    this.mentions.value = this.mentionSeqs.length + this.threadMentions;
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
