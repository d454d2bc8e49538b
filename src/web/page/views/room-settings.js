// Creating a room, and changing, archiving and deleting it.

import { call, words } from "../core/api.js";
import { h } from "../core/dom.js";
import { placeOf, powersIn } from "../core/people.js";
import { go, roomHref } from "../core/route.js";
import { mayCreateRooms } from "../core/setup.js";
import { counted } from "../text/format.js";
import { choice } from "./choice.js";
import { confirmDialog, openDialog, toast } from "./dialog.js";
import { form } from "./form.js";
import { withModule } from "./later.js";
import { openTransfer } from "./transfer.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/room.js").Room} Room */

const WHO = { everyone: "Everyone", moderators: "Moderators" };

/** What a change of the visible history means, also for those who are members already. */
const HISTORY = {
  all: "Every member will be able to read all messages, also those from before the member joined.",
  joined:
    "Nobody will be able to read messages from before they joined, also those who are members now.",
};

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
  const mayBePublic = mayCreateRooms(chat.user);
  const note = h("p", { class: "quiet small" });
  /** @param {string} kind */
  const explain = (kind) => {
    note.textContent =
      kind === "public"
        ? "Everyone on this server can find, read and join it."
        : mayBePublic
          ? "Only the people whom you add or invite can see it."
          : "Only the people whom you add or invite can see it. Only admins can create public rooms here.";
    return "";
  };
  const first = mayBePublic ? "public" : "private";
  const kind = choice("Who can see it", first, { public: "Public", private: "Private" }, explain);
  explain(first);
  openDialog({
    title: "Create a room",
    class: "narrow",
    content: (close) =>
      form({
        fields: fields("", ""),
        body: mayBePublic ? [kind, note] : [note],
        submit: "Create room",
        async onsubmit({ name, description }) {
          const chosen = kind.chosen();
          const room = await call("POST", "/rooms/", {
            name,
            description: description || null,
            ...(chosen === "private" && { kind: chosen }),
          });
          close();
          chat.list.put(room);
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
  const info = room.info.peek();
  const { name, description, archived_at, kind = "public" } = info;
  const { posting = "everyone", inviting = "moderators", history = "all" } = info;
  const powers = powersIn(info, chat.user);
  const isPublic = kind === "public";
  const historyNote = h("p", { class: "note small", role: "status" });
  const rules = {
    posting: choice("Who may write", posting, WHO),
    inviting: choice("Who may add and invite people", inviting, WHO),
    history: choice(
      "Messages that members can read",
      history,
      { all: "All", joined: "Since they joined" },
      (chosen) => {
        historyNote.textContent = chosen === history ? "" : HISTORY[chosen];
        return "";
      },
    ),
  };
  const joins = info.auto_join ? "yes" : "no";
  const autoJoin = choice("New accounts become members", joins, { yes: "Yes", no: "No" });
  openDialog({
    title: "Room settings",
    class: "narrow",
    content: (close) => [
      form({
        fields: fields(name, description ?? ""),
        body: [
          rules.posting,
          rules.inviting,
          ...(isPublic ? [autoJoin] : [rules.history, historyNote]),
        ],
        submit: "Save",
        async onsubmit(values) {
          /** @type {Record<string, string | boolean | null>} */
          const changes = {};
          // Only what was edited here: another admin may have changed the rest meanwhile.
          if (values["name"] !== name) changes["name"] = values["name"] ?? "";
          if (values["description"] !== (description ?? ""))
            changes["description"] = values["description"] || null;
          if (rules.posting.chosen() !== posting) changes["posting"] = rules.posting.chosen();
          if (rules.inviting.chosen() !== inviting) changes["inviting"] = rules.inviting.chosen();
          if (rules.history.chosen() !== history) changes["history"] = rules.history.chosen();
          if (autoJoin.chosen() !== joins) changes["auto_join"] = autoJoin.chosen() === "yes";
          await change(chat, room, changes);
          close();
          toast("Saved");
        },
      }),
      h("hr"),
      h(
        "div",
        { class: "stacked-actions" },
        powers.changesKind &&
          action(isPublic ? "Make the room private" : "Make the room public", () => {
            close();
            changeKind(chat, room);
          }),
        powers.isOwner &&
          action("Transfer ownership", () => {
            close();
            openTransfer(chat, room);
          }),
        action("Webhooks", () => {
          close();
          openRoomHooks(chat, room);
        }),
        action(archived_at ? "Reopen room" : "Archive room", () => {
          close();
          if (archived_at)
            change(chat, room, { is_archived: false }).then(() => toast("Room reopened"), failed);
          else archive(chat, room);
        }),
        action(
          "Delete room",
          () => {
            close();
            deleteRoom(chat, room);
          },
          "danger-quiet",
        ),
      ),
    ],
  });
}

/**
 * @param {Chat} chat
 * @param {Room} room
 */
export function openRoomHooks(chat, room) {
  withModule(import("./lazy/hooks.js"), ({ openHooks }) => openHooks(chat, room));
}

/**
 * @param {string} label
 * @param {() => void} act
 * @param {string | null} [name] of the class
 */
const action = (label, act, name = null) =>
  h("button", { class: name, type: "button", onclick: act }, label);

/** @param {unknown} error */
function failed(error) {
  toast(words(error));
}

/**
 * @param {Chat} chat
 * @param {Room} room
 * @param {object} changes
 */
async function change(chat, room, changes) {
  await call("PATCH", `/rooms/${room.id}`, changes);
  await chat.list.reread(room.id);
}

/**
 * Says who will see what before the kind is changed.
 * @param {Chat} chat
 * @param {Room} room
 */
function changeKind(chat, room) {
  const { name, kind, member_count = 0 } = room.info.peek();
  const isPrivate = kind === "private";
  confirmDialog({
    title: isPrivate ? `Make ${name} public?` : `Make ${name} private?`,
    text: isPrivate
      ? "Everyone on this server will be able to find and join the room, and to read all its messages, also those " +
        "from before today."
      : `Only its ${counted(member_count, "member")} will see the room and its messages. Everyone else loses ` +
        "access at once, until a member adds or invites them.",
    action: isPrivate ? "Make public" : "Make private",
    act: () => change(chat, room, { kind: isPrivate ? "public" : "private" }),
  });
}

/**
 * @param {Chat} chat
 * @param {Room} room
 */
export function archive(chat, room) {
  confirmDialog({
    title: `Archive ${placeOf(room.info.peek(), chat.user.id)}?`,
    text: "It can still be read, but nobody can post. You can reopen it at any time.",
    action: "Archive",
    act: () => change(chat, room, { is_archived: true }),
  });
}

/**
 * @param {Chat} chat
 * @param {Room} room
 */
export function deleteRoom(chat, room) {
  confirmDialog({
    title: `Delete ${placeOf(room.info.peek(), chat.user.id)}?`,
    text: "The room and all its messages will be deleted permanently, for everyone.",
    action: "Delete permanently",
    async act() {
      await call("DELETE", `/rooms/${room.id}`);
      await chat.list.refresh();
    },
  });
}
