// The server's health, its load and the size of its database. The charts show only what this page has read
// since it was opened; Prometheus has the history.

import { call, words } from "../core/api.js";
import { View, fill, h, view } from "../core/dom.js";
import { onEnd } from "../core/reactive.js";
import { bytes, counted, duration, exactTime, figure, shortTime } from "../text/format.js";
import { chart } from "./chart.js";
import { Histories, waiting } from "./histories.js";
import { servers } from "./servers.js";

/** @typedef {import("../core/types.js").Stats} Stats */
/** @typedef {import("../core/types.js").Node} Node */
/** @typedef {import("./histories.js").Sample} Sample */
/**
 * @typedef {{ name: string, value(sample: Sample): string | null, hint?(sample: Sample): string | null,
 *   line?(sample: Sample): number | null, unit?(value: number): string }} Tile a tile without a value is not shown
 */

const EVERY_MS = 2_000;

/** @param {number} value */
const perSecond = (value) => `${figure(Number(value.toPrecision(3)))} per second`;
/** @param {number} value */
const percent = (value) => `${figure(Math.round(value))} %`;

/** @type {Record<string, Tile[]>} */
const GROUPS = {
  "How busy it is": [
    {
      name: "Messages sent",
      value: ({ stats }) => perSecond(stats.messages_per_second),
      hint: () => "average of the last minute",
      line: ({ stats }) => stats.messages_per_second,
      unit: perSecond,
    },
    {
      name: "Messages delivered",
      value: ({ stats }) => perSecond(stats.deliveries_per_second),
      hint: () => "to every reader, average of the last minute",
      line: ({ stats }) => stats.deliveries_per_second,
      unit: perSecond,
    },
    {
      name: "People online",
      value: ({ stats }) => figure(stats.connected_users),
      hint: ({ stats }) =>
        `${counted(stats.sockets, "connection")}, ${counted(stats.live_rooms, "room")} in use`,
      line: ({ stats }) => stats.connected_users,
      unit: figure,
    },
    {
      name: "Processor",
      value: ({ cpu }) => (cpu === null ? null : percent(cpu)),
      hint: () => "of one core",
      line: ({ cpu }) => cpu,
      unit: percent,
    },
    {
      name: "Storing a message",
      value: ({ stats: { commit_p50_ms: half } }) => (half === null ? null : `${figure(half)} ms`),
      hint: ({ stats: { commit_p99_ms: most } }) =>
        most === null ? null : `99 of 100 take at most ${figure(most)} ms`,
      line: ({ stats }) => stats.commit_p50_ms,
      unit: (value) => `${figure(value)} ms`,
    },
    {
      name: "Waiting requests",
      value: ({ stats }) => figure(waiting(stats)),
      hint: ({ stats }) =>
        `${figure(stats.write_queue)} writes, ${figure(stats.read_queue)} reads, ` +
        `${figure(stats.password_queue)} passwords`,
      line: ({ stats }) => waiting(stats),
      unit: figure,
    },
  ],
  "How full it is": [
    {
      name: "Database size",
      value: ({ stats }) => (stats.database_bytes === null ? null : bytes(stats.database_bytes)),
      hint: ({ stats }) => stats.database,
    },
    {
      name: "Write-ahead log",
      value: ({ stats }) => (stats.wal_bytes === null ? null : bytes(stats.wal_bytes)),
      hint: () => "merged into the database regularly",
    },
    {
      name: "Accounts",
      value: ({ stats }) => (stats.users === null ? null : figure(stats.users)),
    },
    {
      name: "Rooms",
      value: ({ stats }) => (stats.rooms === null ? null : figure(stats.rooms)),
    },
    {
      name: "Events stored",
      value: ({ stats }) => (stats.events === null ? null : figure(stats.events)),
      hint: () => "messages, edits and deletions",
    },
    {
      name: "Memory",
      value: ({ stats }) => (stats.memory_bytes === null ? null : bytes(stats.memory_bytes)),
      line: ({ stats }) => stats.memory_bytes,
      unit: bytes,
    },
    {
      name: "Open files",
      value: ({ stats }) => (stats.open_files === null ? null : figure(stats.open_files)),
      hint: () => "connections included",
    },
  ],
};

class Figures extends View {
  render() {
    const health = h("div", { class: "health" });
    const groups = h("div", { class: "figure-groups" });
    const status = h("p", { class: "quiet", role: "status" });
    const since = h("p", { class: "quiet small" });
    const fleet = servers();
    this.append(health, groups, fleet.element, since, status);
    const histories = new Histories();
    const opened = Date.now();
    /** @type {Node[]} */
    let nodes = [];
    let timer = 0;
    let isOver = false;
    let said = "";
    const look = async () => {
      try {
        /** @type {Stats} */
        const answer = await call("GET", "/admin/stats");
        const refusal = await call("GET", "/ready").then(() => null, words);
        nodes = canHaveOthers(answer) ? await call("GET", "/admin/nodes").catch(() => nodes) : [];
        const now = performance.now();
        histories.add(answer, nodes, now);
        const { name, shown } = histories;
        const state = histories.state(now);
        // Another server may have answered /ready than /admin/stats.
        if (refusal)
          state.concerns.unshift(`${name ? "A" : "The"} server is not ready. ${refusal}`);
        const whole = name ? "The servers are healthy" : "The server is healthy";
        // The error is shown once, not every two seconds.
        const key = JSON.stringify([state, whole]);
        if (key !== said) fill(health, healthView(state, whole));
        said = key;
        fill(
          groups,
          Object.entries(GROUPS).map(([title, tiles]) => groupView(title, tiles, shown.samples)),
        );
        fleet.show(nodes, histories.key, name);
        const { stats } = shown.samples.at(-1) ?? shown.first;
        const begin = name
          ? `The lines begin with the first figures of ${name}, ${duration((now - shown.first.at) / 1000)} ago. `
          : `The lines begin when you opened this page, ${duration((Date.now() - opened) / 1000)} ago. `;
        since.textContent =
          `${begin}Running since ${shortTime(stats.started_at)} (${duration(stats.uptime_seconds)}), ` +
          `version ${stats.version}.`;
        since.title = exactTime(stats.started_at);
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
  }
}

/** SQLite has a single server. @param {Stats} stats */
const canHaveOthers = ({ database, nodes }) => nodes > 1 || !!database?.startsWith("PostgreSQL");

/**
 * @param {import("./histories.js").State} state
 * @param {string} whole what is said if there is no concern
 */
function healthView({ concerns, notes }, whole) {
  const isWell = concerns.length === 0;
  return h(
    "section",
    { class: isWell ? "well" : "unwell", role: "status" },
    h("h2", null, isWell ? whole : "The server needs attention"),
    [...concerns, ...notes].map((text) => h("p", null, text)),
  );
}

/**
 * @param {string} name
 * @param {Tile[]} tiles
 * @param {Sample[]} samples
 */
function groupView(name, tiles, samples) {
  return h(
    "section",
    null,
    h("h2", null, name),
    h(
      "dl",
      { class: "figures" },
      tiles.map((tile) => tileView(tile, samples)),
    ),
  );
}

/**
 * @param {Tile} tile
 * @param {Sample[]} samples
 */
function tileView({ name, value, hint, line, unit = figure }, samples) {
  const last = samples.at(-1);
  const shown = last ? value(last) : null;
  if (!last || shown === null) return null;
  const values = line ? samples.map(line).filter((it) => it !== null) : [];
  const text = hint?.(last);
  return h(
    "div",
    null,
    h("dt", null, name),
    h("dd", { class: "value" }, shown),
    text && h("dd", { class: "hint" }, text),
    values.length > 1 && h("dd", null, chart(name, values, unit)),
  );
}

export const figuresPart = () => view("chat-admin-figures", Figures);
