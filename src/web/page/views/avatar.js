// A coloured disc with the first letters of a name.

import { h } from "../core/dom.js";
import { hueOf } from "../text/format.js";

/**
 * @param {string} name
 * @param {string} [size] "tiny", "small", "large" or nothing
 */
export function avatar(name, size = "") {
  const element = h(
    "span",
    { class: `avatar ${size}`, "aria-hidden": "true" },
    name.slice(0, 1).toUpperCase(),
  );
  element.style.setProperty("--hue", String(hueOf(name)));
  return element;
}
