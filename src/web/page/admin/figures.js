// Live figures of the server.

import { ApiError, call, words } from "../core/api.js";
import { View, fill, h, view } from "../core/dom.js";
import { effect, onEnd, signal } from "../core/reactive.js";
import { figure } from "../text/format.js";

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
    const ask = () => call("GET", "/admin/stats").catch((error) => {
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
      const here = new Set(rooms.flatMap((room) => room.people.value.map(({ user_id }) => user_id)));
      const events = rooms.reduce((sum, room) => sum + Math.max(room.lastSeq, room.info.value.head_seq), 0);
      fill(list, [...flat({ rooms: rooms.length, people_here: here.size, events_in_logs: events, ...stats.value })]
        .map(([name, value]) => h("div", null, h("dt", null, name.replaceAll("_", " ").replaceAll(".", ": ")), h("dd", null,
          typeof value === "number" ? figure(value) : String(value)))));
    });
  }
}

/**
 * @param {Record<string, unknown>} values
 * @param {string} prefix
 * @returns {Generator<[string, unknown]>}
 */
function* flat(values, prefix = "") {
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined) continue;
    if (typeof value === "object") yield* flat(/** @type {Record<string, unknown>} */ (value), `${prefix}${name}.`);
    else yield [prefix + name, value];
  }
}

/** @param {import("../core/chat.js").Chat} chat */
export const figuresPart = (chat) => view("chat-admin-figures", Figures, { chat });
