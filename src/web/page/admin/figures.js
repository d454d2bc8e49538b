// The server's health, its load and the size of its database. The charts show only what this page has read
// since it was opened; Prometheus has the history.

import { call, words } from "../core/api.js";
import { View, fill, h, view } from "../core/dom.js";
import { onEnd } from "../core/reactive.js";
import { bytes, counted, duration, exactTime, figure, shortTime } from "../text/format.js";
import { chart } from "./chart.js";
import { servers } from "./servers.js";

/** @typedef {import("../core/types.js").Stats} Stats */
/**
 * @typedef {{ at: number, stats: Stats, cpu: number | null, refusal: string | null }} Sample `cpu`: of one
 *   core, in percent; `refusal`: why the server is not ready
 */
/**
 * @typedef {{ name: string, value(sample: Sample): string | null, hint?(sample: Sample): string | null,
 *   line?(sample: Sample): number | null, unit?(value: number): string }} Tile a tile without a value is not shown
 */

const EVERY_MS = 2_000;
/** Five minutes. */
const MOST_SAMPLES = 150;
/** A longer commit or a longer queue is reported. */
const SLOW_COMMIT_MS = 1_000;
const LONG_QUEUE = 1_000;

/** @param {number} value */
const perSecond = (value) => `${figure(Number(value.toPrecision(3)))} per second`;
/** @param {number} value */
const percent = (value) => `${figure(Math.round(value))} %`;

/** @param {Stats} stats */
const waiting = ({ write_queue, read_queue, password_queue, hub_queue }) =>
  write_queue + read_queue + password_queue + hub_queue;

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
    /** @type {Sample[]} */
    const samples = [];
    const opened = Date.now();
    let timer = 0;
    let isOver = false;
    let said = "";
    const look = async () => {
      try {
        /** @type {Stats} */
        const stats = await call("GET", "/admin/stats");
        const refusal = await call("GET", "/ready").then(() => null, words);
        /** @type {import("../core/types.js").Node[]} */
        const nodes = canHaveOthers(stats) ? await call("GET", "/admin/nodes").catch(() => []) : [];
        const cpu = cpuSince(samples.at(-1), stats);
        samples.push({ at: performance.now(), stats, cpu, refusal });
        if (samples.length > MOST_SAMPLES) samples.shift();
        const state = stateOf(samples);
        // The error is shown once, not every two seconds.
        if (state.key !== said) fill(health, healthView(state));
        said = state.key;
        fill(
          groups,
          Object.entries(GROUPS).map(([name, tiles]) => groupView(name, tiles, samples)),
        );
        fleet.show(nodes);
        since.textContent =
          `The lines begin when you opened this page, ${duration((Date.now() - opened) / 1000)} ago. ` +
          `Running since ${shortTime(stats.started_at)} (${duration(stats.uptime_seconds)}), ` +
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
 * @param {Sample | undefined} before
 * @param {Stats} stats
 */
function cpuSince(before, stats) {
  const [used, last] = [stats.cpu_seconds, before?.stats.cpu_seconds];
  if (!before || used === null || last === null || last === undefined) return null;
  // After a restart of the server, the count begins at zero.
  return Math.max(0, ((used - last) / ((performance.now() - before.at) / 1000)) * 100);
}

/**
 * Finds the problems that an operator has to look into.
 * @param {Sample[]} samples
 * @returns {{ key: string, concerns: string[], notes: string[] }}
 */
function stateOf(samples) {
  const [first, last] = [samples[0]?.stats, samples.at(-1)?.stats];
  const refusal = samples.at(-1)?.refusal;
  /** @type {string[]} */
  const concerns = [];
  /** @type {string[]} */
  const notes = [];
  if (!first || !last) return { key: "", concerns, notes };
  if (refusal) concerns.push(`The server is not ready. ${refusal}`);
  if (last.database === null) concerns.push("The database does not answer.");
  if (last.storage_errors > first.storage_errors)
    concerns.push("The database has failed since you opened this page. The server's log says why.");
  else if (last.storage_errors > 0)
    notes.push(
      `The database failed ${counted(last.storage_errors, "time")} since the server started.`,
    );
  if (waiting(last) > LONG_QUEUE)
    concerns.push("Many requests are waiting: the server cannot keep up.");
  if ((last.commit_p99_ms ?? 0) > SLOW_COMMIT_MS)
    concerns.push("Storing messages takes long: the disk or the database is slow.");
  if (last.blocked_sockets > 0)
    notes.push(`${counted(last.blocked_sockets, "reader")} on a slow connection.`);
  return { key: JSON.stringify([concerns, notes]), concerns, notes };
}

/** @param {{ concerns: string[], notes: string[] }} state */
function healthView({ concerns, notes }) {
  const isWell = concerns.length === 0;
  return h(
    "section",
    { class: isWell ? "well" : "unwell", role: "status" },
    h("h2", null, isWell ? "The server is healthy" : "The server needs attention"),
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
