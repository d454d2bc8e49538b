// An open room: its head, its messages, and the composer.

import { words } from "../core/api.js";
import { View, fill, h, view } from "../core/dom.js";
import { placeOf } from "../core/people.js";
import { effect, signal } from "../core/reactive.js";
import { go, openThreadIn, roomHref, route } from "../core/route.js";
import { storage } from "../core/storage.js";
import { footView } from "./foot.js";
import { membersView } from "./members.js";
import { joinRoom } from "./membership.js";
import { messageListView } from "./message-list.js";
import { membersButton, roomHead } from "./room-head.js";
import { threadView } from "./thread.js";
import { unsentView } from "./unsent.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/room.js").Room} Room */

const PEOPLE = "chatapp.people";

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
    const people = membersButton(room, () => {
      const isCovered = openThreadIn(route.peek(), room.id) !== null;
      if (isCovered) go(roomHref(room.id));
      showPeople(isCovered || !showsPeople.peek());
    });
    const messageList = messageListView(chat, room, room);
    const join = h("div");
    const end = h(
      "div",
      null,
      join,
      unsentView(chat, room, messageList, null),
      footView(chat, room, messageList, null),
    );
    this.append(
      roomHead(chat, room, people),
      h("div", { class: "room-body" }, h("div", { class: "conversation" }, messageList, end), side),
    );

    const openThread = () => openThreadIn(route.value, room.id);
    let shown = "";
    effect(() => {
      const threadId = openThread();
      const isPeople = showsPeople.value && !threadId;
      people.setAttribute("aria-expanded", String(isPeople));
      const next = threadId ? `thread ${threadId}` : isPeople ? "people" : "";
      if (next === shown) return;
      const first = room.thread?.messages.first.peek();
      const wasThread = shown.startsWith("thread");
      shown = next;
      if (threadId) fill(side, threadView(chat, room, threadId));
      else fill(side, isPeople && membersView(chat, room, () => showPeople(false)));
      // The focus was in the panel: it returns to the message.
      if (wasThread && !threadId && document.activeElement === document.body)
        (first && messageList.rowOf(first.seq))?.focus({ preventScroll: true });
    });
    let wasNew = false;
    effect(() => {
      const { kind, membership, archived_at } = room.info.value;
      const isNew = kind === "public" && !membership && !archived_at;
      if (isNew !== wasNew) fill(join, isNew && joinBanner(chat, room));
      wasNew = isNew;
    });
  }
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
