// The marks around a part of a text: bold, italic, struck out, spoiler. Pieces of the text and marks are put in
// one after the other; a mark that closes takes the pieces back to the mark that opened. Every piece is moved at
// most once for each element around it, so that the work grows with the length of the text only.

import { h } from "../core/elements.js";
import { spoiler } from "./spoiler.js";

/** Elements around elements: more levels than anybody writes. Deeper marks stay text. */
const MAX_DEPTH = 8;

/** @typedef {{ char: string, count: number, opens: boolean, closes: boolean }} Mark `count` of the same character */
/**
 * @typedef {{ node: Node | string | Piece[], depth: number }} Piece `depth`: elements within it, at most; a list
 *   is what marks surround that are too deep to be elements
 */
/** @typedef {{ mark: Mark, pieces: Piece[] }} Frame what follows a mark that may open an element */

/** @type {Record<string, (inner: Node[]) => HTMLElement>} */
const ELEMENTS = {
  "*": (inner) => h("em", null, inner),
  _: (inner) => h("em", null, inner),
  "~": (inner) => h("s", null, inner),
  "**": (inner) => h("strong", null, inner),
  __: (inner) => h("strong", null, inner),
  "~~": (inner) => h("s", null, inner),
  "||": (inner) => spoiler(inner),
};

export class Marks {
  /** The first frame is the text itself. @type {Frame[]} */
  #frames = [{ mark: { char: "", count: 0, opens: false, closes: false }, pieces: [] }];
  /** The positions in `#frames` of the marks that are open, by character and count. @type {Map<string, number[]>} */
  #open = new Map();

  /** @param {Node | string} node @param {number} [depth] elements within the node, at most */
  add(node, depth = 0) {
    if (node !== "") this.#frames.at(-1)?.pieces.push({ node, depth });
  }

  /** @param {Mark} mark */
  addMark(mark) {
    let { count } = mark;
    while (mark.closes && count > 0) {
      const at = this.#opener(mark.char, count);
      if (at < 0) break;
      count -= this.#close(at, count);
    }
    if (count === 0) return;
    if (mark.opens) this.#push({ ...mark, count });
    else this.add(mark.char.repeat(count));
  }

  /** All that was put in. Marks that do not close are text. */
  end() {
    const out = document.createDocumentFragment();
    for (const node of joined(this.#pieces(0))) out.append(node);
    return out;
  }

  /** @param {Mark} mark */
  #push(mark) {
    const key = mark.char + mark.count;
    const open = this.#open.get(key);
    if (open) open.push(this.#frames.length);
    else this.#open.set(key, [this.#frames.length]);
    this.#frames.push({ mark, pieces: [] });
  }

  /**
   * The nearest frame that a mark can close, or -1. `***` opens two elements, and closes one or two.
   * @param {string} char
   * @param {number} count
   */
  #opener(char, count) {
    const counts = count === 3 ? [1, 2, 3] : [count, 3];
    return Math.max(...counts.map((it) => this.#open.get(char + it)?.at(-1) ?? -1));
  }

  /**
   * Closes the element that a frame opened. Returns how many characters of the mark it took.
   * @param {number} at
   * @param {number} count
   */
  #close(at, count) {
    const { mark } = /** @type {Frame} */ (this.#frames[at]);
    // Of `***both***` the inner element is the one with the short mark.
    const taken = mark.count === 3 && count === 3 ? 1 : Math.min(mark.count, count, 2);
    const inner = this.#pieces(at);
    const depth = inner.reduce((most, piece) => Math.max(most, piece.depth), 0) + 1;
    const make = ELEMENTS[mark.char.repeat(taken)];
    if (mark.count > taken) this.#push({ ...mark, count: mark.count - taken });
    if (make && depth <= MAX_DEPTH) {
      this.add(make(joined(inner)), depth);
    } else {
      const text = { node: mark.char.repeat(taken), depth: 0 };
      this.#frames.at(-1)?.pieces.push(text, { node: inner, depth }, text);
    }
    return taken;
  }

  /**
   * Takes away a frame and those after it, which become text. Returns all their pieces, without the mark of the
   * first.
   * @param {number} at
   */
  #pieces(at) {
    /** @type {Piece[]} */
    const all = [];
    for (const [index, { mark, pieces }] of this.#frames.splice(at).entries()) {
      if (mark.count > 0) this.#open.get(mark.char + mark.count)?.pop();
      if (index > 0) all.push({ node: mark.char.repeat(mark.count), depth: 0 });
      for (const piece of pieces) all.push(piece);
    }
    return all;
  }
}

/** The nodes of pieces, with neighbouring texts as one node. @param {Piece[]} pieces */
function joined(pieces) {
  /** @type {Node[]} */
  const nodes = [];
  let text = "";
  const flush = () => {
    if (text) nodes.push(document.createTextNode(text));
    text = "";
  };
  const rest = pieces.toReversed();
  for (let piece = rest.pop(); piece; piece = rest.pop()) {
    const { node } = piece;
    if (typeof node === "string") text += node;
    else if (Array.isArray(node)) for (const inner of node.toReversed()) rest.push(inner);
    else {
      flush();
      nodes.push(node);
    }
  }
  flush();
  return nodes;
}
