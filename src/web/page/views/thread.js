// The panel of a thread: the first message, the replies, and a composer of its own.

import { words } from "../core/api.js";
import { View, fill, h, icon, listen, view } from "../core/dom.js";
import { nameOf, placeOf } from "../core/people.js";
import { effect } from "../core/reactive.js";
import { go, goInstead, roomHref, threadHref } from "../core/route.js";
import { toast } from "./dialog.js";
import { footView } from "./foot.js";
import { messageListView } from "./message-list.js";
import { unsentView } from "./unsent.js";

/** How much of the first message the head shows. */
const EXCERPT = 120;

class ThreadPanel extends View {
  /** @type {import("../core/chat.js").Chat} */
  chat = /** @type {any} */ (null);
  /** @type {import("../core/room.js").Room} */
  room = /** @type {any} */ (null);
  threadId = 0;

  render() {
    const { chat, room, threadId } = this;
    this.className = "thread";
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", "Thread");
    const thread = room.openThread(threadId);
    const back = h("a", { class: "icon-button back", href: roomHref(room.id) }, icon("back"));
    const subject = h("a", { class: "subject", dir: "auto" });
    const follow = h("button", { class: "small", type: "button" });
    const close = h(
      "a",
      {
        class: "icon-button close",
        href: roomHref(room.id),
        "aria-label": "Close the thread",
        title: "Close the thread",
      },
      icon("close"),
    );
    const list = messageListView(chat, room, thread);
    this.append(
      h(
        "header",
        { class: "room-top" },
        back,
        h("div", { class: "room-title" }, h("h2", null, "Thread"), subject),
        follow,
        close,
      ),
      list,
      h("div", null, unsentView(chat, room, list, threadId), footView(chat, room, list, threadId)),
    );
    listen(this, "keydown", (event) => {
      // The suggestions of the composer, for example, take the key first.
      if (event.key === "Escape" && !event.defaultPrevented) go(roomHref(room.id));
    });
    listen(follow, "click", () => this.#follow(thread));
    effect(() => {
      const place = placeOf(room.info.value, chat.user.id);
      back.setAttribute("aria-label", `Back to ${place}`);
    });
    effect(() => {
      const first = thread.messages.first.value;
      if (!first) return;
      // The address named a reply: the thread is that of its first message.
      if (first.id !== threadId) return goInstead(threadHref(room.id, first.id));
      const line = first.deleted_at ? "This message was deleted." : first.content.split("\n", 1)[0];
      const text = chat.blocks.has(first.user_id) ? "" : (line ?? "").slice(0, EXCERPT);
      fill(subject, `${nameOf(first)}: ${text}`);
      subject.href = threadHref(room.id, threadId, first.seq);
      subject.title = "Go to the first message";
    });
    effect(() => {
      const isFollowing = thread.isFollowing.value;
      follow.hidden = !thread.messages.first.value;
      follow.textContent = isFollowing ? "Unfollow" : "Follow";
      follow.title = isFollowing
        ? "New replies are shown in Activity. Stop this."
        : "Show new replies in Activity";
    });
    // On a phone the composer, and with it the keyboard, would cover the replies.
    if (!matchMedia("(hover: hover)").matches)
      queueMicrotask(() => (close.checkVisibility() ? close : back).focus());
  }

  /** @param {import("../core/thread.js").Thread} thread */
  async #follow(thread) {
    const { room, chat } = this;
    try {
      await chat.reading.follow(room, thread, !thread.isFollowing.peek());
    } catch (error) {
      toast(words(error));
    }
  }
}

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 * @param {number} threadId
 */
export const threadView = (chat, room, threadId) =>
  view("chat-thread", ThreadPanel, { chat, room, threadId });
