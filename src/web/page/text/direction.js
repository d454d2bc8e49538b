/**
 * Lets an element have the direction of its own text. This comes after its content: to an element that has it,
 * browsers add each child by reading the text from its beginning again, up to the first letter.
 * @template {HTMLElement} T
 * @param {T} element
 * @returns {T}
 */
export function autoDirected(element) {
  element.dir = "auto";
  return element;
}
