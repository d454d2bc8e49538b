// The list of a room's messages: its rows, the line above them, and the button that leads to the newest.
// Scrolling, loading, reading and editing are in files of their own.

import { words } from "../core/api.js";
import { View, fill, h, icon, view } from "../core/dom.js";
import { effect, onEnd } from "../core/reactive.js";
import { titleOf } from "../core/people.js";
import { route } from "../core/route.js";
import { counted } from "../text/format.js";
import { openCards } from "./cards.js";
import { messageActions } from "./actions.js";
import { Editing } from "./editing.js";
import { messageEditor } from "./editor.js";
import { Paging } from "./paging.js";
import { Reading } from "./reading.js";
import { keepReachable, rowKeys } from "./row-keys.js";
import { reconcile, rowsOf } from "./rows.js";
import { Scroll } from "./scroll.js";

/** Pixels from the end of the list from which a button leads back to it. */
const FAR = 400;

export class MessageList extends View {
  /** @type {import("../core/chat.js").Chat} */
  chat = /** @type {any} */ (null);
  /** @type {import("../core/room.js").Room} */
  room = /** @type {any} */ (null);

  #list = h("ol", { class: "messages" });
  #status = h("div", { class: "list-status", role: "status" });
  #jump = h("button", {
    class: "to-newest",
    type: "button",
    hidden: true,
    onclick: () => this.toNewest(),
  });
  #scroll = new Scroll(
    h("div", { class: "scroller" }, this.#status, this.#list),
    this.#list,
    () => !this.room.messages.hasNewer,
  );
  /** @type {Reading} */
  #reading = /** @type {any} */ (null);
  /** @type {Paging} */
  #paging = /** @type {any} */ (null);
  /** @type {Editing} */
  #editing = /** @type {any} */ (null);

  render() {
    const { room, chat } = this;
    const { messages } = room;
    this.className = "message-list";
    this.#reading = new Reading(chat, room, this.#scroll);
    this.#paging = new Paging(room, this.#scroll, this.#reading);
    this.#editing = new Editing(chat, room, this.#list);
    this.append(this.#scroll.scroller, this.#jump);
    openCards(chat, room, this.#list);
    messageActions(chat, room, this.#list, (message) => this.#editing.start(message));

    this.#paging.open();
    effect(() => {
      const at = route.value;
      if (at.page === "room" && at.roomId === room.id && at.seq) this.#paging.toMessage(at.seq);
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
    rowKeys(this.#list, chat, room, (message) => this.#editing.start(message));
    this.#scroll.start(() => {
      this.#paging.moved();
      this.#showJump();
    });
    onEnd(() => messages.trim("older"));
  }

  /** Shows the newest messages, wherever the list is. */
  toNewest() {
    return this.#paging.toNewest();
  }

  /** Edits the newest of the reader's own messages that is in the list. @returns {boolean} */
  editLast() {
    return this.#editing.startLast();
  }

  /** Removes the unread line. */
  forgetUnreadLine() {
    this.#reading.unreadAfter.value = null;
  }

  #draw() {
    const { chat, room } = this;
    const done = () => {
      this.#editing.end();
      this.dispatchEvent(new CustomEvent("done-editing"));
    };
    this.#list.setAttribute("aria-label", `Messages in ${titleOf(room.info.value, chat.user.id)}`);
    const rows = rowsOf({
      chat,
      room,
      unreadAfter: this.#reading.unreadAfter.value,
      editing: this.#editing.seq.value,
      editor: (message) => messageEditor(room, message, done),
    });
    this.#scroll.keep(() => reconcile(this.#list, rows));
    keepReachable(this.#list);
    this.#paging.drawn();
  }

  #showStatus() {
    const { error, isLoaded, loading } = this.room.messages;
    const isLoading = loading.value === "all";
    this.#status.classList.toggle("shown", error.value !== null || isLoading);
    if (!error.value) return fill(this.#status, isLoading && !isLoaded && "Loading messages…");
    const retry = () => this.#paging.retry();
    const button = h("button", { type: "button", onclick: retry }, "Try again");
    fill(this.#status, words(error.value), " ", button);
  }

  #showJump() {
    const { messages, unread } = this.room;
    const isAway = messages.isLoaded && (messages.hasNewer || this.#scroll.distance > FAR);
    const count = unread.value.length;
    this.#jump.hidden = !isAway;
    const label = count > 0 ? counted(count, "new message") : "Jump to newest";
    if (isAway && this.#jump.textContent !== label) fill(this.#jump, label, icon("down"));
  }
}

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 */
export const messageListView = (chat, room) =>
  view("chat-message-list", MessageList, { chat, room });
