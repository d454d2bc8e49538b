// Which messages are loaded, and where the list goes after a load. More messages are loaded before the
// reader reaches an end of the list.

import { route, seqIn } from "../core/route.js";
import { rowOf } from "./rows.js";

/** Pixels from an end of the list at which more messages are loaded. */
const LOAD_AHEAD = 1_500;

export class Paging {
  /** Where to go after the next load: a seq, the unread line, or nowhere in particular.
   * @type {number | "unread" | null} */
  #goal = null;
  /** A thread says only with its first page where the unread replies begin. */
  #isOpening = false;

  /**
   * @param {import("../core/room.js").Room} room
   * @param {import("../core/types.js").Line} line
   * @param {import("./scroll.js").Scroll} scroll
   * @param {import("./reading.js").Reading} reading
   */
  constructor(room, line, scroll, reading) {
    this.room = room;
    this.line = line;
    this.messages = line.messages;
    this.scroll = scroll;
    this.reading = reading;
  }

  /** Loads what the list opens with: the unread line if there is one, otherwise the newest messages. */
  open() {
    const { messages, line } = this;
    this.#isOpening = line.threadId !== null;
    const isFar = !this.#isOpening && this.#toUnread();
    if (seqIn(route.peek(), this.room.id, line.threadId)) return;
    if (isFar) return;
    // The messages in memory may be those around a link that was opened before.
    if (!messages.isLoaded) messages.loadNewest();
    else if (messages.hasNewer) this.toNewest();
  }

  /**
   * Goes to the unread line, if there is one.
   * @returns {boolean} whether the messages around it are being loaded
   */
  #toUnread() {
    const { line, messages, reading } = this;
    const place = line.opensAt();
    if (!place) return false;
    reading.unreadAfter.value = place.read;
    if (seqIn(route.peek(), this.room.id, line.threadId)) return false;
    this.#goal = "unread";
    if (place.isFar) messages.loadAround(place.read);
    return place.isFar;
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

  /** Shows the unread line and the messages around it. */
  async toUnreadLine() {
    this.#goal = "unread";
    if (this.scroll.list.querySelector("li.unread-line")) return this.#reachGoal();
    await this.messages.loadAround(this.reading.unreadAfter.peek() ?? 0);
  }

  /** The rows have been drawn. */
  drawn() {
    if (!this.messages.isLoaded) return;
    if (this.#isOpening && this.messages.loading.peek() !== "all" && !this.messages.error.peek()) {
      this.#isOpening = false;
      // The rows will be drawn again, with the line.
      this.#toUnread();
      if (this.#goal === "unread") return;
    }
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
    const isThread = this.line.threadId !== null;
    const hasCaughtUp = isThread || room.lastSeq >= room.info.peek().head_seq;
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
