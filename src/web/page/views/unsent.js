// Messages that the server has refused, in a strip above the composer. They are not in the list of messages,
// because a newer message beneath them would be out of sight.

import { sentence } from "../core/api.js";
import { View, h, view } from "../core/dom.js";
import { effect } from "../core/reactive.js";
import { openThreadIn, route, threadHref } from "../core/route.js";

/** @typedef {import("../core/types.js").Pending} Pending */

class Unsent extends View {
  /** @type {import("../core/chat.js").Chat} */
  chat = /** @type {any} */ (null);
  /** @type {import("../core/room.js").Room} */
  room = /** @type {any} */ (null);
  /** @type {import("./message-list.js").MessageList} */
  messageList = /** @type {any} */ (null);
  /** @type {number | null} */
  threadId = null;

  render() {
    const { room, threadId } = this;
    const list = h("ul", { class: "unsent", "aria-label": "Messages that were not sent" });
    this.append(list);
    /** @type {Map<string, HTMLElement>} these are kept, because a screen reader would announce a new element */
    let known = new Map();
    effect(() => {
      const isArchived = Boolean(room.info.value.archived_at);
      const open = openThreadIn(route.value, room.id);
      // The replies in threads that are not open are shown in the room.
      const isHere = (/** @type {number | null} */ id) =>
        id === threadId || (!threadId && id !== open);
      const failed = room.pending.value.filter(
        ({ state, thread_id = null }) => state === "failed" && isHere(thread_id),
      );
      list.hidden = failed.length === 0;
      const entries = failed.map((pending) => {
        const key = `${pending.client_id} ${pending.reason} ${isArchived}`;
        return /** @type {const} */ ([key, known.get(key) ?? this.#entry(pending, isArchived)]);
      });
      known = new Map(entries);
      list.replaceChildren(...known.values());
    });
  }

  /**
   * @param {Pending} pending
   * @param {boolean} isArchived nothing can be written in the room
   */
  #entry(pending, isArchived) {
    const { chat, room, messageList, threadId } = this;
    const { thread_id = null } = pending;
    /** @param {string} label @param {() => void} act */
    const button = (label, act) =>
      h("button", { class: "link", type: "button", onclick: act }, label);
    return h(
      "li",
      null,
      h("p", { class: "start", dir: "auto" }, pending.content.slice(0, 300)),
      h("p", { class: "failure", role: "alert" }, `Not sent. ${reasonOf(pending)}`),
      h(
        "p",
        { class: "choices" },
        !isArchived && [
          chat.outbox.mayPass(pending) &&
            button("Try again", () => chat.outbox.retry(room.id, pending.client_id)),
          thread_id !== threadId &&
            h("a", { href: threadHref(room.id, thread_id ?? 0) }, "Show the thread"),
          thread_id === threadId &&
            button("Edit", () => {
              const { client_id, content, quote_of } = pending;
              chat.outbox.discard(room.id, client_id);
              messageList.dispatchEvent(new CustomEvent("write-again", { detail: content }));
              const quoted = quote_of && { detail: { id: quote_of } };
              if (quoted) messageList.dispatchEvent(new CustomEvent("quote", quoted));
            }),
        ],
        button("Discard", () => chat.outbox.discard(room.id, pending.client_id)),
      ),
    );
  }
}

/** @param {Pending} pending */
function reasonOf({ reason = "" }) {
  return sentence(reason.replace(/^content: /, "a message "));
}

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 * @param {import("./message-list.js").MessageList} messageList
 * @param {number | null} threadId the thread whose messages these are; null: the room
 */
export const unsentView = (chat, room, messageList, threadId) =>
  view("chat-unsent", Unsent, { chat, room, messageList, threadId });
