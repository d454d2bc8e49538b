// Where the server is: a proxy may have put it below a path of its own.

/** The folder that the page is in, which is the server's root. */
const ROOT = new URL("../../../", import.meta.url);

/** @param {string} path one of the server's, as its documents write it: `/rooms/` */
export const address = (path) => new URL(`.${path}`, ROOT);
