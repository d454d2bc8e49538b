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

  /**
   * @param {Pending[]} list
   * @param {string[]} [early] texts that wait for a session
   */
  show(list, early = []) {
    this.element.hidden = list.length + early.length === 0;
    const rows = list.map((pending) =>
      pending.state === "failed"
        ? row(pending.content, this.#ways(pending), "failed")
        : row(pending.content, sending()),
    );
    fill(
      this.element,
      rows,
      early.map((text) => row(text, sending())),
    );
  }

  /** @param {Pending} pending */
  #ways(pending) {
    const { mayPass, retry, edit, discard } = this.#options;
    const button = (/** @type {string} */ label, /** @type {(it: Pending) => void} */ act) =>
      h("button", { type: "button", onclick: () => act(pending) }, label);
    return h(
      "p",
      { class: "aside" },
      `Not sent: ${pending.reason ?? ""} `,
      mayPass(pending) && button("Try again", retry),
      " ",
      button("Edit", edit),
      " ",
      button("Discard", discard),
    );
  }
}

const sending = () => h("p", { class: "aside" }, "Sending…");

/**
 * @param {string} text
 * @param {HTMLElement} aside
 * @param {string} [state]
 */
function row(text, aside, state = "") {
  const bubble = h("div", { class: "bubble" }, h("p", { class: "plain", dir: "auto" }, text));
  return h("li", { class: `message own pending ${state}` }, bubble, aside);
}
