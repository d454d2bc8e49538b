// The head of an open room: its name and topic, its members, and the menu of the room.

import { fill, h, icon } from "../core/dom.js";
import { nameOf, partnerIn, placeOf, powersIn, titleOf } from "../core/people.js";
import { effect } from "../core/reactive.js";
import { go, searchHref } from "../core/route.js";
import { counted } from "../text/format.js";
import { PRESENCE } from "./avatar.js";
import { openInvites } from "./invites.js";
import { askToLeave, prefer } from "./membership.js";
import { withModule } from "./later.js";
import { menuButton } from "./menu.js";
import { openPins } from "./pins.js";
import { roomSign } from "./room-entry.js";
import { openRoomHooks, openRoomSettings } from "./room-settings.js";
import { openAddPeople } from "./start-direct.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/room.js").Room} Room */

const NOTIFY = { all: "all messages", mentions: "mentions only", none: "nothing" };

/**
 * @param {Chat} chat
 * @param {Room} room
 * @param {HTMLElement} people the button of the member panel
 */
export function roomHead(chat, room, people) {
  const name = h("h1", { dir: "auto" });
  const topic = h("p", { class: "topic", dir: "auto" });
  const settings = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": "Room settings",
      title: "Room settings",
      onclick: () => openRoomSettings(chat, room),
    },
    icon("gear"),
  );
  const menu = menuButton("Room menu", icon("more"), () => entries(chat, room));
  const partner = partnerIn(room.info.peek(), chat.user.id);
  if (partner) chat.people.presence.ask([partner.user_id]);
  effect(() => {
    const info = room.info.value;
    const { description, kind } = info;
    fill(name, roomSign(chat, info), titleOf(info, chat.user.id));
    const subject = kind === "direct" ? aboutPartner(chat, info) : (description ?? "");
    fill(topic, subject);
    topic.title = subject;
    settings.hidden = !powersIn(info, chat.user).isOwner;
    menu.hidden = entries(chat, room).length === 0;
  });
  return h(
    "header",
    { class: "room-top" },
    h("a", { class: "icon-button back", href: "#/", "aria-label": "All rooms" }, icon("back")),
    h("div", { class: "room-title" }, name, topic),
    people,
    h(
      "button",
      {
        class: "icon-button",
        type: "button",
        "aria-label": "Pinned messages",
        title: "Pinned messages",
        onclick: () => openPins(chat, room),
      },
      icon("pin"),
    ),
    settings,
    // Around the menu, which comes beside its button.
    h("span", { class: "menu-place" }, menu),
  );
}

/**
 * What is known of the other person of a direct room.
 * @param {Chat} chat
 * @param {import("../core/types.js").RoomInfo} info
 */
function aboutPartner(chat, info) {
  const partner = partnerIn(info, chat.user.id);
  if (!partner) return "";
  const presence = chat.people.presence.of(partner.user_id);
  const handle = nameOf(partner) !== partner.username && `@${partner.username}`;
  return [handle, presence && PRESENCE[presence]].filter(Boolean).join(" · ");
}

/**
 * @param {Chat} chat
 * @param {Room} room
 * @returns {import("./menu.js").Entry[]}
 */
function entries(chat, room) {
  const info = room.info.value;
  const { membership, kind } = info;
  const toDate = {
    label: "Jump to a date",
    act: () =>
      withModule(import("./lazy/jump-to-date.js"), ({ openJumpToDate }) => openJumpToDate(room)),
  };
  const search = { label: "Search in this room", act: () => go(searchHref(`${filterOf(info)} `)) };
  if (!membership) return [search, toDate];
  const powers = powersIn(info, chat.user);
  const { is_starred } = membership;
  const place = placeOf(info, chat.user.id);
  const notify = /** @type {("all" | "mentions" | "none")[]} */ (Object.keys(NOTIFY))
    .filter((choice) => choice !== membership.notify)
    .map((choice) => ({
      label: `Notify me of ${NOTIFY[choice]}`,
      act: () =>
        prefer(chat, room, { notify: choice }, `You are notified of ${NOTIFY[choice]} in ${place}`),
    }));
  const group = [
    powers.invites && { label: "Add people", act: () => openAddPeople(chat, room) },
    powers.invites && { label: "Invite link", act: () => openInvites(chat, room) },
    // Owners find them in the settings.
    powers.isModerator &&
      !powers.isOwner && { label: "Webhooks", act: () => openRoomHooks(chat, room) },
    { label: "Leave", act: () => askToLeave(chat, room), isDanger: true },
  ].filter((entry) => !!entry);
  return [
    {
      label: is_starred ? "Remove the star" : "Star",
      act: () =>
        prefer(
          chat,
          room,
          { is_starred: !is_starred },
          is_starred ? `${place} has no star any more` : `${place} has a star`,
        ),
    },
    ...notify,
    search,
    toDate,
    ...(kind === "direct"
      ? [
          {
            label: "Hide until the next message",
            act: () => prefer(chat, room, { is_hidden: true }, "Hidden until the next message"),
          },
        ]
      : group),
  ];
}

/**
 * What limits a search to a room: the name of a public room, which no other has, or else the id.
 * @param {import("../core/types.js").RoomInfo} info
 */
function filterOf({ id, kind, name }) {
  if (kind !== "public" || name.includes('"')) return `in:${id}`;
  return /\s/.test(name) ? `in:"#${name}"` : `in:#${name}`;
}

/**
 * The button of the member panel, with the number of members and of those who are here.
 * @param {Room} room
 * @param {() => void} act
 */
export function membersButton(room, act) {
  const count = h("span");
  const button = h(
    "button",
    { class: "people-button", type: "button", onclick: act },
    icon("people"),
    count,
  );
  effect(() => {
    const here = counted(room.peopleCount.value, "person", "people");
    const { member_count: members = 0, kind } = room.info.value;
    count.textContent = String(members || room.peopleCount.value);
    const label =
      members > 0 && kind !== "direct"
        ? `${counted(members, "member")}, ${here} here`
        : `${here} here`;
    button.setAttribute("aria-label", label);
    button.title = label;
  });
  return button;
}
