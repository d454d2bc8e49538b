// Names of people and rooms: their order, and the characters of a name.

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** A character of a name, as the API defines it. */
export const NAME = /[A-Za-z0-9_.-]/;

export const names = {
  /**
   * @param {string} a
   * @param {string} b
   */
  compare: (a, b) => collator.compare(a, b),
};
