// The list of the messages of a room or of a thread: its rows, the line above them, and the button that leads to the newest.
// Scrolling, loading, reading and editing are in files of their own.

import { words } from "../core/api.js";
import { View, fill, h, icon, listen, view } from "../core/dom.js";
import { effect, onEnd } from "../core/reactive.js";
import { titleOf } from "../core/people.js";
import { route, seqIn } from "../core/route.js";
import { counted } from "../text/format.js";
import { openCards } from "./cards.js";
import { messageActions } from "./actions.js";
import { Editing } from "./editing.js";
import { messageEditor } from "./editor.js";
import { Paging } from "./paging.js";
import { Reading } from "./reading.js";
import { keepReachable, rowKeys } from "./row-keys.js";
import { reconcile, rowOf, rowsOf } from "./rows.js";
import { Scroll } from "./scroll.js";

/** Pixels from the end of the list from which a button leads back to it. */
const FAR = 400;

export class MessageList extends View {
  /** @type {import("../core/chat.js").Chat} */
  chat = /** @type {any} */ (null);
  /** @type {import("../core/room.js").Room} */
  room = /** @type {any} */ (null);
  /** Whose messages these are: those of the room, or of one of its threads. @type {import("../core/types.js").Line} */
  line = /** @type {any} */ (null);

  #list = h("ol", { class: "messages" });
  #status = h("div", { class: "list-status", role: "status" });
  #jump = h("button", {
    class: "to-newest",
    type: "button",
    hidden: true,
    onclick: () => this.toNewest(),
  });
  #toUnread = h(
    "button",
    {
      class: "to-newest to-unread",
      type: "button",
      hidden: true,
      onclick: () => this.#goToUnread(),
    },
    "Jump to first unread",
    icon("down"),
  );
  /** The unread line that was in sight, by its position. @type {number | null} */
  #seenLine = null;
  #scroll = new Scroll(
    h("div", { class: "scroller" }, this.#status, this.#list),
    this.#list,
    () => !this.line.messages.hasNewer,
  );
  /** @type {Reading} */
  #reading = /** @type {any} */ (null);
  /** @type {Paging} */
  #paging = /** @type {any} */ (null);
  /** @type {Editing} */
  #editing = /** @type {any} */ (null);

  render() {
    const { room, chat, line } = this;
    const { messages } = line;
    this.className = "message-list";
    this.#reading = new Reading(chat, room, line, this.#scroll);
    this.#paging = new Paging(room, line, this.#scroll, this.#reading);
    this.#editing = new Editing(chat, messages, this.#list);
    this.append(this.#scroll.scroller, this.#toUnread, this.#jump);
    openCards(chat, messages, this.#list);
    listen(this.#list, "grow", (/** @type {CustomEvent<() => void>} */ event) => {
      event.preventDefault();
      this.#scroll.grow(event.detail);
    });
    messageActions(chat, room, line, this.#list, (message) => this.#editing.start(message));

    this.#paging.open();
    effect(() => {
      const seq = seqIn(route.value, room.id, line.threadId);
      if (seq) this.#paging.toMessage(seq);
    });
    effect(() => {
      messages.version.value;
      this.#paging.reloadForgotten();
      // A reader at the end has seen the dropped messages, and stays at the end.
      if (this.#scroll.isAtEnd) messages.trim("older");
      this.#draw();
      this.#showJump();
    });
    effect(() => this.#showStatus());
    effect(() => {
      if (room.live.value && messages.error.peek()) this.#paging.retry();
    });
    this.#reading.start();
    rowKeys(this.#list, chat, room, line, (message) => this.#editing.start(message));
    this.#scroll.start(() => {
      this.#paging.moved();
      this.#showJump();
    });
    onEnd(() => messages.trim("older"));
  }

  /** The button that leads up to the unread line is shown until the line has been in sight. */
  #showToUnread() {
    const after = this.#reading.unreadAfter.value;
    const { isLoaded, list, hasOlder } = this.line.messages;
    const row = this.#list.querySelector("li.unread-line");
    const { top, bottom } = this.#scroll.scroller.getBoundingClientRect();
    const at = row?.getBoundingClientRect();
    if (at && at.top < bottom && at.bottom > top) this.#seenLine = after;
    const isBefore = at ? at.bottom <= top : hasOlder && (list[0]?.seq ?? 0) > (after ?? Infinity);
    this.#toUnread.hidden = !(isLoaded && isBefore && after !== this.#seenLine);
  }

  #goToUnread() {
    this.#paging.toUnreadLine();
    // The button disappears, and with it the focus.
    /** @type {HTMLElement | null} */
    const row = this.#list.querySelector("li.message[tabindex='0']");
    row?.focus({ preventScroll: true });
  }

  /** Shows the newest messages, wherever the list is. */
  toNewest() {
    return this.#paging.toNewest();
  }

  /** The row of a message, if it is in the list. @param {number} seq */
  rowOf(seq) {
    return rowOf(this.#list, seq);
  }

  /** Edits the newest of the reader's own messages that is in the list. @returns {boolean} */
  editLast() {
    return this.#editing.startLast();
  }

  /** Removes the unread line: the reader has read everything. */
  forgetUnreadLine() {
    this.#reading.unreadAfter.value = null;
    if (this.line === this.room) this.room.keptUnread.value = null;
  }

  #draw() {
    const { chat, room } = this;
    const done = () => {
      this.#editing.end();
      this.dispatchEvent(new CustomEvent("done-editing"));
    };
    const title = titleOf(room.info.value, chat.user.id);
    const label = this.line.threadId ? "Messages of the thread" : `Messages in ${title}`;
    this.#list.setAttribute("aria-label", label);
    const rows = rowsOf({
      chat,
      room,
      line: this.line,
      unreadAfter: this.#reading.unreadAfter.value,
      editing: this.#editing.seq.value,
      editor: (message) => messageEditor(room, this.line.messages, message, done),
    });
    this.#scroll.keep(() => reconcile(this.#list, rows));
    keepReachable(this.#list);
    this.#paging.drawn();
  }

  #showStatus() {
    const { error, isLoaded, loading } = this.line.messages;
    const isLoading = loading.value === "all";
    this.#status.classList.toggle("shown", error.value !== null || isLoading);
    if (!error.value) return fill(this.#status, isLoading && !isLoaded && "Loading messages…");
    const retry = () => this.#paging.retry();
    const button = h("button", { type: "button", onclick: retry }, "Try again");
    fill(this.#status, words(error.value), " ", button);
  }

  #showJump() {
    const { messages } = this.line;
    const isAway = messages.isLoaded && (messages.hasNewer || this.#scroll.distance > FAR);
    const count = this.line.unreadCount;
    this.#jump.hidden = !isAway;
    this.#showToUnread();
    const label = count > 0 ? counted(count, "new message") : "Jump to newest";
    if (isAway && this.#jump.textContent !== label) fill(this.#jump, label, icon("down"));
  }
}

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 * @param {import("../core/types.js").Line} line
 */
export const messageListView = (chat, room, line) =>
  view("chat-message-list", MessageList, { chat, room, line });
