// A window into the messages of a room, or of one of its threads: contiguous, bounded, and moved by loading pages at its
// ends. It includes the newest messages only if `hasNewer` is false. The messages of a thread are its replies, with the
// first message before them as soon as the oldest replies are loaded.

/**
 * @typedef {import("./shapes.js").Message} Message
 * @typedef {import("./shapes.js").MessagePage} MessagePage
 * @typedef {import("./shapes.js").ThreadPage} ThreadPage
 * @typedef {import("./types.js").MessageEvent} MessageEvent
 * @typedef {import("./types.js").Part} Part
 */

const PAGE = 100;
/** The most messages kept. */
export const MAX_MESSAGES = 300;
/** How many events are remembered. A page that was read before them is brought up to date with them. */
const RECENT = 300;

/** @template {Message} [M=Message] what is kept of each message */
export class MessageWindow {
  /** In order of seq. @type {M[]} */
  list = [];
  hasOlder = false;
  hasNewer = false;
  /** Messages were loaded at least once. */
  isLoaded = false;
  /** The first message of the thread, once it is known. @type {M | null} */
  firstOfThread = null;
  /** What is being loaded. @type {Part | ""} */
  part = "";
  /** Why the last load failed. @type {unknown} */
  problem = null;
  /** Called when anything above has changed. */
  onChange = () => {};
  /** The window is not needed any more. */
  onEnd = () => {};
  #get;
  /** @type {MessageEvent[]} */
  #recent = [];
  /** The number of the latest load. The answer of an earlier one is ignored. */
  #load = 0;

  /**
   * @param {(method: "GET", path: string) => Promise<any>} get calls the HTTP API
   * @param {number} roomId
   * @param {number | null} [threadId] the first message of the thread; null: the messages are those of the room
   */
  constructor(get, roomId, threadId = null) {
    this.#get = get;
    this.roomId = roomId;
    this.threadId = threadId;
    const path = `/rooms/${roomId}/messages`;
    this.path = threadId === null ? path : `${path}/${threadId}/thread`;
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
    if (!this.hasOlder || !first || this.part) return;
    return this.#read("older", `limit=${PAGE}&before=${first.seq}`);
  }

  loadNewer() {
    const last = this.list.at(-1);
    if (!this.hasNewer || !last || this.part) return;
    return this.#read("newer", `limit=${PAGE}&after=${last.seq}`);
  }

  /**
   * Takes an event of the room's log that changes its messages. The caller gives each event once, and in order.
   * @param {MessageEvent} event
   */
  take(event) {
    this.#recent.push(event);
    if (this.#recent.length > 2 * RECENT) this.#recent.splice(0, RECENT);
    if (this.isLoaded && this.#apply(event)) this.changed(true);
  }

  /**
   * Takes the text of a message that was edited, without waiting for the log.
   * @param {Message} message
   */
  edited({ seq, content, mentions = [], edited_at = null }) {
    const changes = /** @type {Partial<M>} */ ({ content, mentions, edited_at });
    if (this.#change({ message_seq: seq }, changes)) this.changed(true);
  }

  /** @param {number} id @returns {M | undefined} */
  withId(id) {
    const first = this.firstOfThread;
    return this.list.find((message) => message.id === id) ?? (first?.id === id ? first : undefined);
  }

  /** Forgets everything, because the log is another one or has moved far ahead. */
  forget() {
    this.#load += 1;
    this.#recent = [];
    this.isLoaded = false;
    this.list = [];
    this.firstOfThread = null;
    this.hasOlder = this.hasNewer = false;
    this.part = "";
    this.changed(true);
  }

  /**
   * Drops the messages above the limit, at the end that is not looked at.
   * @param {"older" | "newer"} end
   */
  trim(end) {
    const surplus = this.list.length - MAX_MESSAGES;
    if (surplus <= 0) return;
    if (this.part === end) {
      // The page that is being loaded would no longer be adjacent: there would be a gap.
      this.#load += 1;
      this.part = "";
      this.changed(false);
    }
    if (end === "older") {
      this.list.splice(0, surplus);
      this.hasOlder = true;
    } else {
      this.list.splice(-surplus);
      this.hasNewer = true;
    }
  }

  /** Ends the window: it takes no more events. */
  end() {
    this.#load += 1;
    this.onEnd();
  }

  // What subclasses change.

  /** The window has changed. @param {boolean} _isList whether the messages have, not only what is beside them */
  changed(_isList) {
    this.onChange();
  }

  /** What is kept of the messages of a page. @param {MessagePage} page @returns {M[]} */
  keep({ messages }) {
    return /** @type {M[]} */ (messages);
  }

  /** What is kept of a message that has just been sent. @param {MessageEvent & Message} message @returns {M} */
  keepNew(message) {
    return /** @type {M} */ (/** @type {Message} */ (message));
  }

  /** Called with each page of a thread. @param {ThreadPage} _page */
  takeThread(_page) {}

  /**
   * Loads what belongs to a page before it is shown.
   * @param {Part} _part
   * @param {MessagePage} _page
   * @returns {Promise<void> | undefined}
   */
  before(_part, _page) {
    return undefined;
  }

  /** Takes an event before it changes the texts. @param {MessageEvent} _event */
  takeState(_event) {}

  /**
   * @param {Part} part
   * @param {string} query
   */
  async #read(part, query) {
    const load = ++this.#load;
    this.part = part;
    this.problem = null;
    this.changed(false);
    try {
      /** @type {MessagePage} */
      const page = await this.#get("GET", `${this.path}?${query}`);
      if (load === this.#load && this.threadId === null) await this.before(part, page);
      if (load !== this.#load) return;
      if ("message" in page) this.#takeThread(/** @type {any} */ (page));
      const read = this.keep(page);
      if (part === "older") {
        this.list.unshift(...read);
        this.hasOlder = page.has_older;
        this.trim("newer");
      } else if (part === "newer") {
        this.list.push(...read);
        this.hasNewer = page.has_newer;
        this.trim("older");
      } else {
        this.list = read;
        this.hasOlder = page.has_older;
        this.hasNewer = page.has_newer;
      }
      this.isLoaded = true;
      // These events arrived while the page was being loaded.
      for (const event of this.#recent) if (event.seq > page.head_seq) this.#apply(event);
    } catch (error) {
      if (load === this.#load) this.problem = error;
    } finally {
      if (load === this.#load) {
        this.part = "";
        this.changed(true);
      }
    }
  }

  /**
   * Takes the first message of the thread from a page of replies. It belongs before the oldest ones.
   * @param {ThreadPage} page
   */
  #takeThread(page) {
    const { message, messages, has_older } = page;
    const [first] = this.keep({ ...page, messages: [message] });
    this.firstOfThread = first ?? null;
    if (!has_older) messages.unshift(message);
    this.takeThread(page);
  }

  /**
   * @param {MessageEvent} event
   * @returns {boolean} whether anything changed
   */
  #apply(event) {
    this.takeState(event);
    switch (event.type) {
      case "reply":
      case "message": {
        if (!this.#isHere(event)) return false;
        const last = this.list.at(-1);
        if (this.hasNewer || (last && last.seq >= event.seq)) return false;
        this.list.push(this.keepNew(event));
        // The limit here is far above a screenful: a reader of older messages must not lose the place.
        if (this.list.length > 2 * MAX_MESSAGES) this.trim("newer");
        return true;
      }
      case "message_edited":
        return this.#change(
          event,
          /** @type {Partial<M>} */ ({
            content: event.content,
            mentions: event.mentions ?? [],
            edited_at: event.timestamp,
          }),
        );
      case "message_deleted": {
        const changes = { content: "", mentions: [], deleted_at: event.timestamp };
        return this.#change(event, /** @type {Partial<M>} */ (/** @type {unknown} */ (changes)));
      }
      default:
        return false;
    }
  }

  /** Whether a new message belongs to these messages. @param {MessageEvent & Message} event */
  #isHere({ type, thread_id }) {
    return this.threadId === null ? type === "message" : thread_id === this.threadId;
  }

  /**
   * @param {{ message_seq: number }} event
   * @param {Partial<M>} changes
   */
  #change({ message_seq }, changes) {
    const first = this.firstOfThread;
    if (first?.seq === message_seq) {
      this.firstOfThread = { ...first, ...changes };
      this.changed(false);
    }
    const at = this.list.findIndex(({ seq }) => seq === message_seq);
    const message = this.list[at];
    if (!message) return false;
    // Who keeps a message sees that it has changed, because it is a new object.
    this.list[at] = { ...message, ...changes };
    return true;
  }
}
