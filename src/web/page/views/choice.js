// A choice between a few options, shown side by side.

import { h } from "../core/dom.js";

let serial = 0;

/**
 * @template {string} T
 * @param {string} label
 * @param {NoInfer<T>} value
 * @param {Record<T, string>} options
 * @param {(value: T) => Promise<string> | string} [keep] stores the choice at once; returns why it could not be
 *   stored, or ""
 * @returns {HTMLFieldSetElement & { chosen(): T }}
 */
export function choice(label, value, options, keep = () => "") {
  const alert = h("p", { class: "field-error", role: "alert" });
  const name = `choice-${++serial}`;
  let kept = /** @type {T} */ (value);
  /** @param {T} chosen */
  const change = async (chosen) => {
    alert.textContent = await keep(chosen);
    if (!alert.textContent) kept = chosen;
    for (const input of set.querySelectorAll("input")) input.checked = input.value === kept;
  };
  const set = h(
    "fieldset",
    { class: "choice" },
    h("legend", null, label),
    h(
      "div",
      { class: "segments" },
      /** @type {[T, string][]} */ (Object.entries(options)).map(([key, text]) =>
        h(
          "label",
          null,
          h("input", {
            type: "radio",
            name,
            value: key,
            checked: key === value,
            onchange: () => change(key),
          }),
          h("span", null, text),
        ),
      ),
    ),
    alert,
  );
  return Object.assign(set, { chosen: () => kept });
}
