// Names of people and rooms: their order, and mentions of a name in a text.

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** A character of a name, as the API defines it. */
export const NAME = /[A-Za-z0-9_.-]/;

export const names = {
  /**
   * @param {string} a
   * @param {string} b
   */
  compare: (a, b) => collator.compare(a, b),

  /**
   * Whether the text contains `@name`, and not as a part of a longer word.
   * @param {string} text
   * @param {string} name
   */
  isMentioned(text, name) {
    const lower = text.toLowerCase();
    const wanted = `@${name.toLowerCase()}`;
    for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + 1)) {
      const after = lower.slice(at + wanted.length);
      const before = at > 0 ? lower.charAt(at - 1) : "";
      // A full stop or a dash at the end belongs to the sentence.
      if (!NAME.test(before) && !/^[.-]*[a-z0-9_]/.test(after)) return true;
    }
    return false;
  },
};
