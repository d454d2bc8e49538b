// The table of public rooms, and the private ones.

import { View, fill, h, icon, view } from "../core/dom.js";
import { effect } from "../core/reactive.js";
import { roomHref } from "../core/route.js";
import { figure, shortTime } from "../text/format.js";
import { privateRooms } from "./private-rooms.js";
import { openNewRoom, openRoomSettings } from "../views/room-settings.js";

/** @typedef {import("../core/chat.js").Chat} Chat */

const COLUMNS = ["Room", "Topic", "Events", "Online", "Created"];

class Rooms extends View {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);

  render() {
    const { chat } = this;
    const body = h("tbody");
    const table = h(
      "div",
      { class: "table", tabindex: "0", role: "region", "aria-label": "Rooms" },
      h(
        "table",
        null,
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            COLUMNS.map((name) => h("th", { scope: "col" }, name)),
            h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "Actions")),
          ),
        ),
        body,
      ),
    );
    const none = h("p", { class: "empty" }, "No public rooms yet.");
    this.append(
      h(
        "div",
        { class: "part-top" },
        h("p", { class: "quiet" }, "Public rooms, which everyone can read and join."),
        h(
          "button",
          { class: "primary", type: "button", onclick: () => openNewRoom(chat) },
          icon("plus"),
          "Create a room",
        ),
      ),
      table,
      none,
      privateRooms(),
    );
    effect(() => {
      const rooms = [...chat.rooms.value.values()].filter(({ info }) =>
        ["public", undefined].includes(info.value.kind),
      );
      none.hidden = rooms.length > 0;
      table.hidden = rooms.length === 0;
      fill(
        body,
        rooms.map((room) => {
          const { name, description, created_at, archived_at } = room.info.value;
          return h(
            "tr",
            null,
            h(
              "td",
              null,
              h("a", { href: roomHref(room.id) }, `#${name}`),
              archived_at && h("span", { class: "tag" }, "archived"),
            ),
            h("td", { class: "wide", data: { label: COLUMNS[1] } }, description ?? ""),
            h(
              "td",
              { class: "number", data: { label: COLUMNS[2] } },
              figure(Math.max(room.info.value.head_seq, room.lastSeq)),
            ),
            h(
              "td",
              { class: "number", data: { label: COLUMNS[3] } },
              figure(room.peopleCount.value),
            ),
            h(
              "td",
              { data: { label: COLUMNS[4] } },
              h("time", { datetime: created_at }, shortTime(created_at)),
            ),
            h(
              "td",
              null,
              h(
                "button",
                {
                  class: "small",
                  type: "button",
                  "aria-label": `Settings of ${name}`,
                  onclick: () => openRoomSettings(chat, room),
                },
                "Settings",
              ),
            ),
          );
        }),
      );
    });
  }
}

/** @param {Chat} chat */
export const roomsPart = (chat) => view("chat-admin-rooms", Rooms, { chat });
