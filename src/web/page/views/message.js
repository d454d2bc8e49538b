// One message as a row of the list.

import { h } from "../core/dom.js";
import { copyButton } from "./copy.js";
import { clockTime, exactTime } from "../text/format.js";
import { isOnlyEmoji } from "../text/emoji.js";
import { markdown } from "../text/markdown.js";
import { names } from "../core/names.js";
import { nameOf } from "../core/people.js";
import { avatar } from "./avatar.js";
import { personButton } from "./profile.js";
import { waitingView } from "./waiting.js";

/** @typedef {import("../core/types.js").Message} Message */
/** @typedef {import("../core/chat.js").Chat} Chat */

/**
 * @param {Chat} chat
 * @param {Message} message
 * @param {boolean} grouped it continues the message before it, without a name of its own
 * @param {HTMLElement | null} editor shown in place of the text
 */
export function messageRow(chat, message, grouped, editor) {
  const me = chat.user.username;
  const isMentioned = message.user_id !== chat.user.id && names.isMentioned(message.content, me);
  return h(
    "li",
    {
      class: `message${grouped ? " grouped" : ""}${isMentioned ? " calls-me" : ""}`,
      tabindex: "-1",
      data: { seq: message.seq },
    },
    head(chat, message, message.timestamp, grouped),
    editor ??
      h(
        "div",
        { class: "text" },
        message.deleted_at
          ? h("p", { class: "deleted" }, "This message was deleted.")
          : [
              chat.blocks.has(message.user_id)
                ? h(
                    "details",
                    { class: "blocked" },
                    h("summary", null, "Message of a person whom you have blocked"),
                    text(message.content, me),
                  )
                : text(message.content, me),
              message.edited_at &&
                h(
                  "span",
                  { class: "edited", title: `Edited ${exactTime(message.edited_at)}` },
                  "(edited)",
                ),
            ],
      ),
  );
}

/**
 * @param {Chat} chat
 * @param {import("../core/room.js").Room} room
 * @param {import("../core/types.js").Pending} pending
 * @param {boolean} grouped
 */
export function pendingRow(chat, room, pending, grouped) {
  const me = chat.user.username;
  return h(
    "li",
    {
      class: `message pending ${pending.state}${grouped ? " grouped" : ""}`,
      tabindex: "-1",
    },
    head(chat, { ...(chat.me.peek() ?? chat.user), user_id: chat.user.id }, pending.at, grouped),
    h(
      "div",
      { class: "text" },
      text(pending.content, me),
      pending.state === "sending" && waitingView(room, pending),
    ),
  );
}

/**
 * @param {string} content
 * @param {string} me
 */
function text(content, me) {
  const out = h(
    "div",
    { class: isOnlyEmoji(content) ? "prose large" : "prose" },
    markdown(content, me),
  );
  for (const code of out.querySelectorAll("pre")) {
    const block = h("div", { class: "code-block" });
    code.replaceWith(block);
    const copy = copyButton("Copy code", () => code.textContent ?? "");
    // The button comes after the code, so that a screen reader reads the code first.
    block.append(code, copy);
  }
  // A text that consists of marks only is shown as it is.
  return out.childNodes.length > 0 ? out : h("div", { class: "prose" }, h("p", null, content));
}

/**
 * @param {Chat} chat
 * @param {{ user_id: number, username: string, display_name?: string | null }} author
 * @param {string} time
 * @param {boolean} grouped
 */
function head(chat, author, time, grouped) {
  const when = h("time", { datetime: time, title: exactTime(time) }, clockTime(time));
  if (grouped)
    return h(
      "div",
      { class: "gutter" },
      h("span", { class: "visually-hidden" }, `${nameOf(author)}, `),
      when,
    );
  const name = personButton(chat, author, "author");
  // Tab moves between messages: the key P opens the card of a message's author.
  name.setAttribute("tabindex", "-1");
  return [h("div", { class: "gutter" }, avatar(author)), h("div", { class: "by" }, name, when)];
}
