// Which of a room's messages the reader is editing.

import { signal } from "../core/reactive.js";
import { rowOf } from "./rows.js";

/** @typedef {import("../core/types.js").Message} Message */

export class Editing {
  /** The message's seq. */
  seq = signal(/** @type {number | null} */ (null));

  /**
   * @param {import("../core/chat.js").Chat} chat
   * @param {import("../core/room.js").Room} room
   * @param {HTMLElement} list
   */
  constructor(chat, room, list) {
    this.chat = chat;
    this.room = room;
    this.list = list;
  }

  /** @param {Message} message */
  start(message) {
    this.seq.value = message.seq;
    rowOf(this.list, message.seq)?.scrollIntoView({ block: "nearest" });
  }

  /** Edits the newest of the reader's own messages that is in the list. @returns {boolean} */
  startLast() {
    const { list, hasNewer } = this.room.messages;
    const mine = list.findLast((it) => it.user_id === this.chat.user.id && !it.deleted_at);
    if (!mine || hasNewer) return false;
    this.start(mine);
    return true;
  }

  end() {
    this.seq.value = null;
  }
}
