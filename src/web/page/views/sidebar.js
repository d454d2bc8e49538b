// The list of rooms, and the button of the own account.

import { serverName } from "../core/brand.js";
import { View, fill, h, icon, view } from "../core/dom.js";
import { effect } from "../core/reactive.js";
import { roomHref, route } from "../core/route.js";
import { mayCreateRooms, setup } from "../core/setup.js";
import { avatar } from "./avatar.js";
import { openAccount } from "./account.js";
import { IS_MAC } from "./keys.js";
import { openSwitcher } from "./switcher.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/room.js").Room} Room */

class Sidebar extends View {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);

  render() {
    const { chat } = this;
    this.className = "sidebar";
    const isAdmin = chat.user.role === "admin";
    const rooms = h("div", { class: "rooms", role: "list" });
    const archived = h("div", { class: "rooms", role: "list" });
    const drawer = h("details", { class: "archived" }, h("summary", null, "Archived"), archived);
    const create = h(
      "button",
      {
        class: "icon-button",
        type: "button",
        title: "Create a room",
        "aria-label": "Create a room",
        onclick: async () => {
          const { openNewRoom } = await import("../admin/room-settings.js");
          openNewRoom(chat);
        },
      },
      icon("plus"),
    );
    const note = h("p", { class: "quiet small note-line" }, "Only admins can create rooms here.");
    this.append(
      h(
        "header",
        { class: "sidebar-top" },
        h("span", { class: "brand-name", title: location.host, dir: "auto" }, serverName),
        h(
          "button",
          { class: "jump", type: "button", onclick: () => openSwitcher(chat) },
          icon("search"),
          h("span", null, "Jump to…"),
          h("kbd", null, IS_MAC ? "⌘K" : "Ctrl K"),
        ),
      ),
      h(
        "nav",
        { "aria-label": "Rooms" },
        h("div", { class: "section" }, h("h2", null, "Rooms"), create),
        rooms,
        drawer,
        note,
      ),
      h(
        "footer",
        { class: "sidebar-bottom" },
        h(
          "button",
          { class: "me", type: "button", onclick: () => openAccount(chat) },
          avatar(chat.user.username, "small"),
          h("span", { class: "name" }, chat.user.username),
          h("span", { class: "visually-hidden" }, "Account and settings"),
          icon("gear"),
        ),
        isAdmin &&
          h("a", { class: "admin-link", href: "#/admin/rooms" }, icon("chart"), "Administration"),
      ),
    );
    effect(() => {
      create.hidden = !mayCreateRooms(chat.user);
      note.hidden = setup.value === null || !create.hidden;
    });
    effect(() => {
      const all = [...chat.rooms.value.values()];
      const isOld = (/** @type {Room} */ room) => Boolean(room.info.value.archived_at);
      reconcile(
        rooms,
        all.filter((room) => !isOld(room)),
        chat,
      );
      reconcile(archived, all.filter(isOld), chat);
      drawer.hidden = !all.some(isOld);
      if (chat.list.loaded.value && all.length === 0)
        fill(rooms, h("p", { class: "quiet", role: "listitem" }, "No rooms yet"));
    });
  }
}

/** @param {Chat} chat */
export const sidebarView = (chat) => view("chat-sidebar", Sidebar, { chat });

/**
 * Shows the rooms; a room that is already shown keeps its element.
 * @param {HTMLElement} list
 * @param {Room[]} rooms
 * @param {Chat} chat
 */
function reconcile(list, rooms, chat) {
  const known = new Map(
    [...list.children].map((entry) => [/** @type {any} */ (entry).room, entry]),
  );
  const entries = rooms.map(
    (room) => known.get(room) ?? view("chat-room-entry", Entry, { chat, room }),
  );
  if (
    entries.length === list.children.length &&
    entries.every((it, at) => list.children[at] === it)
  )
    return;
  list.replaceChildren(...entries);
}

class Entry extends View {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);
  /** @type {Room} */
  room = /** @type {any} */ (null);

  render() {
    const { room } = this;
    this.setAttribute("role", "listitem");
    const name = h("span", { class: "name", dir: "auto" });
    const badge = h("span", { class: "badge" });
    const link = h(
      "a",
      { href: roomHref(room.id) },
      h("span", { class: "hash", "aria-hidden": "true" }, "#"),
      name,
      badge,
    );
    this.append(link);
    effect(() => {
      const at = route.value;
      const open = at.page === "room" && at.roomId === room.id;
      if (open) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
    effect(() => {
      const { name: text, archived_at } = room.info.value;
      name.textContent = text;
      const count = archived_at ? 0 : room.unread.value.length;
      const isUnread = !archived_at && (count > 0 || room.isNew);
      link.classList.toggle("unread", isUnread);
      badge.classList.toggle("mentioned", room.mentioned.value);
      fill(
        badge,
        count > 0 && [
          h("span", { "aria-hidden": "true" }, count > 99 ? "99+" : count),
          h(
            "span",
            { class: "visually-hidden" },
            `, ${count} unread${room.mentioned.value ? ", you were mentioned" : ""}`,
          ),
        ],
      );
      if (isUnread && count === 0)
        fill(badge, h("span", { class: "visually-hidden" }, ", not read yet"));
      badge.classList.toggle("dot", isUnread && count === 0);
    });
  }
}
