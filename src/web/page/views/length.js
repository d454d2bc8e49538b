// The note under a field: how many characters are left, once they are few, or how many are too many.

import { fill, h } from "../core/dom.js";
import { countChars, messageChars } from "../core/limits.js";
import { counted } from "../text/format.js";

/** The part of the limit from which the note is shown. */
const FEW = 0.1;
/** A screen reader announces the note after a pause in the typing, not at every key. */
const PAUSE_MS = 700;

let serial = 0;

/**
 * @param {HTMLTextAreaElement} input
 * @param {(text: string, most: number) => import("../core/elements.js").Child} [offer] what to offer for a text that
 *   is too long
 */
export function lengthNote(input, offer = () => null) {
  const id = `length-${++serial}`;
  const count = h("span", { id });
  const rest = h("span");
  const spoken = h("p", { class: "visually-hidden", role: "status" });
  const element = h("div", { class: "length" }, count, " ", rest, spoken);
  const described = input.getAttribute("aria-describedby");
  input.setAttribute("aria-describedby", [described, id].filter(Boolean).join(" "));
  let timer = 0;

  /** @param {string} words */
  const speak = (words) => {
    clearTimeout(timer);
    timer = setTimeout(() => (spoken.textContent = words), PAUSE_MS);
  };

  return {
    element,

    /** Updates the note. The caller calls this whenever the text or the limit changes. */
    look() {
      const most = messageChars();
      const text = input.value.trim();
      // A character counts once or twice in `length`: most texts need not be counted.
      const left = text.length < most * (1 - FEW) ? most : most - countChars(text);
      const isShown = left < most * FEW;
      const words = !isShown
        ? ""
        : left >= 0
          ? `${counted(left, "character")} left.`
          : `${counted(-left, "character")} too many: a message may have ${counted(most, "character")}.`;
      element.classList.toggle("over", left < 0);
      if (left < 0) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      if (count.textContent !== words) {
        count.textContent = words;
        speak(words);
      }
      fill(rest, left < 0 && offer(text, most));
    },

    /** Announces at once why the text is not sent. */
    refuse() {
      clearTimeout(timer);
      spoken.textContent = "";
      timer = setTimeout(() => (spoken.textContent = `Not sent. ${count.textContent}`));
    },
  };
}
