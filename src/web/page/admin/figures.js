// Live figures of the server.

import { call, words } from "../core/api.js";
import { View, fill, h, view } from "../core/dom.js";
import { effect, onEnd, signal } from "../core/reactive.js";
import { bytes, duration, figure, shortTime } from "../text/format.js";

const EVERY_MS = 2_000;

class Figures extends View {
  render() {
    const list = h("dl", { class: "figures" });
    const status = h("p", { class: "quiet", role: "status" });
    /** @type {import("../core/reactive.js").Signal<Record<string, unknown>>} */
    const stats = signal(/** @type {Record<string, unknown>} */ ({}));
    this.append(list, status);
    let timer = 0;
    let isOver = false;
    const look = async () => {
      try {
        stats.value = await call("GET", "/admin/stats");
        status.textContent = "";
      } catch (error) {
        status.textContent = words(error);
      }
      if (!isOver) timer = setTimeout(look, EVERY_MS);
    };
    look();
    onEnd(() => {
      isOver = true;
      clearTimeout(timer);
    });
    effect(() => {
      fill(
        list,
        Object.entries(stats.value).map(
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

export const figuresPart = () => view("chat-admin-figures", Figures);
