// How far a room has been read: to the last message that was in sight while the page had the focus. And the
// position of the unread line, which separates new messages from those that were read before.

import { listen } from "../core/dom.js";
import { onEnd, signal } from "../core/reactive.js";

/** A message must be in sight for this time to count as read. */
const READ_MS = 250;

export class Reading {
  /** The unread line is drawn after this seq; null: there is no line. */
  unreadAfter = signal(/** @type {number | null} */ (null));
  #timer = 0;

  /**
   * @param {import("../core/chat.js").Chat} chat
   * @param {import("../core/room.js").Room} room
   * @param {import("./scroll.js").Scroll} scroll
   */
  constructor(chat, room, scroll) {
    this.chat = chat;
    this.room = room;
    this.scroll = scroll;
  }

  /** Starts, until the view that is being rendered leaves the page. */
  start() {
    listen(window, "focus", () => this.soon());
    listen(window, "blur", () => this.#away());
    onEnd(() => clearTimeout(this.#timer));
  }

  /** Marks the messages in sight as read, if they stay in sight for a moment. */
  soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#read(), READ_MS);
  }

  #read() {
    const { chat, room, scroll } = this;
    if (document.hidden || !document.hasFocus() || !room.messages.isLoaded) return;
    if (scroll.isAtEnd) return chat.markRead(room, room.lastSeq);
    const bottom = scroll.scroller.getBoundingClientRect().bottom;
    const rows = /** @type {HTMLElement[]} */ ([
      ...scroll.list.querySelectorAll("li.message[data-seq]"),
    ]);
    const seen = rows.findLast((row) => row.getBoundingClientRect().bottom <= bottom);
    if (seen) chat.markRead(room, Number(seen.dataset["seq"]));
  }

  /** Messages that arrive while the page does not have the focus are shown below the unread line. */
  #away() {
    const { unread, readSeq, lastSeq } = this.room;
    if (unread.peek().length === 0) this.unreadAfter.value = Math.max(readSeq.peek(), lastSeq);
  }
}
