// The blanks at the beginning of a line. A tab reaches to the next column that is a multiple of four.

const TAB = 4;

/** The columns of the blanks at the beginning of a line. @param {string} line */
export function indentOf(line) {
  let columns = 0;
  for (const char of line) {
    if (char === " ") columns += 1;
    else if (char === "\t") columns += TAB - (columns % TAB);
    else break;
  }
  return columns;
}

/**
 * Removes blanks at the beginning of a line, at most so many columns of them.
 * @param {string} line
 * @param {number} columns
 */
export function outdented(line, columns) {
  const rest = line.trimStart();
  const indent = indentOf(line);
  if (indent <= columns) return rest;
  let at = 0;
  let passed = 0;
  while (passed < columns) {
    passed += line.charAt(at) === "\t" ? TAB - (passed % TAB) : 1;
    at += 1;
  }
  // A part of a tab remains as spaces.
  return " ".repeat(passed - columns) + line.slice(at);
}
