// How far a room has been read: to the last message that was in sight while somebody looked. And where
// the line stands that divides what is new from what was read before.

import { listen } from "../core/dom.js";
import { onEnd, signal } from "../core/reactive.js";

/** A message that is in sight for less time has not been read. */
const READ_MS = 250;

export class Reading {
  /** The line is drawn after this seq, if it is drawn. */
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

  /** Watches for as long as the view that is being rendered lives. */
  start() {
    listen(window, "focus", () => this.soon());
    listen(window, "blur", () => this.#away());
    onEnd(() => clearTimeout(this.#timer));
  }

  /** Says how far the room has been read, if what is in sight stays there for a moment. */
  soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#read(), READ_MS);
  }

  #read() {
    const { chat, room, scroll } = this;
    if (document.hidden || !document.hasFocus() || !room.timeline.loaded) return;
    if (scroll.isAtEnd) return chat.markRead(room, room.lastSeq);
    const bottom = scroll.scroller.getBoundingClientRect().bottom;
    const rows = /** @type {HTMLElement[]} */ ([
      ...scroll.list.querySelectorAll("li.message[data-seq]"),
    ]);
    const seen = rows.findLast((row) => row.getBoundingClientRect().bottom <= bottom);
    if (seen) chat.markRead(room, Number(seen.dataset["seq"]));
  }

  /** What comes while the reader is elsewhere is new when they come back. */
  #away() {
    const { unread, readSeq, lastSeq } = this.room;
    if (unread.peek().length === 0) this.unreadAfter.value = Math.max(readSeq.peek(), lastSeq);
  }
}
