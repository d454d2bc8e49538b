// Live figures of the server.

import { ApiError, call, words } from "../core/api.js";
import { View, fill, h, view } from "../core/dom.js";
import { effect, onEnd, signal } from "../core/reactive.js";
import { bytes, duration, figure, shortTime } from "../text/format.js";

const EVERY_MS = 2_000;

class Figures extends View {
  /** @type {import("../core/chat.js").Chat} */
  chat = /** @type {any} */ (null);

  render() {
    const { chat } = this;
    const list = h("dl", { class: "figures" });
    const status = h("p", { class: "quiet", role: "status" });
    /** @type {import("../core/reactive.js").Signal<Record<string, unknown>>} */
    const stats = signal(/** @type {Record<string, unknown>} */ ({}));
    this.append(list, status);
    let timer = 0;
    let isAbsent = false;
    const ask = () =>
      call("GET", "/admin/stats").catch((error) => {
        // Servers without figures of their own have no such address.
        isAbsent = error instanceof ApiError && error.status === 404;
        if (!isAbsent) throw error;
      });
    const look = async () => {
      try {
        const [health, more] = await Promise.all([call("GET", "/health"), isAbsent ? null : ask()]);
        stats.value = { ...health, ...more };
        status.textContent = "";
      } catch (error) {
        status.textContent = words(error);
      }
      timer = setTimeout(look, EVERY_MS);
    };
    look();
    onEnd(() => clearTimeout(timer));
    effect(() => {
      const rooms = [...chat.rooms.value.values()];
      const here = new Set(
        rooms.flatMap((room) => room.people.value.map(({ user_id }) => user_id)),
      );
      /** What the page knows by itself. */
      const own = { rooms: rooms.length, connected_users: here.size };
      fill(
        list,
        Object.entries({ ...own, ...stats.value }).map(
          ([name, value]) =>
            value !== null &&
            h("div", null, h("dt", null, title(name)), h("dd", null, shown(name, value))),
        ),
      );
    });
  }
}

/** The unit at the end of a name is shown with the value. */
const UNITS = /_(bytes|seconds|ms|per_second|at)$/;

/** @param {string} name */
const title = (name) => name.replace(UNITS, "").replaceAll("_", " ");

/**
 * @param {string} name
 * @param {unknown} value
 */
function shown(name, value) {
  const unit = UNITS.exec(name)?.[1];
  if (unit === "at") return shortTime(String(value));
  if (typeof value !== "number") return String(value);
  switch (unit) {
    case "bytes":
      return bytes(value);
    case "seconds":
      return duration(value);
    case "ms":
      return `${figure(value)} ms`;
    case "per_second":
      return `${figure(value)}/s`;
    default:
      return figure(value);
  }
}

/** @param {import("../core/chat.js").Chat} chat */
export const figuresPart = (chat) => view("chat-admin-figures", Figures, { chat });
