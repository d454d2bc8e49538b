// The longest message that this server takes. The page checks it, so that a message that is too long is not
// sent at all.

import { countChars, isLongerThan } from "../sdk/javascript/src/length.js";
import { setup } from "./setup.js";

export { countChars };

/** The most characters of a message; Infinity until the server has answered. */
export const messageChars = () => setup.value?.message_chars ?? Infinity;

/** @param {string} text */
export const isTooLong = (text) => isLongerThan(text, setup.peek()?.message_chars ?? Infinity);
