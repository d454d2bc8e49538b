// What the row of a message says about a thread: the replies to the message in short, or that it is a reply itself.

import { View, fill, h, icon, view } from "../core/dom.js";
import { nameOf } from "../core/people.js";
import { effect } from "../core/reactive.js";
import { threadHref } from "../core/route.js";
import { counted, endTime, exactTime } from "../text/format.js";
import { avatar } from "./avatar.js";

/** @typedef {import("../core/message-state.js").LoadedMessage} LoadedMessage */

class ThreadSummary extends View {
  /** @type {LoadedMessage} */
  message = /** @type {any} */ (null);

  render() {
    const { room_id, id, state } = this.message;
    const link = h("a", { class: "thread-summary", href: threadHref(room_id, id) });
    effect(() => {
      const thread = state.thread.value;
      // A link that changes keeps the focus.
      if (!thread) return link.remove();
      fill(
        link,
        h(
          "span",
          { class: "faces", "aria-hidden": "true" },
          thread.people.map((person) => avatar(person, "tiny")),
        ),
        h("span", { class: "count" }, counted(thread.count, "reply", "replies")),
        h("span", { class: "last", title: exactTime(thread.last_at) }, [
          h("span", { "aria-hidden": "true" }, "· last "),
          h("span", { class: "visually-hidden" }, `, from ${names(thread.people)}, last `),
          h("time", { datetime: thread.last_at }, endTime(thread.last_at)),
        ]),
      );
      if (!link.isConnected) this.append(link);
    });
  }
}

/** @param {import("../core/types.js").Person[]} people */
const names = (people) => people.map(nameOf).join(", ");

/** The replies to a message in short; nothing is shown while there are none. @param {LoadedMessage} message */
export const threadSummary = (message) => view("chat-thread-summary", ThreadSummary, { message });

/** The link to its thread, above a reply that the room shows too. @param {LoadedMessage} message */
export function inThread({ room_id, thread_id, seq }) {
  if (!thread_id) return null;
  return h(
    "a",
    { class: "in-thread", href: threadHref(room_id, thread_id, seq) },
    icon("thread"),
    "replied to a thread",
  );
}
