// Splits a text that is too long for one message: between paragraphs, else between lines, else between words,
// and within a word only if the word alone is too long. Fenced code stays whole if it fits; otherwise every
// part of it is fenced.

import { countChars } from "../core/limits.js";
import { closesFence, openFence } from "./fence.js";

/** @typedef {{ text: string, joint: string }} Piece a piece, and the text between it and the piece before */

/**
 * @param {string} text
 * @param {number} most characters of a part
 * @returns {string[]} parts that are not blank
 */
export function split(text, most) {
  return pack(blocks(text), most, (block) =>
    openFence(firstLine(block)) ? splitCode(block, most) : splitProse(block, most),
  )
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** @param {string} block */
const firstLine = (block) => block.split("\n", 1)[0] ?? "";

/** Paragraphs and fenced code. @param {string} text @returns {Piece[]} */
function blocks(text) {
  /** @type {Piece[]} */
  const out = [];
  /** @type {string[]} */
  let lines = [];
  let joint = "";
  /** The fence of the code that is being read. @type {import("./fence.js").Fence | undefined} */
  let fence;
  /** @param {string} next */
  const end = (next) => {
    if (lines.length > 0) {
      out.push({ text: lines.join("\n"), joint });
      lines = [];
      joint = next;
    } else if (out.length > 0 && next.length > joint.length) joint = next;
  };
  for (const line of text.split("\n")) {
    const opened = fence ? undefined : openFence(line);
    if (opened) end("\n");
    if (fence || line.trim()) lines.push(line);
    else end("\n\n");
    if (opened) fence = opened;
    else if (fence && closesFence(line, fence)) {
      end("\n");
      fence = undefined;
    }
  }
  end("");
  return out;
}

/** @param {string} block @param {number} most */
function splitProse(block, most) {
  return pack(pieces(block.split("\n"), "\n"), most, (line) =>
    pack(pieces(line.split(" "), " "), most, (word) => splitWord(word, most)),
  );
}

/** @param {string} block @param {number} most */
function splitCode(block, most) {
  const [open = "", ...lines] = block.split("\n");
  const fence = openFence(open);
  const close = fence?.mark ?? "";
  if (fence && closesFence(lines.at(-1) ?? "", fence)) lines.pop();
  const space = most - countChars(open) - close.length - 2;
  if (space < 1) return splitProse(block, most);
  return pack(pieces(lines, "\n"), space, (line) => splitWord(line, space)).map(
    (part) => `${open}\n${part}\n${close}`,
  );
}

/** @param {string} word @param {number} most */
function splitWord(word, most) {
  // A reader sees one character where there may be several: 👩‍💻, é.
  const characters = Array.from(new Intl.Segmenter().segment(word), ({ segment }) => segment);
  return pack(pieces(characters, ""), most, (character) => pack(pieces([...character], ""), most));
}

/** @param {string[]} texts @param {string} joint @returns {Piece[]} */
const pieces = (texts, joint) => texts.map((text) => ({ text, joint }));

/**
 * Puts as many pieces into each part as it can hold.
 * @param {Piece[]} all
 * @param {number} most
 * @param {(text: string) => string[]} [cut] cuts a piece that is too long for a part
 * @returns {string[]}
 */
function pack(all, most, cut = (text) => [text]) {
  /** @type {string[]} */
  const parts = [];
  /** @type {string[]} */
  let part = [];
  let size = 0;
  const end = () => {
    if (part.length > 0) parts.push(part.join(""));
    part = [];
    size = 0;
  };
  for (const { text, joint } of all) {
    const length = countChars(text);
    if (part.length > 0 && size + joint.length + length > most) end();
    const cuts = length > most ? cut(text) : [text];
    for (const [at, piece] of cuts.entries()) {
      if (at > 0) end();
      if (part.length > 0) part.push(joint);
      size += (part.length > 0 ? joint.length : 0) + countChars(piece);
      part.push(piece);
    }
  }
  end();
  return parts;
}
