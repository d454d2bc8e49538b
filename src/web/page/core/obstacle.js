// Finds out why no socket opens although the server answers. A browser does not show a page the answer to the
// handshake of a socket, so the page makes another request that has the same requirements.

import { ApiError, call, words } from "./api.js";

const NO_UPGRADE =
  "The server answers, but no socket to it opens. A proxy in front of it must pass on the headers " +
  "Upgrade and Connection.";

/** @returns {Promise<string>} the reason; "" if it is unknown */
export async function findObstacle() {
  try {
    await call("POST", "/auth/ws-ticket");
    return NO_UPGRADE;
  } catch (error) {
    return error instanceof ApiError && error.code === "origin_refused" ? words(error) : "";
  }
}
