// What the server says of itself to anybody: whether it needs an admin, who may create what, and how long a
// message may be.

import { call } from "./api.js";
import { signal } from "./reactive.js";

/**
 * @typedef {{ needs_admin: boolean, allowed_here: boolean, signup: "open" | "closed",
 *   rooms_create: "admins" | "everyone", message_chars: number }} Setup
 */

/** @type {import("./reactive.js").Signal<Setup | null>} null: not known yet */
export const setup = signal(/** @type {Setup | null} */ (null));

/** Asks the server. @throws {import("./api.js").ApiError} */
export async function askSetup() {
  // Without a token: one that has expired must not keep the answer back.
  setup.value = await call("GET", "/auth/setup", undefined, "");
}

/** Asks again. Without an answer everything stays as it is known; the server decides in any case. */
export function refreshSetup() {
  askSetup().catch((error) => console.info(error.message));
}

/** Whether this user may create rooms, as far as is known. @param {import("./types.js").User} user */
export function mayCreateRooms(user) {
  return user.role === "admin" || setup.value?.rooms_create === "everyone";
}
