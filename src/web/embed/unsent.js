// The visitor's messages that are not in the room yet: those that are being sent, and those that were refused.

import { fill, h } from "../page/core/elements.js";

/** @typedef {import("../../../sdk/javascript/src/types.js").Pending} Pending */

/**
 * @typedef {object} UnsentOptions
 * @property {(pending: Pending) => boolean} mayPass whether the same text may be accepted later
 * @property {(pending: Pending) => void} retry
 * @property {(pending: Pending) => void} edit takes the text back into the field
 * @property {(pending: Pending) => void} discard
 */

export class Unsent {
  // A message is read aloud when it is in the room; a refusal is read as a problem.
  element = h("ol", { class: "rows unsent", "aria-label": "Unsent messages", "aria-live": "off" });
  #options;

  /** @param {UnsentOptions} options */
  constructor(options) {
    this.#options = options;
    this.show([]);
  }

  /** @param {Pending[]} list */
  show(list) {
    this.element.hidden = list.length === 0;
    fill(
      this.element,
      list.map((pending) => this.#row(pending)),
    );
  }

  /** @param {Pending} pending */
  #row(pending) {
    const { state, content, reason } = pending;
    const bubble = h("div", { class: "bubble" }, h("p", { class: "plain", dir: "auto" }, content));
    const hasFailed = state === "failed";
    return h(
      "li",
      { class: `message own pending ${hasFailed ? "failed" : ""}` },
      bubble,
      hasFailed ? this.#ways(pending, reason ?? "") : h("p", { class: "aside" }, "Sending…"),
    );
  }

  /**
   * @param {Pending} pending
   * @param {string} reason
   */
  #ways(pending, reason) {
    const { mayPass, retry, edit, discard } = this.#options;
    const button = (/** @type {string} */ label, /** @type {(it: Pending) => void} */ act) =>
      h("button", { type: "button", onclick: () => act(pending) }, label);
    return h(
      "p",
      { class: "aside" },
      `Not sent: ${reason} `,
      mayPass(pending) && button("Try again", retry),
      " ",
      button("Edit", edit),
      " ",
      button("Discard", discard),
    );
  }
}
