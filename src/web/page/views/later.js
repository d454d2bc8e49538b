// What is loaded when it is first needed: a page or a part of it, or what a button opens.

import { fill, h } from "../core/dom.js";
import { toast } from "./dialog.js";

const NOT_LOADED = "This part of the page could not be loaded. The server may have been updated.";

/**
 * Shows a page whose modules are loaded when it is opened.
 * @param {HTMLElement} main
 * @param {() => boolean} isStill whether the reader is still there
 * @param {() => Promise<HTMLElement>} load
 */
export async function openLater(main, isStill, load) {
  fill(main, h("p", { class: "empty" }, "Opening…"));
  try {
    const page = await load();
    if (isStill()) fill(main, page);
  } catch (error) {
    console.warn(error);
    fill(
      main,
      h(
        "div",
        { class: "empty" },
        h("p", null, NOT_LOADED),
        h(
          "button",
          { class: "primary", type: "button", onclick: () => location.reload() },
          "Reload",
        ),
      ),
    );
  }
}

/**
 * Does something with a module that is loaded now.
 * @template T
 * @param {Promise<T>} module
 * @param {(module: T) => void} act
 */
export async function withModule(module, act) {
  let loaded;
  try {
    loaded = await module;
  } catch (error) {
    console.warn(error);
    return toast(`${NOT_LOADED} Reload the page.`);
  }
  act(loaded);
}
