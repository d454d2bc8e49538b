// Dialogs; one may lie above another. Escape, a click beside the dialog or its button closes it.

import { icon, h, put } from "../core/dom.js";
import { words } from "../core/api.js";

let serial = 0;

/**
 * Opens a dialog. Closing removes it from the page.
 * @param {{ title: string, class?: string, content: (close: () => void) =>
 *   (import("../core/elements.js").Child | import("../core/elements.js").Child[]) }} options
 * @returns {HTMLDialogElement}
 */
export function openDialog({ title, class: name = "", content }) {
  const id = `dialog-title-${++serial}`;
  const heading = h("h2", { id }, title);
  const dialog = h("dialog", { class: `dialog ${name}`, "aria-labelledby": id });
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
 * Asks before an action that cannot be undone. If the server refuses the action, the dialog says why.
 * @param {{ title: string, text: string, action: string, act(): Promise<unknown> }} options
 */
export function confirmDialog({ title, text, action, act }) {
  return openDialog({
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
 * Shows a short message that disappears by itself.
 * @param {string} text
 */
export function toast(text) {
  toasts ??= document.body.appendChild(h("div", { class: "toasts", role: "status" }));
  const element = h("p", { class: "toast" }, text);
  toasts.append(element);
  setTimeout(() => element.remove(), 4_000);
}
