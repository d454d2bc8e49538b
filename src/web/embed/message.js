// One message as a row of the list.

import { h } from "../page/core/elements.js";
import { clockTime, exactTime } from "../page/text/format.js";
import { markdown } from "../page/text/markdown.js";

/** @typedef {import("../../../sdk/javascript/src/shapes.js").Message} Message */
/** @typedef {import("../../../sdk/javascript/src/shapes.js").User} User */

/** @param {{ username: string, display_name?: string | null }} person */
export const nameOf = ({ username, display_name }) => display_name || username;

/**
 * @param {Message} message
 * @param {User} me the visitor
 * @param {boolean} isContinued the message before it is of the same author, and a moment older
 */
export function messageRow(message, me, isContinued) {
  const isOwn = message.user_id === me.id;
  // User 0 is the server itself.
  const author =
    message.user_id !== 0 &&
    h("span", { class: "author", dir: "auto" }, isOwn ? "You" : nameOf(message));
  const time = h(
    "time",
    { datetime: message.timestamp, title: exactTime(message.timestamp) },
    clockTime(message.timestamp),
  );
  return h(
    "li",
    { class: classes("message", isOwn && "own", isContinued && "continued") },
    h("div", { class: "head" }, author, " ", time),
    h("div", { class: "bubble" }, body(message, me)),
  );
}

/**
 * @param {Message} message
 * @param {User} me
 */
function body(message, me) {
  if (message.deleted_at) return h("p", { class: "aside" }, "This message was deleted.");
  const edited = message.edited_at && h("p", { class: "aside" }, "Edited");
  return [prose(message.content, me.username), edited];
}

/**
 * @param {string} text
 * @param {string} me
 */
function prose(text, me) {
  const node = h("div", { class: "prose" }, markdown(text, me));
  // On the server's own page a name opens a card. Here it is only a name.
  for (const mention of node.querySelectorAll(".mention")) {
    mention.removeAttribute("role");
    mention.removeAttribute("tabindex");
  }
  return node;
}

/** @param {...(string | false)} names */
const classes = (...names) => names.filter(Boolean).join(" ");
