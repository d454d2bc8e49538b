// A line, shown once, that this browser stores nothing for the page, and what that means.

import { View, h, view } from "../core/dom.js";
import { effect, signal } from "../core/reactive.js";
import { isLasting } from "../core/storage.js";

/** The reader has closed the line. It stays closed until the page is left. */
const isRead = signal(false);

class Unkept extends View {
  render() {
    const bar = h("div", { class: "unkept", role: "status" });
    const text = h(
      "span",
      null,
      "This browser does not store what the page keeps. When you reload or close the page, you may be signed " +
        "out and lose drafts, unsent messages and settings.",
    );
    const done = h("button", { type: "button", onclick: () => (isRead.value = true) }, "OK");
    this.append(bar);
    effect(() => {
      const isShown = !isLasting.value && !isRead.value;
      bar.classList.toggle("shown", isShown);
      bar.replaceChildren(...(isShown ? [text, done] : []));
    });
  }
}

export const unkeptView = () => view("chat-unkept", Unkept);
