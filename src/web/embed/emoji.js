// The emoji of short names, in place of text/emoji.js: without the table, which is larger than all the rest.

import { USUAL } from "../page/text/usual-emoji.js";

/** @param {string} name without colons */
export const emojiOf = (name) => USUAL.get(name);
