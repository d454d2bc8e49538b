// A part of a text that the reader uncovers: `||text||`.

import { h } from "../core/elements.js";

/**
 * Returns the hidden text with the button that shows and hides it. The text keeps its place while it is hidden, so
 * that nothing moves when it is shown. Hidden text can be neither read aloud nor selected nor focused.
 *
 * The button is beside the text and not around it: within a button, links could not be used.
 * @param {Node[]} inner
 */
export function spoiler(inner) {
  const button = h(
    "button",
    { type: "button", class: "spoiler-button", "aria-expanded": "false" },
    "Spoiler",
  );
  const toggle = () => {
    const isShown = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isShown));
  };
  button.addEventListener("click", toggle);
  const text = h("span", { class: "spoiler-text" }, h("span", null, inner));
  text.addEventListener("click", () => {
    if (button.getAttribute("aria-expanded") === "false") toggle();
  });
  return h("span", { class: "spoiler" }, button, text);
}
