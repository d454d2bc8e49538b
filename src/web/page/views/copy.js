// Copying to the clipboard, and telling the reader whether it worked.

import { fill, h, icon } from "../core/dom.js";
import { toast } from "./dialog.js";

const FEEDBACK_MS = 2_000;

/**
 * @param {string} text
 * @param {Element} host where the text can be selected: in a dialog, an element of the dialog
 * @returns {Promise<boolean>} whether it was copied
 */
export async function copyText(text, host) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without https a page may copy only what is selected.
    const field = h("textarea", {
      class: "visually-hidden",
      "aria-hidden": "true",
      tabindex: "-1",
    });
    field.value = text;
    const focused = document.activeElement;
    host.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return isCopied;
  }
}

/**
 * @param {string} label
 * @param {() => string} text
 * @param {string} [name] of the class
 */
export function copyButton(label, text, name = "copy") {
  const shown = h("span", null, label);
  const button = h("button", { class: name, type: "button" }, icon("copy"), shown);
  let timer = 0;
  button.addEventListener("click", async () => {
    const isCopied = await copyText(text(), button.parentElement ?? document.body);
    fill(shown, isCopied ? "Copied" : "Not copied");
    toast(isCopied ? "Copied" : "The browser does not allow copying. Select the text instead.");
    clearTimeout(timer);
    timer = setTimeout(() => fill(shown, label), FEEDBACK_MS);
  });
  return button;
}
