// The part of the messages of a room, or of one of its threads, that is in memory, as the list of messages shows it:
// with the states of messages, and with the events about members between them.

import { MessageWindow } from "../sdk/javascript/src/message-window.js";
import { call } from "./api.js";
import { MemberLog } from "./member-log.js";
import { withState } from "./message-state.js";
import { signal } from "./reactive.js";

/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./types.js").MessageLogEvent} MessageLogEvent */
/** @typedef {import("./message-state.js").LoadedMessage} LoadedMessage */

/** @augments {MessageWindow<LoadedMessage>} */
export class LoadedMessages extends MessageWindow {
  /** Changes whenever the messages change. */
  version = signal(0);
  /** @type {import("./reactive.js").Signal<"" | "all" | "older" | "newer">} */
  loading = signal(/** @type {"" | "all" | "older" | "newer"} */ (""));
  /** @type {import("./reactive.js").Signal<unknown>} */
  error = signal(/** @type {unknown} */ (null));
  /** The first message of the thread. @type {import("./reactive.js").Signal<LoadedMessage | null>} */
  first = signal(/** @type {LoadedMessage | null} */ (null));
  /** Called with each page of a thread. @type {(page: import("./types.js").ThreadPage) => void} */
  onPage = () => {};

  /**
   * @param {number} roomId
   * @param {number} userId the reader
   * @param {number | null} [threadId] the first message of the thread; null: the messages are those of the room
   */
  constructor(roomId, userId, threadId = null) {
    super(call, roomId, threadId);
    this.userId = userId;
    /** The events about members and the room that belong between the messages. */
    this.members = new MemberLog(roomId);
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

  forget() {
    this.members.forget();
    super.forget();
  }

  /** @param {boolean} isList */
  changed(isList) {
    this.loading.value = this.part;
    this.error.value = this.problem;
    this.first.value = this.firstOfThread;
    if (isList) this.version.value += 1;
  }

  /**
   * The messages of a page with their states. Those that are in memory keep theirs, which views show.
   * @param {import("./types.js").MessagePage} page
   * @returns {LoadedMessage[]}
   */
  keep({ messages, head_seq }) {
    const first = this.firstOfThread;
    const known = first ? [...this.list, first] : this.list;
    const states = new Map(known.map(({ id, state }) => [id, state]));
    return messages.map((message) => {
      const state = states.get(message.id);
      state?.read(message, head_seq);
      return state ? { ...message, state } : withState(message, head_seq);
    });
  }

  /** @param {MessageLogEvent & Message} message */
  keepNew(message) {
    return withState(message, message.seq);
  }

  /** @param {import("./types.js").ThreadPage} page */
  takeThread(page) {
    this.onPage(page);
  }

  /**
   * Reads the events about members and the room around the messages of a page, if there may be any.
   * @param {"all" | "older" | "newer"} part
   * @param {import("./types.js").MessagePage} page
   */
  before(part, { messages, has_older, has_newer, head_seq }) {
    const first = messages[0]?.seq ?? head_seq + 1;
    const before = part === "newer" ? (this.list.at(-1)?.seq ?? 0) : has_older ? first - 1 : 0;
    const next = part === "older" ? this.list[0]?.seq : undefined;
    const last = next ? next - 1 : has_newer ? (messages.at(-1)?.seq ?? 0) : head_seq;
    return last - before > messages.length ? this.members.load(before, last) : undefined;
  }

  /** Takes what changes beside the texts. Views follow its signals. @param {MessageLogEvent} event */
  takeState(event) {
    if ("thread_id" in event && event.thread_id) this.#takeReply(event, event.thread_id);
    switch (event.type) {
      case "reaction_added":
      case "reaction_removed":
      case "message_pinned":
      case "message_unpinned":
        this.withId(event.message_id)?.state.take(event, this.userId);
    }
  }

  /**
   * A reply was written, changed or deleted: the first message of its thread has another summary.
   * @param {MessageLogEvent} event
   * @param {number} threadId
   */
  #takeReply(event, threadId) {
    const state = this.withId(threadId)?.state;
    const isChanged = state?.takeReply(event);
    if (isChanged && event.type === "message_deleted" && state?.thread.peek())
      this.#rereadSummary(threadId);
  }

  /**
   * Reads the summary of a thread again. After the newest reply was deleted, only the server knows the one before it.
   * @param {number} threadId
   */
  async #rereadSummary(threadId) {
    try {
      const path = `/rooms/${this.roomId}/messages/${threadId}/thread?limit=1`;
      /** @type {{ message: Message, head_seq: number }} */
      const { message, head_seq } = await call("GET", path);
      this.withId(threadId)?.state.read(message, head_seq);
    } catch (error) {
      console.info(error);
    }
  }
}
