// The server's public settings: whether it needs an admin, who may sign up and create rooms, and how long a
// message may be.

import { call } from "./api.js";
import { signal } from "./reactive.js";

/** @typedef {import("./types.js").Setup} Setup */

/** @type {import("./reactive.js").Signal<Setup | null>} null: not known yet */
export const setup = signal(/** @type {Setup | null} */ (null));

/** Asks the server. @throws {import("./api.js").ApiError} */
export async function askSetup() {
  // Without a token: with an expired one the server would refuse the call.
  setup.value = await call("GET", "/auth/setup", undefined, { token: "" });
}

/** Asks again. If there is no answer, the known settings stay; the server checks them in any case. */
export function refreshSetup() {
  askSetup().catch((error) => console.info(error.message));
}

/** Whether this user may create rooms, by the settings that are known. @param {import("./types.js").User} user */
export function mayCreateRooms(user) {
  return user.role === "admin" || setup.value?.rooms_create === "everyone";
}
