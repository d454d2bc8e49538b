// Texts without any visible character. The server refuses them, so the page does not send them.

const BLANK = /^[\s\p{Default_Ignorable_Code_Point}\p{Cc}\p{M}\u2800]*$/u;

/** @param {string} text */
export const isBlank = (text) => BLANK.test(text);
