// Keys in the list of messages: Tab reaches one of its rows, and arrows move to the others.

import { listen } from "../core/dom.js";
import { isOfServer, maySend, powersIn } from "../core/people.js";
import { messageOf, openThread, quote, remove } from "./actions.js";
import { openProfile } from "./profile.js";
import { addReaction } from "./reactions.js";

/** @typedef {import("../core/message-state.js").LoadedMessage} Message */

/**
 * @param {HTMLElement} list
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 * @param {import("../core/types.js").Line} line
 * @param {(message: Message) => void} edit
 */
export function rowKeys(list, chat, room, line, edit) {
  listen(list, "keydown", (/** @type {KeyboardEvent} */ event) => {
    const row = event.target;
    // Keys in a row's editor belong to the editor.
    if (!(row instanceof HTMLElement) || !row.matches("li.message")) return;
    const rows = rowsIn(list);
    const at = rows.indexOf(row);
    const target = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (target === undefined) {
      // A key with Ctrl or Alt belongs to the browser.
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (!act(event.key, messageOf(line.messages, row), row)) return;
    } else {
      const next = rows[target];
      row.setAttribute("tabindex", next ? "-1" : "0");
      next?.setAttribute("tabindex", "0");
      next?.focus();
    }
    event.preventDefault();
  });

  /**
   * @param {string} key
   * @param {Message | undefined} message
   * @param {HTMLElement} row
   * @returns {boolean} whether the key does something
   */
  const act = (key, message, row) => {
    if (!message) return false;
    const isMine = message.user_id === chat.user.id;
    const mayDelete = isMine || powersIn(room.info.peek(), chat.user).deletesMessages;
    if (key === "p" && !isOfServer(message))
      openProfile(chat, { id: message.user_id, username: message.username });
    else if (message.deleted_at) return false;
    else if (key === "e" && isMine) edit(message);
    else if (key === "t" && line.threadId === null) openThread(message);
    else if (key === "q" && maySend(room.info.peek(), chat.user)) quote(list, message);
    else if (key === "r" && maySend(room.info.peek(), chat.user))
      addReaction(message, row.querySelector(".actions button") ?? row);
    else if (key === "Delete" && mayDelete) remove(room, message);
    else return false;
    return true;
  };
}

/** Makes one row reachable with Tab: the newest, unless the reader moved to another one.
 * @param {HTMLElement} list */
export function keepReachable(list) {
  if (list.querySelector("li.message[tabindex='0']")) return;
  rowsIn(list).at(-1)?.setAttribute("tabindex", "0");
}

/** @param {HTMLElement} list */
const rowsIn = (list) => /** @type {HTMLElement[]} */ ([...list.querySelectorAll("li.message")]);
