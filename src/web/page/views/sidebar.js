// The list of rooms, and the button of the own account.

import { serverName } from "../core/brand.js";
import { View, fill, h, icon, listen, view } from "../core/dom.js";
import { unreadActivity } from "../core/listed.js";
import { nameOf } from "../core/people.js";
import { effect } from "../core/reactive.js";
import { route, searchHref } from "../core/route.js";
import { counted } from "../text/format.js";
import { avatar } from "./avatar.js";
import { openAccount } from "./account.js";
import { openBrowse } from "./browse.js";
import { IS_MAC } from "./keys.js";
import { showRooms } from "./room-entry.js";
import { openNewRoom } from "./room-settings.js";
import { openNewDirect } from "./start-direct.js";
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
    const starred = list("Starred");
    const rooms = list("Rooms");
    const direct = list("Direct messages");
    const archived = list("Archived");
    const drawer = h("details", { class: "archived" }, h("summary", null, "Archived"), archived);
    const starredSection = h("div", { class: "group" }, section("Starred"), starred);
    const name = h("span", { class: "name", dir: "auto" });
    const face = h("span", { class: "face" });
    this.append(
      h(
        "header",
        { class: "sidebar-top" },
        h("span", { class: "brand-name", title: location.host, dir: "auto" }, serverName),
        h(
          "div",
          { class: "jump-row" },
          h(
            "button",
            { class: "jump", type: "button", onclick: () => openSwitcher(chat) },
            h("span", null, "Jump to…"),
            h("kbd", null, IS_MAC ? "⌘K" : "Ctrl K"),
          ),
          searchLink(),
        ),
      ),
      h(
        "nav",
        { "aria-label": "Rooms" },
        activityLink(chat),
        starredSection,
        section(
          "Rooms",
          button("browse", "Browse rooms", () => openBrowse(chat)),
          button("plus", "Create a room", () => openNewRoom(chat)),
        ),
        rooms,
        section(
          "Direct messages",
          button("plus", "New direct message", () => openNewDirect(chat)),
        ),
        direct,
        drawer,
      ),
      h(
        "footer",
        { class: "sidebar-bottom" },
        h(
          "button",
          { class: "me", type: "button", onclick: () => openAccount(chat) },
          face,
          name,
          h("span", { class: "visually-hidden" }, "Account and settings"),
          icon("gear"),
        ),
        isAdmin &&
          h("a", { class: "admin-link", href: "#/admin/rooms" }, icon("chart"), "Administration"),
      ),
    );
    effect(() => {
      const me = chat.me.value ?? chat.user;
      name.textContent = nameOf(me);
      fill(face, avatar(me, "small"));
    });
    listen(document, "visibilitychange", () => {
      if (!document.hidden) chat.people.askPresence();
    });
    effect(() => {
      const at = route.value;
      const open = at.page === "room" ? chat.rooms.value.get(at.roomId) : undefined;
      const listed = new Set(chat.listed.all());
      if (open) listed.add(open);
      // In the order of the whole list, which is by name.
      const all = [...chat.rooms.value.values()].filter((room) => listed.has(room));
      /** @type {Record<"starred" | "rooms" | "direct" | "archived", Room[]>} */
      const groups = { starred: [], rooms: [], direct: [], archived: [] };
      for (const room of all) groups[groupOf(room)].push(room);
      showRooms(starred, groups.starred, chat);
      showRooms(rooms, groups.rooms, chat);
      showRooms(direct, groups.direct, chat);
      showRooms(archived, groups.archived, chat);
      starredSection.hidden = groups.starred.length === 0;
      drawer.hidden = groups.archived.length === 0;
      if (open && groups.archived.includes(open)) drawer.open = true;
      if (!chat.list.loaded.value) return;
      if (groups.rooms.length === 0)
        fill(rooms, h("p", { class: "quiet", role: "listitem" }, noRooms(chat)));
      if (groups.direct.length === 0)
        fill(
          direct,
          h("p", { class: "quiet small", role: "listitem" }, "Write to one person or a few."),
        );
    });
  }
}

/** @param {Chat} chat */
export const sidebarView = (chat) => view("chat-sidebar", Sidebar, { chat });

/** @param {Room} room */
function groupOf(room) {
  const { archived_at, kind, membership } = room.info.value;
  if (archived_at) return "archived";
  if (membership?.is_starred) return "starred";
  return kind === "direct" ? "direct" : "rooms";
}

/** @param {Chat} chat */
function noRooms(chat) {
  const rooms = [...chat.rooms.value.values()].filter(({ info }) => info.value.kind !== "direct");
  if (rooms.length === 0) return "No rooms yet";
  // Rooms with a star and archived ones have lists of their own.
  const isMember = rooms.some(({ info }) => info.value.membership);
  return isMember ? "Browse rooms to find more." : "You are in no room. Browse them to find one.";
}

/** The link to mentions and followed threads, with the number of those that are unread. @param {Chat} chat */
function activityLink(chat) {
  const badge = h("span", { class: "badge" });
  const link = h(
    "a",
    { class: "activity-link", href: "#/activity" },
    icon("bell"),
    "Activity",
    badge,
  );
  effect(() => {
    const isOpen = route.value.page === "activity";
    if (isOpen) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    const { mentions, threads } = unreadActivity(chat.listed.all());
    const failed = chat.scheduled.failed.length;
    const count = mentions + threads + failed;
    badge.classList.toggle("mentioned", mentions + failed > 0);
    fill(
      badge,
      count > 0 && [
        h("span", { "aria-hidden": "true" }, count > 99 ? "99+" : count),
        h("span", { class: "visually-hidden" }, `, ${counted(count, "new entry", "new entries")}`),
      ],
    );
    // Where something is unread, the link leads to it.
    const part = mentions > 0 ? "" : threads > 0 ? "/threads" : failed > 0 ? "/scheduled" : "";
    link.href = `#/activity${part}`;
  });
  return link;
}

function searchLink() {
  const title = `Search messages (${IS_MAC ? "⌘ Shift F" : "Ctrl Shift F"})`;
  const link = h(
    "a",
    { class: "icon-button", href: searchHref(), "aria-label": "Search messages", title },
    icon("search"),
  );
  effect(() => {
    if (route.value.page === "search") link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });
  return link;
}

/** @param {string} label */
const list = (label) => h("div", { class: "rooms", role: "list", "aria-label": label });

/**
 * @param {string} title
 * @param {...HTMLElement} buttons
 */
const section = (title, ...buttons) =>
  h("div", { class: "section" }, h("h2", null, title), h("span", { class: "buttons" }, buttons));

/**
 * @param {"plus" | "browse"} face
 * @param {string} label
 * @param {() => void} act
 */
const button = (face, label, act) =>
  h(
    "button",
    { class: "icon-button", type: "button", title: label, "aria-label": label, onclick: act },
    icon(face),
  );
