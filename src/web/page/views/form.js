// Forms: labelled fields, one button, and every error beside the field that it is about.

import { ApiError, sentence, words } from "../core/api.js";
import { fill, h } from "../core/dom.js";

/**
 * @typedef {{ name: string, label: string, type?: string, hint?: string, autocomplete?: string,
 *   value?: string, optional?: boolean, rows?: number, maxlength?: number, minlength?: number,
 *   hidden?: boolean, list?: string }} Field `hidden`: for password managers, which need the username
 */

/** The field that an error code is about. @type {Record<string, string>} */
const FIELD_OF = {
  username_taken: "username",
  email_taken: "email",
  room_name_taken: "name",
  wrong_current_password: "current_password",
};

let serial = 0;

/**
 * @param {{ fields: Field[], submit: string, busy?: string,
 *   onsubmit(values: Record<string, string>): Promise<void> | void, body?: import("../core/elements.js").Child[],
 *   extra?: import("../core/elements.js").Child[] }} options `body` comes after the fields
 * @returns {HTMLFormElement}
 */
export function form({ fields, submit, busy = "One moment…", onsubmit, body = [], extra = [] }) {
  const made = fields.map(makeField);
  const alert = h("p", { class: "form-error", role: "alert" });
  const button = h("button", { class: "primary", type: "submit" }, submit);
  let isBusy = false;

  /** @param {SubmitEvent} event */
  const submitted = async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    fill(alert);
    for (const field of made) field.refuse("");
    fill(button, busy);
    button.setAttribute("aria-disabled", "true");
    try {
      await onsubmit(Object.fromEntries(made.map(({ name, input }) => [name, input.value])));
    } catch (error) {
      show(error);
    } finally {
      isBusy = false;
      fill(button, submit);
      button.removeAttribute("aria-disabled");
    }
  };

  /** @param {unknown} error */
  function show(error) {
    const refused = error instanceof ApiError ? refusals(error) : [];
    const placed = refused.filter(({ field, message }) => {
      const here = made.find(({ name }) => name === field);
      here?.refuse(sentence(message));
      return here;
    });
    if (placed.length < Math.max(refused.length, 1)) fill(alert, words(error));
    made.find(({ input }) => input.getAttribute("aria-invalid") === "true")?.input.focus();
  }

  return h(
    "form",
    { class: "form", novalidate: true, onsubmit: submitted },
    made.map(({ element }) => element),
    body,
    alert,
    h("div", { class: "form-actions" }, extra, button),
  );
}

/** @param {ApiError} error */
function refusals(error) {
  const field = FIELD_OF[error.code];
  return field ? [{ field, message: error.message }] : error.fields;
}

/** @param {Field} field */
function makeField({
  name,
  label,
  hint,
  type = "text",
  value = "",
  rows,
  optional,
  hidden,
  ...rest
}) {
  const id = `field-${++serial}`;
  const attributes = {
    id,
    name,
    required: !optional,
    "aria-describedby": `${id}-hint ${id}-error`,
    dir: "auto",
    ...rest,
  };
  const input = rows ? h("textarea", { ...attributes, rows }) : h("input", { ...attributes, type });
  input.value = value;
  if (name.includes("username") || type === "email") {
    input.setAttribute("autocapitalize", "none");
    input.setAttribute("spellcheck", "false");
  }
  const error = h("p", { id: `${id}-error`, class: "field-error" });
  const element = h(
    "div",
    { class: "field", hidden },
    h("label", { for: id }, label, optional && h("span", { class: "quiet" }, " (optional)")),
    input,
    hint && h("p", { id: `${id}-hint`, class: "hint" }, hint),
    error,
  );
  return {
    name,
    input,
    element,
    /** @param {string} message */
    refuse(message) {
      fill(error, message);
      if (message) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    },
  };
}
