// The dialog that chooses a room with a few keys: to open it, or for something else.

import { fill, h } from "../core/dom.js";
import { names } from "../core/names.js";
import { titleOf } from "../core/people.js";
import { go, roomHref, searchHref } from "../core/route.js";
import { openDialog } from "./dialog.js";
import { roomSign } from "./room-entry.js";

/** @typedef {import("../core/room.js").Room} Room */

const MOST = 12;

/** @param {import("../core/chat.js").Chat} chat */
export const openSwitcher = (chat) =>
  openRoomPicker(chat, {
    title: "Jump to a room",
    take: (room) => go(roomHref(room.id)),
    search: (text) => go(searchHref(text)),
  });

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {{ title: string, isOffered?(room: Room): boolean, take(room: Room): void, search?(text: string): void }} options
 *   `search`: the list ends with an entry that searches messages for the text
 */
export function openRoomPicker(
  chat,
  { title: heading, isOffered = () => true, take: done, search },
) {
  if (document.querySelector("dialog[open]")) return;
  /** @type {Room[]} */
  let found = [];
  let chosen = 0;
  /** The text to search for, if that is offered. */
  const text = () => (search ? input.value.trim() : "");
  const size = () => found.length + (text() ? 1 : 0);
  const title = (/** @type {Room} */ room) => titleOf(room.info.peek(), chat.user.id);
  const list = h("ul", { role: "listbox", id: "switcher-rooms", "aria-label": "Rooms" });
  const input = h("input", {
    type: "text",
    role: "combobox",
    "aria-label": "Room",
    "aria-expanded": "true",
    placeholder: "Name of a room",
    "aria-controls": "switcher-rooms",
    autocomplete: "off",
    spellcheck: "false",
  });
  const show = () => {
    fill(
      list,
      found.map((room, at) =>
        h(
          "li",
          {
            role: "option",
            id: `switch-${at}`,
            "aria-selected": String(at === chosen),
            onclick: () => take(at),
          },
          roomSign(chat, room.info.peek()),
          h("span", { class: "name" }, title(room)),
          h(
            "span",
            { class: "quiet" },
            room.info.peek().archived_at ? "archived" : room.info.peek().description,
          ),
        ),
      ),
    );
    if (text())
      list.append(
        h(
          "li",
          {
            role: "option",
            id: `switch-${found.length}`,
            "aria-selected": String(chosen === found.length),
            onclick: () => take(found.length),
          },
          h("span", { class: "name" }, `Search messages for “${text()}”`),
        ),
      );
    if (size() === 0)
      fill(
        list,
        h("li", { class: "quiet", role: "option", "aria-selected": "false" }, "No such room"),
      );
    input.setAttribute("aria-activedescendant", `switch-${chosen}`);
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  };
  const look = () => {
    const wanted = input.value.trim().replace(/^#/, "").toLowerCase();
    found = [...chat.rooms.peek().values()]
      .filter(isOffered)
      .map((room) => ({ room, rank: rank(room, title(room), wanted) }))
      .filter(({ rank: it }) => it < 9)
      .sort((a, b) => a.rank - b.rank || names.compare(title(a.room), title(b.room)))
      .slice(0, MOST)
      .map(({ room }) => room);
    chosen = 0;
    show();
  };
  /** @param {number} at */
  const take = (at) => {
    const room = found[at];
    if (!room && !text()) return;
    dialog.close();
    if (room) done(room);
    else search?.(text());
  };
  input.addEventListener("input", look);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step && event.key !== "Enter") return;
    // Otherwise the same key press would also reach the button that has the focus after the dialog.
    event.preventDefault();
    if (!step) return take(chosen);
    if (size()) chosen = (chosen + step + size()) % size();
    show();
  });
  const dialog = openDialog({
    title: heading,
    class: "switcher",
    content: () => [input, list],
  });
  look();
}

/**
 * Names that begin with the wanted text come before names that contain it; among equals, unread rooms first.
 * Archived rooms come last.
 * @param {Room} room
 * @param {string} name
 * @param {string} wanted
 */
function rank(room, name, wanted) {
  const { archived_at } = room.info.peek();
  const at = name.toLowerCase().indexOf(wanted);
  if (at < 0) return 9;
  return (archived_at ? 4 : 0) + (at === 0 ? 0 : 2) + (room.unread.peek().length > 0 ? 0 : 1);
}
