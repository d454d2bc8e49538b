// Notifications of new messages: the title, the icon, the screen reader, the desktop.

import { h, listen } from "../core/dom.js";
import { effect, onEnd } from "../core/reactive.js";
import { go, messageHref, openThreadIn, route } from "../core/route.js";
import { serverName } from "../core/brand.js";
import { isMentioned } from "../core/mentions.js";
import { nameOf, placeOf } from "../core/people.js";
import { storage } from "../core/storage.js";
import { covered, spoken } from "../text/spoken.js";

/** @typedef {"off" | "mentions" | "all"} Notify */

const KEY = "chatapp.notify";
const SPOKEN = 5;
/** A reply that mentions the reader is not notified of again when its thread is counted within this time. */
const SAME_MS = 3_000;
/** When such a reply in each room was shown. @type {Map<number, number>} */
const replyAt = new Map();

/** @returns {Notify} */
export function notify() {
  const kept = storage.get(KEY);
  return kept === "mentions" || kept === "all" ? kept : "off";
}

/**
 * Chooses which messages are shown on the desktop. Asks for permission if the browser requires it.
 * @param {Notify} choice
 * @returns {Promise<string>} why it is not possible; "" if it is
 */
export async function setNotify(choice) {
  if (choice !== "off") {
    if (!("Notification" in window)) {
      return "This browser allows notifications only on pages served over HTTPS.";
    }
    if ((await Notification.requestPermission()) !== "granted") {
      return "The browser blocks notifications from this page. You can change that in its settings.";
    }
  }
  storage.set(KEY, choice);
  return "";
}

/** @param {import("../core/chat.js").Chat} chat */
export function startNotices(chat) {
  const announcer = document.getElementById("announcer");
  const link = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]"));
  const calm = { href: link.href, type: link.type };
  const marked = { href: new URL("icon-unread.svg", link.href).href, type: "image/svg+xml" };
  /** @param {{ href: string, type: string }} icon */
  const showIcon = (icon) => {
    if (link.href !== icon.href) Object.assign(link, icon);
  };
  effect(() => {
    const rooms = chat.listed.all().filter(({ info }) => !info.value.archived_at);
    const unread = rooms.reduce((sum, room) => sum + newsIn(room), 0);
    const at = route.value;
    const open = at.page === "room" ? chat.rooms.value.get(at.roomId) : undefined;
    const place = open
      ? placeOf(open.info.value, chat.user.id)
      : at.page === "admin"
        ? "Administration"
        : at.page === "activity"
          ? "Activity"
          : at.page === "search"
            ? "Search"
            : "";
    const count = unread > 99 ? "(99+)" : unread > 0 ? `(${unread})` : "";
    document.title = [count, place, place ? `· ${serverName}` : serverName]
      .filter(Boolean)
      .join(" ");
    showIcon(unread > 0 ? marked : calm);
  });
  chat.onMessage = (room, message) => {
    const at = route.peek();
    const { thread_id, also_to_room } = message;
    const isReply = Boolean(thread_id) && !also_to_room;
    const isOpen = isReply
      ? openThreadIn(at, room.id) === thread_id
      : at.page === "room" && at.roomId === room.id;
    if (isOpen && announcer) {
      announcer.append(h("p", null, spoken(nameOf(message), message.content)));
      while (announcer.children.length > SPOKEN) announcer.firstElementChild?.remove();
    }
    const isSeen = isOpen && !document.hidden && document.hasFocus();
    const choice = wanted(chat, room);
    const callsMe = isMentioned(message, chat.user.id);
    if (!isSeen && (choice === "all" || (choice === "mentions" && callsMe)))
      show(chat, room, message);
  };
  chat.onActivity = (room, message, callsMe) => {
    const choice = wanted(chat, room);
    if (choice !== "all" && !(choice === "mentions" && callsMe)) return;
    show(chat, room, {
      ...message,
      content: callsMe ? "You were mentioned." : "There is a new message.",
    });
  };
  chat.onThreads = (room) => {
    const isNew = Date.now() - (replyAt.get(room.id) ?? 0) > SAME_MS;
    if (isNew && !document.hasFocus() && wanted(chat, room) === "all")
      display(
        room,
        `New replies in ${placeOf(room.info.peek(), chat.user.id)}`,
        "There are new replies in a thread that you follow.",
        "#/activity/threads",
      );
  };
  listen(window, "focus", () => announcer?.replaceChildren());
  onEnd(() => {
    announcer?.replaceChildren();
    document.title = serverName;
    showIcon(calm);
  });
}

/** What the reader chose for this room. @param {import("../core/types.js").RoomInfo} info */
const choiceIn = ({ membership }) => membership?.notify ?? "all";

/**
 * How much is new in a room, by what the reader chose for it.
 * @param {import("../core/room.js").Room} room
 */
function newsIn({ info, unread, unreadThreads, mentions }) {
  const choice = choiceIn(info.value);
  if (choice === "none") return 0;
  return choice === "mentions" ? mentions.value : unread.value.length + unreadThreads.value;
}

/**
 * Which messages of a room are shown on the desktop: what the reader chose for this browser and for the room. A
 * direct message is written to the reader, and counts as a mention.
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 * @returns {Notify}
 */
function wanted(chat, room) {
  const [here, there] = [notify(), choiceIn(room.info.peek())];
  if (here === "off" || there === "none" || !chat.listed.all().includes(room)) return "off";
  if (here === "mentions" && there === "all" && room.info.peek().kind === "direct") return "all";
  return here === "all" ? there : here;
}

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 * @param {{ seq: number, user_id: number, username: string, display_name?: string | null, content: string,
 *   thread_id?: number | null, also_to_room?: boolean }} message
 */
function show(chat, room, message) {
  if (chat.blocks.has(message.user_id)) return;
  const info = room.info.peek();
  const place = placeOf(info, chat.user.id);
  const title = info.kind === "direct" ? nameOf(message) : `${nameOf(message)} in ${place}`;
  const href = messageHref({ ...message, room_id: room.id });
  if (message.thread_id) replyAt.set(room.id, Date.now());
  display(room, title, covered(message.content).slice(0, 300), href);
}

/**
 * @param {import("../core/room.js").Room} room
 * @param {string} title
 * @param {string} body
 * @param {string} href where a click leads
 */
function display(room, title, body, href) {
  try {
    const notice = new Notification(title, { body, tag: `chatapp-${room.id}` });
    notice.onclick = () => {
      window.focus();
      go(href);
      notice.close();
    };
  } catch {
    // Phones show only the notifications of service workers, and this page has no service worker.
  }
}
