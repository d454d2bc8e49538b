// The list of a room's messages: what is shown of them, loading more before an end is reached, and going
// to a message. What stays in sight is the matter of scroll.js, and what is read that of reading.js.

import { words } from "../core/api.js";
import { View, fill, h, icon, view } from "../core/dom.js";
import { effect, onEnd, signal } from "../core/reactive.js";
import { route } from "../core/route.js";
import { counted } from "../text/format.js";
import { messageActions } from "./actions.js";
import { messageEditor } from "./editor.js";
import { Reading } from "./reading.js";
import { keepReachable, rowKeys } from "./row-keys.js";
import { reconcile, rowsOf } from "./rows.js";
import { Scroll } from "./scroll.js";

/** @typedef {import("../core/types.js").Message} Message */

/** Pixels from an end at which more is loaded. */
const LOAD_AHEAD = 1_500;
/** Pixels from the end from which a button leads back to it. */
const FAR = 400;
/** With more unread than this, a room opens at the first of them. */
const FEW = 60;

export class TimelineView extends View {
  /** @type {import("../core/chat.js").Chat} */
  chat = /** @type {any} */ (null);
  /** @type {import("../core/room.js").Room} */
  room = /** @type {any} */ (null);

  #list = h("ol", { class: "messages" });
  #scroll = new Scroll(
    h("div", { class: "scroller" }),
    this.#list,
    () => !this.room.timeline.hasNewer,
  );
  /** @type {Reading} */
  #reading = /** @type {any} */ (null);
  /** Where to go after the next load: a seq, the unread line, or nowhere in particular.
   * @type {number | "unread" | null} */
  #goal = null;
  #editing = signal(/** @type {number | null} */ (null));

  render() {
    const { room, chat } = this;
    const { timeline } = room;
    this.className = "timeline";
    this.#reading = new Reading(chat, room, this.#scroll);
    const status = h("div", { class: "timeline-status", role: "status" });
    const jump = h("button", {
      class: "to-newest",
      type: "button",
      hidden: true,
      onclick: () => this.toNewest(),
    });
    fill(this.#scroll.scroller, status, this.#list);
    this.append(this.#scroll.scroller, jump);
    messageActions(chat, room, this.#list, (message) => this.edit(message));

    this.#open();
    effect(() => {
      const at = route.value;
      if (at.page === "room" && at.roomId === room.id && at.seq) this.toMessage(at.seq);
    });
    effect(() => {
      timeline.version.value;
      // Forgotten: the log is another one, or went far ahead while there was no connection.
      if (!timeline.loaded && !timeline.loading.peek() && !timeline.error.peek())
        timeline.loadNewest();
      // A reader at the end has seen what is dropped, and stays at the end.
      if (this.#scroll.isAtEnd) timeline.trim("older");
      this.#list.setAttribute("aria-label", `Messages in ${room.info.value.name}`);
      this.#show(
        rowsOf({
          chat,
          room,
          unreadAfter: this.#reading.unreadAfter.value,
          editing: this.#editing.value,
          editor: (message) => messageEditor(room, message, () => this.#endEdit()),
        }),
      );
      this.#showJump(jump);
    });
    effect(() => {
      const error = timeline.error.value;
      const loading = timeline.loading.value;
      status.classList.toggle("shown", error !== null || loading === "all");
      if (error) {
        fill(
          status,
          words(error),
          " ",
          h("button", { type: "button", onclick: () => this.#again() }, "Try again"),
        );
      } else {
        fill(status, loading === "all" && !timeline.loaded && "Loading messages…");
      }
    });
    effect(() => {
      if (room.live.value && timeline.error.peek()) this.#again();
    });
    this.#reading.start();
    rowKeys(this.#list, chat, room, (message) => this.edit(message));
    this.#scroll.start(() => {
      this.#moved();
      this.#showJump(jump);
    });
    onEnd(() => timeline.trim("older"));
  }

  /** Shows the newest messages, wherever the list is. */
  async toNewest() {
    const { timeline } = this.room;
    this.#goal = null;
    if (timeline.hasNewer || timeline.loading.peek() === "all") await timeline.loadNewest();
    this.#scroll.toEnd();
    this.#reading.soon();
  }

  /**
   * Shows a message and those round it.
   * @param {number} seq
   */
  async toMessage(seq) {
    this.#goal = seq;
    if (this.#row(seq)) return this.#reachGoal();
    await this.room.timeline.loadAround(seq);
  }

  /** @param {Message} message */
  edit(message) {
    this.#editing.value = message.seq;
    this.#row(message.seq)?.scrollIntoView({ block: "nearest" });
  }

  /** Edits the newest of the reader's own messages that is in the list. @returns {boolean} */
  editLast() {
    const { messages, hasNewer } = this.room.timeline;
    const mine = messages.findLast((it) => it.user_id === this.chat.user.id && !it.deleted_at);
    if (!mine || hasNewer) return false;
    this.edit(mine);
    return true;
  }

  /** The unread line has done its duty. */
  forgetUnreadLine() {
    this.#reading.unreadAfter.value = null;
  }

  #endEdit() {
    this.#editing.value = null;
    this.dispatchEvent(new CustomEvent("done-editing"));
  }

  #open() {
    const { timeline, readSeq } = this.room;
    const read = readSeq.peek();
    const behind = Math.max(this.room.lastSeq, this.room.info.peek().head_seq) - read;
    if (read > 0 && behind > 0) {
      this.#reading.unreadAfter.value = read;
      this.#goal = "unread";
    }
    const at = route.peek();
    if (at.page === "room" && at.seq) return;
    if (this.#goal === "unread" && behind > FEW) timeline.loadAround(read);
    else if (!timeline.loaded || timeline.hasNewer) timeline.loadNewest();
  }

  #again() {
    const { timeline } = this.room;
    const goal = this.#goal;
    return typeof goal === "number" ? timeline.loadAround(goal) : timeline.loadNewest();
  }

  /** @param {import("./rows.js").Row[]} rows */
  #show(rows) {
    this.#scroll.keep(() => reconcile(this.#list, rows));
    keepReachable(this.#list);
    if (!this.room.timeline.loaded) return;
    if (this.#goal === null || !this.#mayHaveGoal()) this.#moved();
    else this.#reachGoal();
  }

  /** What is shown is not about to be replaced, and what is unread has all come. */
  #mayHaveGoal() {
    const { timeline, lastSeq, info } = this.room;
    if (timeline.loading.peek() === "all" || timeline.error.peek()) return false;
    // A room that was not joined for a while catches up after it has been opened.
    return this.#goal !== "unread" || timeline.hasNewer || lastSeq >= info.peek().head_seq;
  }

  /** @param {number} seq @returns {HTMLElement | null} */
  #row(seq) {
    return this.#list.querySelector(`li.message[data-seq="${seq}"]`);
  }

  #reachGoal() {
    const goal = this.#goal;
    /** @type {HTMLElement | null} */
    const row =
      goal === "unread" ? this.#list.querySelector("li.unread-line") : this.#row(goal ?? 0);
    this.#goal = null;
    if (row) this.#scroll.toRow(row, goal === "unread" ? 0.2 : 0.4);
    // It is not there: deleted for good, or nothing of others is unread.
    else if (goal === "unread" && !this.room.timeline.hasNewer) this.#scroll.toEnd();
    else this.#scroll.stay();
    if (row && goal !== "unread") {
      for (const old of this.#list.querySelectorAll(".pointed-at"))
        old.classList.remove("pointed-at");
      row.classList.add("pointed-at");
    }
    this.#moved();
  }

  #moved() {
    this.#loadAhead();
    this.#reading.soon();
  }

  #loadAhead() {
    const { timeline } = this.room;
    if (timeline.error.peek()) return;
    if (this.#scroll.scroller.scrollTop < LOAD_AHEAD) timeline.loadOlder();
    if (this.#scroll.distance < LOAD_AHEAD) timeline.loadNewer();
  }

  /** @param {HTMLButtonElement} button */
  #showJump(button) {
    const { timeline, unread } = this.room;
    const isAway = timeline.loaded && (timeline.hasNewer || this.#scroll.distance > FAR);
    const count = unread.value.length;
    button.hidden = !isAway;
    const label = count > 0 ? counted(count, "new message") : "Jump to newest";
    if (isAway && button.textContent !== label) fill(button, label, icon("down"));
  }
}

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 */
export const timelineView = (chat, room) => view("chat-timeline", TimelineView, { chat, room });
