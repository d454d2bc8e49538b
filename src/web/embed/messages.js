// The list of messages: what is loaded of the room, older pages when the reader scrolls up, and below it the messages
// that are not in the room yet.

import { fill, h } from "../page/core/elements.js";
import { dayKey, dayName } from "../page/text/format.js";
import { messageRow } from "./message.js";
import { Scroller } from "./scroller.js";

/**
 * @typedef {import("../../../sdk/javascript/src/message-window.js").MessageWindow} MessageWindow
 * @typedef {import("./message.js").Message} Message
 * @typedef {import("./message.js").User} User
 * @typedef {{ message: Message, isContinued: boolean, node: HTMLElement }} Row
 */

/** Messages of one author within this time are shown as one. */
const CONTINUED_MS = 5 * 60_000;
/** After this time a screen reader is told of new rows again, and not of the page that was just loaded. */
const QUIET_MS = 500;

export class Messages {
  /** Called when the reader has seen everything up to a seq. @param {number} _seq */
  onSeen = (_seq) => {};
  #list = h("ol", { class: "rows" });
  #edge = h("div", { class: "edge" });
  #newest = h("button", { type: "button", class: "newest", hidden: true }, "Newest messages");
  #box = h("div", { class: "log", role: "log", tabindex: "0", "aria-label": "Messages" });
  #scroller;
  /** @type {MessageWindow | null} */
  #window = null;
  /** @type {User | undefined} */
  #me;
  /** By their seq. @type {Map<number, Row>} */
  #rows = new Map();
  /** @type {Map<string, HTMLElement>} */
  #days = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {HTMLElement} unsent the messages that are not in the room yet */
  constructor(unsent) {
    const content = h("div", { class: "content" }, this.#edge, this.#list, unsent);
    this.#box.append(content);
    this.element = h("div", { class: "list" }, this.#box, this.#newest);
    this.#scroller = new Scroller(this.#box, content, this.#list);
    this.#scroller.onEdge = () => this.#moved();
    this.#newest.addEventListener("click", () => {
      this.toEnd();
      this.#box.focus();
    });
  }

  /** @param {string} name of the room */
  set label(name) {
    this.#box.setAttribute("aria-label", `Messages in ${name}`);
  }

  /**
   * Shows a window into a room.
   * @param {MessageWindow} window
   * @param {User} me
   */
  show(window, me) {
    this.#window?.end();
    this.#window = window;
    this.#me = me;
    this.#rows.clear();
    window.onChange = () => window === this.#window && this.#draw();
    this.#scroller.isAtEnd = true;
    this.#draw();
  }

  /** Goes to the newest message, for example to the one that the reader has just sent. */
  toEnd() {
    if (this.#window?.hasNewer) this.#window.loadNewest();
    this.#scroller.toEnd();
    this.#moved();
  }

  /** Keeps the place while something in the list changes. @param {() => void} change */
  keep(change) {
    this.#scroller.keep(change);
  }

  /** Tells again how far the reader has seen, for example when the page is in sight again. */
  see() {
    const last = this.#window?.list.at(-1);
    const isSeen = this.#scroller.isAtEnd && !this.#window?.hasNewer;
    if (last && isSeen && document.visibilityState === "visible") this.onSeen(last.seq);
  }

  #draw() {
    const window = /** @type {MessageWindow} */ (this.#window);
    if (window.part) this.#beQuiet();
    this.#scroller.keep(() => {
      this.#drawEdge(window);
      // While the first page is read again, what was shown stays.
      if (window.isLoaded || !window.part) replace(this.#list, this.#nodes(window.list));
    });
    this.#moved();
  }

  /** A screen reader must not read a page of old messages. */
  #beQuiet() {
    this.#box.setAttribute("aria-live", "off");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#box.setAttribute("aria-live", "polite"), QUIET_MS);
  }

  /** What is above the messages. @param {MessageWindow} window */
  #drawEdge(window) {
    const again = () => (window.isLoaded ? window.loadOlder() : window.loadNewest());
    if (window.problem)
      fill(
        this.#edge,
        "Messages could not be loaded. ",
        h("button", { type: "button", onclick: again }, "Try again"),
      );
    else if (window.part) fill(this.#edge, "Loading messages…");
    else if (window.isLoaded && window.list.length === 0)
      fill(this.#edge, "There are no messages yet.");
    else fill(this.#edge);
  }

  /** @param {Message[]} messages */
  #nodes(messages) {
    const known = this.#rows;
    this.#rows = new Map();
    /** @type {HTMLElement[]} */
    const nodes = [];
    /** @type {Message | undefined} */
    let before;
    for (const message of messages) {
      const isNewDay = !before || dayKey(before.timestamp) !== dayKey(message.timestamp);
      if (isNewDay) nodes.push(this.#day(message.timestamp));
      const isContinued = !isNewDay && continues(before, message);
      const row = known.get(message.seq);
      const isSame = row?.message === message && row.isContinued === isContinued;
      const node = isSame
        ? row.node
        : messageRow(message, /** @type {User} */ (this.#me), isContinued);
      this.#rows.set(message.seq, { message, isContinued, node });
      nodes.push(node);
      before = message;
    }
    return nodes;
  }

  /** @param {string} time */
  #day(time) {
    const key = dayKey(time);
    const node = this.#days.get(key) ?? h("li", { class: "day" });
    this.#days.set(key, node);
    node.textContent = dayName(time);
    return node;
  }

  /** The reader has scrolled, or the rows have changed. */
  #moved() {
    const window = this.#window;
    if (!window) return;
    this.#newest.hidden = this.#scroller.isAtEnd && !window.hasNewer;
    // After a failure only the reader tries again.
    if (window.isLoaded && !window.part && !window.problem) {
      if (this.#scroller.isNearStart && window.hasOlder) window.loadOlder();
      else if (this.#scroller.isNearEnd && window.hasNewer) window.loadNewer();
    }
    this.see();
  }
}

/** @param {Message | undefined} before @param {Message} message */
function continues(before, message) {
  const since = before ? Date.parse(message.timestamp) - Date.parse(before.timestamp) : Infinity;
  return before?.user_id === message.user_id && since < CONTINUED_MS;
}

/**
 * Replaces the children. Those that stay are not moved, so that a selection and the focus stay too.
 * @param {HTMLElement} parent
 * @param {HTMLElement[]} wanted
 */
function replace(parent, wanted) {
  const kept = new Set(wanted);
  for (const child of [...parent.children])
    if (!kept.has(/** @type {HTMLElement} */ (child))) child.remove();
  wanted.forEach((node, at) => {
    const child = parent.children[at];
    if (child !== node) parent.insertBefore(node, child ?? null);
  });
}
