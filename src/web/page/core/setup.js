// What the server says of itself to anybody: whether it needs an admin, and who may create what.

import { call } from "./api.js";
import { signal } from "./reactive.js";

/**
 * @typedef {{ needs_admin: boolean, allowed_here: boolean, signup: "open" | "closed",
 *   rooms_create: "admins" | "everyone" }} Setup
 */

/** @type {import("./reactive.js").Signal<Setup | null>} null: not known yet */
export const setup = signal(/** @type {Setup | null} */ (null));

/** Asks the server. @throws {import("./api.js").ApiError} */
export async function askSetup() {
  setup.value = await call("GET", "/auth/setup");
}

/** Whether this user may create rooms, as far as is known. @param {import("./types.js").User} user */
export function mayCreateRooms(user) {
  return user.role === "admin" || setup.value?.rooms_create === "everyone";
}
