// An open room: its head, its messages, and the composer.

import { words } from "../core/api.js";
import { View, fill, h, icon, view } from "../core/dom.js";
import { isDeleted, othersIn, placeOf, powersIn } from "../core/people.js";
import { effect, onEnd, signal } from "../core/reactive.js";
import { storage } from "../core/storage.js";
import { endTime } from "../text/format.js";
import { composerView } from "./composer.js";
import { membersView } from "./members.js";
import { joinRoom } from "./membership.js";
import { messageListView } from "./message-list.js";
import { membersButton, roomHead } from "./room-head.js";
import { unsentView } from "./unsent.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/room.js").Room} Room */

const PEOPLE = "chatapp.people";
/** The longest time that a browser's timer takes is 2^31 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

class RoomView extends View {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);
  /** @type {Room} */
  room = /** @type {any} */ (null);

  render() {
    const { chat, room } = this;
    this.className = "room";
    const showsPeople = signal(
      storage.get(PEOPLE) === "shown" && matchMedia("(min-width: 64rem)").matches,
    );
    const side = h("div", { class: "side" });
    /** @param {boolean} shown */
    const showPeople = (shown) => {
      showsPeople.value = shown;
      storage.set(PEOPLE, shown ? "shown" : "hidden");
      // In the order of the Tab key the list is far from the button. It is drawn after this function.
      queueMicrotask(() => (shown ? (side.querySelector("button") ?? people) : people).focus());
    };
    const people = membersButton(room, () => showPeople(!showsPeople.value));
    const messageList = messageListView(chat, room);
    const foot = h("div", { class: "foot" });
    const join = h("div");
    const end = h("div", null, join, unsentView(chat, room, messageList), foot);
    this.append(
      roomHead(chat, room, people),
      h("div", { class: "room-body" }, h("div", { class: "conversation" }, messageList, end), side),
    );

    effect(() => {
      people.setAttribute("aria-expanded", String(showsPeople.value));
      fill(side, showsPeople.value && membersView(chat, room, () => showPeople(false)));
    });
    let wasNew = false;
    effect(() => {
      const { kind, membership, archived_at } = room.info.value;
      const isNew = kind === "public" && !membership && !archived_at;
      if (isNew !== wasNew) fill(join, isNew && joinBanner(chat, room));
      wasNew = isNew;
    });
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
        foot,
        why === null
          ? composerView(chat, room, messageList)
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
 */
function joinBanner(chat, room) {
  const alert = h("span", { class: "field-error", role: "alert" });
  const button = h(
    "button",
    {
      class: "primary small",
      type: "button",
      onclick: async () => {
        button.disabled = true;
        try {
          await joinRoom(chat, room.id);
        } catch (error) {
          alert.textContent = words(error);
          button.disabled = false;
        }
      },
    },
    "Join",
  );
  return h(
    "p",
    { class: "join-banner" },
    h("span", { dir: "auto" }, `You are reading ${placeOf(room.info.peek(), chat.user.id)}.`),
    button,
    alert,
  );
}

/**
 * @param {Chat} chat
 * @param {Room} room
 */
export const roomView = (chat, room) => view("chat-room", RoomView, { chat, room });
