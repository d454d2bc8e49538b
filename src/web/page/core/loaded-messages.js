// The part of a room's messages that is in memory: contiguous, bounded, and moved by loading pages at its
// ends. It includes the newest messages only if `hasNewer` is false.

import { call } from "./api.js";
import { MemberLog } from "./member-log.js";
import { signal } from "./reactive.js";

/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./types.js").MessageLogEvent} MessageLogEvent */

const PAGE = 100;
/** The most messages kept, and so about the most elements of the list. */
export const MAX_MESSAGES = 300;
/** How many events are remembered. A page that was read before them is brought up to date with them. */
const RECENT = 300;

export class LoadedMessages {
  /** @type {Message[]} */
  list = [];
  hasOlder = false;
  hasNewer = false;
  /** Changes whenever one of the fields above changes. */
  version = signal(0);
  /** @type {import("./reactive.js").Signal<"" | "all" | "older" | "newer">} */
  loading = signal(/** @type {"" | "all" | "older" | "newer"} */ (""));
  /** @type {import("./reactive.js").Signal<unknown>} */
  error = signal(/** @type {unknown} */ (null));
  /** Messages were loaded at least once. */
  isLoaded = false;
  /** @type {MessageLogEvent[]} */
  #recent = [];
  /** The number of the latest load. The answer of an earlier one is ignored. */
  #load = 0;

  /** @param {number} roomId */
  constructor(roomId) {
    this.roomId = roomId;
    /** The events about members and the room that belong between the messages. */
    this.members = new MemberLog(roomId);
  }

  /** Loads the newest messages in place of those in memory. */
  loadNewest() {
    return this.#read("all", `limit=${PAGE}`);
  }

  /**
   * Loads the messages around a position in place of those in memory.
   * @param {number} seq
   */
  loadAround(seq) {
    return this.#read("all", `limit=${PAGE}&around=${seq}`);
  }

  loadOlder() {
    const first = this.list[0];
    if (!this.hasOlder || !first || this.loading.peek()) return;
    return this.#read("older", `limit=${PAGE}&before=${first.seq}`);
  }

  loadNewer() {
    const last = this.list.at(-1);
    if (!this.hasNewer || !last || this.loading.peek()) return;
    return this.#read("newer", `limit=${PAGE}&after=${last.seq}`);
  }

  /**
   * Takes an event of the room's log that changes its messages. The caller gives each event once, and in order.
   * @param {MessageLogEvent} event
   */
  take(event) {
    this.#recent.push(event);
    if (this.#recent.length > 2 * RECENT) this.#recent.splice(0, RECENT);
    if (this.isLoaded && this.#apply(event)) this.version.value += 1;
  }

  /**
   * Takes an event of the room's log about its members or the room itself.
   * @param {import("./types.js").RoomLogEvent} event
   */
  takeMembers(event) {
    this.members.take(event);
    if (this.isLoaded) this.version.value += 1;
  }

  /** The events about members and the room that belong between the messages in memory, in order of seq. */
  get memberEvents() {
    const first = this.hasOlder ? (this.list[0]?.seq ?? Infinity) : 0;
    const last = this.hasNewer ? (this.list.at(-1)?.seq ?? 0) : Infinity;
    return this.members.list.filter(({ seq }) => seq > first && seq < last);
  }

  /**
   * Replaces a message by its new form.
   * @param {Message} message
   */
  replace(message) {
    const at = this.list.findIndex(({ seq }) => seq === message.seq);
    if (at < 0) return;
    this.list[at] = message;
    this.version.value += 1;
  }

  /** Somebody has another name. @param {import("./types.js").Person} person */
  rename({ user_id, display_name = null }) {
    let isChanged = false;
    for (const [at, message] of this.list.entries()) {
      if (message.user_id !== user_id || (message.display_name ?? null) === display_name) continue;
      this.list[at] = { ...message, display_name };
      isChanged = true;
    }
    if (isChanged) this.version.value += 1;
  }

  /** Forgets everything, because the log is another one or has moved far ahead. */
  forget() {
    this.#load += 1;
    this.#recent = [];
    this.members.forget();
    this.isLoaded = false;
    this.list = [];
    this.hasOlder = this.hasNewer = false;
    this.loading.value = "";
    this.version.value += 1;
  }

  /**
   * Drops the messages above the limit, at the end that the reader does not look at.
   * @param {"older" | "newer"} end
   */
  trim(end) {
    const surplus = this.list.length - MAX_MESSAGES;
    if (surplus <= 0) return;
    if (this.loading.peek() === end) {
      // The page that is being loaded would no longer be adjacent: there would be a gap.
      this.#load += 1;
      this.loading.value = "";
    }
    if (end === "older") {
      this.list.splice(0, surplus);
      this.hasOlder = true;
    } else {
      this.list.splice(-surplus);
      this.hasNewer = true;
    }
  }

  /**
   * @param {"all" | "older" | "newer"} part
   * @param {string} query
   */
  async #read(part, query) {
    const load = ++this.#load;
    this.loading.value = part;
    this.error.value = null;
    try {
      /** @type {import("./types.js").MessagePage} */
      const page = await call("GET", `/rooms/${this.roomId}/messages?${query}`);
      if (load === this.#load) await this.#readMembers(part, page);
      if (load !== this.#load) return;
      if (part === "older") {
        this.list.unshift(...page.messages);
        this.hasOlder = page.has_older;
        this.trim("newer");
      } else if (part === "newer") {
        this.list.push(...page.messages);
        this.hasNewer = page.has_newer;
        this.trim("older");
      } else {
        this.list = page.messages;
        this.hasOlder = page.has_older;
        this.hasNewer = page.has_newer;
      }
      this.isLoaded = true;
      // These events arrived while the page was being loaded.
      for (const event of this.#recent) if (event.seq > page.head_seq) this.#apply(event);
    } catch (error) {
      if (load === this.#load) this.error.value = error;
    } finally {
      if (load === this.#load) {
        this.loading.value = "";
        this.version.value += 1;
      }
    }
  }

  /**
   * Reads the events about members and the room around the messages of a page, if there may be any.
   * @param {"all" | "older" | "newer"} part
   * @param {import("./types.js").MessagePage} page
   */
  #readMembers(part, { messages, has_older, has_newer, head_seq }) {
    const first = messages[0]?.seq ?? head_seq + 1;
    const before = part === "newer" ? (this.list.at(-1)?.seq ?? 0) : has_older ? first - 1 : 0;
    const next = part === "older" ? this.list[0]?.seq : undefined;
    const last = next ? next - 1 : has_newer ? (messages.at(-1)?.seq ?? 0) : head_seq;
    return last - before > messages.length ? this.members.load(before, last) : undefined;
  }

  /**
   * @param {MessageLogEvent} event
   * @returns {boolean} whether anything changed
   */
  #apply(event) {
    switch (event.type) {
      case "message": {
        const last = this.list.at(-1);
        if (this.hasNewer || (last && last.seq >= event.seq)) return false;
        this.list.push(event);
        // The limit here is far above a screenful: a reader of older messages must not lose the place.
        if (this.list.length > 2 * MAX_MESSAGES) this.trim("newer");
        return true;
      }
      case "message_edited":
        return this.#change(event, { content: event.content, edited_at: event.timestamp });
      case "message_deleted":
        return this.#change(event, { content: "", deleted_at: event.timestamp });
    }
  }

  /**
   * @param {{ message_seq: number }} event
   * @param {Partial<Message>} changes
   */
  #change({ message_seq }, changes) {
    const at = this.list.findIndex(({ seq }) => seq === message_seq);
    const message = this.list[at];
    if (!message) return false;
    // The row of a message is drawn again only if the message is a new object.
    this.list[at] = { ...message, ...changes };
    return true;
  }
}
