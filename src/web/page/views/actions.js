// The actions on a message, in one bar that moves to the row under the pointer or with the focus. The most usual ones
// have a button, the others are in a menu.

import { call, words } from "../core/api.js";
import { fill, h, icon } from "../core/dom.js";
import { maySend, powersIn } from "../core/people.js";
import { go, messageHref, threadHref } from "../core/route.js";
import { copyText } from "./copy.js";
import { confirmDialog, toast } from "./dialog.js";
import { openForward } from "./forward.js";
import { menuButton } from "./menu.js";
import { mayPin, pinEntry } from "./pins.js";
import { addReaction } from "./reactions.js";

/** @typedef {import("../core/types.js").Message} Message */
/** @typedef {import("../core/message-state.js").LoadedMessage} LoadedMessage */
/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/room.js").Room} Room */

/**
 * @param {Chat} chat
 * @param {Room} room
 * @param {import("../core/types.js").Line} line
 * @param {HTMLElement} list
 * @param {(message: Message) => void} edit
 */
export function messageActions(chat, room, line, list, edit) {
  const bar = h("div", {
    class: "actions",
    role: "toolbar",
    "aria-label": "Message",
  });

  /**
   * Whether the bar stays where it is: the keyboard has reached it, or a finger has touched it.
   * @param {Event} event
   * @param {Element} part
   */
  const stays = (event, part) => {
    const isMouse = event instanceof PointerEvent && event.pointerType === "mouse";
    return isMouse ? part.querySelector(":focus-visible") : part.contains(document.activeElement);
  };
  /** @param {Event} event */
  const follow = (event) => {
    const { target } = event;
    const row = target instanceof Element ? target.closest("li.message") : null;
    if (!(row instanceof HTMLElement) || row.contains(bar)) return;
    if (stays(event, bar)) return;
    const message = messageOf(line.messages, row);
    if (!message || message.deleted_at || row.querySelector("form")) return bar.remove();
    fill(bar, buttons(message));
    row.append(bar);
  };
  list.addEventListener("pointerover", follow);
  list.addEventListener("focusin", follow);
  list.addEventListener("pointerleave", (event) => {
    if (!stays(event, list)) bar.remove();
  });

  /** @param {LoadedMessage} message */
  const buttons = (message) => {
    const info = room.info.peek();
    const isMine = message.user_id === chat.user.id;
    const mayDelete = isMine || powersIn(info, chat.user).deletesMessages;
    const writes = maySend(info, chat.user);
    const react = button("smile", "Add a reaction", () => addReaction(message, react));
    return [
      writes && react,
      writes && button("quote", "Quote", () => quote(list, message)),
      line.threadId === null && button("thread", "Reply in thread", () => openThread(message)),
      isMine &&
        !message.forwarded &&
        !info.archived_at &&
        button("edit", "Edit", () => edit(message)),
      menuButton("More actions", icon("more"), () => [
        line.threadId === null && {
          label: "Mark as unread from here",
          act: () => markUnread(chat, room, message),
        },
        { label: "Copy link", act: () => copyLink(message) },
        { label: "Forward…", act: () => openForward(chat, message) },
        mayPin(chat, room) && pinEntry(room, message),
        mayDelete && {
          label: "Delete",
          act: () => remove(room, message),
          isDanger: true,
        },
      ]),
    ];
  };
}

/**
 * Begins a quote of a message in the composer below the list.
 * @param {HTMLElement} list
 * @param {Message} message
 */
export function quote(list, message) {
  list.dispatchEvent(new CustomEvent("quote", { detail: message, bubbles: true }));
}

/**
 * @param {import("../core/loaded-messages.js").LoadedMessages} messages
 * @param {HTMLElement} row
 */
export function messageOf(messages, row) {
  const seq = Number(row.dataset["seq"]);
  return messages.list.find((message) => message.seq === seq);
}

/** Opens the thread of a message: the one that it is a reply in, or the one that it begins. @param {Message} message */
export function openThread({ room_id, thread_id, id }) {
  go(threadHref(room_id, thread_id ?? id));
}

/**
 * @param {Room} room
 * @param {Message} message
 */
export function remove(room, message) {
  const line = message.content.split("\n", 1)[0] ?? "";
  const start = line.length > 80 ? `${line.slice(0, 80)}…` : line;
  confirmDialog({
    title: "Delete this message?",
    text: `“${start}” will be deleted permanently, for everyone.`,
    action: "Delete",
    act: () => call("DELETE", `/rooms/${room.id}/messages/${message.id}`),
  });
}

/**
 * @param {Chat} chat
 * @param {Room} room
 * @param {Message} message
 */
export async function markUnread(chat, room, message) {
  try {
    await chat.reading.markUnread(room, message.seq);
    toast("Unread until you open the room again");
  } catch (error) {
    toast(words(error));
  }
}

/** @param {Message} message */
async function copyLink(message) {
  const hash = messageHref(message);
  if (await copyText(new URL(hash, location.href).href, document.body)) return toast("Link copied");
  location.hash = hash;
  toast("The link is in the address bar");
}

/**
 * @param {Parameters<typeof icon>[0]} name
 * @param {string} label
 * @param {() => void} act
 */
function button(name, label, act) {
  return h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": label,
      title: label,
      onclick: act,
    },
    icon(name),
  );
}
