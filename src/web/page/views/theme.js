// The theme: light, dark, or that of the system. It is stored in this browser.

import { storage } from "../core/storage.js";

const KEY = "chatapp.theme";

/** @typedef {"system" | "light" | "dark"} Theme */

/** @returns {Theme} */
export function theme() {
  const kept = storage.get(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

/** @param {Theme} choice */
export function setTheme(choice) {
  if (choice === "system") storage.remove(KEY);
  else storage.set(KEY, choice);
  applyTheme();
}

export function applyTheme() {
  const choice = theme();
  if (choice === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = choice;
}

addEventListener("storage", ({ key }) => {
  if (key === KEY) applyTheme();
});
