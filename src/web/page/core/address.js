// The server's address: a proxy may serve it below a path.

/** The folder of the page, which is the server's root. */
export const ROOT = new URL("../../../", import.meta.url);

/** @param {string} path of the API, as its documents have it: `/rooms/` */
export const address = (path) => new URL(`.${path}`, ROOT);
