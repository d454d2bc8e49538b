// Previews of links under a message: what the pages say of themselves. Loaded with the first message that has a link.
// The server fetches the pages and their images: the page asks no other server.

import { address } from "../../core/address.js";
import { ApiError, call } from "../../core/api.js";
import { fill, h, icon } from "../../core/dom.js";
import { session } from "../../core/session.js";
import { askSetup, setup } from "../../core/setup.js";

/** @typedef {import("../../core/message-state.js").LoadedMessage} Message */
/** @typedef {import("../../core/types.js").Preview} Preview */

/** How far from being in sight a message is when its previews are asked for. */
const NEAR = "300px 0px";
/** After a refusal that passes, the server is asked again after this time. */
const AGAIN_MS = 5_000;
/** Of so many messages, previews are remembered: their rows may be made again. */
const MOST = 200;

/** By message and edit, the oldest first. @type {Map<string, Preview[]>} */
const known = new Map();
/** The messages whose texts wait to come into sight. @type {WeakMap<Element, Message>} */
const waiting = new WeakMap();

const inSight = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      const message = waiting.get(target);
      if (!isIntersecting || !message) continue;
      inSight.unobserve(target);
      load(/** @type {HTMLElement} */ (target), message);
    }
  },
  { rootMargin: NEAR },
);

const style = h("link", {
  rel: "stylesheet",
  href: new URL("./previews.css", import.meta.url).href,
});
/** A card is shown with its style, so that its size stays the same. */
const styled = new Promise((done) => {
  style.addEventListener("load", done);
  style.addEventListener("error", done);
});
document.head.append(style);

/**
 * Shows the previews of a message below its text, once they are in sight.
 * @param {HTMLElement} prose the text as it is shown, in its row
 * @param {Message} message
 */
export function showPreviews(prose, message) {
  const found = known.get(keyOf(message));
  if (found) return put(prose, found);
  waiting.set(prose, message);
  inSight.observe(prose);
}

/** @param {Message} message */
const keyOf = ({ id, edited_at }) => `${id} ${edited_at ?? ""}`;

/**
 * @param {HTMLElement} prose
 * @param {Message} message
 */
async function load(prose, message) {
  try {
    if (!setup.peek()) await askSetup();
    if (!setup.peek()?.previews) return;
    const path = `/rooms/${message.room_id}/messages/${message.id}/previews`;
    const found = /** @type {Preview[]} */ (await call("GET", path));
    known.set(keyOf(message), found);
    for (const [oldest] of known) if (known.size > MOST) known.delete(oldest);
    await styled;
    // The list keeps the place of the reader while the row grows.
    const change = () => put(prose, found);
    const event = new CustomEvent("grow", {
      bubbles: true,
      cancelable: true,
      detail: change,
    });
    if (prose.dispatchEvent(event)) change();
  } catch (error) {
    const passes = error instanceof ApiError && [0, 429, 503].includes(error.status);
    if (passes) setTimeout(() => prose.isConnected && inSight.observe(prose), AGAIN_MS);
  }
}

/**
 * @param {HTMLElement} prose
 * @param {Preview[]} found
 */
function put(prose, found) {
  // What is behind a spoiler stays there.
  const links = [...prose.querySelectorAll("a")].filter((link) => !link.closest(".spoiler"));
  const shown = found.filter(({ url }) => links.some(({ href }) => href === url));
  if (shown.length > 0)
    prose.parentElement?.append(h("div", { class: "previews" }, shown.map(card)));
}

/** @param {Preview} preview */
function card({ url, title, description, site_name, image }) {
  const { host } = new URL(url);
  return h(
    "div",
    { class: "preview" },
    h(
      "div",
      { class: "preview-words" },
      // A page can give itself any name, but not any host.
      h(
        "p",
        { class: "preview-site" },
        h("bdi", null, host),
        site_name && site_name !== host && [" · ", h("bdi", null, site_name)],
      ),
      h(
        "a",
        {
          class: "preview-title",
          href: url,
          target: "_blank",
          rel: "noopener noreferrer",
          dir: "auto",
        },
        title,
      ),
      description && h("p", { class: "preview-text", dir: "auto" }, description),
    ),
    image && picture(image),
  );
}

/** The image, in a box whose size does not depend on it. @param {string} path */
function picture(path) {
  const box = h("div", { class: "preview-image" }, icon("link"));
  fetchImage(path).then(
    (blob) => {
      const src = URL.createObjectURL(blob);
      const image = h("img", { src, alt: "" });
      image
        .decode()
        .then(
          () => fill(box, image),
          () => {},
        )
        .finally(() => URL.revokeObjectURL(src));
    },
    // The card is complete without it.
    () => {},
  );
  return box;
}

/** Fetches an image with the token, which an `<img>` cannot send. @param {string} path */
async function fetchImage(path) {
  const headers = { Authorization: `Bearer ${session.peek()?.token}` };
  const answer = await fetch(address(path), { headers });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.blob();
}
