// Which of the messages of a list the reader is editing.

import { signal } from "../core/reactive.js";
import { rowOf } from "./rows.js";

/** @typedef {import("../core/types.js").Message} Message */

export class Editing {
  /** The message's seq. */
  seq = signal(/** @type {number | null} */ (null));

  /**
   * @param {import("../core/chat.js").Chat} chat
   * @param {import("../core/loaded-messages.js").LoadedMessages} messages
   * @param {HTMLElement} list
   */
  constructor(chat, messages, list) {
    this.chat = chat;
    this.messages = messages;
    this.list = list;
  }

  /** @param {Message} message */
  start(message) {
    this.seq.value = message.seq;
    rowOf(this.list, message.seq)?.scrollIntoView({ block: "nearest" });
  }

  /** Edits the newest of the reader's own messages that is in the list. @returns {boolean} */
  startLast() {
    const { list, hasNewer } = this.messages;
    const mine = list.findLast(
      (it) => it.user_id === this.chat.user.id && !it.deleted_at && !it.forwarded,
    );
    if (!mine || hasNewer) return false;
    this.start(mine);
    return true;
  }

  end() {
    this.seq.value = null;
  }
}
