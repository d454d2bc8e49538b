// One room in the list at the side.

import { View, fill, h, icon, view } from "../core/dom.js";
import { othersIn, partnerIn, titleOf } from "../core/people.js";
import { effect } from "../core/reactive.js";
import { roomHref, route } from "../core/route.js";
import { counted } from "../text/format.js";
import { face } from "./avatar.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/room.js").Room} Room */

/**
 * Shows the rooms; a room that is already shown keeps its element.
 * @param {HTMLElement} list
 * @param {Room[]} rooms
 * @param {Chat} chat
 */
export function showRooms(list, rooms, chat) {
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

/**
 * The sign before the name of a room.
 * @param {Chat} chat
 * @param {import("../core/types.js").RoomInfo} info
 */
export function roomSign(chat, info) {
  const { kind } = info;
  if (kind === "private")
    return h("span", { class: "sign" }, icon("lock"), hidden("Private room: "));
  if (kind !== "direct") return h("span", { class: "hash", "aria-hidden": "true" }, "#");
  const [first, ...more] = othersIn(info, chat.user.id);
  return first && more.length === 0
    ? face(first, "tiny", chat.people.presence.of(first.user_id))
    : h("span", { class: "sign" }, icon("people"));
}

/** @param {string} text */
const hidden = (text) => h("span", { class: "visually-hidden" }, text);

class Entry extends View {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);
  /** @type {Room} */
  room = /** @type {any} */ (null);

  render() {
    const { chat, room } = this;
    this.setAttribute("role", "listitem");
    const sign = h("span", { class: "sign-place" });
    const name = h("span", { class: "name", dir: "auto" });
    const state = hidden("");
    const draft = h("span", { class: "draft-mark" });
    const threadBadge = h("span", { class: "thread-badge" });
    const badge = h("span", { class: "badge" });
    const link = h("a", { href: roomHref(room.id) }, sign, name, state, draft, threadBadge, badge);
    this.append(link);
    effect(() => {
      const at = route.value;
      const open = at.page === "room" && at.roomId === room.id;
      if (open) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
      const hasDraft = chat.drafts.rooms.value.has(room.id) && !open;
      fill(draft, hasDraft && [icon("edit"), hidden(", draft")]);
    });
    effect(() => {
      const info = room.info.value;
      const { archived_at } = info;
      name.textContent = titleOf(info, chat.user.id);
      fill(sign, roomSign(chat, info));
      const partner = partnerIn(info, chat.user.id);
      const presence = partner && chat.people.presence.of(partner.user_id);
      fill(state, presence && `, ${presence}`);
      const count = archived_at ? 0 : room.unread.value.length;
      const threads = archived_at ? 0 : room.unreadThreads.value;
      const isMentioned = !archived_at && room.mentions.value > 0;
      const isUnread = !archived_at && (count > 0 || room.isNew);
      link.classList.toggle("unread", isUnread);
      badge.classList.toggle("mentioned", isMentioned);
      // A mention in a thread has no unread message in the room.
      const shown = count || (isMentioned ? room.mentions.value : 0);
      fill(
        badge,
        shown > 0 && [
          h("span", { "aria-hidden": "true" }, shown > 99 ? "99+" : shown),
          hidden(count > 0 ? `, ${count} unread` : ""),
          hidden(isMentioned ? ", you were mentioned" : ""),
        ],
      );
      fill(
        threadBadge,
        threads > 0 && [icon("thread"), hidden(`, ${counted(threads, "thread")} with new replies`)],
      );
      if (isUnread && shown === 0) fill(badge, hidden(", not read yet"));
      badge.classList.toggle("dot", isUnread && shown === 0);
    });
  }
}
