// Starting a private conversation, and adding people to a room.

import { call, words } from "../core/api.js";
import { h } from "../core/dom.js";
import { nameOf } from "../core/people.js";
import { go, roomHref } from "../core/route.js";
import { counted } from "../text/format.js";
import { openDialog, toast } from "./dialog.js";
import { peoplePicker } from "./picker.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/types.js").UserCard} UserCard */

/** The most other people of a direct room, and the most that are added to a room at once. */
const MOST_DIRECT = 7;
const MOST_ADDED = 100;

/**
 * Opens the direct room with these people.
 * @param {Chat} chat
 * @param {number[]} userIds
 */
export async function openDirect(chat, userIds) {
  const room = await call("POST", "/direct-rooms/", { user_ids: userIds });
  chat.list.put(room);
  go(roomHref(room.id));
}

/** @param {Chat} chat */
export function openNewDirect(chat) {
  pickPeople({
    chat,
    title: "New direct message",
    text: "Only the people that you choose can see what is written there.",
    action: "Start",
    most: MOST_DIRECT,
    isHidden: (id) => id === chat.user.id,
    act: (people) =>
      openDirect(
        chat,
        people.map(({ id }) => id),
      ),
  });
}

/**
 * @param {Chat} chat
 * @param {import("../core/room.js").Room} room
 */
export function openAddPeople(chat, room) {
  pickPeople({
    chat,
    title: "Add people",
    text: "They become members of the room at once.",
    action: "Add",
    most: MOST_ADDED,
    isHidden: (id) => id === chat.user.id,
    async act(people) {
      const user_ids = people.map(({ id }) => id);
      const { added } = await call("POST", `/rooms/${room.id}/members`, { user_ids });
      toast(
        added.length === 1
          ? `${nameOf(added[0])} is a member now`
          : `${counted(added.length, "person", "people")} added`,
      );
    },
  });
}

/**
 * @param {{ chat: Chat, title: string, text: string, action: string, most: number,
 *   isHidden(id: number): boolean, act(people: UserCard[]): Promise<void> }} options
 */
function pickPeople({ title, text, action, most, isHidden, act }) {
  /** @type {UserCard[]} */
  let chosen = [];
  openDialog({
    title,
    class: "narrow",
    content: (close) => {
      const alert = h("p", { class: "form-error", role: "alert" });
      const submit = h("button", { class: "primary", type: "submit", disabled: true }, action);
      const picker = peoplePicker({
        label: "People",
        most,
        isHidden,
        changed(people) {
          chosen = people;
          submit.disabled = people.length === 0;
        },
      });
      return h(
        "form",
        {
          class: "form",
          novalidate: true,
          onsubmit: async (/** @type {SubmitEvent} */ event) => {
            event.preventDefault();
            if (chosen.length === 0) return;
            submit.disabled = true;
            alert.textContent = "";
            try {
              await act(chosen);
              close();
            } catch (error) {
              alert.textContent = words(error);
              submit.disabled = false;
            }
          },
        },
        h("p", { class: "quiet small" }, text),
        picker,
        alert,
        h("div", { class: "form-actions" }, submit),
      );
    },
  });
}
