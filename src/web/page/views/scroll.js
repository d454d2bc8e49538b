// Keeps the place of the reader in a scrolling list: the end, for a reader at the end, and otherwise the first
// message in sight. Messages, the composer, a keyboard or a turned phone change heights; only the reader's own
// scrolling changes the place.

import { listen } from "../core/dom.js";
import { onEnd } from "../core/reactive.js";

/** Pixels from the end that still count as the end. */
const AT_END = 48;
/** The tolerance: browsers round positions to pixels of the screen. */
const ROUNDING_PX = 2;

/**
 * @typedef {{ key: string, top: number, height: number, edge: number }} Anchor a row, its position and
 *   height on the screen, and the upper edge of the list
 */

export class Scroll {
  /** The end is kept in sight. */
  #keepsEnd = true;
  /** Otherwise this row is kept where it is. @type {Anchor | null} */
  #anchor = null;
  /** The scroll position and its maximum at the last look, in pixels. */
  #top = 0;
  #max = 0;

  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} list its rows have a key in their dataset
   * @param {() => boolean} isWhole the list ends with the newest message
   */
  constructor(scroller, list, isWhole) {
    this.scroller = scroller;
    this.list = list;
    this.isWhole = isWhole;
  }

  /**
   * Watches the list until the view that is being rendered leaves the page.
   * @param {() => void} changed the reader, or the layout, has moved something
   */
  start(changed) {
    const look = () => {
      this.#look();
      changed();
    };
    listen(this.scroller, "scroll", look, { passive: true });
    const sizes = new ResizeObserver(look);
    sizes.observe(this.scroller);
    sizes.observe(this.list);
    onEnd(() => sizes.disconnect());
  }

  /** The newest message is in sight. */
  get isAtEnd() {
    return this.isWhole() && (this.#keepsEnd || this.distance < AT_END);
  }

  /** Pixels from what is in sight to the end of the list. */
  get distance() {
    return this.#limit - this.scroller.scrollTop;
  }

  /** Changes the list's rows. @param {() => void} change */
  keep(change) {
    this.#look();
    // The end may have come into sight because the window grew.
    if (this.isAtEnd) this.#keepsEnd = true;
    change();
    this.#restore();
  }

  /**
   * Makes rows longer, at their ends. Unlike rows whose lines are broken differently, they stay where they begin.
   * @param {() => void} change
   */
  grow(change) {
    this.#look();
    change();
    const row = this.#anchor && this.#byKey(this.#anchor.key);
    if (this.#anchor && row) this.#anchor.height = row.getBoundingClientRect().height;
    this.#restore();
  }

  toEnd() {
    this.#keepsEnd = true;
    this.#restore();
  }

  /**
   * Goes to a row.
   * @param {HTMLElement} row
   * @param {number} share the part of the height that remains above the row
   */
  toRow(row, share) {
    const { top, height } = this.scroller.getBoundingClientRect();
    this.scroller.scrollTop += row.getBoundingClientRect().top - top - height * share;
    this.stay();
  }

  /** Keeps the current place from here on. */
  stay() {
    this.#keepsEnd = this.isWhole() && this.distance < AT_END;
    this.#record();
  }

  get #limit() {
    return this.scroller.scrollHeight - this.scroller.clientHeight;
  }

  /**
   * Finds out what has moved since the last look. When the layout changes, a browser scrolls the list by itself
   * only if it became too short. The reader made every other movement.
   */
  #look() {
    const limit = this.#limit;
    const top = this.scroller.scrollTop;
    const isOther = limit !== this.#max;
    if (isOther && Math.abs(top - Math.min(this.#top, limit)) <= ROUNDING_PX) {
      this.#restore();
    } else if (top !== this.#top) {
      // Rows that grew in the same moment do not take a reader away from the end.
      const end = this.#keepsEnd ? Math.min(limit, this.#max) : limit;
      this.#keepsEnd = this.isWhole() && end - top < AT_END;
      if (this.#keepsEnd && isOther) this.#restore();
      else this.#record();
    }
  }

  #restore() {
    if (this.#keepsEnd) {
      this.scroller.scrollTop = this.scroller.scrollHeight;
      this.#keepsEnd = this.isWhole();
      return this.#record();
    }
    const kept = this.#anchor;
    const row = kept && this.#byKey(kept.key);
    if (!kept || !row) return this.#record();
    const { top, height } = row.getBoundingClientRect();
    const edge = this.scroller.getBoundingClientRect().top;
    // If the lines of the row are broken differently, the same part of it stays at the edge.
    const isOther = kept.top < kept.edge && Math.abs(height - kept.height) > ROUNDING_PX;
    const wanted = isOther ? edge + ((kept.top - kept.edge) * height) / kept.height : kept.top;
    this.scroller.scrollTop += top - wanted;
    // The anchor stays the same even if the list cannot scroll that far: it may grow again.
    this.#top = this.scroller.scrollTop;
    this.#max = this.#limit;
  }

  #record() {
    this.#top = this.scroller.scrollTop;
    this.#max = this.#limit;
    this.#anchor = this.#keepsEnd ? null : this.#firstInSight();
  }

  /** @returns {Anchor | null} */
  #firstInSight() {
    const rows = this.list.children;
    const edge = this.scroller.getBoundingClientRect().top;
    let [from, to] = [0, rows.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      const isAbove = (rows[middle]?.getBoundingClientRect().bottom ?? 0) <= edge;
      if (isAbove) from = middle + 1;
      else to = middle;
    }
    // The row of a day moves when older messages of that day are loaded.
    while (rows[from] && !rows[from]?.classList.contains("message")) from += 1;
    const row = rows[from];
    if (!(row instanceof HTMLElement)) return null;
    const { top, height } = row.getBoundingClientRect();
    return { key: row.dataset["key"] ?? "", top, height, edge };
  }

  /** @param {string} key */
  #byKey(key) {
    for (const row of this.list.children) {
      if (row instanceof HTMLElement && row.dataset["key"] === key) return row;
    }
    return undefined;
  }
}
