// A quoted message: above the text that quotes it, and above the composer while the quote is being written.

import { View, fill, h, icon, view } from "../core/dom.js";
import { nameOf } from "../core/people.js";
import { effect } from "../core/reactive.js";
import { go, messageHref } from "../core/route.js";
import { excerpt } from "../text/excerpt.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/room.js").Room} Room */

class Quote extends View {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);
  roomId = 0;
  /** The id of the quoted message. */
  quoteOf = 0;

  render() {
    const { chat, roomId, quoteOf } = this;
    this.className = "quoted";
    const room = chat.rooms.peek().get(roomId);
    if (!room) return;
    const quoted = room.quoted.get(quoteOf);
    effect(() => {
      const message = quoted.value;
      if (typeof message === "string") {
        const words = { loading: "…", unknown: "This message is not available.", failed: "…" };
        return fill(this, h("p", { class: "quiet" }, words[message]));
      }
      const href = messageHref(message);
      const link = h(
        "a",
        {
          href,
          // Also when the address names the message already.
          onclick: (/** @type {MouseEvent} */ event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            go(href);
          },
        },
        h("span", { class: "visually-hidden" }, "Quoted: "),
        quotedLines(chat, message),
      );
      fill(this, link);
    });
  }
}

/**
 * The author and the beginning of a message, as it stands now.
 * @param {Chat} chat
 * @param {import("../core/types.js").Message} message
 */
export function quotedLines(chat, message) {
  chat.people.names.version.value;
  const isBlocked = chat.blocks.has(message.user_id);
  const author = nameOf(chat.people.names.newest(message));
  return [
    h("span", { class: "quoted-author", dir: "auto" }, author),
    " ",
    message.deleted_at
      ? h("span", { class: "quoted-text deleted" }, "message deleted")
      : isBlocked
        ? h("span", { class: "quoted-text deleted" }, "message of a person whom you have blocked")
        : h(
            "span",
            { class: "quoted-text", dir: "auto" },
            excerpt(message.content, chat.user.username),
          ),
  ];
}

/**
 * @param {Chat} chat
 * @param {number} roomId
 * @param {number} quoteOf
 */
export const quoteView = (chat, roomId, quoteOf) =>
  view("chat-quote", Quote, { chat, roomId, quoteOf });

/**
 * The strip above the composer with the message that is about to be quoted. It follows the message.
 * @param {Chat} chat
 * @param {Room} room
 * @param {import("../core/reactive.js").Signal<number | null>} quoteOf
 * @param {() => void} cancel
 */
export function quoteStrip(chat, room, quoteOf, cancel) {
  const strip = h("div", {
    class: "quote-strip",
    role: "group",
    "aria-label": "Quote",
    hidden: true,
  });
  const body = h("div", { class: "quoted" });
  const button = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": "Do not quote",
      title: "Do not quote (Escape)",
      onclick: cancel,
    },
    icon("close"),
  );
  strip.append(body, button);
  effect(() => {
    const id = quoteOf.value;
    strip.hidden = id === null;
    const message = id === null ? "unknown" : room.quoted.get(id).value;
    fill(body, typeof message === "string" ? "…" : quotedLines(chat, message));
    // A message that was deleted meanwhile cannot be quoted any more.
    if (typeof message !== "string" && message.deleted_at) cancel();
    if (id !== null && message === "unknown") cancel();
  });
  return strip;
}
