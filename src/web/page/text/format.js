// Times and numbers in the reader's own language.

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "numeric",
  minute: "2-digit",
});
const weekday = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
});
const day = new Intl.DateTimeFormat(undefined, {
  weekday: "short",
  day: "numeric",
  month: "long",
  year: "numeric",
});
const exact = new Intl.DateTimeFormat(undefined, {
  dateStyle: "full",
  timeStyle: "medium",
});
const short = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "short",
});
const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const DAY_MS = 24 * 60 * 60 * 1000;

/** @param {string} time */
export const clockTime = (time) => clock.format(new Date(time));
/** @param {string} time */
export const exactTime = (time) => exact.format(new Date(time));
/** @param {string} time */
export const shortTime = (time) => short.format(new Date(time));
/** When something ends: today the time is enough. @param {string} time @param {Date} [now] */
export const endTime = (time, now = new Date()) =>
  new Date(time).toDateString() === now.toDateString() ? clockTime(time) : shortTime(time);
/** @param {number} value */
export const figure = (value) => number.format(value);

/** @param {number} value */
export function bytes(value) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let power = 0;
  for (; value >= 1000 && power < units.length - 1; power += 1) value /= 1000;
  return `${figure(Number(value.toPrecision(3)))} ${units[power]}`;
}

/** The two largest units of a duration. @param {number} seconds */
export function duration(seconds) {
  const [days, hours, minutes] = [seconds / 86_400, (seconds / 3600) % 24, (seconds / 60) % 60].map(
    Math.floor,
  );
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${figure(seconds)} s`;
}

/** A key for each local day. @param {string} time */
export const dayKey = (time) => new Date(time).toDateString();

/**
 * @param {string} time
 * @param {Date} [now]
 */
export function dayName(time, now = new Date()) {
  const date = new Date(time);
  if (date.toDateString() === now.toDateString()) return "Today";
  if (date.toDateString() === new Date(now.getTime() - DAY_MS).toDateString()) return "Yesterday";
  const isNear = date.getFullYear() === now.getFullYear();
  return (isNear ? weekday : day).format(date);
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function counted(count, one, many = `${one}s`) {
  return `${figure(count)} ${count === 1 ? one : many}`;
}

/** The hue of a name, the same in every browser. @param {string} name */
export function hueOf(name) {
  let hash = 0;
  for (const char of name.toLowerCase()) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return (hash * 47) % 360;
}
