// The list of the messages that the server sends later, with what can be done with each: a part of "Activity".

import { ApiError, words } from "../../core/api.js";
import { View, fill, h, view } from "../../core/dom.js";
import { maySend, placeOf } from "../../core/people.js";
import { effect } from "../../core/reactive.js";
import { go, roomHref, threadHref } from "../../core/route.js";
import { isBlank } from "../../text/blank.js";
import { exactTime } from "../../text/format.js";
import { copyButton } from "../copy.js";
import { confirmDialog, openDialog, toast } from "../dialog.js";
import { reconcile } from "../rows.js";
import { timeField, timeForm, timeIn } from "./schedule.js";
import { fieldOf, when } from "./when.js";

/** @typedef {import("../../core/types.js").ScheduledMessage} Scheduled */

/** Why a message was not sent, and what to do, by the code of the error. @type {Record<string, string>} */
const FAILURES = {
  banned: "You are banned from the room.",
  blocked: "You cannot write to this person.",
  invalid_field: "The text is longer than this server takes. Shorten it.",
  message_deleted: "The message that begins the thread was deleted.",
  message_not_found: "The message that begins the thread was deleted.",
  muted: "You were muted in the room. When you may write there again, choose another time.",
  not_a_member: "You are not a member of the room any more.",
  posting_restricted: "Only moderators write in the room.",
  room_archived: "The room was archived. If it is in use again, choose another time.",
  room_not_found: "The room was deleted, or you may not read it any more.",
  session_revoked: "Your account was deactivated at that time. Choose another time.",
};

class ScheduledList extends View {
  /** @type {import("../../core/chat.js").Chat} */
  chat = /** @type {any} */ (null);
  #list = h("ul", { class: "pin-list", "aria-label": "Scheduled" });

  render() {
    const { chat } = this;
    const status = h("p", { class: "quiet", role: "status" });
    this.append(status, this.#list);
    chat.scheduled.readSoon();
    effect(() => {
      const list = chat.scheduled.list.value;
      reconcile(
        this.#list,
        (list ?? []).map((message) => this.#row(message)),
      );
      const isEmpty = list?.length === 0;
      fill(
        status,
        !list && "Loading…",
        isEmpty &&
          "Nothing is scheduled. The clock beside the field of a room sends a message later.",
      );
    });
  }

  /** @param {Scheduled} message @returns {import("../rows.js").Row} */
  #row(message) {
    const { chat } = this;
    const { id, room_id, thread_id, content, send_at, failure } = message;
    const room = chat.rooms.value.get(room_id);
    const info = room?.info.value;
    const place = info ? placeOf(info, chat.user.id) : "A room that you do not see any more";
    const href = thread_id ? threadHref(room_id, thread_id) : roomHref(room_id);
    const isOpen = Boolean(info && maySend(info, chat.user));
    const time = when(send_at);
    /** @param {string} label @param {() => void} act */
    const button = (label, act) =>
      h("button", { class: "small", type: "button", onclick: act }, label);
    return {
      key: `${id}`,
      signature: [place, isOpen, time, content, failure].join("\n"),
      make: () =>
        h(
          "li",
          null,
          h(
            "p",
            { class: "first" },
            room
              ? h("a", { class: "name", dir: "auto", href }, place)
              : h("span", { class: "quiet" }, place),
            thread_id && h("span", { class: "quiet small" }, "in a thread"),
            h("time", { class: "quiet small", datetime: send_at, title: exactTime(send_at) }, time),
          ),
          h("p", { class: "pin-text", dir: "auto" }, content),
          failure && h("p", { class: "field-error" }, `Not sent. ${inWords(failure)}`),
          h(
            "p",
            { class: "choices" },
            isOpen && button("Send now", () => this.#sendNow(message)),
            room && button("Edit", () => this.#edit(message)),
            !room && copyButton("Copy text", () => content, "small"),
            button("Delete", () => this.#remove(message)),
          ),
        ),
    };
  }

  /**
   * Sends it as any message, under the id under which the server would send it: it is stored once, even if the time
   * comes meanwhile, or if the answer is lost.
   * @param {Scheduled} message
   */
  async #sendNow(message) {
    const { chat } = this;
    const { id, room_id, thread_id, content } = message;
    const room = chat.rooms.peek().get(room_id);
    if (!room) return;
    chat.outbox.add(room.id, content, thread_id ? { thread_id } : {}, `scheduled-${id}`);
    go(thread_id ? threadHref(room_id, thread_id) : roomHref(room_id));
    try {
      await chat.scheduled.remove(message);
    } catch (error) {
      // Its time has come meanwhile, and the server has sent it.
      if (!(error instanceof ApiError && error.code === "scheduled_not_found")) toast(words(error));
    }
  }

  /** @param {Scheduled} message */
  #edit(message) {
    const { id, content, send_at } = message;
    const time = new Date(send_at);
    const dialog = openDialog({
      title: "Scheduled message",
      content: (close) =>
        timeForm(
          [{ name: "content", label: "Message", value: content, rows: 5 }, timeField(time)],
          "Save",
          async (values) => {
            const text = (values["content"] ?? "").trim();
            if (isBlank(text)) throw refusal("content", "A message cannot be empty.");
            const isSame = values["send_at"] === fieldOf(time);
            if (isSame && time < new Date()) throw refusal("send_at", "Choose a time to come.");
            const next = isSame ? {} : { send_at: timeIn(values["send_at"] ?? "").toISOString() };
            await this.chat.scheduled.update(message, { content: text, ...next });
            close();
          },
        ),
    });
    dialog.addEventListener("close", () => this.#focus(id, "Edit"));
  }

  /** @param {Scheduled} message */
  #remove(message) {
    const { id, content } = message;
    const line = content.split("\n", 1)[0] ?? "";
    const start = line.length > 80 ? `${line.slice(0, 80)}…` : line;
    const dialog = confirmDialog({
      title: "Delete this scheduled message?",
      text: `“${start}” will not be sent.`,
      action: "Delete",
      act: () => this.chat.scheduled.remove(message),
    });
    dialog.addEventListener("close", () => this.#focus(id, "Delete"));
  }

  /**
   * Puts the focus on a button of a message. If the message is gone: on the first one of the list.
   * @param {number} id
   * @param {string} label
   */
  #focus(id, label) {
    const row = this.#list.querySelector(`[data-key="${id}"]`) ?? this.#list;
    const buttons = [...row.querySelectorAll("button")];
    const next = buttons.find(({ textContent }) => textContent === label) ?? buttons[0];
    /** @type {HTMLElement | null} */
    const tab = document.querySelector(".tabs [aria-current]");
    (next ?? tab)?.focus();
  }
}

/** @param {string} code */
const inWords = (code) =>
  FAILURES[code] ?? "The server refused the message. Choose another time, or delete it.";

/** @param {string} field @param {string} message */
const refusal = (field, message) => new ApiError(0, field, message, [{ field, message }]);

/** @param {import("../../core/chat.js").Chat} chat */
export const scheduledList = (chat) => view("chat-scheduled", ScheduledList, { chat });
