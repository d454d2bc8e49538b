// A message's text being edited, in its row.

import { call, words } from "../core/api.js";
import { h } from "../core/dom.js";
import { isTooLong } from "../core/limits.js";
import { isBlank } from "../text/blank.js";
import { grow } from "./grow.js";
import { lengthNote } from "./length.js";

/**
 * @param {import("../core/room.js").Room} room
 * @param {import("../core/loaded-messages.js").LoadedMessages} messages
 * @param {import("../core/types.js").Message} message
 * @param {() => void} done
 * @returns {HTMLFormElement}
 */
export function messageEditor(room, messages, message, done) {
  const input = h("textarea", { "aria-label": "Edit the message", rows: 1, dir: "auto" });
  const alert = h("p", { class: "form-error", role: "alert" });
  const length = lengthNote(input);
  const save = async () => {
    const content = input.value.trim();
    if (isBlank(content)) {
      alert.textContent = "A message cannot be empty. Delete it, if that is what you want.";
      return;
    }
    if (content === message.content) return done();
    if (isTooLong(content)) return length.refuse();
    input.readOnly = true;
    try {
      const edited = await call("PATCH", `/rooms/${room.id}/messages/${message.id}`, { content });
      // Without waiting for the log, which says the same in a moment.
      messages.edited(edited);
      done();
    } catch (error) {
      alert.textContent = words(error);
      input.readOnly = false;
      input.focus();
    }
  };
  input.value = message.content;
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      done();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      save();
    }
  });
  const form = h(
    "form",
    {
      class: "editor",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        save();
      },
    },
    input,
    length.element,
    alert,
    h(
      "div",
      { class: "editor-actions" },
      h("button", { class: "primary small", type: "submit" }, "Save"),
      h("button", { class: "small", type: "button", onclick: done }, "Cancel"),
      h("span", { class: "hint" }, "Enter saves, Escape cancels"),
    ),
  );
  const changed = () => {
    grow(input);
    length.look();
  };
  input.addEventListener("input", changed);
  queueMicrotask(() => {
    changed();
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  });
  return form;
}
