// Dialogs: one at a time, closed with Escape, a click beside them or their button.

import { icon, h, put } from "../core/dom.js";
import { words } from "../core/api.js";

/**
 * Opens a dialog; it is gone from the page once it is closed.
 * @param {{ title: string, class?: string, content: (close: () => void) =>
 *   (import("../core/dom.js").Child | import("../core/dom.js").Child[]) }} options
 * @returns {HTMLDialogElement}
 */
export function openDialog({ title, class: name = "", content }) {
  const heading = h("h2", { id: "dialog-title" }, title);
  const dialog = h("dialog", { class: `dialog ${name}`, "aria-labelledby": "dialog-title" });
  const close = () => dialog.close();
  const top = h(
    "header",
    null,
    heading,
    h(
      "button",
      { class: "icon-button", type: "button", "aria-label": "Close", onclick: close },
      icon("close"),
    ),
  );
  put(dialog, top, h("div", { class: "dialog-body" }, content(close)));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) close();
  });
  document.body.append(dialog);
  dialog.showModal();
  /** @type {HTMLElement | null} */
  const first = dialog.querySelector("[autofocus], .dialog-body input, .dialog-body textarea");
  first?.focus();
  return dialog;
}

/**
 * Asks before something that cannot be undone; what is refused is said in the dialog.
 * @param {{ title: string, text: string, action: string, act(): Promise<unknown> }} options
 */
export function confirmDialog({ title, text, action, act }) {
  openDialog({
    title,
    class: "narrow",
    content: (close) => {
      const alert = h("p", { class: "form-error", role: "alert" });
      const run = async () => {
        button.disabled = true;
        try {
          await act();
          close();
        } catch (error) {
          alert.textContent = words(error);
          button.disabled = false;
        }
      };
      const button = h("button", { class: "danger", type: "button", onclick: run }, action);
      return [
        h("p", null, text),
        alert,
        h(
          "div",
          { class: "form-actions" },
          h("button", { type: "button", autofocus: true, onclick: close }, "Cancel"),
          button,
        ),
      ];
    },
  });
}

/** @type {HTMLElement | undefined} */
let toasts;

/**
 * Says something in passing.
 * @param {string} text
 */
export function toast(text) {
  toasts ??= document.body.appendChild(h("div", { class: "toasts", role: "status" }));
  const element = h("p", { class: "toast" }, text);
  toasts.append(element);
  setTimeout(() => element.remove(), 4_000);
}
