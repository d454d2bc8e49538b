// Keys that work everywhere, and the list of all of them.

import { h, listen } from "../core/dom.js";
import { go, roomHref, route } from "../core/route.js";
import { openDialog } from "./dialog.js";
import { IS_MAC } from "./sidebar.js";
import { openSwitcher } from "./switcher.js";

/** @type {[string, string][]} */
const KEYS = [
  [IS_MAC ? "⌘ K" : "Ctrl K", "Jump to a room"],
  ["Alt ↑ / Alt ↓", "The room before, the next room"],
  ["Alt Shift ↑ / ↓", "The same, but only rooms with something unread"],
  ["Enter", "Send"],
  ["Shift Enter", "A new line"],
  ["↑ in an empty field", "Edit your last message"],
  ["@ and :", "Suggest people and emoji"],
  ["Escape", "To the newest message; everything is read"],
  ["↑ ↓ on a message", "From message to message: E edits, Delete deletes"],
  [IS_MAC ? "⌘ /" : "Ctrl /", "This list"],
];

/** @param {import("../core/chat.js").Chat} chat */
export function watchKeys(chat) {
  listen(document, "keydown", (event) => {
    const command = IS_MAC ? event.metaKey : event.ctrlKey;
    if (command && !event.shiftKey && event.key.toLowerCase() === "k") openSwitcher(chat);
    else if (command && event.key === "/") openKeys();
    else if (event.altKey && !command && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      step(chat, event.key === "ArrowUp" ? -1 : 1, event.shiftKey);
    } else return;
    event.preventDefault();
  });
}

export function openKeys() {
  if (document.querySelector("dialog[open]")) return;
  openDialog({
    title: "Keys",
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
  const rooms = [...chat.rooms.peek().values()].filter(
    ({ id, info, unread }) =>
      id === open || (!info.peek().archived_at && (!onlyUnread || unread.peek().length > 0)),
  );
  const next = rooms.at(
    (rooms.findIndex(({ id }) => id === open) + direction) % Math.max(rooms.length, 1),
  );
  if (next) go(roomHref(next.id));
}
