// The field in which the visitor writes.

import { h } from "../page/core/elements.js";
import { isBlank } from "../page/text/blank.js";

/** The others see that somebody is typing for five seconds. */
const TYPING_MS = 3_000;
/** The code that browsers give to a key that an input method handles. */
const TAKEN = 229;

/**
 * @typedef {object} ComposerOptions
 * @property {(text: string) => void} send
 * @property {() => void} typing
 */

export class Composer {
  #options;
  #field = h("textarea", { rows: "1", enterkeyhint: "send", dir: "auto", autocomplete: "off" });
  #lastTyping = 0;
  /** Safari reports the end of a composition before the key that ended it. */
  #hasJustEnded = false;

  /** @param {ComposerOptions} options */
  constructor(options) {
    this.#options = options;
    this.label = "";
    const field = this.#field;
    field.addEventListener("keydown", (event) => this.#pressed(event));
    field.addEventListener("input", () => this.#typed());
    field.addEventListener("compositionend", () => {
      if (!("GestureEvent" in window)) return;
      this.#hasJustEnded = true;
      setTimeout(() => (this.#hasJustEnded = false));
    });
    this.element = h("form", { class: "composer" }, field, h("button", { type: "submit" }, "Send"));
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
      field.focus();
    });
  }

  /** @param {string} name of the room */
  set label(name) {
    this.#field.setAttribute("aria-label", name ? `Message to ${name}` : "Message");
    // Short, so that it has one line on a phone.
    this.#field.placeholder = "Message";
  }

  /** @param {boolean} isOff */
  set isOff(isOff) {
    this.element.hidden = isOff;
  }

  /** Takes a text back that was not sent. @param {string} text */
  edit(text) {
    const written = this.#field.value;
    this.#field.value = isBlank(written) ? text : `${text}\n${written}`;
    this.#field.focus();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    if (event.isComposing || event.keyCode === TAKEN || this.#hasJustEnded) return;
    event.preventDefault();
    this.#send();
  }

  #typed() {
    const now = Date.now();
    if (isBlank(this.#field.value) || now - this.#lastTyping < TYPING_MS) return;
    this.#lastTyping = now;
    this.#options.typing();
  }

  #send() {
    const text = this.#field.value.trim();
    if (isBlank(text)) return;
    this.#field.value = "";
    this.#lastTyping = 0;
    this.#options.send(text);
  }
}
