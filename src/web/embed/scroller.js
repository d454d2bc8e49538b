// The place in the list: either the end, or the first row that is in sight, stays where it is when rows are added.

/** So near to the end or to the beginning of the list counts as being there, in pixels. */
const NEAR = 40;
const SOON = 300;

export class Scroller {
  isAtEnd = true;
  /** Called when the reader comes near to the beginning or the end of the rows. */
  onEdge = () => {};
  #box;
  #rows;
  #observer = new ResizeObserver(() => this.isAtEnd && this.toEnd());

  /**
   * @param {HTMLElement} box what is scrolled
   * @param {HTMLElement} content what is in it
   * @param {HTMLElement} rows the element whose children keep their places
   */
  constructor(box, content, rows) {
    this.#box = box;
    this.#rows = rows;
    box.addEventListener("scroll", () => this.#scrolled());
    // A field that grows or a keyboard on the screen makes the box smaller.
    this.#observer.observe(box);
    this.#observer.observe(content);
  }

  get isNearStart() {
    return this.#box.scrollTop < SOON;
  }

  get isNearEnd() {
    return this.#toGo < SOON;
  }

  toEnd() {
    this.isAtEnd = true;
    this.#box.scrollTop = this.#box.scrollHeight;
  }

  /** Changes the rows without moving what the reader looks at. @param {() => void} change */
  keep(change) {
    const top = this.#box.getBoundingClientRect().top;
    const kept = this.isAtEnd
      ? undefined
      : [...this.#rows.children].find((row) => row.getBoundingClientRect().bottom > top);
    const before = kept?.getBoundingClientRect().top ?? 0;
    change();
    if (this.isAtEnd) this.toEnd();
    else if (kept?.isConnected) this.#box.scrollTop += kept.getBoundingClientRect().top - before;
  }

  get #toGo() {
    return this.#box.scrollHeight - this.#box.clientHeight - this.#box.scrollTop;
  }

  #scrolled() {
    this.isAtEnd = this.#toGo < NEAR;
    this.onEdge();
  }
}
