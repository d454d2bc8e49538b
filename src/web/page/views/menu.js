// A menu that belongs to a button: arrows move in it, Escape or a click beside it closes it.

import { h } from "../core/dom.js";

/**
 * @typedef {{ label: string, act: () => void, isDanger?: boolean }} Entry
 */

/**
 * @param {HTMLElement} button
 * @param {string} label
 * @param {(Entry | false | null | undefined)[]} entries
 */
export function openMenu(button, label, entries) {
  const items = entries
    .filter((entry) => !!entry)
    .map(({ label: text, act, isDanger }) =>
      h(
        "button",
        {
          role: "menuitem",
          type: "button",
          tabindex: "-1",
          class: isDanger ? "danger-quiet" : null,
          onclick: () => {
            menu.hidePopover();
            act();
          },
        },
        text,
      ),
    );
  const menu = h(
    "div",
    { class: "menu", role: "menu", popover: "auto", "aria-label": label },
    items,
  );
  menu.addEventListener("keydown", (event) => {
    const at = items.indexOf(/** @type {any} */ (document.activeElement));
    const last = items.length - 1;
    const next = {
      ArrowDown: at === last ? 0 : at + 1,
      ArrowUp: at <= 0 ? last : at - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (event.key === "Tab") menu.hidePopover();
    // The dialog or the panel behind the menu stays open.
    event.stopPropagation();
    if (next === undefined) return;
    event.preventDefault();
    items[next]?.focus();
  });
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "open") return;
    const hadFocus = menu.contains(document.activeElement);
    menu.remove();
    button.setAttribute("aria-expanded", "false");
    if (hadFocus || document.activeElement === document.body) button.focus();
  });
  button.setAttribute("aria-expanded", "true");
  button.after(menu);
  menu.showPopover();
  place(menu, button.getBoundingClientRect());
  items[0]?.focus();
}

/**
 * Below the place, or above it if there is no room below; always within the window.
 * @param {HTMLElement} box
 * @param {DOMRect} at
 */
export function place(box, at) {
  const { offsetWidth: width, offsetHeight: height } = box;
  const left = Math.min(Math.max(at.right - width, 8), innerWidth - width - 8);
  const isBelow = at.bottom + height + 8 < innerHeight;
  const top = isBelow ? at.bottom + 4 : Math.max(at.top - height - 4, 8);
  box.style.setProperty("left", `${Math.max(left, 8)}px`);
  box.style.setProperty("top", `${top}px`);
}

/**
 * A button that opens a menu.
 * @param {string} label
 * @param {Node} face
 * @param {() => (Entry | false | null | undefined)[]} entries
 */
export function menuButton(label, face, entries) {
  const button = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": label,
      title: label,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      onclick: () => openMenu(button, label, entries()),
    },
    face,
  );
  return button;
}
