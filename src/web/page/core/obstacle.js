// Why no socket opens although the server answers. A browser does not tell a page what the handshake
// of its socket was answered, so that the page asks for something else that needs the same.

import { ApiError, call } from "./api.js";

const NO_UPGRADE =
  "The server answers, but no socket to it opens. A proxy in front of it must pass on the headers " +
  "Upgrade and Connection.";

/** @returns {Promise<string>} "" if nothing is known to be in the way */
export async function findObstacle() {
  try {
    await call("POST", "/auth/ws-ticket");
    return NO_UPGRADE;
  } catch (error) {
    return error instanceof ApiError && error.code === "origin_refused" ? error.message : "";
  }
}
