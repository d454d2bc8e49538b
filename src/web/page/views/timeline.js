// The scrolling list of a room's messages: keeps its place when messages come at either end,
// loads more before an end is reached, and knows what has been read.

import { words } from "../core/api.js";
import { View, fill, h, icon, listen, view } from "../core/dom.js";
import { effect, onEnd, signal } from "../core/reactive.js";
import { route } from "../core/route.js";
import { counted } from "../text/format.js";
import { messageActions } from "./actions.js";
import { messageEditor } from "./editor.js";
import { keepReachable, rowKeys } from "./row-keys.js";
import { reconcile, rowsOf } from "./rows.js";

/** @typedef {import("../core/types.js").Message} Message */

/** Pixels from an end at which more is loaded. */
const LOAD_AHEAD = 1_500;
/** Pixels from the end that still count as the end. */
const AT_END = 48;
/** With more unread than this, a room opens at the first of them. */
const FEW = 60;
const READ_MS = 250;

export class TimelineView extends View {
  /** @type {import("../core/chat.js").Chat} */
  chat = /** @type {any} */ (null);
  /** @type {import("../core/room.js").Room} */
  room = /** @type {any} */ (null);

  #scroller = h("div", { class: "scroller" });
  #list = h("ol", { class: "messages" });
  /** The newest message is in sight, and stays so when another comes. */
  #stuck = true;
  /** How far it was scrolled when it was last at its end, in pixels. */
  #endTop = 0;
  /** Where to go after the next load: a seq, the unread line, or nowhere in particular.
   * @type {number | "unread" | null} */
  #goal = null;
  #editing = signal(/** @type {number | null} */ (null));
  /** The unread line is drawn after this seq. */
  #unreadAfter = signal(/** @type {number | null} */ (null));
  #readTimer = 0;
  #frame = 0;

  render() {
    const { room, chat } = this;
    const { timeline } = room;
    this.className = "timeline";
    const status = h("div", { class: "timeline-status", role: "status" });
    const jump = h("button", {
      class: "to-newest",
      type: "button",
      hidden: true,
      onclick: () => this.toNewest(),
    });
    fill(this.#scroller, status, this.#list);
    this.append(this.#scroller, jump);
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
      this.#list.setAttribute("aria-label", `Messages in ${room.info.value.name}`);
      this.#show(
        rowsOf({
          chat,
          room,
          unreadAfter: this.#unreadAfter.value,
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
    listen(
      this.#scroller,
      "scroll",
      () => {
        this.#frame ||= requestAnimationFrame(() => {
          this.#frame = 0;
          this.#scrolled();
          this.#showJump(jump);
        });
      },
      { passive: true },
    );
    rowKeys(this.#list, chat, room, (message) => this.edit(message));
    listen(window, "focus", () => this.#readSoon());
    listen(window, "blur", () => this.#away());
    const sizes = new ResizeObserver(() => {
      this.#noticeScroll();
      if (this.#stuck) this.#toEnd();
    });
    sizes.observe(this.#scroller);
    sizes.observe(this.#list);
    onEnd(() => {
      sizes.disconnect();
      clearTimeout(this.#readTimer);
      cancelAnimationFrame(this.#frame);
      timeline.trim("older");
    });
  }

  /** Shows the newest messages, wherever the list is. */
  async toNewest() {
    const { timeline } = this.room;
    this.#goal = null;
    if (timeline.hasNewer) await timeline.loadNewest();
    this.#stuck = true;
    this.#toEnd();
    this.#readSoon();
  }

  /**
   * Shows a message and those round it.
   * @param {number} seq
   */
  async toMessage(seq) {
    this.#stuck = false;
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
    this.#unreadAfter.value = null;
  }

  #endEdit() {
    this.#editing.value = null;
    this.dispatchEvent(new CustomEvent("done-editing"));
  }

  #open() {
    const { timeline, readSeq, lastSeq } = this.room;
    const read = readSeq.peek();
    const behind = lastSeq - read;
    if (read > 0 && behind > 0) {
      this.#unreadAfter.value = read;
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
    this.#noticeScroll();
    const anchor = this.#stuck ? null : this.#anchor();
    reconcile(this.#list, rows);
    if (anchor) {
      const element = anchor.element.isConnected ? anchor.element : this.#byKey(anchor.key);
      if (element) this.#scroller.scrollTop += element.getBoundingClientRect().top - anchor.top;
    }
    keepReachable(this.#list);
    if (!this.room.timeline.loaded) return;
    if (this.#goal !== null) this.#reachGoal();
    else if (this.#stuck) this.#toEnd();
    this.#loadAhead();
    this.#readSoon();
  }

  /** The first row in sight, and where it is. */
  #anchor() {
    const top = this.#scroller.getBoundingClientRect().top;
    for (const element of /** @type {HTMLElement[]} */ ([...this.#list.children])) {
      const box = element.getBoundingClientRect();
      // A day's name goes when older messages of that day come.
      if (box.bottom > top && element.classList.contains("message")) {
        return { element, key: element.dataset["key"] ?? "", top: box.top };
      }
    }
    return null;
  }

  /** @param {string} key */
  #byKey(key) {
    return /** @type {HTMLElement[]} */ ([...this.#list.children]).find(
      (it) => it.dataset["key"] === key,
    );
  }

  /** @param {number} seq @returns {HTMLElement | null} */
  #row(seq) {
    return this.#list.querySelector(`li.message[data-seq="${seq}"]`);
  }

  #reachGoal() {
    const goal = this.#goal;
    const row =
      goal === "unread" ? this.#list.querySelector("li.unread-line") : this.#row(goal ?? 0);
    this.#goal = null;
    if (!row) {
      // It is not there: deleted for good, or nothing of others is unread.
      if (goal === "unread" && !this.room.timeline.hasNewer) this.#toEnd();
      return this.#scrolled();
    }
    const box = row.getBoundingClientRect();
    const { top, height } = this.#scroller.getBoundingClientRect();
    this.#stuck = false;
    this.#scroller.scrollTop += box.top - top - height * (goal === "unread" ? 0.2 : 0.4);
    if (goal !== "unread") {
      for (const old of this.#list.querySelectorAll(".pointed-at"))
        old.classList.remove("pointed-at");
      row.classList.add("pointed-at");
    }
    this.#scrolled();
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#endTop = this.#scroller.scrollTop;
  }

  /** Scrolling is told with the next frame. Until then the reader must not be taken back to the end. */
  #noticeScroll() {
    const wentUp = this.#scroller.scrollTop < this.#endTop - AT_END;
    if (wentUp && this.#distance() >= AT_END) this.#stuck = false;
  }

  #distance() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  #scrolled() {
    this.#stuck = !this.room.timeline.hasNewer && this.#distance() < AT_END;
    if (this.#stuck) this.#endTop = this.#scroller.scrollTop;
    this.#loadAhead();
    this.#readSoon();
  }

  #loadAhead() {
    const { timeline } = this.room;
    if (timeline.error.peek()) return;
    if (this.#scroller.scrollTop < LOAD_AHEAD) timeline.loadOlder();
    if (this.#distance() < LOAD_AHEAD) timeline.loadNewer();
  }

  /** @param {HTMLButtonElement} button */
  #showJump(button) {
    const { timeline, unread } = this.room;
    const isAway = timeline.loaded && (timeline.hasNewer || this.#distance() > 400);
    const count = unread.value.length;
    button.hidden = !isAway;
    const label = count > 0 ? counted(count, "new message") : "Jump to newest";
    if (isAway && button.textContent !== label) fill(button, label, icon("down"));
  }

  #readSoon() {
    clearTimeout(this.#readTimer);
    this.#readTimer = setTimeout(() => this.#read(), READ_MS);
  }

  /** Says how far the log has been read: to the last message in sight. */
  #read() {
    const { timeline, lastSeq } = this.room;
    if (document.hidden || !document.hasFocus() || !timeline.loaded) return;
    if (this.#stuck) return this.chat.markRead(this.room, lastSeq);
    const bottom = this.#scroller.getBoundingClientRect().bottom;
    const rows = /** @type {HTMLElement[]} */ ([...this.#list.querySelectorAll("li.message")]);
    const seen = rows.findLast(
      (row) => row.getBoundingClientRect().bottom <= bottom && row.dataset["seq"],
    );
    if (seen) this.chat.markRead(this.room, Number(seen.dataset["seq"]));
  }

  /** What comes while the reader is elsewhere is new when they come back. */
  #away() {
    const { unread, readSeq, lastSeq } = this.room;
    if (unread.peek().length === 0) this.#unreadAfter.value = Math.max(readSeq.peek(), lastSeq);
  }
}

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 */
export const timelineView = (chat, room) => view("chat-timeline", TimelineView, { chat, room });
