// The figures of several servers. Behind a balancer, each refresh may be answered by another server, whose
// counters are not those of the one before.

import { counted } from "../text/format.js";

/** @typedef {import("../core/types.js").Node} Node */
/** @typedef {import("../core/types.js").Stats} Stats */
/**
 * @typedef {{ at: number, stats: Stats, cpu: number | null }} Sample `cpu`: of one core, in percent
 */
/** @typedef {{ first: Sample, samples: Sample[] }} History of one run of one server, oldest first */
/** @typedef {{ concerns: string[], notes: string[] }} State */

/** At a refresh every two seconds, five minutes. */
const MOST_SAMPLES = 150;
/** The shown server changes only if it has not answered for so long. */
const SHOWN_MS = 10_000;
/** Older figures are no reason for an alarm. */
const RECENT_MS = 60_000;
/** A longer commit or a longer queue is reported. */
const SLOW_COMMIT_MS = 1_000;
const LONG_QUEUE = 1_000;

/** @param {Stats} stats */
export const waiting = ({ write_queue, read_queue, password_queue, hub_queue }) =>
  write_queue + read_queue + password_queue + hub_queue;

/** Keeps a history for each server, and chooses the one to show. */
export class Histories {
  /** By the time at which the server has started: a server that starts again begins a new history. */
  #all = /** @type {Map<string, History>} */ (new Map());
  #nodes = /** @type {Node[]} */ ([]);
  #shown = "";

  /**
   * @param {Stats} stats of the server that has answered
   * @param {Node[]} nodes empty if the database has a single server
   * @param {number} at
   */
  add(stats, nodes, at) {
    this.#nodes = nodes;
    const key = stats.started_at;
    for (const old of this.#all.keys()) if (old !== key && !this.#node(old)) this.#all.delete(old);
    const history = this.#all.get(key);
    const sample = { at, stats, cpu: cpuSince(history?.samples.at(-1), stats, at) };
    if (history) {
      history.samples.push(sample);
      if (history.samples.length > MOST_SAMPLES) history.samples.shift();
    } else this.#all.set(key, { first: sample, samples: [sample] });
    const shown = this.#all.get(this.#shown)?.samples.at(-1);
    if (!shown || at - shown.at > SHOWN_MS) this.#shown = key;
  }

  /** The history of the shown server. */
  get shown() {
    return /** @type {History} */ (this.#all.get(this.#shown));
  }

  /** The time at which the shown server has started. */
  get key() {
    return this.#shown;
  }

  /** The name of the shown server, if there are others. */
  get name() {
    return this.#nodes.length > 1 ? this.#name(this.#shown) : null;
  }

  /** Finds the problems of all servers that an operator has to look into. @param {number} now */
  state(now) {
    /** @type {State} */
    const all = { concerns: [], notes: [] };
    for (const [key, { first, samples }] of this.#all) {
      const last = samples.at(-1);
      if (!last || now - last.at > RECENT_MS) continue;
      const { concerns, notes } = stateOf(first.stats, last.stats);
      const name = this.#nodes.length > 1 ? `${this.#name(key)}: ` : "";
      all.concerns.push(...concerns.map((text) => name + text));
      all.notes.push(...notes.map((text) => name + text));
    }
    return all;
  }

  /** @param {string} key */
  #node(key) {
    return this.#nodes.find((node) => node.started_at === key);
  }

  /** @param {string} key */
  #name(key) {
    const node = this.#node(key);
    // It has just started.
    if (!node) return "a new server";
    const isAlone = this.#nodes.filter(({ name }) => name === node.name).length === 1;
    return isAlone ? node.name : `${node.name} (${node.address})`;
  }
}

/**
 * @param {Sample | undefined} before
 * @param {Stats} stats
 * @param {number} at
 */
function cpuSince(before, stats, at) {
  const [used, last] = [stats.cpu_seconds, before?.stats.cpu_seconds];
  if (!before || used === null || last === null || last === undefined) return null;
  return Math.max(0, ((used - last) / ((at - before.at) / 1000)) * 100);
}

/**
 * @param {Stats} first
 * @param {Stats} last
 * @returns {State}
 */
function stateOf(first, last) {
  /** @type {State} */
  const { concerns, notes } = { concerns: [], notes: [] };
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
  return { concerns, notes };
}
