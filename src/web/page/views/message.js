// One message as a row of the list.

import { h } from "../core/dom.js";
import { copyButton } from "./copy.js";
import { colored } from "../text/code.js";
import { actionOf } from "../text/commands.js";
import { clockTime, exactTime } from "../text/format.js";
import { isOnlyEmoji } from "../text/emoji.js";
import { markdown } from "../text/markdown.js";
import { isMentioned } from "../core/mentions.js";
import { isOfServer, nameOf } from "../core/people.js";
import { setup } from "../core/setup.js";
import { avatar } from "./avatar.js";
import { forwardedLine } from "./forward.js";
import { pinMark } from "./pins.js";
import { personButton } from "./profile.js";
import { quoteView } from "./quote.js";
import { reactionsView } from "./reactions.js";
import { inThread, threadSummary } from "./thread-summary.js";
import { waitingView } from "./waiting.js";

/** @typedef {import("../core/message-state.js").LoadedMessage} Message */
/** @typedef {import("../core/chat.js").Chat} Chat */

/**
 * @param {Chat} chat
 * @param {Message} message
 * @param {boolean} grouped it continues the message before it, without a name of its own
 * @param {HTMLElement | null} editor shown in place of the text
 * @param {number | null} threadId the thread whose list the row is in
 */
export function messageRow(chat, message, grouped, editor, threadId) {
  const prose = message.deleted_at ? null : text(chat, message, message.content);
  const isBlocked = chat.blocks.has(message.user_id);
  const isQuiet = isOfServer(message);
  const callsMe = message.user_id !== chat.user.id && isMentioned(message, chat.user.id);
  const row = h(
    "li",
    {
      class: `message${grouped ? " grouped" : ""}${callsMe ? " calls-me" : ""}${isQuiet ? " of-server" : ""}`,
      tabindex: "-1",
      data: { seq: message.seq },
    },
    head(chat, message, message.timestamp, isQuiet || grouped || (isAction(prose) && !isBlocked)),
    editor ??
      h(
        "div",
        { class: "text" },
        threadId === null && inThread(message),
        prose && pinMark(message),
        prose && message.quote_of && quoteView(chat, message.room_id, message.quote_of),
        prose && message.forwarded && forwardedLine(message.forwarded),
        !prose
          ? h("p", { class: "deleted" }, "This message was deleted.")
          : [
              isBlocked
                ? h(
                    "details",
                    { class: "blocked" },
                    h("summary", null, "Message of a person whom you have blocked"),
                    prose,
                  )
                : prose,
              message.edited_at &&
                h(
                  "span",
                  {
                    class: "edited",
                    title: `Edited ${exactTime(message.edited_at)}`,
                  },
                  "(edited)",
                ),
            ],
      ),
    prose && reactionsView(chat, message),
    threadId === null && threadSummary(message),
  );
  if (prose && !editor) previewed(prose, message);
  return row;
}

/** @type {((prose: HTMLElement, message: Message) => void) | undefined} */
let showPreviews;

/**
 * Shows previews of the links in a text, if the server has them.
 * @param {HTMLElement} prose
 * @param {Message} message
 */
function previewed(prose, message) {
  if (setup.peek()?.previews === false || !prose.querySelector("a[href^=http]")) return;
  if (showPreviews) return showPreviews(prose, message);
  import("./lazy/previews.js").then(
    (module) => {
      showPreviews = module.showPreviews;
      showPreviews(prose, message);
    },
    // A link can be followed without a preview.
    () => {},
  );
}

/**
 * @param {Chat} chat
 * @param {import("../core/room.js").Room} room
 * @param {import("../core/types.js").Pending} pending
 * @param {boolean} grouped
 */
export function pendingRow(chat, room, pending, grouped) {
  const author = { ...(chat.me.peek() ?? chat.user), user_id: chat.user.id };
  const prose = text(chat, author, pending.content);
  return h(
    "li",
    {
      class: `message pending ${pending.state}${grouped ? " grouped" : ""}`,
      tabindex: "-1",
    },
    head(chat, author, pending.at, grouped || isAction(prose)),
    h(
      "div",
      { class: "text" },
      pending.quote_of && quoteView(chat, room.id, pending.quote_of),
      prose,
      pending.state === "sending" && waitingView(room, pending),
    ),
  );
}

/** @typedef {{ user_id: number, username: string, display_name?: string | null, is_bot?: boolean | null }} Author */

/**
 * @param {Chat} chat
 * @param {Author} author
 * @param {string} content
 */
function text(chat, author, content) {
  const me = chat.user.username;
  const action = actionOf(content);
  const out = h(
    "div",
    { class: isOnlyEmoji(content) ? "prose large" : "prose" },
    markdown(action ?? content, me),
  );
  // A text that consists of marks only is shown as it is.
  if (!out.textContent?.trim()) return h("div", { class: "prose" }, h("p", null, content));
  for (const code of out.querySelectorAll("pre")) {
    const language = code.firstElementChild?.getAttribute("data-language");
    const block = h("div", {
      class: "code-block",
      data: language && { language },
    });
    code.replaceWith(block);
    const copy = copyButton("Copy code", () => code.textContent ?? "");
    // The button comes after the code, so that a screen reader reads the code first.
    block.append(code, copy);
    if (language) colored(/** @type {HTMLElement} */ (code.firstElementChild), language);
  }
  if (action) {
    out.classList.add("action");
    const first = out.firstElementChild;
    const name = personButton(chat, author, "author");
    name.setAttribute("tabindex", "-1");
    if (first?.localName === "p") first.prepend(name, " ");
    else out.prepend(h("p", null, name));
  }
  return out;
}

/** Whether the text names its author itself. @param {HTMLElement | null} prose */
const isAction = (prose) => prose?.classList.contains("action") ?? false;

/**
 * @param {Chat} chat
 * @param {Author} author
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
  return [
    h("div", { class: "gutter" }, avatar(author)),
    h("div", { class: "by" }, name, author.is_bot && h("span", { class: "tag" }, "bot"), when),
  ];
}
