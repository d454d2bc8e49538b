// The keyboard shortcuts that work everywhere, and the dialog that lists all shortcuts.

import { h, listen } from "../core/dom.js";
import { go, roomHref, route, searchHref } from "../core/route.js";
import { openDialog } from "./dialog.js";
import { openSwitcher } from "./switcher.js";

export const IS_MAC = /Mac|iP(hone|ad)/.test(navigator.userAgent);

/** @type {[string, string][]} */
const KEYS = [
  [IS_MAC ? "⌘ K" : "Ctrl K", "Jump to a room"],
  [IS_MAC ? "⌘ Shift F" : "Ctrl Shift F", "Search messages"],
  ["Alt ↑ / Alt ↓", "Previous or next room"],
  ["Alt Shift ↑ / ↓", "Previous or next unread room"],
  ["Enter", "Send the message"],
  ["Shift Enter", "Start a new line"],
  ["↑ in an empty field", "Edit your last message"],
  ["@, : and /", "Suggest people, emoji and commands"],
  ["+:thumbsup:", "React to the newest message"],
  ["Escape", "Go to the newest message and mark the room as read"],
  [
    "↑ ↓ on a message",
    "Move between messages. R reacts, Q quotes, T opens the thread, E edits, Delete deletes, P shows the author",
  ],
  [IS_MAC ? "⌘ / or ?" : "Ctrl / or ?", "Show this list"],
];

/** @param {import("../core/chat.js").Chat} chat */
export function watchKeys(chat) {
  listen(document, "keydown", (event) => {
    const command = IS_MAC ? event.metaKey : event.ctrlKey;
    if (command && !event.shiftKey && event.key.toLowerCase() === "k") openSwitcher(chat);
    else if (command && event.shiftKey && event.key.toLowerCase() === "f") openSearch();
    else if (
      event.key === "?"
        ? !event.ctrlKey && !event.metaKey && !isTyping(event)
        : command && event.key === "/"
    )
      openKeys();
    else if (event.altKey && !command && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      step(chat, event.key === "ArrowUp" ? -1 : 1, event.shiftKey);
    } else return;
    event.preventDefault();
  });
}

function openSearch() {
  if (document.querySelector("dialog[open]")) return;
  const field = document.getElementById("search-field");
  if (!(field instanceof HTMLInputElement)) return go(searchHref());
  field.focus();
  field.select();
}

/** Whether the key is typed into a field. @param {KeyboardEvent} event */
function isTyping({ target }) {
  return target instanceof Element && target.matches("input, textarea, select, [contenteditable]");
}

export function openKeys() {
  if (document.querySelector("dialog[open]")) return;
  openDialog({
    title: "Keyboard shortcuts",
    class: "keys",
    content: () =>
      h(
        "dl",
        null,
        KEYS.map(([key, what]) =>
          h("div", null, h("dt", null, h("kbd", null, key)), h("dd", null, what)),
        ),
      ),
  });
}

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {1 | -1} direction
 * @param {boolean} onlyUnread
 */
function step(chat, direction, onlyUnread) {
  const at = route.peek();
  const open = at.page === "room" ? at.roomId : 0;
  const listed = new Set(chat.listed.all().map(({ id }) => id));
  const rooms = [...chat.rooms.peek().values()].filter(
    ({ id, info, unread }) =>
      id === open ||
      (listed.has(id) && !info.peek().archived_at && (!onlyUnread || unread.peek().length > 0)),
  );
  const next = rooms.at(
    (rooms.findIndex(({ id }) => id === open) + direction) % Math.max(rooms.length, 1),
  );
  if (next) go(roomHref(next.id));
}
