// The composer: Enter sends, Shift-Enter breaks the line, and an unsent text is stored for each room.

import { View, fill, h, icon, listen, view } from "../core/dom.js";
import { effect, onEnd } from "../core/reactive.js";
import { nameOf, placeOf } from "../core/people.js";
import { isTooLong } from "../core/limits.js";
import { sendFrame } from "../core/socket.js";
import { storage } from "../core/storage.js";
import { isBlank } from "../text/blank.js";
import { split } from "../text/split.js";
import { completion } from "./completion.js";
import { grow } from "./grow.js";
import { lengthNote } from "./length.js";

/** A `typing` frame is sent at most this often. */
const TYPING_MS = 2_500;
/** A text that needs more messages than this is not split, because it would flood the room. */
const MOST_PARTS = 20;

class Composer extends View {
  /** @type {import("../core/chat.js").Chat} */
  chat = /** @type {any} */ (null);
  /** @type {import("../core/room.js").Room} */
  room = /** @type {any} */ (null);
  /** @type {import("./message-list.js").MessageList} */
  messageList = /** @type {any} */ (null);

  render() {
    const { chat, room, messageList } = this;
    this.className = "composer";
    const key = draftKey(chat.user.id, room.id);
    const input = h("textarea", {
      rows: 1,
      dir: "auto",
      enterkeyhint: "send",
      "aria-describedby": "composer-hint",
    });
    const send = h(
      "button",
      { class: "send", type: "submit", "aria-label": "Send", title: "Send" },
      icon("send"),
    );
    const typing = h("p", { class: "typing", "aria-live": "off" });
    const form = h("form", { class: "composer-form" }, input, send);
    input.value = storage.get(key) ?? "";
    let lastTyped = 0;
    const length = lengthNote(input, (text, most) => {
      const parts = split(text, most);
      if (parts.length > MOST_PARTS) return null;
      return h(
        "button",
        { class: "link", type: "button", onclick: () => sends(parts) },
        `Split into ${parts.length} messages`,
      );
    });

    const changed = () => {
      const text = input.value;
      send.disabled = isBlank(text);
      grow(input);
      length.look();
      if (isBlank(text)) storage.remove(key);
      else storage.set(key, text);
    };
    const submit = () => {
      const content = input.value.trim();
      if (isBlank(content)) return;
      if (isTooLong(content)) return length.refuse();
      sends([content]);
    };
    /** @param {string[]} contents */
    const sends = (contents) => {
      input.value = "";
      changed();
      lastTyped = 0;
      for (const content of contents) chat.outbox.add(room, content);
      input.focus();
      messageList.forgetUnreadLine();
      messageList.toNewest();
    };
    listen(form, "submit", (event) => {
      event.preventDefault();
      submit();
      input.focus();
    });
    listen(input, "input", () => {
      changed();
      if (isBlank(input.value) || Date.now() - lastTyped < TYPING_MS) return;
      lastTyped = Date.now();
      if (room.live.peek()) sendFrame({ type: "typing", room_id: room.id });
    });
    const completes = completion(input, chat, room, changed);
    listen(input, "keydown", (event) => {
      if (completes(event)) return;
      if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
        event.preventDefault();
        submit();
      } else if (event.key === "ArrowUp" && !input.value && messageList.editLast()) {
        event.preventDefault();
      } else if (event.key === "Escape") {
        messageList.forgetUnreadLine();
        messageList.toNewest();
      }
    });
    listen(messageList, "done-editing", () => input.focus());
    listen(messageList, "write-again", (event) => {
      input.value = [event.detail, input.value].filter((text) => text.trim()).join("\n");
      changed();
      input.focus();
    });
    this.append(
      typing,
      form,
      length.element,
      h(
        "p",
        { class: "hint", id: "composer-hint" },
        "Enter sends, Shift-Enter breaks the line. **bold** *italic* `code` > quote",
      ),
    );
    changed();
    // Not on a phone, where the keyboard would cover the messages; and not away from a message that is being
    // edited while the room is reopened.
    const isEditing = document.activeElement?.closest(".editor") ?? null;
    if (matchMedia("(hover: hover)").matches && !isEditing) queueMicrotask(() => input.focus());
    onEnd(() => changed());

    effect(() => {
      const label = `Message ${placeOf(room.info.value, chat.user.id)}`;
      input.placeholder = label;
      input.setAttribute("aria-label", label);
    });
    effect(() => length.look());
    effect(() => fill(typing, typingText(room.typing.value.map(nameOf))));
  }
}

/** @param {string[]} names */
function typingText(names) {
  const [one, two] = names;
  if (!one) return "";
  if (!two) return `${one} is typing…`;
  return names.length === 2 ? `${one} and ${two} are typing…` : "Several people are typing…";
}

/**
 * @param {number} userId
 * @param {number | ""} roomId
 */
const draftKey = (userId, roomId) => `chatapp.draft.${userId}.${roomId}`;

/** Removes the unsent texts of this user from the browser. @param {number} userId */
export function wipeDrafts(userId) {
  for (const key of storage.keys(draftKey(userId, ""))) storage.remove(key);
}

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 * @param {import("./message-list.js").MessageList} messageList
 */
export const composerView = (chat, room, messageList) =>
  view("chat-composer", Composer, { chat, room, messageList });
