// Which messages are loaded, and where the list goes after a load. More messages are loaded before the
// reader reaches an end of the list.

import { route } from "../core/route.js";
import { rowOf } from "./rows.js";

/** Pixels from an end of the list at which more messages are loaded. */
const LOAD_AHEAD = 1_500;
/** A room with more unread messages than this is loaded around the first of them. */
const FEW = 60;

export class Paging {
  /** Where to go after the next load: a seq, the unread line, or nowhere in particular.
   * @type {number | "unread" | null} */
  #goal = null;

  /**
   * @param {import("../core/room.js").Room} room
   * @param {import("./scroll.js").Scroll} scroll
   * @param {import("./reading.js").Reading} reading
   */
  constructor(room, scroll, reading) {
    this.room = room;
    this.messages = room.messages;
    this.scroll = scroll;
    this.reading = reading;
  }

  /** Loads what the room opens with: the unread line if there is one, otherwise the newest messages. */
  open() {
    const { messages, room } = this;
    // A member who has never read the room begins where the membership began.
    const read = room.readSeq.peek() || (room.info.peek().membership?.joined_seq ?? 0);
    const behind = Math.max(room.lastSeq, room.info.peek().head_seq) - read;
    if (read > 0 && behind > 0) {
      this.reading.unreadAfter.value = read;
      this.#goal = "unread";
    }
    const at = route.peek();
    if (at.page === "room" && at.seq) return;
    if (this.#goal === "unread" && behind > FEW) messages.loadAround(read);
    else if (!messages.isLoaded || messages.hasNewer) messages.loadNewest();
  }

  /** Loads the newest messages if the messages in memory were forgotten. */
  reloadForgotten() {
    const { error, isLoaded, loading } = this.messages;
    if (!isLoaded && !loading.peek() && !error.peek()) this.messages.loadNewest();
  }

  /** Repeats a load that failed. */
  retry() {
    const goal = this.#goal;
    return typeof goal === "number" ? this.messages.loadAround(goal) : this.messages.loadNewest();
  }

  async toNewest() {
    this.#goal = null;
    if (this.messages.hasNewer || this.messages.loading.peek() === "all")
      await this.messages.loadNewest();
    this.scroll.toEnd();
    this.reading.soon();
  }

  /**
   * Shows a message and those around it.
   * @param {number} seq
   */
  async toMessage(seq) {
    this.#goal = seq;
    if (rowOf(this.scroll.list, seq)) return this.#reachGoal();
    await this.messages.loadAround(seq);
  }

  /** The rows have been drawn. */
  drawn() {
    if (!this.messages.isLoaded) return;
    if (this.#goal === null || !this.#isReadyForGoal()) this.moved();
    else this.#reachGoal();
  }

  /** Other rows are in sight than before. */
  moved() {
    if (!this.messages.error.peek()) {
      if (this.scroll.scroller.scrollTop < LOAD_AHEAD) this.messages.loadOlder();
      if (this.scroll.distance < LOAD_AHEAD) this.messages.loadNewer();
    }
    this.reading.soon();
  }

  /** The loaded messages are not about to be replaced, and all unread messages have arrived. */
  #isReadyForGoal() {
    const { messages, room } = this;
    if (messages.loading.peek() === "all" || messages.error.peek()) return false;
    // A room that was not joined for a while catches up after it has been opened.
    const hasCaughtUp = room.lastSeq >= room.info.peek().head_seq;
    return this.#goal !== "unread" || messages.hasNewer || hasCaughtUp;
  }

  #reachGoal() {
    const goal = this.#goal;
    const { list } = this.scroll;
    /** @type {HTMLElement | null} */
    const row = goal === "unread" ? list.querySelector("li.unread-line") : rowOf(list, goal ?? 0);
    this.#goal = null;
    if (row) this.scroll.toRow(row, goal === "unread" ? 0.2 : 0.4);
    // There is no unread line if all unread messages are the reader's own.
    else if (goal === "unread" && !this.messages.hasNewer) this.scroll.toEnd();
    else this.scroll.stay();
    if (row && goal !== "unread") {
      for (const old of list.querySelectorAll(".pointed-at")) old.classList.remove("pointed-at");
      row.classList.add("pointed-at");
    }
    this.moved();
  }
}
