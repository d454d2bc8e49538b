// Colours for code, loaded with the first code whose language is named.

/** @type {((element: HTMLElement, language: string) => void) | undefined} */
let highlight;

/**
 * Colours code, at once if the colours are loaded.
 * @param {HTMLElement} element
 * @param {string} language as its author wrote it
 */
export function colored(element, language) {
  if (highlight) return highlight(element, language);
  import("./lazy/highlight.js").then(
    (module) => {
      highlight = module.highlight;
      highlight(element, language);
    },
    // Code without colours is code all the same.
    () => {},
  );
}
