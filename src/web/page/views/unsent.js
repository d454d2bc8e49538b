// Messages that the server has refused, in a strip above the composer. They are not in the list of messages,
// because a newer message beneath them would be out of sight.

import { View, h, view } from "../core/dom.js";
import { effect } from "../core/reactive.js";

/** @typedef {import("../core/types.js").Pending} Pending */

class Unsent extends View {
  /** @type {import("../core/chat.js").Chat} */
  chat = /** @type {any} */ (null);
  /** @type {import("../core/room.js").Room} */
  room = /** @type {any} */ (null);
  /** @type {import("./message-list.js").MessageList} */
  messageList = /** @type {any} */ (null);

  render() {
    const { room } = this;
    const list = h("ul", { class: "unsent", "aria-label": "Messages that were not sent" });
    this.append(list);
    /** @type {Map<string, HTMLElement>} these are kept, because a screen reader would announce a new element */
    let known = new Map();
    effect(() => {
      const isArchived = Boolean(room.info.value.archived_at);
      const failed = room.pending.value.filter(({ state }) => state === "failed");
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
    const { chat, room, messageList } = this;
    /** @param {string} label @param {() => void} act */
    const button = (label, act) =>
      h("button", { class: "link", type: "button", onclick: act }, label);
    return h(
      "li",
      null,
      h("p", { class: "start", dir: "auto" }, pending.content.slice(0, 300)),
      h("p", { class: "failure", role: "alert" }, `Not sent. ${pending.reason ?? ""}`),
      h(
        "p",
        { class: "choices" },
        !isArchived && [
          chat.outbox.mayPass(pending) &&
            button("Try again", () => chat.outbox.retry(room, pending.client_id)),
          button("Edit", () => {
            chat.outbox.discard(room, pending.client_id);
            messageList.dispatchEvent(new CustomEvent("write-again", { detail: pending.content }));
          }),
        ],
        button("Discard", () => chat.outbox.discard(room, pending.client_id)),
      ),
    );
  }
}

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 * @param {import("./message-list.js").MessageList} messageList
 */
export const unsentView = (chat, room, messageList) =>
  view("chat-unsent", Unsent, { chat, room, messageList });
