// Times to come, in words and as the fields of forms have them.

import { clockTime, dayName } from "../../text/format.js";

/** @param {string | Date} time */
export function when(time) {
  const date = new Date(time);
  const now = new Date();
  const tomorrow = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  const isTomorrow = date.toDateString() === tomorrow.toDateString();
  const iso = date.toISOString();
  return `${isTomorrow ? "Tomorrow" : dayName(iso)} at ${clockTime(iso)}`;
}

/** The local time as a field for date and time has it. @param {Date} time */
export function fieldOf(time) {
  const offset = time.getTimezoneOffset() * 60_000;
  return new Date(time.getTime() - offset).toISOString().slice(0, 16);
}
