// An open room: its name and topic, its messages, and the composer.

import { View, fill, h, icon, view } from "../core/dom.js";
import { effect, signal } from "../core/reactive.js";
import { storage } from "../core/storage.js";
import { counted } from "../text/format.js";
import { composerView } from "./composer.js";
import { peopleView } from "./people.js";
import { messageListView } from "./message-list.js";
import { unsentView } from "./unsent.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/room.js").Room} Room */

const PEOPLE = "chatapp.people";

class RoomView extends View {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);
  /** @type {Room} */
  room = /** @type {any} */ (null);

  render() {
    const { chat, room } = this;
    this.className = "room";
    const showsPeople = signal(
      storage.get(PEOPLE) === "shown" && matchMedia("(min-width: 64rem)").matches,
    );
    const name = h("h1", { dir: "auto" });
    const topic = h("p", { class: "topic", dir: "auto" });
    const count = h("span");
    const side = h("div", { class: "side" });
    /** @param {boolean} shown */
    const showPeople = (shown) => {
      showsPeople.value = shown;
      storage.set(PEOPLE, shown ? "shown" : "hidden");
      // In the order of the Tab key the list is far from the button. It is drawn after this function.
      queueMicrotask(() => (shown ? (side.querySelector("button") ?? people) : people).focus());
    };
    const people = h(
      "button",
      {
        class: "people-button",
        type: "button",
        onclick: () => showPeople(!showsPeople.value),
      },
      icon("people"),
      count,
    );
    const settings =
      chat.user.role === "admin" &&
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": "Room settings",
          title: "Room settings",
          onclick: async () => {
            const { openRoomSettings } = await import("../admin/room-settings.js");
            openRoomSettings(chat, room);
          },
        },
        icon("gear"),
      );
    const messageList = messageListView(chat, room);
    const foot = h("div", { class: "foot" });
    const end = h("div", null, unsentView(chat, room, messageList), foot);
    this.append(
      h(
        "header",
        { class: "room-top" },
        h("a", { class: "icon-button back", href: "#/", "aria-label": "All rooms" }, icon("back")),
        h("div", { class: "room-title" }, name, topic),
        people,
        settings,
      ),
      h("div", { class: "room-body" }, h("div", { class: "conversation" }, messageList, end), side),
    );

    effect(() => {
      const { name: text, description } = room.info.value;
      fill(name, h("span", { class: "hash", "aria-hidden": "true" }, "#"), text);
      fill(topic, description);
      topic.title = description ?? "";
    });
    effect(() => {
      const here = room.peopleCount.value;
      count.textContent = String(here);
      people.setAttribute("aria-label", `${counted(here, "person", "people")} here`);
      people.title = `${counted(here, "person", "people")} here`;
    });
    effect(() => {
      people.setAttribute("aria-expanded", String(showsPeople.value));
      fill(side, showsPeople.value && peopleView(room, () => showPeople(false)));
    });
    let wasArchived = /** @type {boolean | undefined} */ (undefined);
    effect(() => {
      const isArchived = Boolean(room.info.value.archived_at);
      if (isArchived === wasArchived) return;
      wasArchived = isArchived;
      fill(
        foot,
        isArchived
          ? h(
              "p",
              { class: "archived-note" },
              icon("archive"),
              "This room is archived. You can read it, but nobody can post here.",
            )
          : composerView(chat, room, messageList),
      );
    });
  }
}

/**
 * @param {Chat} chat
 * @param {Room} room
 */
export const roomView = (chat, room) => view("chat-room", RoomView, { chat, room });
