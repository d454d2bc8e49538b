// Names of people and rooms: in which order, and whether a text calls somebody.

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** What may stand in a name, as the API says. */
export const NAME = /[A-Za-z0-9_.-]/;

export const names = {
  /**
   * @param {string} a
   * @param {string} b
   */
  compare: (a, b) => collator.compare(a, b),

  /**
   * Whether the text has `@name`, and not as a part of a longer word.
   * @param {string} text
   * @param {string} name
   */
  mention(text, name) {
    const lower = text.toLowerCase();
    const wanted = `@${name.toLowerCase()}`;
    for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + 1)) {
      const after = lower.slice(at + wanted.length);
      const before = at > 0 ? lower.charAt(at - 1) : "";
      // A full stop or a dash at its end is the sentence's.
      if (!NAME.test(before) && !/^[.-]*[a-z0-9_]/.test(after)) return true;
    }
    return false;
  },
};
