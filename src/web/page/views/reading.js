// How far a room or a thread has been read: to the last message that was in sight while the page had the focus. And the
// position of the unread line, which separates new messages from those that were read before.

import { listen } from "../core/dom.js";
import { effect, onEnd, signal } from "../core/reactive.js";
import { Thread } from "../core/thread.js";

/** A message must be in sight for this time to count as read. */
const READ_MS = 250;

export class Reading {
  /** The unread line is drawn after this seq; null: there is no line. */
  unreadAfter = signal(/** @type {number | null} */ (null));
  #timer = 0;

  /**
   * @param {import("../core/chat.js").Chat} chat
   * @param {import("../core/room.js").Room} room
   * @param {import("../core/types.js").Line} line
   * @param {import("./scroll.js").Scroll} scroll
   */
  constructor(chat, room, line, scroll) {
    this.chat = chat;
    this.room = room;
    this.line = line;
    this.scroll = scroll;
  }

  /** Starts, until the view that is being rendered leaves the page. */
  start() {
    listen(window, "focus", () => this.soon());
    effect(() => {
      const kept = this.line.threadId === null ? this.room.keptUnread.value : null;
      if (kept !== null) this.unreadAfter.value = kept;
    });
    listen(window, "blur", () => this.#away());
    onEnd(() => clearTimeout(this.#timer));
  }

  /** Marks the messages in sight as read, if they stay in sight for a moment. */
  soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#read(), READ_MS);
  }

  #read() {
    const { line, scroll } = this;
    if (document.hidden || !document.hasFocus() || !line.messages.isLoaded) return;
    // On a phone a panel covers the list.
    if (!scroll.scroller.checkVisibility({ visibilityProperty: true })) return;
    if (scroll.isAtEnd) return this.#mark(line.lastSeq);
    const bottom = scroll.scroller.getBoundingClientRect().bottom;
    const rows = /** @type {HTMLElement[]} */ ([
      ...scroll.list.querySelectorAll("li.message[data-seq]"),
    ]);
    const seen = rows.findLast((row) => row.getBoundingClientRect().bottom <= bottom);
    if (seen) this.#mark(Number(seen.dataset["seq"]));
  }

  /** @param {number} seq */
  #mark(seq) {
    const { chat, room, line } = this;
    if (line instanceof Thread) chat.reading.markThreadRead(room, line, seq);
    else chat.reading.markRead(room, seq);
  }

  /** Messages that arrive while the page does not have the focus are shown below the unread line. */
  #away() {
    const { unreadCount, readSeq, lastSeq } = this.line;
    if (unreadCount === 0) this.unreadAfter.value = Math.max(readSeq.peek(), lastSeq);
  }
}
