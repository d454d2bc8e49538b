// The composer: Enter sends, Shift-Enter breaks the line, and an unsent text is stored for each room and thread.

import { View, fill, h, icon, listen, put, view } from "../core/dom.js";
import { effect, onEnd, signal } from "../core/reactive.js";
import { nameOf, placeOf } from "../core/people.js";
import { isTooLong } from "../core/limits.js";
import { sendFrame } from "../core/socket.js";
import { storage } from "../core/storage.js";
import { isBlank } from "../text/blank.js";
import { applyCommand } from "../text/commands.js";
import { reactionIn, withEmoji } from "../text/emoji.js";
import { counted, figure } from "../text/format.js";
import { split } from "../text/split.js";
import { completion } from "./completion.js";
import { grow } from "./grow.js";
import { withModule } from "./later.js";
import { lengthNote } from "./length.js";
import { quoteStrip } from "./quote.js";
import { toggleReaction } from "./reactions.js";

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
  /** The thread in which the messages are replies; null: they are messages of the room. @type {number | null} */
  threadId = null;

  render() {
    const { chat, room, messageList, threadId } = this;
    this.className = "composer";
    const { drafts } = chat;
    const place = threadId ? `${room.id}.${threadId}` : `${room.id}`;
    const hintId = threadId ? "composer-hint-thread" : "composer-hint";
    const input = h("textarea", {
      rows: 1,
      dir: "auto",
      enterkeyhint: "send",
      "aria-describedby": hintId,
    });
    const send = h(
      "button",
      { class: "send", type: "submit", "aria-label": "Send", title: "Send" },
      icon("send"),
    );
    const later = h(
      "button",
      {
        class: "icon-button",
        type: "button",
        "aria-label": "Send later",
        title: "Send later",
        "aria-haspopup": "menu",
        "aria-expanded": "false",
      },
      icon("clock"),
    );
    const typing = h("p", { class: "typing", "aria-live": "off" });
    const scheduled = h("a", { class: "scheduled", href: "#/activity/scheduled" });
    const form = h("form", { class: "composer-form" }, input, later, send);
    const alert = h("p", { class: "form-error", role: "alert" });
    const also = h("input", { type: "checkbox" });
    const alsoPlace = h("span", { dir: "auto" });
    input.value = drafts.get(place);
    const quoteKey = `${drafts.prefix}${place}.quote`;
    /** The message that is quoted, kept with the unsent text. */
    const quoteOf = signal(Number(storage.get(quoteKey)) || null);
    /** @param {number | null} id */
    const quote = (id) => {
      quoteOf.value = id;
      if (id) storage.set(quoteKey, String(id));
      else storage.remove(quoteKey);
    };
    const strip = quoteStrip(chat, room, quoteOf, () => quote(null));
    listen(strip, "click", () => input.focus());
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

    const written = () => (isBlank(input.value) ? "" : input.value);
    const look = () => {
      const text = input.value;
      send.disabled = later.disabled = isBlank(text);
      alert.textContent = "";
      grow(input);
      length.look();
    };
    const changed = () => {
      look();
      drafts.set(place, written());
    };
    const content = () => withEmoji(applyCommand(input.value));
    const submit = () => {
      // A text that is being scheduled cannot be changed.
      if (isBlank(input.value) || input.readOnly) return;
      const emoji = reactionIn(input.value);
      if (emoji) return reacts(emoji);
      if (isTooLong(content())) return length.refuse();
      sends([content()]);
    };
    const extra = () =>
      quoteOf.peek()
        ? "A message that quotes another one cannot be sent later. Remove the quote first."
        : also.checked
          ? "A reply that is also sent to the room cannot be sent later. Clear that box first."
          : "";
    const sent = () => {
      input.value = "";
      changed();
      drafts.write(place);
    };
    const composer = { chat, room, threadId, input, alert, length, content, extra, sent };
    listen(later, "click", () =>
      withModule(import("./lazy/schedule.js"), ({ openScheduleMenu }) =>
        openScheduleMenu(later, composer),
      ),
    );
    /** Reacts to the newest message. @param {string} emoji */
    const reacts = async (emoji) => {
      const text = input.value;
      input.value = "";
      changed();
      await messageList.toNewest();
      const newest = messageList.line.messages.list.findLast((message) => !message.deleted_at);
      if (newest) return toggleReaction(newest, emoji, true);
      input.value = text;
      changed();
    };
    /** @param {string[]} contents */
    const sends = (contents) => {
      sent();
      lastTyped = 0;
      const reply = threadId ? { thread_id: threadId, also_to_room: also.checked } : {};
      for (const [at, text] of contents.entries()) {
        const id = at === 0 ? quoteOf.peek() : null;
        chat.outbox.add(room.id, text, { ...reply, ...(id && { quote_of: id }) });
      }
      also.checked = false;
      quote(null);
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
      // A frame about typing names only the room.
      if (room.live.peek() && !threadId) sendFrame({ type: "typing", room_id: room.id });
    });
    const completes = completion(input, chat, room, changed);
    listen(input, "keydown", (event) => {
      if (completes(event)) return;
      if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
        event.preventDefault();
        submit();
      } else if (event.key === "ArrowUp" && !input.value && messageList.editLast()) {
        event.preventDefault();
      } else if (event.key === "Escape" && quoteOf.peek()) {
        // A panel stays open.
        event.preventDefault();
        quote(null);
      } else if (event.key === "Escape" && !threadId) {
        messageList.forgetUnreadLine();
        messageList.toNewest();
      }
    });
    listen(messageList, "done-editing", () => input.focus());
    listen(messageList, "quote", (event) => {
      quote(event.detail.id);
      input.focus();
    });
    listen(messageList, "write-again", (event) => {
      input.value = [event.detail, input.value].filter((text) => text.trim()).join("\n");
      changed();
      input.focus();
    });
    put(
      this,
      h("div", { class: "above" }, typing, scheduled),
      strip,
      form,
      alert,
      length.element,
      threadId &&
        h("label", { class: "also-to-room" }, also, h("span", null, "Also send to "), alsoPlace),
      h(
        "p",
        { class: "hint", id: hintId },
        "Enter sends, Shift-Enter breaks the line. **bold** *italic* `code` > quote",
      ),
    );
    /** A text that was typed on another device. @param {string} text */
    const show = (text) => {
      input.value = text;
      look();
    };
    const close = drafts.open(place, { text: written, show });
    changed();
    // Not on a phone, where the keyboard would cover the messages; and not away from a message that is being
    // edited while the room is reopened.
    const isEditing = document.activeElement?.closest(".editor") ?? null;
    if (matchMedia("(hover: hover)").matches && !isEditing) queueMicrotask(() => input.focus());
    listen(input, "blur", () => drafts.write(place));
    onEnd(close);

    effect(() => {
      const name = placeOf(room.info.value, chat.user.id);
      alsoPlace.textContent = name;
      const label = threadId ? "Reply in the thread" : `Message ${name}`;
      input.placeholder = label;
      input.setAttribute("aria-label", label);
    });
    effect(() => length.look());
    effect(() => {
      const list = chat.scheduled.in(room.id, threadId);
      const failed = list.filter(({ failure }) => failure).length;
      const count = counted(list.length, "scheduled message");
      scheduled.hidden = list.length === 0;
      fill(scheduled, list.length > 0 && [count, failed > 0 && `, ${figure(failed)} not sent`]);
    });
    effect(() => fill(typing, typingText(threadId ? [] : room.typing.value.map(nameOf))));
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
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 * @param {import("./message-list.js").MessageList} messageList
 * @param {number | null} threadId
 */
export const composerView = (chat, room, messageList, threadId) =>
  view("chat-composer", Composer, { chat, room, messageList, threadId });
