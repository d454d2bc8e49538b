// Creating a room, and changing, archiving and deleting it.

import { call } from "../core/api.js";
import { h } from "../core/dom.js";
import { go, roomHref } from "../core/route.js";
import { confirmDialog, openDialog, toast } from "../views/dialog.js";
import { form } from "../views/form.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/room.js").Room} Room */

/**
 * @param {string} name
 * @param {string} description
 * @returns {import("../views/form.js").Field[]}
 */
const fields = (name, description) => [
  { name: "name", label: "Name", value: name, autocomplete: "off" },
  {
    name: "description",
    label: "Topic",
    value: description,
    optional: true,
    autocomplete: "off",
    hint: "What the room is about. Shown above the messages.",
  },
];

/** @param {Chat} chat */
export function openNewRoom(chat) {
  openDialog({
    title: "Create a room",
    class: "narrow",
    content: (close) =>
      form({
        fields: fields("", ""),
        submit: "Create room",
        async onsubmit({ name, description }) {
          const room = await call("POST", "/rooms/", { name, description: description || null });
          close();
          await chat.list.refresh();
          go(roomHref(room.id));
        },
      }),
  });
}

/**
 * @param {Chat} chat
 * @param {Room} room
 */
export function openRoomSettings(chat, room) {
  const { name, description, archived_at } = room.info.peek();
  openDialog({
    title: "Room settings",
    class: "narrow",
    content: (close) => [
      form({
        fields: fields(name, description ?? ""),
        submit: "Save",
        async onsubmit(values) {
          /** @type {Record<string, string | null>} */
          const changes = {};
          // Only what was edited here: another admin may have changed the rest meanwhile.
          if (values["name"] !== name) changes["name"] = values["name"] ?? "";
          if (values["description"] !== (description ?? ""))
            changes["description"] = values["description"] || null;
          await change(chat, room, changes);
          close();
          toast("Saved");
        },
      }),
      h("hr"),
      h(
        "div",
        { class: "stacked-actions" },
        h(
          "button",
          {
            type: "button",
            onclick: () => {
              close();
              if (archived_at)
                change(chat, room, { is_archived: false }).then(
                  () => toast("Room reopened"),
                  failed,
                );
              else archive(chat, room);
            },
          },
          archived_at ? "Reopen room" : "Archive room",
        ),
        h(
          "button",
          {
            class: "danger-quiet",
            type: "button",
            onclick: () => {
              close();
              deleteRoom(chat, room);
            },
          },
          "Delete room",
        ),
      ),
    ],
  });
}

/** @param {unknown} error */
function failed(error) {
  toast(error instanceof Error ? error.message : String(error));
}

/**
 * @param {Chat} chat
 * @param {Room} room
 * @param {object} changes
 */
async function change(chat, room, changes) {
  await call("PATCH", `/rooms/${room.id}`, changes);
  await chat.list.refresh();
}

/**
 * @param {Chat} chat
 * @param {Room} room
 */
export function archive(chat, room) {
  const { name } = room.info.peek();
  confirmDialog({
    title: `Archive #${name}?`,
    text: "Everyone can still read it, but nobody can post. You can reopen it at any time.",
    action: "Archive",
    act: () => change(chat, room, { is_archived: true }),
  });
}

/**
 * @param {Chat} chat
 * @param {Room} room
 */
export function deleteRoom(chat, room) {
  const { name } = room.info.peek();
  confirmDialog({
    title: `Delete #${name}?`,
    text: "The room and all its messages will be deleted permanently, for everyone.",
    action: "Delete permanently",
    async act() {
      await call("DELETE", `/rooms/${room.id}`);
      await chat.list.refresh();
    },
  });
}
