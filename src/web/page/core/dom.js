// Icons, and views with a lifetime; with what makes elements (elements.js).

import { inScope, onEnd } from "./reactive.js";

export { fill, h, put } from "./elements.js";

const SVG = "http://www.w3.org/2000/svg";

/** Icons of 24 by 24, drawn with strokes. */
const ICONS = {
  send: "M4 12l16-8-6 16-3-7z",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.5-4 3-6 6.500-6s6 2 6.500 6M16 4.500a3.500 3.500 0 0 1 0 6.300M18.500 14.500c1.800.9 2.800 2.800 3 5.500",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16.500 16.500L21 21",
  back: "M15 5l-7 7 7 7",
  down: "M12 5v14M6 13l6 6 6-6",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1",
  edit: "M5 19h3l10.500-10.500a2.100 2.100 0 0 0-3-3L5 16z",
  trash: "M5 7h14M10 7V4.500h4V7M7 7l1 13h8l1-13M10.500 11v5.500M13.500 11v5.500",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  archive: "M4 5h16v4H4zM5.500 9v10h13V9M10 13h4",
  gear: "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM9 19.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
  leave: "M14 4h-8v16h8M11 12h10M17.500 8.500L21 12l-3.500 3.500",
  chart: "M4 20h16M7 16v-5M12 16V5M17 16v-8",
  thread: "M4 5h16v11h-9l-4 4v-4H4zM8 9.500h8M8 12.500h5",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l1.500 2h-15zM10 20.500h4",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  more: "M4.500 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0zM11 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0zM17.500 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0z",
  browse: "M4 6h16M4 12h7M4 18h5M16.500 18a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM18.800 17.300L21 20",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.500 14a4 4 0 0 0 7 0M9 9.500v.5M15 9.500v.5",
  quote: "M10 7H5v6h5zM10 13c0 2.500-1.500 4-4 4.500M19 7h-5v6h5zM19 13c0 2.500-1.500 4-4 4.500",
  pin: "M9 4h6l-.7 6.500 3.200 3v1.500h-11V13.500l3.200-3zM12 15v6",
  forward: "M13 6l6 6-6 6M19 12h-9c-3 0-5 2-5 6",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5.500l3.500 2",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
};

/**
 * @param {keyof typeof ICONS} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** An element that builds itself when it comes into the page, and whose effects end with it. */
export class View extends HTMLElement {
  #end = () => {};

  connectedCallback() {
    this.#end = inScope(() => this.render());
  }

  disconnectedCallback() {
    this.#end();
    this.replaceChildren();
  }

  /** Builds the children; effects made here end when the element leaves the page. */
  render() {}
}

/**
 * Listens until the view that is being rendered leaves the page.
 * @param {EventTarget} target
 * @param {string} type
 * @param {(event: any) => void} listener
 * @param {AddEventListenerOptions} [options]
 */
export function listen(target, type, listener, options) {
  target.addEventListener(type, listener, options);
  onEnd(() => target.removeEventListener(type, listener, options));
}

/**
 * Makes a view and sets its properties.
 * @template {HTMLElement} T
 * @param {string} name
 * @param {new () => T} type
 * @param {Partial<T>} [properties]
 * @returns {T}
 */
export function view(name, type, properties) {
  if (!customElements.get(name)) customElements.define(name, type);
  return Object.assign(new type(), properties);
}
