// The beginning of a message as plain text, without its marks.

import { actionOf } from "./commands.js";
import { markdown } from "./markdown.js";

const MOST = 240;

/**
 * @param {string} content
 * @param {string} me the reader's name
 */
export function excerpt(content, me) {
  const box = document.createElement("div");
  // No mark needs more than this to begin.
  box.append(markdown((actionOf(content) ?? content).slice(0, 4 * MOST), me));
  for (const spoiler of box.querySelectorAll(".spoiler")) spoiler.replaceWith("▒▒▒");
  for (const end of box.querySelectorAll("p, li, pre, h1, h2, h3, h4, h5, h6, br, tr"))
    end.after(" ");
  const text = (box.textContent ?? "").replace(/\s+/g, " ").trim();
  // A text that consists of marks only is shown as it is.
  return [...(text || content.trim())].slice(0, MOST).join("");
}
