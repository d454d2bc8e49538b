// The foot of a room or of a thread: the composer, or the reason why the reader cannot write there.

import { View, fill, h, icon, view } from "../core/dom.js";
import { isDeleted, othersIn, powersIn } from "../core/people.js";
import { effect, onEnd, signal } from "../core/reactive.js";
import { endTime } from "../text/format.js";
import { composerView } from "./composer.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/room.js").Room} Room */

/** The longest time that a browser's timer takes is 2^31 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

class Foot extends View {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);
  /** @type {Room} */
  room = /** @type {any} */ (null);
  /** @type {import("./message-list.js").MessageList} */
  messageList = /** @type {any} */ (null);
  /** @type {number | null} */
  threadId = null;

  render() {
    const { chat, room, messageList, threadId } = this;
    this.className = "foot";
    /** The time, which matters only to the end of a mute. */
    const now = signal(Date.now());
    let timer = 0;
    onEnd(() => clearTimeout(timer));
    let before = /** @type {string | null | undefined} */ (undefined);
    effect(() => {
      const info = room.info.value;
      const mutedUntil = Date.parse(info.membership?.muted_until ?? "");
      clearTimeout(timer);
      if (mutedUntil > now.value) {
        const wait = Math.min(mutedUntil - Date.now() + 1, LONGEST_TIMER_MS);
        timer = setTimeout(() => (now.value = Date.now()), wait);
      }
      const why = closedBecause(chat, info, now.value);
      if (why === before) return;
      before = why;
      fill(
        this,
        why === null
          ? composerView(chat, room, messageList, threadId)
          : h("p", { class: "archived-note" }, icon(info.archived_at ? "archive" : "lock"), why),
      );
    });
  }
}

/**
 * Why the reader cannot write in the room; null: the reader can.
 * @param {Chat} chat
 * @param {import("../core/types.js").RoomInfo} info
 * @param {number} now
 */
function closedBecause(chat, info, now) {
  const { archived_at, kind, membership, posting } = info;
  const others = othersIn(info, chat.user.id);
  if (kind === "direct" && others.length > 0 && others.every(isDeleted))
    return others.length === 1
      ? "The other account was deleted. You can still read the conversation."
      : "All other accounts were deleted. You can still read the conversation.";
  if (archived_at) return "This room is archived. You can read it, but nobody can post here.";
  const mutedUntil = membership?.muted_until;
  if (mutedUntil && Date.parse(mutedUntil) > now)
    return `A moderator has muted you here until ${endTime(mutedUntil)}.`;
  if (posting === "moderators" && powersIn(info, chat.user).rank < 2)
    return "Only moderators write in this room.";
  return null;
}

/**
 * @param {Chat} chat
 * @param {Room} room
 * @param {import("./message-list.js").MessageList} messageList
 * @param {number | null} threadId
 */
export const footView = (chat, room, messageList, threadId) =>
  view("chat-foot", Foot, { chat, room, messageList, threadId });
