// The fences around blocks of code: three or more backticks or tildes on a line of their own.

/** The language follows, and more that is not shown. With more backticks it would be code within a line. */
const OPEN = /^\s*(?:(`{3,})([^`]*)|(~{3,})(.*))$/;

/** @typedef {{ mark: string, language: string }} Fence */

/**
 * Returns the fence that a line is.
 * @param {string} line
 * @returns {Fence | undefined}
 */
export function openFence(line) {
  const [found, ticks, afterTicks, tildes, afterTildes] = OPEN.exec(line) ?? [];
  if (found === undefined) return undefined;
  const language = /^[\w+#.-]{1,30}(?=\s|$)/.exec((afterTicks ?? afterTildes ?? "").trim());
  return { mark: ticks ?? tildes ?? "", language: language?.[0] ?? "" };
}

/**
 * Whether a line ends the code: at least as many of the same characters, and nothing else.
 * @param {string} line
 * @param {Fence} fence
 */
export function closesFence(line, { mark }) {
  const text = line.trim();
  return text.startsWith(mark) && text === mark.charAt(0).repeat(text.length);
}
