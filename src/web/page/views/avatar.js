// A coloured disc with the first letter of a name, and a dot that says whether the person is online.

import { h } from "../core/dom.js";
import { nameOf } from "../core/people.js";
import { hueOf } from "../text/format.js";

/**
 * @param {import("../core/people.js").Named} person the colour is that of the username, which does not change
 * @param {string} [size] "tiny", "small", "large" or nothing
 */
export function avatar(person, size = "") {
  const [letter = ""] = nameOf(person);
  const element = h(
    "span",
    { class: `avatar ${size}`, "aria-hidden": "true" },
    letter.toUpperCase(),
  );
  element.style.setProperty("--hue", String(hueOf(person.username)));
  return element;
}

/** @typedef {import("../core/types.js").Presence} Presence */

/** @type {Record<Presence, string>} */
export const PRESENCE = { online: "Online", away: "Away", offline: "Offline" };

/** @param {Presence} presence */
export const presenceDot = (presence) =>
  h("span", { class: `presence-dot ${presence}`, "aria-hidden": "true" });

/**
 * The disc with the dot.
 * @param {import("../core/people.js").Named} person
 * @param {string} size
 * @param {Presence | null} presence null: not known
 */
export const face = (person, size, presence) =>
  h("span", { class: `face ${size}` }, avatar(person, size), presence && presenceDot(presence));
