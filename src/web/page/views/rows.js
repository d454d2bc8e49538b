// The rows of the list of messages: days, the unread line, messages, and messages that are being sent. Rows
// that did not change keep their elements.

import { h, icon } from "../core/dom.js";
import { nameOf, powersIn, seesPart, titleOf } from "../core/people.js";
import { roomHref } from "../core/route.js";
import { setup } from "../core/setup.js";
import { counted, dayKey, dayName } from "../text/format.js";
import { copyButton } from "./copy.js";
import { openInvites } from "./invites.js";
import { memberRow, summary } from "./member-lines.js";
import { messageRow, pendingRow } from "./message.js";

/** @typedef {import("../core/message-state.js").LoadedMessage} Message */
/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/room.js").Room} Room */

/** Messages of one author within this time are shown under one name. */
const GROUP_MS = 5 * 60 * 1000;

/**
 * @typedef {{ user_id: number, timestamp: string, username: string, display_name?: string | null | undefined }} Head
 * @typedef {{ key: string, signature: string, make(): HTMLElement }} Row a row is made anew when
 *   its signature changes
 * @typedef {{ chat: Chat, room: Room, line: import("../core/types.js").Line, unreadAfter: number | null, editing: number | null,
 *   editor(message: Message): HTMLElement }} Sight
 */

/**
 * @param {Sight} sight
 * @returns {Row[]}
 */
export function rowsOf({ chat, room, line, unreadAfter, editing, editor }) {
  const { list: messages, hasOlder, hasNewer, isLoaded, memberEvents: events } = line.messages;
  const { threadId } = line;
  const pending = room.pending.value.filter((one) => (one.thread_id ?? null) === threadId);
  /** @type {Row[]} */
  const rows = [];
  if (isLoaded && !hasOlder && threadId === null)
    rows.push(beginning(chat, room, messages.length + pending.length === 0));
  let before = /** @type {Head | null} */ (null);
  let day = "";
  // The line is not here if older messages come after it.
  const isBefore = hasOlder && (messages[0]?.seq ?? 0) > (unreadAfter ?? 0);
  let isLineDrawn = unreadAfter === null || isBefore;

  /** @param {Head} message */
  const isGrouped = (message) =>
    before !== null &&
    before.user_id === message.user_id &&
    // The author may have taken another name meanwhile.
    nameOf(before) === nameOf(message) &&
    Date.parse(message.timestamp) - Date.parse(before.timestamp) < GROUP_MS;
  /** @param {string} time */
  const newDay = (time) => {
    const key = dayKey(time);
    if (key === day) return;
    day = key;
    before = null;
    const name = dayName(time);
    rows.push({
      key: `day ${key}`,
      signature: name,
      make: () =>
        h("li", { class: "day" }, h("h2", null, h("time", { datetime: time.slice(0, 10) }, name))),
    });
  };

  /** Shows the events before a position. @param {number} seq */
  const eventsBefore = (seq) => {
    const count = events.findIndex((event) => event.seq > seq);
    const row = events.splice(0, count < 0 ? events.length : count);
    const [first] = row;
    if (!first) return;
    newDay(first.timestamp);
    before = null;
    rows.push({
      key: `members ${first.seq}`,
      signature: `${row.at(-1)?.seq} ${summary(row)}`,
      make: () => memberRow(row),
    });
  };

  for (const message of messages) {
    eventsBefore(message.seq);
    newDay(message.timestamp);
    if (!isLineDrawn && message.seq > (unreadAfter ?? 0) && message.user_id !== chat.user.id) {
      isLineDrawn = true;
      before = null;
      rows.push({
        key: "unread",
        signature: "",
        make: () => h("li", { class: "unread-line" }, h("span", null, "New")),
      });
    }
    const grouped = isGrouped(message);
    const isEditing = editing === message.seq;
    rows.push({
      key: `message ${message.id}`,
      signature: isEditing
        ? "editing"
        : `${grouped} ${message.edited_at} ${message.deleted_at} ${nameOf(message)} ${chat.blocks.has(message.user_id)}`,
      make: () => messageRow(chat, message, grouped, isEditing ? editor(message) : null, threadId),
    });
    before = message;
    if (message.id === threadId) {
      before = null;
      rows.push(repliesRow(message));
    }
  }
  eventsBefore(Infinity);
  // If newer messages are not loaded, pending ones would be in the wrong place.
  for (const one of hasNewer ? [] : pending) {
    // Refused messages are shown above the composer.
    if (one.state === "failed") continue;
    // The message itself has arrived before its ack.
    if (messages.some(({ seq }) => seq === one.seq)) continue;
    newDay(one.at);
    const { username, display_name } = chat.me.value ?? { ...chat.user, display_name: null };
    const message = { user_id: chat.user.id, timestamp: one.at, username, display_name };
    const grouped = isGrouped(message);
    rows.push({
      key: `pending ${one.client_id}`,
      signature: `${grouped} ${one.state}`,
      make: () => pendingRow(chat, room, one, grouped),
    });
    before = message;
  }
  return rows;
}

/**
 * @param {Chat} chat
 * @param {Room} room
 * @param {boolean} isEmpty
 * @returns {Row}
 */
function beginning(chat, room, isEmpty) {
  const { archived_at, description, kind } = room.info.value;
  const invites = isEmpty && !archived_at;
  const name = titleOf(room.info.value, chat.user.id);
  const mayInvite = powersIn(room.info.value, chat.user).invites;
  const title =
    kind === "direct"
      ? `This is the beginning of your conversation with ${name}`
      : seesPart(room.info.value)
        ? `You see ${name} from the time when you joined`
        : `This is the beginning of ${name}`;
  return {
    key: "beginning",
    signature: `${title} ${description} ${invites} ${kind} ${mayInvite} ${setup.value?.signup}`,
    make: () =>
      h(
        "li",
        { class: "beginning" },
        h(
          "p",
          { class: "hash", "aria-hidden": "true" },
          kind === "private" ? icon("lock") : kind === "direct" ? icon("people") : "#",
        ),
        h("p", { class: "title", dir: "auto" }, title),
        description && h("p", { class: "quiet", dir: "auto" }, description),
        invites && invitation(chat, room, mayInvite),
      ),
  };
}

/**
 * The line between the first message of a thread and its replies.
 * @param {import("../core/message-state.js").LoadedMessage} first
 * @returns {Row}
 */
function repliesRow(first) {
  const count = first.state.thread.value?.count ?? 0;
  const text = count > 0 ? counted(count, "reply", "replies") : "No replies yet";
  return {
    key: "replies",
    signature: text,
    make: () => h("li", { class: "day replies" }, h("span", null, text)),
  };
}

/**
 * The hints in a room without messages.
 * @param {Chat} chat
 * @param {Room} room
 * @param {boolean} mayInvite
 */
function invitation(chat, room, mayInvite) {
  const { kind } = room.info.peek();
  if (kind === "direct")
    return h("p", { class: "quiet" }, "Only the people in it can see what you write here.");
  if (kind === "private")
    return h(
      "p",
      { class: "quiet" },
      mayInvite
        ? "Only members can see this room. Add people, or send them an invite link: both are in the list of members."
        : "Only members can see this room.",
    );
  const link = new URL(roomHref(room.id), location.href).href;
  // On other servers the link of the room lets nobody in who has no account.
  const signup = setup.value?.signup ?? "open";
  const invites = mayInvite && signup === "invite";
  return h(
    "div",
    { class: "invitation" },
    h("p", null, "Nobody has written here yet. Write the first message in the field below."),
    h(
      "p",
      null,
      signup === "open"
        ? "To bring others here, send them this link:"
        : invites
          ? "People who have an account can use this link. To others, send an invite link."
          : "People who have an account can use this link:",
    ),
    h(
      "p",
      { class: "share" },
      h("a", { href: link, dir: "ltr" }, link),
      copyButton("Copy link", () => link),
    ),
    invites &&
      h(
        "p",
        null,
        h("button", { type: "button", onclick: () => openInvites(chat, room) }, "Invite link"),
      ),
  );
}

/**
 * The row of a message.
 * @param {HTMLElement} list
 * @param {number} seq
 * @returns {HTMLElement | null}
 */
export const rowOf = (list, seq) => list.querySelector(`li.message[data-seq="${seq}"]`);

/**
 * Makes the list's children match the rows.
 * @param {HTMLElement} list
 * @param {Row[]} rows
 */
export function reconcile(list, rows) {
  /** @type {Map<string, HTMLElement>} */
  const old = new Map();
  const wanted = new Map(rows.map((row) => [row.key, row.signature]));
  for (const child of /** @type {HTMLElement[]} */ ([...list.children])) {
    const { key = "", signature = "" } = child.dataset;
    if (wanted.get(key) === signature) old.set(key, child);
    else child.remove();
  }
  let next = list.firstElementChild;
  for (const row of rows) {
    const kept = old.get(row.key);
    if (kept && kept === next) {
      next = next.nextElementSibling;
      continue;
    }
    const element = kept ?? row.make();
    if (!kept) Object.assign(element.dataset, { key: row.key, signature: row.signature });
    list.insertBefore(element, next);
  }
}
