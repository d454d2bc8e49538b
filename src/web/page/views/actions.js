// The actions on a message, in one bar that moves to the row under the pointer or with the focus.

import { call } from "../core/api.js";
import { fill, h, icon } from "../core/dom.js";
import { powersIn } from "../core/people.js";
import { roomHref } from "../core/route.js";
import { copyText } from "./copy.js";
import { confirmDialog, toast } from "./dialog.js";

/** @typedef {import("../core/types.js").Message} Message */
/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/room.js").Room} Room */

/**
 * @param {Chat} chat
 * @param {Room} room
 * @param {HTMLElement} list
 * @param {(message: Message) => void} edit
 */
export function messageActions(chat, room, list, edit) {
  const bar = h("div", { class: "actions", role: "toolbar", "aria-label": "Message" });

  /** @param {Event} event */
  const follow = ({ target }) => {
    const row = target instanceof Element ? target.closest("li.message") : null;
    if (!(row instanceof HTMLElement) || row.contains(bar)) return;
    // A bar with the focus does not follow the pointer.
    if (bar.contains(document.activeElement)) return;
    const message = messageOf(room, row);
    if (!message || message.deleted_at || row.querySelector("form")) return bar.remove();
    fill(bar, buttons(message));
    row.append(bar);
  };
  list.addEventListener("pointerover", follow);
  list.addEventListener("focusin", follow);
  list.addEventListener("pointerleave", () => {
    if (!list.contains(document.activeElement)) bar.remove();
  });

  /** @param {Message} message */
  const buttons = (message) => {
    const isMine = message.user_id === chat.user.id;
    const isOpen = !room.info.peek().archived_at;
    return [
      button("link", "Copy link", () => copyLink(room, message)),
      isMine && isOpen && button("edit", "Edit", () => edit(message)),
      (isMine || powersIn(room.info.peek(), chat.user).deletesMessages) &&
        button("trash", "Delete", () => remove(room, message)),
    ];
  };
}

/**
 * @param {Room} room
 * @param {HTMLElement} row
 */
export function messageOf(room, row) {
  const seq = Number(row.dataset["seq"]);
  return room.messages.list.find((message) => message.seq === seq);
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
 * @param {Room} room
 * @param {Message} message
 */
async function copyLink(room, message) {
  const link = new URL(roomHref(room.id, message.seq), location.href).href;
  if (await copyText(link, document.body)) return toast("Link copied");
  location.hash = roomHref(room.id, message.seq);
  toast("The link is in the address bar");
}

/**
 * @param {"link" | "edit" | "trash"} name
 * @param {string} label
 * @param {() => void} act
 */
function button(name, label, act) {
  return h(
    "button",
    { class: "icon-button", type: "button", "aria-label": label, title: label, onclick: act },
    icon(name),
  );
}
