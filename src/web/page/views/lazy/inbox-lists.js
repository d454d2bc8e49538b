// What concerns the reader in all rooms: messages that mention them, and the threads that they follow. The lists are
// read when they are shown, and again when something has changed.

import { call } from "../../core/api.js";
import { signal } from "../../core/reactive.js";

/** @typedef {import("../../core/types.js").FollowedThread} FollowedThread */
/** @typedef {import("../../core/types.js").MentionOfCaller} Mention */

const PAGE = 30;
/** The server answers with at most so many at once. */
const MOST = 200;

/**
 * A list that is read page by page, and again from its beginning as far as it was read.
 * @template {{ message: import("../../core/types.js").Message }} T
 */
class Pages {
  /** null: not read yet. @type {import("../../core/reactive.js").Signal<T[] | null>} */
  list = signal(/** @type {T[] | null} */ (null));
  hasMore = signal(false);
  #turn = 0;

  /**
   * @param {string} path
   * @param {(last: T) => string} cursor the `before` of the page after an entry
   */
  constructor(path, cursor) {
    this.path = path;
    this.cursor = cursor;
  }

  async refresh() {
    const known = this.list.peek() ?? [];
    const hadMore = this.hasMore.peek();
    const limit = Math.min(Math.max(known.length, PAGE), MOST);
    const page = await this.#read(limit);
    if (!page) return;
    // What was read before and is pushed out of the page stays in the list.
    const last = page.length === limit ? page.at(-1)?.message.id : undefined;
    const at = known.findIndex(({ message }) => message.id === last);
    const rest = at < 0 ? [] : known.slice(at + 1);
    if (rest.length > 0) this.hasMore.value = hadMore;
    this.list.value = [...page, ...rest];
  }

  async more() {
    const known = this.list.peek() ?? [];
    const last = known.at(-1);
    const page = last && (await this.#read(PAGE, this.cursor(last)));
    if (page) this.list.value = [...known, ...page];
  }

  /**
   * @param {number} limit
   * @param {string} [before]
   * @returns {Promise<T[] | null>} null: another answer has been asked for since
   */
  async #read(limit, before) {
    const turn = ++this.#turn;
    const from = before ? `&before=${encodeURIComponent(before)}` : "";
    const join = this.path.includes("?") ? "&" : "?";
    /** @type {T[]} */
    const page = await call("GET", `${this.path}${join}limit=${limit}${from}`);
    if (turn !== this.#turn) return null;
    this.hasMore.value = page.length === limit;
    return page;
  }
}

export class Inbox {
  /** @type {Pages<Mention>} */
  mentions = new Pages("/users/me/mentions", ({ message }) => String(message.id));
  /** @type {Pages<FollowedThread>} */
  unreadThreads = new Pages("/users/me/threads?unread=true", lastAt);
  /** Those with unread replies too. @type {Pages<FollowedThread>} */
  threads = new Pages("/users/me/threads", lastAt);

  /** @param {"mentions" | "threads"} part */
  refresh(part) {
    if (part === "mentions") return this.mentions.refresh();
    return Promise.all([this.unreadThreads.refresh(), this.threads.refresh()]);
  }

  /** The threads without unread replies. */
  get readThreads() {
    const unread = new Set(this.unreadThreads.list.value?.map(({ message }) => message.id));
    return (this.threads.list.value ?? []).filter(({ message }) => !unread.has(message.id));
  }
}

/** @param {FollowedThread} thread */
function lastAt({ message }) {
  return message.thread?.last_at ?? message.timestamp;
}
