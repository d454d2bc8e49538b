// The messages that are pinned in a room: the mark on a message, and the list of all of them.

import { call, words } from "../core/api.js";
import { View, fill, h, icon, view } from "../core/dom.js";
import { maySend, nameOf, powersIn } from "../core/people.js";
import { effect } from "../core/reactive.js";
import { go, messageHref } from "../core/route.js";
import { excerpt } from "../text/excerpt.js";
import { dayName } from "../text/format.js";
import { openDialog, toast } from "./dialog.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/room.js").Room} Room */
/** @typedef {import("../core/message-state.js").LoadedMessage} LoadedMessage */

/**
 * Whether the reader may pin messages: members who may write, as far as is known here.
 * @param {Chat} chat
 * @param {Room} room
 */
export const mayPin = (chat, room) =>
  maySend(room.info.peek(), chat.user) &&
  (Boolean(room.info.peek().membership) || powersIn(room.info.peek(), chat.user).isOwner);

/**
 * @param {Room} room
 * @param {{ id: number }} message
 * @param {boolean} isPinned
 */
async function pin(room, message, isPinned) {
  try {
    await call(isPinned ? "PUT" : "DELETE", `/rooms/${room.id}/pins/${message.id}`);
    toast(isPinned ? "The message is pinned" : "The message is not pinned any more");
  } catch (error) {
    toast(words(error));
  }
}

/**
 * The entry of a message's menu that pins it or takes the pin away.
 * @param {Room} room
 * @param {LoadedMessage} message
 */
export function pinEntry(room, message) {
  const isPinned = message.state.isPinned.peek();
  return { label: isPinned ? "Unpin" : "Pin", act: () => pin(room, message, !isPinned) };
}

class PinMark extends View {
  /** @type {LoadedMessage} */
  message = /** @type {any} */ (null);

  render() {
    this.className = "pin-mark";
    effect(() => {
      const isPinned = this.message.state.isPinned.value;
      this.hidden = !isPinned;
      fill(this, isPinned && icon("pin"), isPinned && "Pinned");
    });
  }
}

/** @param {LoadedMessage} message */
export const pinMark = (message) => view("chat-pin-mark", PinMark, { message });

/**
 * @param {Chat} chat
 * @param {Room} room
 */
export function openPins(chat, room) {
  openDialog({
    title: "Pinned messages",
    class: "pins",
    content: (close) => view("chat-pins", Pins, { chat, room, close }),
  });
}

class Pins extends View {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);
  /** @type {Room} */
  room = /** @type {any} */ (null);
  close = () => {};

  render() {
    const note = h("p", { class: "quiet", role: "status" }, "Loading…");
    const list = h("ul", { class: "pin-list" });
    this.append(note, list);
    let load = 0;
    effect(() => {
      // Somebody may pin or unpin a message meanwhile.
      this.room.pinsVersion.value;
      const turn = ++load;
      call("GET", `/rooms/${this.room.id}/pins`).then(
        (/** @type {import("../core/types.js").Pin[]} */ pins) => {
          if (turn !== load) return;
          note.textContent =
            pins.length > 0 ? "" : "No message is pinned here. The menu of a message can pin it.";
          const hadFocus = list.contains(document.activeElement);
          fill(
            list,
            pins.map((one) => this.#entry(one)),
          );
          if (hadFocus) (list.querySelector("a") ?? this.closest("dialog"))?.focus();
        },
        (error) => {
          if (turn === load) note.textContent = words(error);
        },
      );
    });
  }

  /** @param {import("../core/types.js").Pin} pin */
  #entry({ message, pinned_by }) {
    const { chat, room } = this;
    const href = messageHref(message);
    const newest = (/** @type {import("../core/types.js").Person} */ person) =>
      nameOf(chat.people.names.newest(person));
    const text = chat.blocks.has(message.user_id)
      ? "Message of a person whom you have blocked"
      : excerpt(message.content, chat.user.username);
    return h(
      "li",
      null,
      h(
        "a",
        {
          href,
          onclick: (/** @type {MouseEvent} */ event) => {
            event.preventDefault();
            this.close();
            go(href);
          },
        },
        h("span", { class: "quoted-author", dir: "auto" }, newest(message)),
        h("span", { class: "quiet small" }, ` ${dayName(message.timestamp)}`),
        h("span", { class: "pin-text", dir: "auto" }, text),
      ),
      h("p", { class: "quiet small", dir: "auto" }, `Pinned by ${newest(pinned_by)}`),
      mayPin(chat, room) &&
        h(
          "button",
          { class: "link", type: "button", onclick: () => pin(room, message, false) },
          "Unpin",
        ),
    );
  }
}
