// A short explanation beside an element, for those who point at it, focus it or press it for long.

import { h, put } from "../core/dom.js";

/** How long a finger rests on something before it is a long press. */
const LONG_PRESS_MS = 450;
const MARGIN_PX = 8;

/** @type {HTMLElement | undefined} */
let tip;

/** @param {HTMLElement} anchor @param {import("../core/elements.js").Child[]} content */
function show(anchor, content) {
  tip?.remove();
  // A screen reader has the same text as the name of the element.
  tip = h("div", { class: "tip", popover: "manual", "aria-hidden": "true" });
  put(tip, content);
  (anchor.closest("dialog") ?? document.body).append(tip);
  tip.showPopover();
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = tip;
  const left = Math.min(Math.max(at.left, MARGIN_PX), innerWidth - width - MARGIN_PX);
  const isAbove = at.top - height - MARGIN_PX > 0;
  tip.style.setProperty("left", `${Math.max(left, MARGIN_PX)}px`);
  tip.style.setProperty("top", `${isAbove ? at.top - height - 4 : at.bottom + 4}px`);
}

function hide() {
  tip?.remove();
  tip = undefined;
}

/**
 * Gives an element an explanation. A long press shows it and does not click.
 * @param {HTMLElement} anchor
 * @param {() => import("../core/elements.js").Child[]} content
 */
export function explain(anchor, content) {
  let timer = 0;
  let isPressed = false;
  const open = () => anchor.isConnected && show(anchor, content());
  const close = () => {
    clearTimeout(timer);
    hide();
  };
  anchor.addEventListener("pointerenter", ({ pointerType }) => {
    if (pointerType === "mouse") open();
  });
  anchor.addEventListener("pointerleave", close);
  anchor.addEventListener("focus", () => anchor.matches(":focus-visible") && open());
  anchor.addEventListener("blur", close);
  anchor.addEventListener("pointerdown", ({ pointerType }) => {
    isPressed = false;
    if (pointerType === "mouse") return;
    timer = setTimeout(() => {
      isPressed = true;
      open();
    }, LONG_PRESS_MS);
  });
  anchor.addEventListener("pointerup", () => clearTimeout(timer));
  anchor.addEventListener("pointercancel", close);
  anchor.addEventListener("contextmenu", (event) => isPressed && event.preventDefault());
  anchor.addEventListener(
    "click",
    (event) => {
      if (isPressed) event.stopImmediatePropagation();
      else hide();
      isPressed = false;
    },
    { capture: true },
  );
}

// What the explanation belongs to may have moved, or be gone.
addEventListener("scroll", hide, { capture: true, passive: true });
addEventListener("hashchange", hide);
