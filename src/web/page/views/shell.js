// The frame of the chat: the list of rooms at one side, the open room or page at the other.

import { words } from "../core/api.js";
import { View, fill, h, listen, view } from "../core/dom.js";
import { effect } from "../core/reactive.js";
import { go, goFromHome, roomHref, route } from "../core/route.js";
import { mayCreateRooms, refreshSetup } from "../core/setup.js";
import { socketState } from "../core/socket.js";
import { storage } from "../core/storage.js";
import { connectionView } from "./connection.js";
import { watchKeys } from "./keys.js";
import { startNotices } from "./notices.js";
import { invitePage } from "./invite.js";
import { openLater } from "./later.js";
import { openBrowse } from "./browse.js";
import { roomView } from "./room.js";
import { openNewRoom } from "./room-settings.js";
import { sidebarView } from "./sidebar.js";
import { unkeptView } from "./unkept.js";

/** @typedef {import("../core/chat.js").Chat} Chat */

const LAST_ROOM = "chatapp.last-room";

class Shell extends View {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);

  render() {
    const { chat } = this;
    this.className = "shell";
    const main = h("main", { id: "main", tabindex: "-1" });
    this.append(
      sidebarView(chat),
      h("div", { class: "stage" }, h("div", null, connectionView(), unkeptView()), main),
    );
    startNotices(chat);
    listen(window, "pagehide", () => chat.drafts.leave());
    watchKeys(chat);
    effect(() => {
      // The server may have been restarted with other settings.
      if (socketState.value === "live") refreshSetup();
    });
    listen(document, "click", (event) => {
      const link = event.target instanceof Element && event.target.closest(".skip-link");
      if (!link) return;
      // The part of the address after `#` is the room: the link would lead away from it.
      event.preventDefault();
      main.focus();
    });
    /** The address of the newest place that is not the search. */
    let place = "#/";
    /** What is shown now, so that it is not drawn again without need. */
    let shown = "";
    /** The room that was not in the list, and for which the list was read again. */
    let asked = 0;
    /** The room that the reader was taken out of, while the page says so. @type {number | null} */
    let left = null;
    effect(() => {
      const at = route.value;
      const rooms = chat.rooms.value;
      const room = at.page === "room" ? rooms.get(at.roomId) : undefined;
      this.dataset["page"] = at.page;
      if (at.page !== "search") place = location.hash || "#/";
      const leaving = at.page === "room" ? chat.leavings.of(at.roomId) : undefined;
      const isUnknown = at.page === "room" && chat.list.loaded.value && !room;
      const isNews = isUnknown && asked !== at.roomId;
      const state = `${chat.list.loaded.value} ${rooms.size > 0} ${chat.list.error.value !== null} ${isNews} ${mayCreateRooms(chat.user)}`;
      const key = leaving
        ? `left ${at.page === "room" && at.roomId}`
        : room
          ? `room ${room.id}`
          : at.page === "admin"
            ? `admin ${at.part}`
            : at.page === "invite"
              ? `invite ${at.token}`
              : at.page === "activity"
                ? `activity ${chat.list.loaded.value}`
                : at.page === "search"
                  ? "search"
                  : `${at.page} ${state}`;
      if (key === shown && !(room && !main.firstElementChild)) return;
      shown = key;
      if (left !== null && !(at.page === "room" && at.roomId === left)) chat.leavings.forget(left);
      left = leaving && at.page === "room" ? at.roomId : null;
      chat.openRoom(room?.id ?? null);
      if (leaving) return fill(main, roomLeft(leaving));
      if (at.page === "invite") return fill(main, invitePage(chat, at.token));
      if (room) {
        storage.set(LAST_ROOM, String(room.id));
        chat.listed.open(room);
        return fill(main, roomView(chat, room));
      }
      const isStill = () => shown === key;
      if (at.page === "admin") {
        return openLater(main, isStill, async () => {
          const { adminView } = await import("../admin/admin.js");
          return adminView(chat, at.part);
        });
      }
      if (at.page === "search") {
        return openLater(main, isStill, async () => {
          const { searchView } = await import("../search/search.js");
          return searchView(chat, place);
        });
      }
      if (!chat.list.loaded.value) {
        return fill(
          main,
          h(
            "div",
            { class: "empty", role: "status" },
            chat.list.error.value ? words(chat.list.error.value) : "Loading rooms…",
          ),
        );
      }
      if (at.page === "activity") {
        return openLater(main, isStill, async () => {
          const { inboxView } = await import("./lazy/inbox.js");
          return inboxView(chat);
        });
      }
      if (isNews) {
        // The room may have been created a moment ago.
        asked = at.roomId;
        chat.list.refresh();
        return fill(main, h("p", { class: "empty", role: "status" }, "Looking for the room…"));
      }
      if (at.page === "room") return fill(main, roomGone());
      fill(main, noRoom(chat));
      // On a wide screen, a room is always open beside the list.
      const wide = matchMedia("(min-width: 48rem)").matches;
      const last = Number(storage.get(LAST_ROOM));
      const listed = chat.listed.all();
      const first =
        listed.find(({ id }) => id === last) ?? listed.find(({ info }) => !info.peek().archived_at);
      if (wide && first) queueMicrotask(() => goFromHome(roomHref(first.id)));
    });
  }
}

/** @param {Chat} chat */
export const shellView = (chat) => view("chat-shell", Shell, { chat });

/** @type {Record<import("../core/types.js").LeftCause, string>} */
const CAUSES = {
  left: "You left this room.",
  removed: "A moderator removed you from this room.",
  banned: "A moderator banned you from this room.",
  private: "This room is private now, and you are not a member of it.",
};

/** @param {import("../core/leavings.js").Leaving} leaving */
function roomLeft({ title, cause }) {
  return h(
    "div",
    { class: "empty" },
    h("h1", { dir: "auto" }, title),
    h("p", { role: "alert" }, CAUSES[cause] ?? "You may not read this room any more."),
    h("button", { type: "button", onclick: () => go("#/") }, "Show all rooms"),
  );
}

function roomGone() {
  return h(
    "div",
    { class: "empty" },
    h("h1", null, "Room not found"),
    h("p", null, "It was deleted, it is private, or the link is wrong."),
    h("button", { type: "button", onclick: () => go("#/") }, "Show all rooms"),
  );
}

/** @param {Chat} chat */
function noRoom(chat) {
  if (chat.rooms.peek().size > 0)
    return h(
      "div",
      { class: "empty" },
      h("p", null, "Choose a room."),
      h("button", { type: "button", onclick: () => openBrowse(chat) }, "Browse rooms"),
    );
  const mayCreate = mayCreateRooms(chat.user);
  return h(
    "div",
    { class: "empty" },
    h("h1", null, "No rooms yet"),
    h(
      "p",
      null,
      mayCreate
        ? "Create the first one to start chatting."
        : "Only admins can create rooms here. As soon as one does, it appears by itself.",
    ),
    mayCreate &&
      h(
        "button",
        {
          class: "primary",
          type: "button",
          onclick: () => openNewRoom(chat),
        },
        "Create a room",
      ),
  );
}
